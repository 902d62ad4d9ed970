"""The types of a request and its response: what this API version promises its clients.

Field names, types, units and ranges stand in `contracts/<api version>.json`, which
`make contract` writes from this file. Change both together.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

type Centimetres = Annotated[float, Meta(gt=0, le=20)]


class Instance(Struct, frozen=True, forbid_unknown_fields=True):
    """One iris flower, measured in centimetres; each length is above 0 and at most 20."""

    sepal_length: Annotated[Centimetres, Meta(description="Length of the sepal in cm.")]
    sepal_width: Annotated[Centimetres, Meta(description="Width of the sepal in cm.")]
    petal_length: Annotated[Centimetres, Meta(description="Length of the petal in cm.")]
    petal_width: Annotated[Centimetres, Meta(description="Width of the petal in cm.")]


class Prediction(Struct, frozen=True):
    """The most probable species of one flower."""

    species: Literal["setosa", "versicolor", "virginica"]
    probability: Annotated[
        float, Meta(ge=0, le=1, description="Probability of that species, to 6 decimals.")
    ]


class PredictRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A batch of 1 to 1,000 instances."""

    instances: Annotated[list[Instance], Meta(min_length=1, max_length=1_000)]


class PredictResponse(Struct, frozen=True):
    """One prediction per instance, in the order of the request."""

    predictions: list[Prediction]


EXAMPLE_REQUEST = PredictRequest(
    [Instance(sepal_length=5.1, sepal_width=3.5, petal_length=1.4, petal_width=0.2)]
)
EXAMPLE_RESPONSE = PredictResponse([Prediction(species="setosa", probability=1.0)])
