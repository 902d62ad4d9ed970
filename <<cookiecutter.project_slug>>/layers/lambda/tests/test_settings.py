"""The config of a stack: what is accepted, and what is said of the rest."""

import re
import shutil
import zipfile

import pytest

from infra.problems import Problems
from infra.settings import Settings
from tests import artefacts
from tests.contracts import write_contract
from tests.stacks import Stacks, config

LIVE = {"release": "1.4.2"}


def test_a_release_alone_is_enough(stacks: Stacks) -> None:
    settings = stacks.settings({"v1": LIVE})
    assert (settings.stack.prefix, settings.stack.log_retention_days) == ("iris-dev", 30)
    read = settings.model_dump()
    shared = {"auth": "api_key", "log_retention_days": 30, "protect": False}
    assert shared.items() <= read.items()
    assert read["throttle"] == {"rate": 50, "burst": 100}
    own = {"memory_mb": 1_024, "timeout_seconds": 10, "architecture": "arm64"}
    assert read["versions"]["v1"].items() >= (own | {"reserved_concurrency": None}).items()


@pytest.mark.parametrize("other", ["iris-1.4.2-x86_64", "iris-1.5.0-arm64", "rose-1.4.2-arm64"])
def test_a_zip_under_another_ones_name_is_refused(stacks: Stacks, other: str) -> None:
    project, release, architecture = other.split("-")
    artefacts.write_zip(stacks.folder, project, "v1", release, architecture)
    write_contract(stacks.folder, "v1")
    shutil.copy(f"dist/{other}.zip", "dist/iris-1.4.2-arm64.zip")
    with pytest.raises(Problems, match=r"-1\.4\.2-arm64\.zip was built with \w+ .*, not .*; run"):
        Settings.read("iris", "dev", config("iris", {"v1": LIVE}))


@pytest.mark.parametrize("damage", ["no zip", "cut", "flipped", "nothing in it"])
def test_what_is_no_zip_of_ours_is_refused(stacks: Stacks, damage: str) -> None:
    path = stacks.folder / "dist/iris-1.5.0-arm64.zip"
    artefacts.write_zip(stacks.folder, "iris", "v1", "1.5.0")
    whole = path.read_bytes()
    at = whole.index(b"build.json") + 20
    match damage:
        case "no zip":
            path.write_text("not a zip")
        case "cut":
            path.write_bytes(whole[:-30])
        case "flipped":
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        case _:
            zipfile.ZipFile(path, "w").close()
    (said,) = stacks.refusal_of_v1(release="1.5.0")
    assert "dist/iris-1.5.0-arm64.zip is not a zip that `make build` made; run" in said


def test_a_zip_that_lambda_does_not_take_is_refused(stacks: Stacks) -> None:
    artefacts.write_zip(stacks.folder, "iris", "v1", "1.5.0", padding=52_428_800)
    (said,) = stacks.refusal_of_v1(release="1.5.0")
    assert re.search(r"arm64.zip has 52,\d+,\d+ bytes, and without a bucket Lambda", said)


def test_variables_that_lambda_does_not_take_are_refused(stacks: Stacks) -> None:
    (said,) = stacks.refusal_of_v1(env={"FEATURES_URL": "ä" * 2_000})
    assert re.fullmatch(
        r"versions\.v1\.env: with the project's own variables it has 12,\d+ bytes as JSON, and"
        r" Lambda takes 4,096; write fewer or shorter ones\.",
        said,
    )
    own = len('{"FEATURES_URL":"","API_VERSION":"v999","RELEASE":"1.4.2"}')
    assert stacks.settings({"v1": LIVE | {"env": {"FEATURES_URL": "a" * (4_096 - own)}}})
    assert stacks.refusal_of_v1(env={"FEATURES_URL": "a" * (4_097 - own)})
