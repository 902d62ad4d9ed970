"""scikit-learn's own answer to the example, as the contract writes it."""

import json

import joblib
import pandas as pd

row = {"age": 41.0, "monthly_fee": 29.9, "calls": float("nan"), "plan": "plus", "city": "Graz"}
probability = joblib.load("model/model.joblib").predict_proba(pd.DataFrame([row]))[0, 1]
print(json.dumps([{"leaves": bool(probability > 0.4), "probability": round(probability, 6)}]))
