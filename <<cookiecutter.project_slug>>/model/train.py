"""Train the sample model and write `model.onnx`: a random forest on the iris flowers.

Run by `make model`. Replace it with whatever makes your model.
"""

import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

OUTPUT = Path(__file__).with_name("model.onnx")


def train() -> tuple[RandomForestClassifier, np.ndarray, float]:
    """The forest, 50 rows that it has not seen, and its accuracy on them (0 to 1)."""
    iris: Any = load_iris()
    # The server computes in 32 bits: trained on them, trees split where it can tell values apart.
    rows, species = iris.data.astype(np.float32), iris.target_names[iris.target]
    seen, held_out, seen_species, held_out_species = cast(
        "list[np.ndarray]",
        train_test_split(rows, species, test_size=50, stratify=species, random_state=0),
    )
    # 64 trees: each vote is 1/64, which 32 bits hold exactly, so probabilities add up to 1.
    forest = RandomForestClassifier(n_estimators=64, random_state=0).fit(seen, seen_species)
    return forest, held_out, float(forest.score(held_out, held_out_species))


def export(forest: RandomForestClassifier, rows: np.ndarray) -> bytes:
    """The forest as ONNX: `X` [N, 4] like `rows` in, `label` [N] and `probabilities` [N, 3] out."""
    model: Any = to_onnx(forest, rows[:1], options={"zipmap": False})
    return model.SerializeToString()


def check(onnx: bytes, forest: RandomForestClassifier, rows: np.ndarray) -> None:
    """Raise AssertionError unless ONNX and scikit-learn agree on `rows`."""
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    labels, probabilities = cast("list[np.ndarray]", session.run(None, {"X": rows}))
    np.testing.assert_array_equal(labels, forest.predict(rows))
    np.testing.assert_allclose(probabilities, forest.predict_proba(rows), atol=1e-6)


def main(output: Path) -> None:
    """Train, check, and write the model to `output`."""
    forest, held_out, accuracy = train()
    print(f"accuracy on {len(held_out)} held-out rows: {accuracy:.2f}")
    onnx = export(forest, held_out)
    check(onnx, forest, held_out)
    print(f"ONNX and scikit-learn agree on these {len(held_out)} rows")
    output.write_bytes(onnx)
    print(f"wrote {output.name}, {len(onnx) / 1024:.0f} KiB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT)
