"""The server with a slow model that waits where a test tells it to: `python -m tests.gated`.

LOAD_GATE, GATE: named pipes; what opens one waits until the test has opened and closed it. Loading
waits at the first, a batch of at least two instances at the second, but for those of the warm-up.
One of eight or more fails, and where BROKEN is set so does everything.
"""

import os
import threading
import time
from pathlib import Path
from typing import Any

from serving import app, server
from serving.contract import EXAMPLE_RESPONSE


class Gated:
    """Answers each instance with the contract's example."""

    def __init__(self) -> None:
        if "LOAD_GATE" in os.environ:
            Path(os.environ["LOAD_GATE"]).read_bytes()
        self.thread = threading.current_thread()  # where it is loaded, and warmed up

    def predict(self, instances: list[Any], *_: Any) -> list[Any]:
        time.sleep(0.006)  # slow enough for a thread
        count = len(instances) if threading.current_thread() is not self.thread else 1
        if count >= 8 or "BROKEN" in os.environ:
            raise RuntimeError("the model is broken")
        if count >= 2:
            Path(os.environ["GATE"]).read_bytes()
        return EXAMPLE_RESPONSE.predictions[:1] * len(instances)


app.Predictor = Gated

if __name__ == "__main__":
    server.main()
