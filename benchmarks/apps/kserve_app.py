"""The same model and contract in KServe: https://kserve.github.io/website/."""

import logging
import os

import kserve
from model import FIELDS, Model


class Iris(kserve.Model):
    """From instances to predictions, in the protocol V1."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.load()

    def load(self) -> bool:
        """Load the model."""
        self.model = Model()
        self.ready = True
        return self.ready

    def predict(self, payload: dict, headers: dict | None = None) -> dict:  # noqa: ARG002 (KServe hands it over)
        """One prediction per instance."""
        rows = [[instance[name] for name in FIELDS] for instance in payload["instances"]]
        predicted = self.model.predict(rows)
        return {"predictions": [{"species": s, "probability": p} for s, p in predicted]}


if __name__ == "__main__":
    server = kserve.ModelServer(
        http_port=int(os.environ["PORT"]),
        workers=1,
        enable_grpc=False,
        enable_latency_logging=False,
    )
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    server.start([Iris("iris")])
