"""LightGBM's own answer to the example, as the contract writes it."""

import json

import lightgbm
import numpy as np

rows = np.array([[9.5, 3, 4.5], [80, 90, np.nan]])
scores = lightgbm.Booster(model_file="model/model.txt").predict(rows).tolist()
ranked = sorted(zip(scores, [7, 2**63 - 1], strict=True), reverse=True)
print(json.dumps([{"ids": [i for _, i in ranked], "scores": [round(s, 6) for s, _ in ranked]}]))
