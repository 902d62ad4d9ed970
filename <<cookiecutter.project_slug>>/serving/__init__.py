"""The model behind its API: `app.py` answers requests, `predictor.py` holds the model."""

import os

# ONNX Runtime reports its use to its makers unless this is set before its first import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
