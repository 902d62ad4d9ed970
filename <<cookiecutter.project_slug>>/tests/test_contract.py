"""The contract's file is what the code keeps; once frozen, old clients hold it to that."""

import copy
import json
from pathlib import Path
from typing import cast

import pytest

from serving.contract import Prediction, PredictRequest, PredictResponse
from tests.support import BUILD, CONTRACT, ROOT, VERSION
from tools import contract
from tools.compatibility import frozen

FOLLOWING = f"v{int(VERSION[1:]) + 1}"


def test_the_file_is_what_the_code_says() -> None:
    path = ROOT / "contracts" / f"{VERSION}.json"
    refusal = contract.refusal(BUILD, path.parent, ROOT)
    assert refusal is None, refusal
    assert path.read_text("utf-8") == contract.text(contract.document(BUILD)), (
        f"contracts/{path.name} and serving/contract.py differ."
        " Run `make contract`, then read the change with `git diff contracts/`:"
        " it is what your clients will see. If you didn't mean it, take the edit back."
    )


def test_every_frozen_contract_is_there() -> None:
    missing = [v for v in frozen(ROOT) if not (ROOT / "contracts" / f"{v}.json").exists()]
    assert not missing, f"get back from git: {', '.join(f'contracts/{v}.json' for v in missing)}"


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A folder with a contract of another promise: a field that the code no longer has."""
    old = copy.deepcopy(CONTRACT)
    old["components"]["schemas"]["Prediction"]["properties"]["gone"] = {"type": "number"}
    error = next(g for g in old["x-golden-requests"] if g["name"] == "an unknown field")
    error["response"]["status"] = 400
    tmp_path.joinpath(f"{VERSION}.json").write_text(json.dumps(old), "utf-8")
    return tmp_path


def serve(folder: Path, release: str, version: str = VERSION) -> None:
    stack = f'config:\n  any:versions:\n    {version}: {{release: "{release}"}}\n'
    folder.joinpath("Pulumi.prod.yaml").write_text(stack, "utf-8")


@pytest.mark.parametrize(("release", "version"), [("0.9.9", VERSION), ("1.0.0", "v98")])
def test_before_its_first_stable_release_a_contract_may_change(
    changed: Path, release: str, version: str
) -> None:
    serve(changed, release, version)
    assert contract.refusal(BUILD, changed, changed) is None


def test_a_frozen_contract_names_each_change_and_the_way_out(changed: Path) -> None:
    serve(changed, "1.0.0")
    refusal = contract.refusal(BUILD, changed, changed)
    assert refusal == "\n".join(
        [
            f"The contract of {VERSION} is frozen, because Pulumi.prod.yaml serves {VERSION} as"
            " release 1.0.0.",
            "Old clients would notice:",
            f"  - POST /{VERSION}/predict, status 200.predictions[].gone: the field is gone.",
            "  - golden request “an unknown field”: status was 400, is 422.",
            f'Take that back, or make it {FOLLOWING}: set api_version = "{FOLLOWING}" under'
            " [tool.serving] in pyproject.toml, raise the release, run `make contract`, and add"
            f" {FOLLOWING} beside {VERSION} in the stack files.",
        ]
    )


@pytest.mark.parametrize(
    "text",
    [
        f'config: {{versions: {{{VERSION}: {{release: "1.0.0"}}}}}}',
        f'config: {{any:versions: \'{{"{VERSION}": {{"release": "1.0.0"}}}}\'}}',
        f"config: {{any:versions: {{{VERSION}: {{release: 1.0}}}}}}",
    ],
)
def test_a_stack_file_may_be_written_in_other_ways(tmp_path: Path, text: str) -> None:
    tmp_path.joinpath("Pulumi.dev.yaml").write_text(text, "utf-8")
    assert [*frozen(tmp_path)] == [VERSION]


@pytest.mark.parametrize(
    "text", ["config:\n  any:versions: {v1: 1.4.2}\n", "config:\n\tany: 1\n", "config: [1]\n"]
)
def test_a_stack_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    tmp_path.joinpath("Pulumi.dev.yaml").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"^Pulumi\.dev\.yaml does not list its versions"):
        contract.refusal(BUILD, tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("EXAMPLE_REQUEST", PredictRequest([])),
        ("EXAMPLE_RESPONSE", PredictResponse([cast("Prediction", None)])),
    ],
)
def test_an_example_that_breaks_its_own_types_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, example: object
) -> None:
    monkeypatch.setattr(contract, name, example)
    with pytest.raises(ValueError, match=f"^{name} in serving/contract.py: Expected"):
        contract.document(BUILD)


def test_a_frozen_contract_may_stay_as_it_is() -> None:
    assert contract.broken_promises(BUILD, CONTRACT) == []


def test_a_frozen_contract_is_not_written_anew_when_its_file_is_missing(tmp_path: Path) -> None:
    serve(tmp_path, "2.0.0")
    refusal = contract.refusal(BUILD, tmp_path, tmp_path)
    assert refusal
    assert f"contracts/{VERSION}.json is missing: get it back from git." in refusal
