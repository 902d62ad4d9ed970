"""The types of a request and its response: what this API version promises its clients."""

from typing import Annotated

from msgspec import Meta, Struct


class Candidate(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a search found."""

    id: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    price: Annotated[float, Meta(ge=0, le=1e6, description="Euros.")]
    clicks: Annotated[int, Meta(ge=0, le=2**31)]
    rating: Annotated[float, Meta(ge=0, le=5)] | None = None


class Instance(Struct, frozen=True, forbid_unknown_fields=True):
    """A search."""

    candidates: Annotated[list[Candidate], Meta(min_length=1, max_length=50)]


class Prediction(Struct, frozen=True):
    """The candidates' ids, the best first."""

    ids: list[int]
    scores: Annotated[list[float], Meta(description="In the same order, to 6 decimals.")]


class PredictRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """1 to 20 searches."""

    instances: Annotated[list[Instance], Meta(min_length=1, max_length=20)]


class PredictResponse(Struct, frozen=True):
    """One prediction per instance, in the order of the request."""

    predictions: list[Prediction]


EXAMPLE_REQUEST = PredictRequest(
    [Instance([Candidate(7, 9.5, 3, 4.5), Candidate(2**63 - 1, 80, 90)])]
)
EXAMPLE_RESPONSE = PredictResponse([Prediction([7, 2**63 - 1], [0.5, -0.25])])
