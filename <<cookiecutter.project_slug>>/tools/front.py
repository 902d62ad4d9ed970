"""The questions to an API version that is called over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from infra.config import ApiVersion
from tools.asking import (
    CannotAsk,
    Credentials,
    NotDeployed,
    OverHttp,
    Question,
    Way,
    nobody,
)
from tools.deployed import Deployed
from tools.expected import Expected, questions

VERSION_HEADER = "X-API-Version"
JSON = {"Content-Type": "application/json"}
DNS = "point the DNS of that name at the front, or say where the front is: ADDRESS=host:port"
THERE = "see that what you gave as ADDRESS listens, such as a port-forward"


@dataclass(frozen=True)
class Asked:
    """How an API version is asked, and what."""

    way: Way
    questions: tuple[tuple[Question, Expected], ...]


def promised(deployed: Deployed, name: str, version: ApiVersion) -> list[tuple[Question, Expected]]:
    """The golden requests of an API version, and what it has to answer.

    Raises:
        CannotAsk: its contract is missing, or none.
    """
    try:
        return [*questions(name, version, deployed.contract(name))]
    except (LookupError, TypeError, AttributeError, ValueError):
        raise CannotAsk(
            f"contracts/{name}.json is no contract of {name}; get it from the commit that made it."
        ) from None


@dataclass(frozen=True)
class Front:
    """What answers on the URLs of a stack.

    credentials: of whoever asks. remedy: what to do where nothing can be connected to. name: the
    header by which whoever asks says who that is, and the name, if it says so.
    """

    deployed: Deployed
    credentials: Credentials = nobody
    remedy: str = DNS
    name: tuple[str, str] | None = None

    def served(self, name: str, version: ApiVersion) -> Asked:
        """The golden requests of an API version.

        Raises:
            NotDeployed: no URL of it is known.
            CannotAsk: its contract is missing, or none.
        """
        base_url = self.deployed.base_url(name)
        if base_url is None:
            raise NotDeployed(
                f"is not deployed: the outputs have no {name}_base_url; run `make deploy"
                f" STACK={self.deployed.stack}`."
            )
        golden = promised(self.deployed, name, version)
        return Asked(self.way(name, base_url), (*self._arriving(name, base_url, golden),))

    def retired(self, name: str, base_url: str, expected: Expected) -> Asked:
        """A prediction by a retired version that was at a URL."""
        question = Question("a prediction", "POST", "/predict", JSON, "{}")
        return Asked(self.way(name, base_url), ((question, expected),))

    def way(self, name: str, base_url: str) -> Way:
        """The way to a URL of an API version."""
        headers = dict([self.name] if self.name else [])
        if self.deployed.default_version:
            headers[VERSION_HEADER] = name
        elsewhere = self.deployed.address
        remedy = THERE if elsewhere else self.remedy
        return OverHttp(base_url, remedy, headers, self.credentials, elsewhere)

    def _arriving(
        self, name: str, base_url: str, golden: list[tuple[Question, Expected]]
    ) -> Iterator[tuple[Question, Expected]]:
        """The questions that get to this API version, by the path behind its URL."""
        default = self.deployed.default_version
        for question, expected in golden:
            if default not in (None, name) and VERSION_HEADER in question.headers:
                continue  # what names an API version that is not served is the default one's
            own = f"/{name}" if base_url.endswith(f"/{name}") else ""
            yield replace(question, path=question.path.removeprefix(own)), expected
