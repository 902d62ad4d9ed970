"""The golden requests of a contract: one of every kind that the API tells apart."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

from serving.contract import EXAMPLE_REQUEST, Instance, PredictRequest
from tools.clients import CHECKED

# One of each JSON type, for fields that take several.
VALUES: tuple[Any, ...] = ("text", 1, 0.5, True, [], {})
BATCH = 3


def golden_requests(api_version: str) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """Names, whether the answer is a success whatever the types, and requests.

    Left out are those that these types can't have: a missing field where none is required.
    """
    path = f"/{api_version}/predict"
    example = msgspec.to_builtins(EXAMPLE_REQUEST)
    instance: dict[str, Any] = example["instances"][0]
    fields = sorted(msgspec.structs.fields(Instance), key=lambda each: not each.required)
    names = [each.encode_name for each in fields]

    def post(body: Any, path: str = path, **headers: str) -> dict[str, Any]:
        text = body if isinstance(body, str) else json.dumps(body)
        fixed = {"Content-Type": "application/json", "X-Request-Id": CHECKED}
        return {"method": "POST", "path": path, "headers": fixed | headers, "body": text}

    def of(*instances: dict[str, Any]) -> dict[str, Any]:
        return post(example | {"instances": [*instances]})

    yield "the example", True, post(example)
    yield "the example at the short path", True, post(example, path="/predict")
    kind = {"Content-Type": "application/example+json"}
    yield "JSON of a kind", True, post(example, **kind)
    if _allows(BATCH):
        yield "a batch of three", True, of(*[instance] * BATCH)
    yield "a path that does not exist", False, post(example, path=f"/{api_version}/nothing")
    yield "another API version in the path", False, post(example, path="/v99/predict")
    yield "another API version in the header", False, post(example, **{"X-API-Version": "v99"})
    yield "a wrong method", False, post("") | {"method": "GET"}
    plain = {"Content-Type": "text/plain"}
    yield "not JSON by its media type", False, post(example, **plain)
    yield "an empty body", False, post("")
    yield "a truncated body", False, post('{"instances": [')
    if names:
        yield "NaN", False, of(instance | {names[0]: float("nan")})
    if fields and fields[0].required:
        without = {name: value for name, value in instance.items() if name != names[0]}
        yield "a missing field", False, of(instance, without)
    yield "an unknown field", False, of(instance | {"unknown": 1})
    if wrong := _refused(instance, names, VALUES):
        yield "a value of the wrong type", False, of(wrong)
    if null := _refused(instance, names, (None,)):
        yield "null for a value", False, of(null)
    yield "no instances", False, of()


def _allows(instances: int) -> bool:
    """Whether a request may have so many."""
    request: Any = inspect.type_info(PredictRequest)
    type_ = next(each.type for each in request.fields if each.name == "instances")
    type_ = getattr(type_, "type", type_)  # within its description
    least, most = (getattr(type_, name, None) for name in ("min_length", "max_length"))
    return (least or 0) <= instances <= (most or instances)


def _refused(
    instance: dict[str, Any], names: list[str], values: tuple[Any, ...]
) -> dict[str, Any] | None:
    """The instance with the first of these values that is refused for its type."""
    for name in names:
        for value in values:
            changed = instance | {name: value}
            try:
                msgspec.convert(changed, Instance)
            except msgspec.ValidationError as error:
                if str(error).startswith("Expected `"):
                    return changed
    return None
