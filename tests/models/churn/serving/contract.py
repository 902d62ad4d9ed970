"""The types of a request and its response: what this API version promises its clients."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field


class Instance(Struct, frozen=True, forbid_unknown_fields=True):
    """A customer. What isn't known is null, or left out."""

    age: Annotated[float, Meta(ge=0, le=120, description="Years.")] | None = None
    monthly_fee: Annotated[float, Meta(ge=0, le=1e6, description="Euros.")] | None = field(
        name="fee.monthly", default=None
    )
    calls: Annotated[int, Meta(ge=0, le=2**31, description="Calls in 30 days.")] | None = None
    plan: Literal["basic", "plus", "pro"] | None = None
    city: Annotated[str, Meta(max_length=80)] | None = None


class Prediction(Struct, frozen=True):
    """Whether the customer leaves."""

    leaves: bool
    probability: Annotated[float, Meta(ge=0, le=1, description="To 6 decimals.")]


class PredictRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """1 to 100 customers."""

    instances: Annotated[list[Instance], Meta(min_length=1, max_length=100)]
    threshold: Annotated[float, Meta(ge=0, le=1, description="Who leaves is above it.")] = 0.5


class PredictResponse(Struct, frozen=True):
    """One prediction per instance, in the order of the request."""

    predictions: list[Prediction]


EXAMPLE_REQUEST = PredictRequest(
    [Instance(age=41, monthly_fee=29.9, calls=None, plan="plus", city="Graz")], threshold=0.4
)
EXAMPLE_RESPONSE = PredictResponse([Prediction(leaves=True, probability=0.421875)])
