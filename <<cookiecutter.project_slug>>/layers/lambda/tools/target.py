"""How the API versions of a stack on Lambda are asked: through API Gateway."""

from functools import cached_property

from infra.config import ApiVersion
from tools import gone
from tools.credentials import credentials
from tools.deployed import Deployed
from tools.front import Asked, Front
from tools.pages import open_to_browsers, with_pages

# What API Gateway hands on as the function has said it.
ANSWERS_ITSELF = (
    "roll out a release that has serving/cors.py, as “Let browsers call it” in docs/how-it-works.md"
    " says; if this one has it, deploy"
)


class Target:
    """The API versions of a stack."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self.other_release = deployed.redeploy

    @cached_property
    def front(self) -> Front:
        """API Gateway, with what it asks for."""
        return Front(self.deployed, open_to_browsers(credentials(self.deployed)))

    def served(self, name: str, version: ApiVersion) -> Asked:
        """What an API version is asked."""
        return with_pages(
            self.deployed, self.front.served(name, version), ANSWERS_ITSELF, version.release
        )

    def retired(self, name: str, version: ApiVersion) -> Asked:
        """What a retired version is asked."""
        return gone.retired(Front(self.deployed), name, version)
