"""The same model and contract as FastAPI's documentation would have them."""

from contract import Prediction, PredictRequest, PredictResponse
from fastapi import FastAPI
from model import Model

model = Model()
app = FastAPI()


@app.get("/readyz")
async def ready() -> dict[str, str]:
    """Ready as soon as it listens: the model is loaded before."""
    return {"status": "ok"}


# `async` though it computes: in threads it is slower.
@app.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """One prediction per instance."""
    rows = [instance.row() for instance in request.instances]
    predictions = [Prediction(species=s, probability=p) for s, p in model.predict(rows)]
    return PredictResponse(predictions=predictions)
