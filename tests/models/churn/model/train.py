"""Train a forest on columns of several kinds, some of them empty, and write `model.joblib`."""

import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from model.features import FeePerCall

NUMBERS, WORDS = ["age", "monthly_fee", "calls"], ["plan", "city"]
OUTPUT = Path(__file__).with_name("model.joblib")


def customers(size: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Made-up customers, and who of them left."""
    source = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": source.uniform(18, 90, size),
            "monthly_fee": source.gamma(4, 8, size),
            "calls": source.poisson(12, size).astype(float),
            "plan": source.choice(["basic", "plus", "pro"], size).astype(object),
            "city": source.choice(["Graz", "Linz", "Wien"], size).astype(object),
        }
    )
    left = table.monthly_fee / (1 + table.calls) + (table.plan == "basic") > 3
    for name in table:
        table.loc[source.random(size) < 0.1, name] = np.nan
    return table, left.to_numpy()


def main(output: Path) -> None:
    """Train and write the model to `output`."""
    numbers = make_pipeline(FeePerCall(), SimpleImputer())
    words = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="unknown"),
        OneHotEncoder(handle_unknown="ignore"),
    )
    columns = ColumnTransformer([("numbers", numbers, NUMBERS), ("words", words, WORDS)])
    forest = RandomForestClassifier(64, min_samples_leaf=5, random_state=0)
    pipeline = Pipeline([("columns", columns), ("forest", forest)])
    rows, left = customers(600)
    pipeline.fit(rows[:500], left[:500])
    print(f"{pipeline.score(rows[500:], left[500:]):.0%} of 100 held-out customers are right")
    joblib.dump(pipeline, output)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT)
