"""The same model and contract in LitServe: https://lightning.ai/docs/litserve/api-reference."""

import os

import litserve
from model import FIELDS, Model


class Iris(litserve.LitAPI):
    """From instances to predictions."""

    def setup(self, device: str) -> None:  # noqa: ARG002 (LitServe hands it over)
        """Load the model."""
        self.model = Model()

    def decode_request(self, request: dict) -> list[list[float]]:
        """The rows of a request."""
        return [[instance[name] for name in FIELDS] for instance in request["instances"]]

    def predict(self, rows: list[list[float]]) -> list[tuple[str, float]]:
        """What they are."""
        return self.model.predict(rows)

    def encode_response(self, several: list[tuple[str, float]]) -> dict:
        """The answer."""
        return {"predictions": [{"species": s, "probability": p} for s, p in several]}


if __name__ == "__main__":
    server = litserve.LitServer(Iris(), accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        num_api_servers=1,
        generate_client_file=False,
        access_log=False,
    )
