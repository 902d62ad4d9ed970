"""The same model and contract in mosec: https://mosecorg.github.io/mosec/reference/interface.html.

`BATCH` requests are predicted at once, after `WAIT` milliseconds at most.
"""

import os
from itertools import islice

import mosec
from model import FIELDS, Model

BATCH, WAIT = int(os.environ["BATCH"]), int(os.environ["WAIT"])


class Iris(mosec.Worker):
    """From instances to predictions."""

    def __init__(self) -> None:
        self.model = Model()

    def forward(self, data: dict | list[dict]) -> dict | list[dict]:
        """An answer for each request; mosec hands over one alone where batches are of one."""
        requests = [data] if BATCH == 1 else data
        rows = [
            [instance[name] for name in FIELDS]
            for request in requests
            for instance in request["instances"]
        ]
        predicted = iter(self.model.predict(rows))
        answers = [
            {
                "predictions": [
                    {"species": s, "probability": p}
                    for s, p in islice(predicted, len(request["instances"]))
                ]
            }
            for request in requests
        ]
        return answers[0] if BATCH == 1 else answers


if __name__ == "__main__":
    server = mosec.Server()
    server.append_worker(Iris, max_batch_size=BATCH, max_wait_time=WAIT)
    server.run()
