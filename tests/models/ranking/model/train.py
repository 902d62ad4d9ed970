"""Train LightGBM's ranker on made-up searches and write `model.txt`."""

import sys
from pathlib import Path

import lightgbm
import numpy as np

OUTPUT = Path(__file__).with_name("model.txt")


def main(output: Path) -> None:
    """Train and write the model to `output`."""
    source = np.random.default_rng(0)
    rows = np.column_stack(
        [source.gamma(4, 8, 2000), source.poisson(12, 2000), source.uniform(0, 5, 2000)]
    )
    rows[source.random(2000) < 0.1, 2] = np.nan
    relevance = np.clip(rows[:, 1] / 8 + np.nan_to_num(rows[:, 2], nan=2.5) / 3, 0, 3).astype(int)
    data = lightgbm.Dataset(rows, relevance, group=[10] * 200)
    keys = {"objective": "lambdarank", "num_threads": 1, "seed": 0, "deterministic": True}
    booster = lightgbm.train(keys | {"verbose": -1}, data, num_boost_round=40)
    booster.save_model(output)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT)
