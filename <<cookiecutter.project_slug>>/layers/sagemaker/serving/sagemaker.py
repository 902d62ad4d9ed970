"""What SageMaker asks of a container, before the server: translates, nothing more.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html

Of a request it hands on the body, the media type and one more header, the custom attributes; of an
answer the same, but of an error only status and body. `infra/invocation.py` is the other end.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import override
from urllib.parse import parse_qsl

import msgspec

from serving.app import Request, Response
from serving.predictor import MODEL
from serving.release import WrongDeployment
from serving.server import READY, ModelServer, main

ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
# Headers of the client's that travel among them, each `name=value`, escaped as in a URL; beside
# them, as `id`, what the request is to be called, or that alone.
PASSED_ON = ("content-encoding", "content-type", "traceparent", "x-api-version")


class EndpointServer(ModelServer):
    """Answers `GET /ping` and `POST /invocations`, beside what every server here answers."""

    @override
    def load(self) -> None:
        self.model = model_in(Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model")))
        super().load()

    @override
    def answer(self, request: Request, answered: Callable[[Response], object]) -> None:
        match request.path:
            case "/ping":
                request = msgspec.structs.replace(request, path=READY)
            case "/invocations":
                headers = _passed_on(request.headers)
                request = msgspec.structs.replace(request, path="/predict", headers=headers)
                answered = self._with_release(answered)
            case _:
                pass
        super().answer(request, answered)

    def _with_release(self, answered: Callable[[Response], object]) -> Callable[[Response], object]:
        """An answer says its release: as its attribute, and in the body of an error."""
        release = self.release.build.release

        def send(response: Response) -> None:
            body, headers = response.body, (*response.headers, (ATTRIBUTES, release))
            if response.status >= 400:
                body = body.removesuffix(b"}") + b',"release":"%s"}' % release.encode()
            answered(msgspec.structs.replace(response, headers=headers, body=body))

        return send


def model_in(folder: Path) -> Path | None:
    """The model that SageMaker has put into its folder, in place of the build's own, if any.

    Raises:
        FileNotFoundError: something else is there.
    """
    found = folder.iterdir() if folder.is_dir() else ()
    there = sorted(each.name for each in found if not each.name.startswith("."))
    if there and MODEL.name not in there:
        raise FileNotFoundError(
            f"{folder} holds {', '.join(there)}, and no {MODEL.name}: pack model_data with"
            f" `tar -czf model.tar.gz -C model {MODEL.name}`."
        )
    return folder / MODEL.name if there else None


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a request, with those that its attributes carry in place of its own."""
    text = headers.get(ATTRIBUTES, "")
    given = dict(parse_qsl(text, keep_blank_values=True))
    carried = {name: given[name] for name in PASSED_ON if name in given}
    if text:
        carried["x-request-id"] = given.get("id", text)
    return {**headers, **carried}


def start() -> None:
    """Read the secrets that there are, and serve; exits with 1 where it can't start."""
    if "SECRETS" in os.environ:
        from serving import secrets  # only here: nobody else waits for its libraries

        try:
            secrets.load(os.environ)
        except WrongDeployment as problems:
            sys.exit(str(problems))
    main(EndpointServer)


if __name__ == "__main__":
    start()
