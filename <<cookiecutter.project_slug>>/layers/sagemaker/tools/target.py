"""How the API versions of a stack on SageMaker are asked: through API Gateway, or as endpoints."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from infra.config import ApiVersion
from infra.problems import mapping
from tools import gone
from tools.asking import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    Answer,
    Ask,
    NoAnswer,
    NotAsked,
    NotDeployed,
    Question,
    Unreachable,
)
from tools.credentials import client, credentials
from tools.deployed import Deployed
from tools.expected import RELEASE, REQUEST_ID
from tools.front import VERSION_HEADER, Asked, Front, promised
from tools.pages import open_to_browsers, with_pages

SETTINGS = Config(
    connect_timeout=CONNECT_SECONDS, read_timeout=ANSWER_SECONDS, retries={"total_max_attempts": 1}
)
# What AWS says to somebody who may not call, or whom it does not know.
NOT_LET_IN = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidSignatureException",
    "UnrecognizedClientException",
}
CREDENTIALS = "this shell needs AWS credentials that may call sagemaker:InvokeEndpoint"


class Target:
    """The API versions of a stack."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        # A deploy would only try again what SageMaker has taken back.
        self.other_release = "SageMaker may have rolled back: see “A new release” in README.md"
        self.fronted = deployed.settings.front == "api_gateway"

    @cached_property
    def front(self) -> Front:
        """API Gateway, with what it asks for."""
        return Front(self.deployed, open_to_browsers(credentials(self.deployed)))

    @cached_property
    def client(self) -> Any:
        """Of all endpoints.

        Raises:
            CannotAsk: there can be none.
        """
        return client("sagemaker-runtime", self.deployed.stack, self.deployed.config, SETTINGS)

    def served(self, name: str, version: ApiVersion) -> Asked:
        """What an API version is asked."""
        if self.fronted:
            asked = with_pages(self.deployed, self.front.served(name, version))
        else:
            asked = self._invoked(name, version)
        # API Gateway makes {} of an empty body.
        whole = [each for each in asked.questions if each[0].body or each[0].method != "POST"]
        return replace(asked, questions=(*whole,))

    def retired(self, name: str, version: ApiVersion) -> Asked:
        """What a retired version is asked.

        Raises:
            NotAsked: nothing is left of it.
        """
        if not self.fronted:
            raise NotAsked("is retired, and front is none: there is no endpoint to ask.")
        return gone.retired(Front(self.deployed), name, version)

    def _invoked(self, name: str, version: ApiVersion) -> Asked:
        """The golden requests that an endpoint can get: predictions, which say their release."""
        endpoint = self.deployed.outputs.get(f"{name}_endpoint")
        if endpoint is None:
            raise NotDeployed(f"is not deployed; run `make deploy STACK={self.deployed.stack}`.")
        path = f"/{name}/predict"
        return Asked(
            Endpoint(str(endpoint), name, self.client),
            tuple(
                (question, replace(expected, headers={}, present=(RELEASE,)))
                for question, expected in promised(self.deployed, name, version)
                if (question.method, question.path) == ("POST", path)
            ),
        )


@dataclass(frozen=True)
class Endpoint:
    """The way to an endpoint by InvokeEndpoint, as `serving/sagemaker.py` reads it."""

    endpoint: str
    api_version: str
    client: Any

    @contextlib.contextmanager
    def __call__(self) -> Iterator[Ask]:
        """Open it: the client is open already."""
        yield self._ask

    def _ask(self, question: Question) -> Answer:
        """The answer to a question.

        Raises:
            Unreachable: AWS can't be asked.
            NoAnswer: AWS answered in place of the endpoint.
        """
        attributes = {
            "id": question.headers[REQUEST_ID],
            "x-api-version": question.headers.get(VERSION_HEADER, self.api_version),
        }
        try:
            said = self.client.invoke_endpoint(
                EndpointName=self.endpoint,
                ContentType=question.headers["Content-Type"],
                CustomAttributes=urlencode(attributes),
                Body=question.body.encode(),
            )
            return Answer(200, _release(said.get("CustomAttributes")), said["Body"].read())
        except ClientError as error:
            return _error(error)
        except (ConnectionClosedError, ReadTimeoutError, ResponseStreamingError) as error:
            raise NoAnswer(str(error).rstrip(".")) from None
        except BotoCoreError as error:
            raise Unreachable(f"{str(error).rstrip('.')}; {CREDENTIALS}.") from None


def _error(error: ClientError) -> Answer:
    """The container's own error; whatever else it is is raised."""
    response: Any = error.response
    match response["Error"]["Code"]:
        case "ModelError":
            text, release = str(response.get("OriginalMessage")), None
            with contextlib.suppress(ValueError):
                problem = mapping(json.loads(text))
                release = problem.pop("release", None)
                text = json.dumps(problem)
            status = response.get("OriginalStatusCode", 500)
            return Answer(status, _release(release), text.encode())
        case "ThrottlingException":
            return Answer(429, {}, b"")
        case code if code in NOT_LET_IN:
            raise Unreachable(f"{str(error).rstrip('.')}; {CREDENTIALS}.") from None
        case _:
            raise NoAnswer(f"SageMaker says {error}") from None


def _release(release: str | None) -> dict[str, str]:
    return {RELEASE.lower(): release} if release else {}
