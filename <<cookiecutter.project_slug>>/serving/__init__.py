"""The model behind its API: `app.py` answers requests, `predictor.py` holds the model."""
