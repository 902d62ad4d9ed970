"""Twelve models, each adopted by one command, answer as their own libraries do."""

import json
import math
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.image import answer, build, start
from tests.project import ENVIRON, ROOT, golden_example, succeed
from tests.test_adopt import copied, green, trust

SCRIPT = ROOT / "tests/adopting/twelve.py"
PACKAGES = ["lightgbm", "magika", "pandas", "scikit-learn", "wordllama", "xgboost-cpu"]
SEED, ROWS = 1_000, 200
# Rows as the project's own tests draw them, and what it answers to them.
SERVED = f"""
import json, random, sys
import msgspec
from serving.predictor import Predictor
from tests.test_predictor import random_instance
source = random.Random({SEED})
rows = [random_instance(source) for _ in range({ROWS})]
answers = Predictor().predict(rows)
sys.stdout.buffer.write(msgspec.json.encode([rows, answers]))
"""
# What the owner of the transformer, and that of the speech model, write.
FUNCTIONS = {
    "custom": (
        "import sys\nimport joblib\nimport msgspec\nimport numpy as np\nfrom model import ratios\n",
        """\
        sys.modules["ratios"] = ratios
        rows = np.array([msgspec.structs.astuple(each) for each in instances], dtype=np.float64)
        return [Prediction(round(float(each), 6)) for each in joblib.load(self.path).predict(rows)]
""",
    ),
    "speech": (
        "from typing import cast\nimport numpy as np\n",
        """\
        state, rate = np.zeros((2, 1, 128), np.float32), np.array(16_000)
        found: list[Prediction] = []
        for each in instances:
            given = {"input": np.array([each.input], np.float32), "state": state, "sr": rate}
            output = cast("np.ndarray", self.session.run(["output"], given)[0])
            found.append(Prediction(round(float(output[0, 0]), 6)))
        return found
""",
    ),
}
EMBED = '''"""The vector of a text: the mean of its tokens'."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from serving.contract import Instance

FOLDER = Path(__file__).parent
TOKENS = Tokenizer.from_file(str(FOLDER / "tokens.json"))
with (FOLDER / "words.safetensors").open("rb") as file:
    HEAD: dict[str, Any] = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    ((_, TOLD),) = [each for each in HEAD.items() if each[0] != "__metadata__"]
    VECTORS = np.frombuffer(file.read(), {"F16": "<f2", "F32": "<f4"}[TOLD["dtype"]])
    VECTORS = VECTORS.reshape(TOLD["shape"]).astype(np.float32)


def embed(instances: list[Instance]) -> Iterator[list[float]]:
    """The vectors of the instances' texts."""
    for each in instances:
        found = VECTORS[TOKENS.encode(each.text, add_special_tokens=False).ids]
        mean = found.sum(axis=0, dtype=np.float32) / np.float32(max(len(found), 1))
        yield mean.astype(float).round(6).tolist()
'''


@dataclass(frozen=True)
class Case:
    """A model: what it is, where it is served, its file and what goes with it, what is by hand."""

    what: str
    target: str
    model: str
    given: dict[str, str] = field(default_factory=dict)
    hand: str = "nothing"


WRITTEN = "`predict`, and its answer to the example"
CASES = {
    "files": Case(
        "Magika: what a file holds; ONNX with its config",
        "kubernetes",
        "files.onnx",
        {"SAMPLE": "files.jsonl", "LABELS": "files.json"},
    ),
    "speech": Case(
        "Silero VAD: who speaks; ONNX that remembers",
        "kubernetes",
        "speech.onnx",
        {"SAMPLE": "speech.jsonl"},
        WRITTEN,
    ),
    "words": Case(
        "WordLlama: vectors of texts; a function with a tokenizer",
        "kubernetes",
        "model.embed:embed",
        {"SAMPLE": "words.jsonl"},
    ),
    "mixed": Case("scikit-learn: mixed columns, values missing", "lambda", "mixed.joblib"),
    "text": Case("scikit-learn: text by TF-IDF", "lambda", "text.joblib"),
    "several": Case("scikit-learn: two numbers at once", "kubernetes", "several.joblib"),
    "ranker": Case("LightGBM: a ranker", "lambda", "ranker.txt"),
    "quantile": Case("scikit-learn: a quantile", "kubernetes", "quantile.joblib"),
    "odd": Case("scikit-learn: an isolation forest", "lambda", "odd.joblib"),
    "calibrated": Case("scikit-learn: isotonic calibration", "kubernetes", "calibrated.joblib"),
    "tumours": Case("XGBoost: names like `mean.texture (mm)`", "lambda", "tumours.ubj"),
    "custom": Case(
        "scikit-learn: a transformer of one's own", "lambda", "custom.joblib", hand=WRITTEN
    ),
}
pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models, their samples, and an environment that has their libraries."""
    made = tmp_path_factory.mktemp("twelve")
    install = ["uv", "pip", "install", "--quiet", "--python", made / ".venv/bin/python"]
    subprocess.run(["uv", "venv", "--quiet", "--python", "3.13", made / ".venv"], check=True)
    subprocess.run([*install, *PACKAGES], check=True)
    # Its ONNX model doesn't need the library that it is trained by.
    subprocess.run([*install, "--no-deps", "silero-vad"], check=True)
    asked(made, "make")
    return made


def asked(folder: Path, *words: str, given: object = None) -> str:
    """What the models' own libraries say."""
    what, *rest = words
    command = [folder / ".venv/bin/python", SCRIPT, what, folder, *rest]
    said = subprocess.run(
        command, input=json.dumps(given), env=ENVIRON, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    return said.stdout


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The lines of a table, printed when all models are through."""
    lines: list[str] = []
    yield lines
    head = "| model | target | seconds | size | by hand |\n| --- | --- | --- | --- | --- |"
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("\n".join(["", head, *sorted(lines)]))


def adopt(project: Path, folder: Path, name: str) -> tuple[int, str, float]:
    """Adopt by one command: status, what was said, the seconds without `make lock setup`."""
    case = CASES[name]
    model = case.model if ":" in case.model else folder / case.model
    given = {"SAMPLE": f"{name}.csv"} | case.given
    words = [f"--{key.lower()}={folder / value}" for key, value in given.items()]
    if case.model.endswith(".joblib"):
        words.append(f"--trust={trust(folder / case.model)}")
    command = [project / ".venv/bin/python", "-m", "tools.adopt", model, "--yes", *words]
    began, lines, at = time.monotonic(), [], {}
    with subprocess.Popen(
        command,
        cwd=project,
        env=ENVIRON,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            at[line.strip()] = time.monotonic()
    contract = at.get("make contract …", 0)
    aside = contract - at.get("make lock …", contract)
    return process.returncode, "".join(lines), time.monotonic() - began - aside


def written(project: Path, name: str) -> None:
    """Write the one function, and its answer to the example."""
    imports, body = FUNCTIONS[name]
    path = project / "serving/predictor.py"
    before, _, _ = path.read_text("utf-8").partition("        raise NotImplementedError(")
    text = before.replace("from pathlib import Path\n", f"from pathlib import Path\n{imports}", 1)
    path.write_text(text + body, "utf-8")
    if name == "custom":
        shutil.copy(SCRIPT.with_name("ratios.py"), project / "model")
    ruff = project / ".venv/bin/ruff"
    subprocess.run([ruff, "check", "--fix-only", "--quiet"], cwd=project, check=True)
    subprocess.run([ruff, "format", "--quiet"], cwd=project, check=True)
    ask = (
        "from serving.contract import EXAMPLE_REQUEST as asked;"
        "from serving.predictor import Predictor; print(Predictor().predict(asked.instances)[0])"
    )
    command = [project / ".venv/bin/python", "-c", ask]
    said = subprocess.run(command, cwd=project, env=ENVIRON, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    contract = project / "serving/contract.py"
    before, last, _ = contract.read_text("utf-8").partition("EXAMPLE_RESPONSE = ")
    response = f"PredictResponse([{said.stdout.strip()}])\n"
    contract.write_text(f"{before}{last}{response}", "utf-8")
    succeed(project, "contract")


def size(project: Path, folder: Path, target: str) -> int:
    """The bytes of what is deployed, zip or tree, which answers the contract's example."""
    if target == "lambda":
        succeed(project, "build")
        (path,) = (project / "dist").glob("*.zip")
        succeed(project, "build", "ARCH=host")  # which imports it, and asks it
        return path.stat().st_size
    image = build(project, folder)
    found = sum(path.lstat().st_size for path in folder.rglob("*"))
    process = start(image, HOST="127.0.0.1", PORT="0", METRICS_PORT="0", DRAIN_SECONDS="0")
    try:
        request, response = golden_example(project)
        status, body = answer(process, request)
        assert (status, json.loads(body)) == (200, json.loads(response["body"]))
    finally:
        process.kill()
        process.communicate()
    return found


def near(one: Any, other: Any, exact: bool) -> bool:
    """Whether an answer is the other: to the last digit, or as near as an exported model is."""
    if isinstance(other, dict):
        keys = one.keys() == other.keys()
        return keys and all(near(one[key], other[key], exact) for key in other)
    if isinstance(other, list):
        same = len(one) == len(other)
        return same and all(near(a, b, exact) for a, b in zip(one, other, strict=True))
    if isinstance(other, float) and not exact:
        # Both are rounded, each by up to half of the last digit.
        return math.isclose(one, other, rel_tol=1e-4, abs_tol=2e-6)
    return one == other


@pytest.mark.parametrize("name", CASES)
def test_one_command_serves_what_the_models_own_library_answers(
    name: str, prepared: Callable[[str], Path], folder: Path, table: list[str], tmp_path: Path
) -> None:
    case = CASES[name]
    project = copied(prepared(case.target), tmp_path)
    if name == "words":  # the function is there, with what it reads and what it imports
        (project / "model/embed.py").write_text(EMBED, "utf-8")
        for each in ("words.safetensors", "tokens.json"):
            shutil.copy(folder / each, project / "model")
        pyproject = project / "pyproject.toml"
        text = pyproject.read_text("utf-8")
        added = text.replace(
            "dependencies = [\n", 'dependencies = [\n  "tokenizers>=0.21,<1",\n', 1
        )
        pyproject.write_text(added, "utf-8")
        succeed(project, "lock", "setup")
    status, said, seconds = adopt(project, folder, name)
    assert status == (4 if name in FUNCTIONS else 0), said
    if name in FUNCTIONS:
        green(project, "tests/test_contract.py")
        written(project, name)
    succeed(project, "test", "lint")
    command = [project / ".venv/bin/python", "-c", SERVED]
    served = subprocess.run(command, cwd=project, env=ENVIRON, capture_output=True, text=True)
    assert served.returncode == 0, served.stderr
    rows, answers = json.loads(served.stdout)
    own = json.loads(asked(folder, "answer", name, given=rows))
    assert len(rows) == len(answers) == len(own) == ROWS
    exact = "served as ONNX" not in said and not case.model.endswith(".onnx")
    for row, found, expected in zip(rows, answers, own, strict=True):
        assert near(found, expected, exact), f"{found} is not {expected}, to {row}"
    deployed = size(project, tmp_path / "app", case.target) / 1e6
    table.append(
        f"| {case.what} | `{case.target}` | {seconds:.1f} | {deployed:.1f} MB | {case.hand} |"
    )
