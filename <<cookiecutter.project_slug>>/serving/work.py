"""The body of a prediction request, decoded: its instances, and what else it says."""

from typing import Any

import msgspec

from serving.contract import Instance, PredictRequest
from serving.fault import fault
from serving.problem import Problem


class Work(msgspec.Struct, frozen=True):
    """A prediction request that keeps its contract, not answered yet.

    parameters: a struct of the fields that PredictRequest has beside `instances`; None without.
    """

    request_id: str
    instances: list[Instance]
    parameters: Any = None


def work(request_id: str, body: bytes) -> Work:
    """The work that a body asks for.

    Raises:
        Problem: the body isn't JSON (400) or breaks the contract (422).
    """
    try:
        return work_of(request_id, _REQUEST.decode(body))
    except msgspec.ValidationError as error:
        detail, pointer = fault(str(error), PredictRequest)
        raise Problem(422, detail, pointer) from None
    except msgspec.DecodeError as error:
        reason = str(error).removeprefix("JSON is malformed: ")
        raise Problem(400, f"The body is not valid JSON: {reason}.") from None
    except (UnicodeDecodeError, RecursionError):
        raise Problem(400, "The body is not UTF-8, or is nested too deeply.") from None


def work_of(request_id: str, request: PredictRequest) -> Work:
    """The work that a request asks for."""
    if not _BESIDE:
        return Work(request_id, request.instances)
    parameters = _PARAMETERS(*(getattr(request, field.name) for field in _BESIDE))
    return Work(request_id, request.instances, parameters)


_REQUEST = msgspec.json.Decoder(PredictRequest)
_BESIDE = [each for each in msgspec.structs.fields(PredictRequest) if each.name != "instances"]
_PARAMETERS = msgspec.defstruct(
    "Parameters",
    [(each.name, each.type, msgspec.field(name=each.encode_name)) for each in _BESIDE],
    frozen=True,
)
