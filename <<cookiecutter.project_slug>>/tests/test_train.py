"""`make model` writes the same bytes wherever it runs."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import ROOT

pytestmark = pytest.mark.skipif(
    not (ROOT / "model/train.py").exists(), reason="the model was made elsewhere"
)


def train(output: Path, hash_seed: str) -> bytes:
    """The model that a process of its own trains."""
    environ = os.environ | {"PYTHONHASHSEED": hash_seed}
    subprocess.run([sys.executable, "-m", "model.train", output], cwd=ROOT, env=environ, check=True)
    return output.read_bytes()


def test_two_processes_train_the_same_bytes(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as threads:
        one, two = threads.map(train, (tmp_path / "one", tmp_path / "two"), ("1", "2"))
    assert one == two, "two trainings differ: fix the seeds, such as random_state"
