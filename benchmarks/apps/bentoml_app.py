"""The same model and contract in BentoML: https://docs.bentoml.com/en/latest/."""

import bentoml
from contract import Instances, Prediction, PredictResponse
from model import Model


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Iris:
    """From instances to predictions."""

    def __init__(self) -> None:
        self.model = Model()

    @bentoml.api
    def predict(self, instances: Instances) -> PredictResponse:
        """One prediction per instance."""
        predicted = self.model.predict([instance.row() for instance in instances])
        predictions = [Prediction(species=s, probability=p) for s, p in predicted]
        return PredictResponse(predictions=predictions)
