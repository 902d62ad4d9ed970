"""The same model in MLServer: https://docs.seldon.ai/mlserver/user-guide/custom."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse
from model import Model


class Iris(MLModel):
    """From a tensor of rows to species and probabilities, in the Open Inference Protocol."""

    async def load(self) -> bool:
        """Load the model."""
        self.model = Model()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """One prediction per row."""
        rows = self.decode(payload.inputs[0], default_codec=NumpyCodec)
        species, probabilities = zip(*self.model.predict(rows), strict=True)
        return InferenceResponse(
            model_name=self.name,
            outputs=[
                StringCodec.encode_output("species", list(species)),
                NumpyCodec.encode_output("probability", np.array(probabilities)),
            ],
        )
