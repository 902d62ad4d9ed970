"""How a request is answered: routes, validation, errors, version headers. No framework, no cloud.

Every adapter translates its platform's request to `Request`, calls `App`, and sends the
`Response` as it is, so the same bytes in give the same bytes out wherever the model runs.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from serving.contract import Instance, Prediction, PredictRequest, PredictResponse
from serving.fault import fault
from serving.predictor import Predictor
from serving.problem import (
    Headers,
    Problem,
    not_found,
    too_large,
    wrong_method,
)
from serving.release import Release

CONTRACTS = Path(__file__).parent.parent / "contracts"


class Request(msgspec.Struct, frozen=True):
    """A request as every adapter hands it over.

    headers: names in lower case; a repeated header's values joined by ", " (RFC 9110).
    fallback_id: the request's id where the client gave no valid one.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    fallback_id: str


class Response(msgspec.Struct, frozen=True):
    """A response as every adapter sends it. `request_id`, `instances`, `error`: for the log."""

    status: int
    headers: Headers
    body: bytes
    request_id: str
    instances: int = 0
    error: str | None = None


class Work(msgspec.Struct, frozen=True):
    """A prediction request that keeps its contract, not answered yet."""

    request_id: str
    instances: list[Instance]


class Predicts(Protocol):
    """What the app needs of `serving.predictor.Predictor`."""

    def predict(self, instances: list[Instance]) -> list[Prediction]:
        """One prediction per instance, in the same order."""
        ...


class App:
    """Answers the requests of one API version."""

    def __init__(self, release: Release, predictor: Predicts, openapi: bytes) -> None:
        self.build = release.build
        self.api_version = release.build.api_version
        self.headers = release.headers()
        self.max_body_bytes = release.max_body_bytes
        self.predictor = predictor
        self.openapi = openapi
        self.methods = {
            # For a front that learns the API version elsewhere.
            "/predict": "POST",
            "/openapi.json": "GET",
            f"/{self.api_version}/predict": "POST",
            f"/{self.api_version}/openapi.json": "GET",
        }

    @classmethod
    def load(cls, model: Path | None = None) -> "App":
        """This build with its model, or another one, and its contract, as the environment says.

        Raises:
            WrongDeployment: the environment names another build.
            FileNotFoundError: the contract or the model is missing.
        """
        release = Release.load()
        contract = CONTRACTS / f"{release.build.api_version}.json"
        if not contract.exists():
            raise FileNotFoundError(f"contracts/{contract.name} is missing: run `make contract`.")
        predictor = Predictor(model) if model else Predictor()
        return cls(release, predictor, contract.read_bytes())

    def __call__(self, request: Request) -> Response:
        """The response to any request; never raises."""
        accepted = self.accept(request)
        return accepted if isinstance(accepted, Response) else self.answer([accepted])[0]

    def accept(self, request: Request) -> Work | Response:
        """What is to be predicted, or the response to any other request; never raises."""
        request_id = id_of(request)
        try:
            if self._method(request) == "GET":
                return self._succeeded(request_id, self.openapi)
            _check_body(request, self.max_body_bytes)
            return Work(request_id, _decode(request.body))
        except Exception as exception:
            return self.failed(request_id, exception)

    def answer(self, several: Sequence[Work]) -> list[Response]:
        """One response to each, predicted together; never raises.

        Where that fails each is predicted alone, so that none fails for its neighbours.
        """
        instances = [instance for work in several for instance in work.instances]
        try:
            predictions = self.predictor.predict(instances)
            if len(predictions) != len(instances):
                raise ValueError(f"{len(predictions)} predictions for {len(instances)} instances")
        except Exception as exception:
            if len(several) == 1:
                return [self.failed(several[0].request_id, exception)]
            return [self.answer([work])[0] for work in several]
        responses: list[Response] = []
        start = 0
        for work in several:
            end = start + len(work.instances)
            responses.append(self._response(work, predictions[start:end]))
            start = end
        return responses

    def failed(self, request_id: str, exception: Exception) -> Response:
        """The response to a request that raised: what the client may see, the rest for the log."""
        error = None
        if not isinstance(exception, Problem):
            import traceback  # only here: a start without errors is faster without

            error = "".join(traceback.format_exception(exception))
            exception = Problem(500, "The model failed. The log says why, under this request_id.")
        headers = (("Content-Type", "application/problem+json"), ("X-Request-Id", request_id))
        headers += self.headers + exception.headers
        body = exception.body(request_id)
        return Response(exception.status, headers, body, request_id, error=error)

    def _method(self, request: Request) -> str:
        """The request's method, if it is the one that its path has."""
        if request.headers.get("x-api-version", self.api_version) != self.api_version:
            detail = f"X-API-Version is not {self.api_version}, which is served here."
            raise Problem(404, detail)
        method = self.methods.get(request.path)
        if method is None:
            raise not_found()
        if request.method != method:
            raise wrong_method(method)
        return method

    def _response(self, work: Work, predictions: list[Prediction]) -> Response:
        try:
            body = msgspec.json.encode(PredictResponse(predictions))
            # What breaks the contract (a NaN is encoded as null) must not leave as a success.
            _RESPONSE.decode(body)
        except Exception as exception:
            return self.failed(work.request_id, exception)
        return self._succeeded(work.request_id, body, len(work.instances))

    def _succeeded(self, request_id: str, body: bytes, instances: int = 0) -> Response:
        headers = (("Content-Type", "application/json"), ("X-Request-Id", request_id))
        return Response(200, headers + self.headers, body, request_id, instances)


def id_of(request: Request) -> str:
    """The request's id: the client's where that is valid."""
    client_id = request.headers.get("x-request-id", "")
    return client_id if valid_id(client_id) else request.fallback_id


def valid_id(text: str) -> bool:
    """Whether a client may call its request so."""
    return bool(_REQUEST_ID.fullmatch(text))


def _check_body(request: Request, limit: int) -> None:
    if len(request.body) > limit:
        raise too_large(limit)
    content_type = request.headers.get("content-type", "")
    if content_type != "application/json":  # as nearly all say: no need to look closer
        _check_content_type(content_type)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "Send the body uncompressed, without Content-Encoding.")


def _check_content_type(content_type: str) -> None:
    media_type, _, parameters = content_type.partition(";")
    charset = _CHARSET.search(parameters)
    if not _JSON.fullmatch(media_type.strip()) or (charset and charset[1].lower() != "utf-8"):
        raise Problem(415, "Send JSON in UTF-8, with the header Content-Type: application/json.")


def _decode(body: bytes) -> list[Instance]:
    try:
        return _REQUEST.decode(body).instances
    except msgspec.ValidationError as error:
        detail, pointer = fault(str(error))
        raise Problem(422, detail, pointer) from None
    except msgspec.DecodeError as error:
        reason = str(error).removeprefix("JSON is malformed: ")
        raise Problem(400, f"The body is not valid JSON: {reason}.") from None
    except (UnicodeDecodeError, RecursionError):
        raise Problem(400, "The body is not UTF-8, or is nested too deeply.") from None


_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_JSON = re.compile(r"application/([\w.+-]+\+)?json", re.IGNORECASE | re.ASCII)
_CHARSET = re.compile(r"\bcharset=\"?([^\s\";]*)", re.IGNORECASE)
_REQUEST = msgspec.json.Decoder(PredictRequest)
_RESPONSE = msgspec.json.Decoder(PredictResponse)
