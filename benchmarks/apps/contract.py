"""The contract of our server in pydantic, for the servers that speak it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Centimetres = Annotated[float, Field(gt=0, le=20)]


class Instance(BaseModel):
    """One iris flower."""

    model_config = ConfigDict(extra="forbid")

    sepal_length: Centimetres
    sepal_width: Centimetres
    petal_length: Centimetres
    petal_width: Centimetres

    def row(self) -> tuple[float, float, float, float]:
        """What the model is given."""
        return self.sepal_length, self.sepal_width, self.petal_length, self.petal_width


Instances = Annotated[list[Instance], Field(min_length=1, max_length=1_000)]


class Prediction(BaseModel):
    """The most probable species of one flower."""

    species: Literal["setosa", "versicolor", "virginica"]
    probability: Annotated[float, Field(ge=0, le=1)]


class PredictRequest(BaseModel):
    """A batch of instances."""

    model_config = ConfigDict(extra="forbid")

    instances: Instances


class PredictResponse(BaseModel):
    """One prediction per instance."""

    predictions: list[Prediction]
