"""How a request is answered: routes, validation, errors, version headers. No framework, no cloud.

Every adapter translates its platform's request to `Request`, calls `App`, and sends the
`Response` as it is, so the same bytes in give the same bytes out wherever the model runs.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Protocol

import msgspec

from serving.blame import client_error
from serving.contract import Instance, Prediction, PredictResponse
from serving.predictor import Predictor
from serving.problem import (
    Headers,
    Problem,
    Refused,
    not_found,
    plain,
    too_large,
    wrong_method,
)
from serving.release import Release
from serving.work import Work, work

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


class Predicts(Protocol):
    """What the app needs of `serving.predictor.Predictor`."""

    @property
    def predict(self) -> Callable[..., list[Prediction]]:
        """`predict(instances)`: one prediction per instance, in the same order.

        Where PredictRequest has fields beside `instances`, `predict(instances, parameters)`, with
        a struct of these fields.
        """
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
            return work(request_id, request.body)
        except Exception as exception:
            return self.failed(request_id, exception)

    def answer(self, several: Sequence[Work]) -> list[Response]:
        """One response to each, predicted together; never raises.

        Where that fails each is predicted alone, so that none fails for its neighbours.
        """
        if several[0].parameters is None:
            return self._predicted(several)
        # As JSON: to Python 1, 1.0 and True are equal, to a model they may not be.
        alike = groupby(several, lambda each: msgspec.json.encode(each.parameters))
        return [answer for _, group in alike for answer in self._predicted([*group])]

    def _predicted(self, several: Sequence[Work]) -> list[Response]:
        """One response to each; all have the same parameters."""
        instances = [instance for each in several for instance in each.instances]
        try:
            predictions = self._predictions(several[0], instances)
        except BaseException as exception:  # a panic of an extension is none of Exception's
            if len(several) == 1:
                return [self._blamed(several[0], exception)]
            return [self._predicted([each])[0] for each in several]
        responses: list[Response] = []
        start = 0
        for each in several:
            end = start + len(each.instances)
            responses.append(self._response(each, predictions[start:end]))
            start = end
        return responses

    def _predictions(self, first: Work, instances: list[Instance]) -> list[Prediction]:
        if not instances:  # a contract may allow it: no model needs to know what that is
            return []
        beside = () if first.parameters is None else (first.parameters,)
        asked = len(instances)  # before a predictor can change it
        predictions = self.predictor.predict(instances, *beside)[:]
        if len(predictions) != asked:
            raise ValueError(f"{len(predictions)} predictions for {asked} instances")
        return predictions

    def _blamed(self, work: Work, exception: BaseException) -> Response:
        """The response to a request with which the model raised."""
        try:
            problem = client_error(work, exception)
        except Exception:  # of a value that nobody thought of
            problem = None
        response = self.failed(work.request_id, problem or exception)
        if problem is None or isinstance(exception, Refused):
            return response
        # Not the model's failure, yet its owner may want to bound what the contract allows.
        return msgspec.structs.replace(response, error=_traceback(exception))

    def failed(self, request_id: str, exception: BaseException) -> Response:
        """The response to a request that raised: what the client may see, the rest for the log."""
        error = None
        if not isinstance(exception, Problem):
            error = _traceback(exception)
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
            body = _ENCODER.encode(PredictResponse(predictions=predictions))
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
    client_id = request.headers.get("x-request-id")
    return client_id if client_id and valid_id(client_id) else request.fallback_id


def valid_id(text: str) -> bool:
    """Whether a client may call its request so."""
    return bool(_REQUEST_ID.fullmatch(text))


def _check_body(request: Request, limit: int) -> None:
    if len(request.body) > limit:
        raise too_large(limit)
    content_type = request.headers.get("content-type", "")
    if content_type != "application/json":  # as nearly all say: no need to look closer
        _check_content_type(content_type)
    coding = request.headers.get("content-encoding")
    if coding is not None and coding.lower() != "identity":
        raise Problem(415, "Send the body uncompressed, without Content-Encoding.")


def _check_content_type(content_type: str) -> None:
    media_type, _, parameters = content_type.partition(";")
    charset = _CHARSET.search(parameters)
    if not _JSON.fullmatch(media_type.strip()) or (charset and charset[1].lower() != "utf-8"):
        raise Problem(415, "Send JSON in UTF-8, with the header Content-Type: application/json.")


def _traceback(exception: BaseException) -> str:
    import traceback  # only here: a start without errors is faster without

    return plain("".join(traceback.format_exception(exception)))


def _unsupported(value: object) -> object:
    """Raise, naming the type, for what msgspec can't write: mostly numbers of NumPy's."""
    kind = type(value)
    raise TypeError(
        f"predict returned a {kind.__module__}.{kind.__qualname__}, which can't be written as"
        " JSON. Return Python's own types: NumPy's arrays and numbers become that by .tolist()."
    )


_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_JSON = re.compile(r"application/([\w.+-]+\+)?json", re.IGNORECASE | re.ASCII)
_CHARSET = re.compile(r"\bcharset=\"?([^\s\";]*)", re.IGNORECASE)
_ENCODER = msgspec.json.Encoder(enc_hook=_unsupported)
_RESPONSE = msgspec.json.Decoder(PredictResponse)
