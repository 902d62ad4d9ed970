"""A rendered project in its own fresh environment: what its owner runs, what its README says."""

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.conftest import ONE_EACH, Bake
from tests.project import COMBINATIONS, ENVIRON, TARGETS, copy_ready, make, succeed, target_of

# What make can build, by the kind of artefact; with Helm the chart too.
CHART = ["chart-lint", "chart-package", "chart-push"]
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


# A test that a project's organisation makes something else of its resources.
SEES = '''"""Ours."""

from tests.program import changed
from tests.stacks import Stacks


def test_it_changes_something(stacks: Stacks) -> None:
    assert changed(stacks.run(), stacks.run(transformed=True))
'''
MODEL, INSIDE = "docs/your-model.md", "docs/how-it-works.md"


def blocks(project: Path, language: str, page: str = "README.md") -> list[str]:
    """A page's code blocks of one language."""
    text = (project / page).read_text("utf-8")
    return [body for kind, body in BLOCK.findall(text) if kind == language]


@pytest.fixture
def copy(ready: Path, tmp_path: Path) -> Path:
    """A copy of a ready project, to change; it shares the environment."""
    return copy_ready(ready, tmp_path / ready.name)


def test_its_own_tests_pass(ready: Path) -> None:
    assert re.search(r"\d+ passed in", succeed(ready, "test"))


def test_the_example_of_what_an_organisation_wants_does_it(copy: Path) -> None:
    (example,) = blocks(copy, "python", INSIDE)
    (copy / "infra/organisation.py").write_text(f'"""Ours."""\n\n{example}', "utf-8")
    (copy / "tests/test_example.py").write_text(SEES, "utf-8")
    command = [
        ".venv/bin/python",
        "-m",
        "pytest",
        "tests/test_organisation.py",
        "tests/test_example.py",
    ]
    subprocess.run(command, cwd=copy, env=ENVIRON, check=True)
    succeed(copy, "lint")


# The other two targets serve the model as these do.
@pytest.mark.parametrize("ready", ["lambda", "kubernetes"], indirect=True, scope="session")
def test_a_model_that_is_wrong_is_told_first_and_alone(copy: Path) -> None:
    predictor = copy / "serving/predictor.py"
    text = predictor.read_text("utf-8")
    predictor.write_text(text + "\n\nMODEL = 1 / 0\n", "utf-8")
    result = make(copy, "test")
    assert result.returncode == 2
    assert "ZeroDivisionError" in result.stdout
    assert result.stdout.count(" -m pytest ") == 1


def test_every_test_is_run_once(ready: Path) -> None:
    said = make(ready, "test", "--dry-run").stdout
    python = ready / ".venv/bin/python"
    runs = [line.split()[1:] for line in said.splitlines() if " -m pytest " in line]
    collected = [
        subprocess.run(
            [python, *run, "--collect-only", "-q"], cwd=ready, capture_output=True, text=True
        ).stdout
        for run in (*runs, ["-m", "pytest"])
    ]
    first, rest, whole = [re.findall(r"(?m)^(tests/\S+): (\d+)$", each) for each in collected]
    assert {name for name, _ in first} == {"tests/test_predictor.py", "tests/test_contract.py"}
    assert sorted(first + rest) == sorted(whole)


SLOW = """

import time


class Slow(Predictor):
    def __init__(self) -> None:
        time.sleep(11)
        super().__init__()


Predictor = Slow
"""


@pytest.mark.parametrize("ready", ["lambda", "kubernetes"], indirect=True, scope="session")
def test_tests_wait_for_a_model_that_loads_for_long_and_takes_few_rows(copy: Path) -> None:
    contract, predictor = copy / "serving/contract.py", copy / "serving/predictor.py"
    text = contract.read_text("utf-8").replace("max_length=1_000", "max_length=100")
    contract.write_text(text, "utf-8")
    predictor.write_text(predictor.read_text("utf-8") + SLOW, "utf-8")
    succeed(copy, "contract")
    names = ["-k", "in_time or missing_build or what_is_logged or a_port"]
    tests = [str(each) for each in copy.glob("tests/test_[cgs]*.py")]
    said = subprocess.run(
        [copy / ".venv/bin/python", "-m", "pytest", *names, *tests],
        cwd=copy,
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stdout


def test_style_and_types_are_clean(ready: Path) -> None:
    said = succeed(ready, "lint")
    assert "All checks passed!" in said
    assert "0 errors, 0 warnings, 0 notes" in said


# One scheme of each target runs everything; of the others what a scheme makes different.
OF_A_SCHEME = (
    *("api", "clients", "config", "cors", "front", "openapi", "program", "resources"),
    *("right_values", "scheme", "settings", "sign_in", "stack", "wrong_values"),
)


@pytest.mark.parametrize(
    "combination", [each for each in COMBINATIONS if each not in ONE_EACH.values()], ids=str
)
def test_every_other_scheme_has_sound_types_and_a_sound_program(
    combination: dict[str, str], bake: Bake, prepared: Callable[[str], Path]
) -> None:
    project, ready = bake(**combination), prepared(combination["target"])
    (project / ".venv").symlink_to(ready / ".venv")
    shutil.copy(ready / "model/model.onnx", project / "model")
    names = (f"tests/test_{name}.py" for name in OF_A_SCHEME)
    for command in (
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["basedpyright", "--level", "warning", "__main__.py", "infra"],
        ["pytest", *(name for name in names if (project / name).exists())],
    ):
        said = subprocess.run(
            [ready / ".venv/bin" / command[0], *command[1:]],
            cwd=project,
            capture_output=True,
            text=True,
        )
        assert said.returncode == 0, said.stdout + said.stderr


def test_a_model_made_elsewhere_is_kept_and_found_wherever_it_is(
    copy: Path, tmp_path: Path
) -> None:
    environment = (copy / ".venv").readlink()
    model = copy / "model/model.onnx"
    weights, digest = model.read_bytes(), hashlib.sha256(model.read_bytes()).hexdigest()
    (copy / "model/train.py").unlink()
    succeed(copy, "model")
    tests = [
        copy / ".venv/bin/python",
        "-m",
        "pytest",
        "tests/test_train.py",
        "tests/test_model.py",
    ]
    subprocess.run(tests, cwd=copy, check=True, capture_output=True)
    succeed(copy, "clean")
    assert model.read_bytes() == weights
    # The same by model/SOURCE, from a bucket.
    (tmp_path / "aws").write_text(f'#!/bin/sh\ncp "{tmp_path}/bucket.onnx" "$5"\n', "utf-8")
    (tmp_path / "aws").chmod(0o755)
    model.rename(tmp_path / "bucket.onnx")
    (copy / "model/SOURCE").write_text(f"{digest}  s3://bucket/m.onnx  model.onnx\n", "utf-8")
    (copy / ".venv").symlink_to(environment)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    assert "fetching model/model.onnx from s3://" in succeed(copy, "model", PATH=path)
    assert model.read_bytes() == weights


def test_training_says_how_good_the_model_is(copy: Path) -> None:
    said = succeed(copy, "model")
    assert "accuracy on 50 held-out rows: 0.96" in said
    assert "ONNX and scikit-learn agree on these 50 rows" in said


def test_the_schema_for_editors_takes_the_stack_files_and_nothing_misspelt(ready: Path) -> None:
    schema = json.loads((ready / "config.schema.json").read_text("utf-8"))
    check = jsonschema.Draft7Validator(schema).is_valid
    for path in ready.glob("Pulumi.*.yaml"):
        assert check(yaml.safe_load(path.read_text("utf-8")))
    slug = ready.name
    for wrong in (
        {f"{slug}:versions": {"v1": {"release": 1.1}}},
        {f"{slug}:versions": {"v1": {"release": "1.10"}}},
        {f"{slug}:versions": {"v1": {"release": "1.4.2", "memory": 512}}},
        {f"{slug}:versions": {"V1": {"release": "1.4.2"}}},
        {f"{slug}:versions": {"v1": {"release": "1.4.2"}}, f"{slug}:verions": {}},
        {"aws:region": "eu-central-1"},
    ):
        assert not check({"config": wrong}), wrong


def test_the_contract_in_the_template_is_the_one_that_make_writes(copy: Path) -> None:
    before = (copy / "contracts" / "v1.json").read_text("utf-8")
    succeed(copy, "contract")
    assert (copy / "contracts" / "v1.json").read_text("utf-8") == before, "run: make generated"


def test_the_example_in_the_contract_is_what_the_sample_answers(ready: Path) -> None:
    program = (
        "from serving.contract import *; from serving.predictor import Predictor;"
        "assert Predictor().predict(EXAMPLE_REQUEST.instances) == EXAMPLE_RESPONSE.predictions"
    )
    subprocess.run([ready / ".venv/bin/python", "-c", program], cwd=ready, check=True)


def test_help_works_before_setup(project: Path) -> None:
    said = succeed(project, "help")
    targets = re.findall(r"^  ([\w-]+) +\S", said, re.MULTILINE)
    assert targets[:6] == ["help", "setup", "model", "adopt", "contract", "test"]
    assert targets[6:8] == ["lint", "serve"]
    chart = CHART if (project / "chart").exists() else []
    aws = ["key", "bootstrap"] if TARGETS[target_of(project)]["provider"] == "aws" else []
    assert targets[8:-4] == [
        *("build", "publish", *chart, "releases"),
        *("preview", "deploy", "check", "callers", "destroy", *aws),
    ]
    assert targets[-4:] == ["config-schema", "lock", "upgrade", "clean"]
    assert not (project / ".venv").exists()


def test_setup_fetches_uv_where_there_is_none(ready: Path, tmp_path: Path) -> None:
    copy = tmp_path / "a folder with spaces"
    shutil.copytree(ready, copy, ignore=shutil.ignore_patterns(".venv"))
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    for i, folder in enumerate(folders):
        if (folder / "uv").exists():  # all but uv itself
            folders[i] = tmp_path / f"bin-{i}"
            folders[i].mkdir()
            for program in folder.iterdir():
                if not program.name.startswith("uv"):
                    (folders[i] / program.name).symlink_to(program)
    succeed(copy, "setup", PATH=os.pathsep.join(map(str, folders)))
    assert (copy / ".uv" / "bin" / "uv").exists()
    assert (copy / ".venv" / "bin" / "pytest").exists()


def test_the_readme_gets_to_a_running_server_by_line_25(project: Path) -> None:
    lines = (project / "README.md").read_text("utf-8").splitlines()
    assert lines.index("make serve") < 25
    assert any(line.startswith("curl ") for line in lines[:25])


@contextmanager
def serving(project: Path, *arguments: str, **environ: str) -> Iterator[str]:
    """The address where `make serve` serves a project, for as long as the block lasts."""
    process = subprocess.Popen(
        ["make", "serve", "PORT=0", *arguments],
        cwd=project,
        env=ENVIRON | environ,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr
    printed = ""
    try:
        while not (found := re.search(r"(http://127\.0\.0\.1:\d+)/", printed)):
            line = process.stderr.readline()
            assert line, f"make serve ended: {printed}"
            printed += line
        retry = ["--retry", "20", "--retry-connrefused", "--retry-delay", "1"]
        subprocess.run(["curl", "-sS", *retry, found[1]], check=True, capture_output=True)
        yield found[1]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=10)


def answer(command: str, url: str) -> str:
    """What a curl command of a README prints when it is sent to `url`."""
    command = command.replace("http://127.0.0.1:8000", url).replace("curl ", "curl -sS ")
    said = subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True).stdout
    # Names of headers are spelt as each server likes.
    return re.sub(r"(?m)^[\w-]+: ", lambda name: name[0].title(), said.replace("\r", ""))


def example(project: Path) -> str:
    """The curl command of the contract's example, as `make serve` shows it."""
    version = re.search(r'api_version = "(v\d+)"', (project / "pyproject.toml").read_text("utf-8"))
    assert version
    contract = json.loads((project / "contracts" / f"{version[1]}.json").read_text("utf-8"))
    request = contract["x-golden-requests"][0]["request"]
    body = shlex.quote(request["body"])
    url = f"http://127.0.0.1:8000{request['path']}"
    return f"curl -i {url} -H 'Content-Type: application/json' -d {body}"


def test_the_readmes_request_gets_the_readmes_answer(ready: Path) -> None:
    request, promised = blocks(ready, "sh")[1], blocks(ready, "json")[0]
    with serving(ready) as url:
        head, _, body = answer(request, url).partition("\n\n")
    assert head.startswith("HTTP/1.1 200 OK\n")
    assert body == promised.strip()


def test_the_readmes_error_is_one_that_the_app_gives(ready: Path) -> None:
    request = blocks(ready, "sh")[1].replace("5.1", '"5.1"')
    request = request.replace("curl", "curl -H 'X-Request-Id: 8d1c6c1f'")
    with serving(ready) as url:
        assert answer(request, url).endswith("\n\n" + blocks(ready, "json")[1].strip())


# The other two targets share their server.
@pytest.mark.parametrize("ready", ["lambda", "sagemaker"], indirect=True, scope="session")
def test_the_other_model_of_the_docs_trains_passes_its_tests_and_answers(copy: Path) -> None:
    for body in blocks(copy, "python", MODEL):
        path = body.splitlines()[0].removeprefix("# ")
        (copy / path).write_text(body.partition("\n")[2], "utf-8")
    commands = blocks(copy, "sh", MODEL)
    last = next(block for block in commands if block.startswith("make model contract"))
    said = succeed(copy, *last.split()[1:])
    assert "R² on 50 held-out rows: 0.31" in said
    assert "passed in" in said
    succeed(copy, "lint")
    with serving(copy) as url:
        body = answer(example(copy), url).partition("\n\n")[2]
    assert body == '{"predictions":[{"progression":210.75}]}'


def test_the_readmes_second_version_is_served(copy: Path) -> None:
    block = next(block for block in blocks(copy, "sh") if "api_version = " in block)
    *commands, last = block.splitlines()
    for command in commands:
        subprocess.run(["sh", "-c", command], cwd=copy, check=True, capture_output=True)
    assert sorted(path.name for path in (copy / "contracts").iterdir()) == ["v1.json", "v2.json"]
    second = example(copy)
    _make, _serve, *beside = shlex.split(last, comments=True)
    with serving(copy, *beside) as url:
        assert "X-Model-Release: 2.0.0\n" in answer(second, url)
        if beside:
            assert "X-Model-Release: 0.1.0\n" in answer(second.replace("/v2/", "/v1/"), url)


def test_the_deprecated_version_of_the_docs_says_so(ready: Path) -> None:
    commands = blocks(ready, "sh", INSIDE)
    block = next(block for block in commands if block.startswith("DEPRECATED_ON"))
    environ = dict(word.split("=") for word in block.split() if "=" in word)
    with serving(ready, **environ) as url:
        said = answer(example(ready), url)
    assert "\nDeprecation: @1796083200\n" in said
    assert "\nSunset: Wed, 31 Mar 2027 00:00:00 GMT\n" in said


def test_a_frozen_contract_stops_make_with_the_change_and_the_way_out(copy: Path) -> None:
    stack = 'config:\n  iris-classifier:versions:\n    v1: {release: "1.4.2"}\n'
    (copy / "Pulumi.prod.yaml").write_text(stack, "utf-8")
    contract = copy / "serving" / "contract.py"
    contract.write_text(contract.read_text("utf-8").replace("le=20", "le=10"), "utf-8")
    result = make(copy, "contract")
    assert result.returncode != 0
    assert "frozen, because Pulumi.prod.yaml serves v1 as release 1.4.2." in result.stdout
    assert "request.instances[].sepal_length: was maximum 20, is maximum 10." in result.stdout
    assert "make it v2: set api_version" in result.stdout
