"""What SageMaker asks of a container, before the server: translates, nothing more.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html

Of a request it hands on the body, the media type and one more header, the custom attributes; of an
answer the same, but of an error only status and body. `infra/invocation.py` is the other end.
"""

import os
from pathlib import Path
from typing import override
from urllib.parse import parse_qsl

from serving.asgi import READY, Message, ModelServer, Receive, Send
from serving.predictor import MODEL
from serving.server import main

# As ASGI has them.
ATTRIBUTES = b"x-amzn-sagemaker-custom-attributes"
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
    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, of SageMaker or of anybody else."""
        match scope["raw_path"]:
            case b"/ping":
                scope = {**scope, "raw_path": READY.encode()}
            case b"/invocations":
                headers = _passed_on(scope["headers"])
                scope = {**scope, "raw_path": b"/predict", "headers": headers}
                send = self._answering(send)
            case _:
                pass
        await super().__call__(scope, receive, send)

    def _answering(self, send: Send) -> Send:
        """Send an answer with its release: as its attribute, and in the body of an error."""
        release = self.release.build.release
        start: Message = {}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body: bytes = message["body"]
            if start["status"] >= 400:
                body = body.removesuffix(b"}") + b',"release":"%s"}' % release.encode()
            headers = [each for each in start["headers"] if each[0] != b"content-length"]
            headers += [(b"content-length", b"%d" % len(body)), (ATTRIBUTES, release.encode())]
            await send({**start, "headers": headers})
            await send({**message, "body": body})

        return answer


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


def _passed_on(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of a request, with those that its attributes carry in place of its own."""
    text = b"&".join(value for name, value in headers if name == ATTRIBUTES).decode("latin-1")
    given = dict(parse_qsl(text, keep_blank_values=True))
    carried = {name: given[name] for name in PASSED_ON if name in given}
    if text:
        carried["x-request-id"] = given.get("id", text)
    return [(name, value) for name, value in headers if name.decode("latin-1") not in carried] + [
        (name.encode(), value.encode("latin-1", "replace")) for name, value in carried.items()
    ]


if __name__ == "__main__":
    main(EndpointServer)
