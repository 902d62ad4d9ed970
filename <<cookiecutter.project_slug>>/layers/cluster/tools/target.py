"""How the API versions of a stack on a cluster are asked: at their host names."""

from infra.config import ApiVersion
from serving.clients import CHECK
from tools.asking import NotAsked
from tools.deployed import Deployed
from tools.expected import Expected
from tools.front import DNS, Asked, Front

# What a stack exposes where each API version is at a name that goes when it goes.
OF_ITS_OWN = ("load_balancer", "none")
INSIDE = (
    "expose is none, so that name is known inside the cluster only: ask there, or forward a port"
    " and write ADDRESS=localhost:8000"
)


class Target:
    """The API versions of a stack."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.other_release = deployed.redeploy
        settings = deployed.settings
        remedy = INSIDE if settings.expose == "none" else DNS
        name = (settings.client_header, CHECK) if settings.client_header else None
        self.front = Front(deployed, remedy=remedy, name=name)

    def served(self, name: str, version: ApiVersion) -> Asked:
        """What an API version is asked."""
        return self.front.served(name, version)

    def retired(self, name: str, _version: ApiVersion) -> Asked:
        """What a retired version is asked: nothing has its path or header, so it is not found.

        Raises:
            NotAsked: its address was its own, or nobody knows it any more.
        """
        base_url = self._former(name)
        if base_url is None:
            raise NotAsked("is retired, and nothing tells where it was, so it is not asked.")
        return self.front.retired(name, base_url, Expected(404, {}))

    def _former(self, name: str) -> str | None:
        """Where it was, as the URL of another API version tells."""
        if self.deployed.settings.expose in OF_ITS_OWN:
            return None
        for other in self.deployed.settings.served:
            base_url = self.deployed.base_url(other)
            if base_url and self.deployed.default_version:
                return base_url
            if base_url and base_url.endswith(f"/{other}"):
                return base_url.removesuffix(other) + name
        return None
