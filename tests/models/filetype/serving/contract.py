"""The types of a request and its response: what this API version promises its clients."""

from typing import Annotated

from msgspec import Meta, Struct


class Instance(Struct, frozen=True, forbid_unknown_fields=True):
    """The beginning of a file."""

    head: Annotated[bytes, Meta(max_length=4096, description="In base64.")]


class Prediction(Struct, frozen=True):
    """What kind of file it is."""

    kind: str
    probability: Annotated[float, Meta(ge=0, le=1, description="To 6 decimals.")]


class PredictRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """1 to 100 files."""

    instances: Annotated[list[Instance], Meta(min_length=1, max_length=100)]


class PredictResponse(Struct, frozen=True):
    """One prediction per instance, in the order of the request."""

    predictions: list[Prediction]


EXAMPLE_REQUEST = PredictRequest([Instance(b"def main() -> None:\n    print(1)\n")])
EXAMPLE_RESPONSE = PredictResponse([Prediction("text", 1.0)])
