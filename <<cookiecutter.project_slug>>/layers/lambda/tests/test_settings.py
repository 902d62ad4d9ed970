"""The config of a stack: what is accepted, and what is said of the rest."""

import re
import shutil
import zipfile
from datetime import date
from typing import Any

import pytest

from infra.aws import Throttle
from infra.problems import Problems
from infra.settings import Settings
from tests import artefacts
from tests.contracts import write_contract
from tests.stacks import DEPRECATED, Stacks, config

LIVE = {"release": "1.4.2"}


def test_a_release_alone_is_enough(stacks: Stacks) -> None:
    settings = stacks.settings({"v1": LIVE})
    assert settings.auth == "api_key"
    assert settings.throttle == Throttle(rate=50, burst=100)
    assert settings.log_retention_days == 30
    assert settings.protect is False
    version = settings.versions["v1"]
    assert (version.memory_mb, version.timeout_seconds) == (1_024, 10)
    assert (version.architecture, version.reserved_concurrency) == ("arm64", None)
    assert (settings.stack.prefix, settings.stack.log_retention_days) == ("iris-dev", 30)


def test_every_key_is_read(stacks: Stacks) -> None:
    own = {"memory_mb": 512, "timeout_seconds": 28, "reserved_concurrency": 0}
    settings = stacks.settings(
        {"v1": LIVE | DEPRECATED | own | {"architecture": "x86_64"}},
        auth="none",
        throttle={"rate": 1, "burst": 5},
        log_retention_days=90,
        protect=True,
    )
    version = settings.versions["v1"]
    assert (version.state, version.migration_url) == ("deprecated", DEPRECATED["migration_url"])
    assert (version.deprecated_on, version.sunset) == (date(2026, 12, 1), date(2027, 3, 31))
    assert (version.memory_mb, version.timeout_seconds) == (512, 28)
    assert (version.architecture, version.reserved_concurrency) == ("x86_64", 0)
    assert (settings.auth, settings.protect, settings.stack.log_retention_days) == (
        "none",
        True,
        90,
    )
    assert settings.throttle == Throttle(rate=1, burst=5)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"memory_mb": 64}, "memory_mb: is 64; write 128 or more."),
        ({"memory_mb": "1024"}, 'memory_mb: is "1024"; write a whole number, without quotes.'),
        ({"memory_mb": None}, "memory_mb: is null; write a whole number, without quotes."),
        ({"memory_mb": 10_241}, "memory_mb: is 10241; write 10240 or less."),
        ({"timeout_seconds": 29}, "timeout_seconds: is 29; write 28 or less."),
        ({"timeout_seconds": 1.5}, "timeout_seconds: is 1.5; write a whole number, without"),
        ({"architecture": "arm"}, "architecture: is \"arm\"; write 'arm64' or 'x86_64'."),
        ({"reserved_concurrency": -1}, "reserved_concurrency: is -1; write 0 or more."),
        ({"memory": 512}, "memory: is not a key here; write memory_mb."),
    ],
    ids=str,
)
def test_a_wrong_value_is_refused_with_its_remedy(
    stacks: Stacks, keys: dict[str, Any], sentence: str
) -> None:
    (said,) = stacks.refusal_of_v1(**keys)
    assert said.startswith(f"versions.v1.{sentence}")
    assert said.endswith(".")


def test_a_missing_zip_says_how_to_build_it(stacks: Stacks) -> None:
    assert stacks.refusal_of_v1(release="1.5.0", architecture="x86_64") == [
        "versions.v1.release: dist/iris-1.5.0-x86_64.zip is missing; run `make build ARCH=x86_64`"
        ' in a working tree whose pyproject.toml says version = "1.5.0" and api_version = "v1", or'
        " correct the release."
    ]


def test_a_zip_of_another_version_is_refused(stacks: Stacks) -> None:
    assert stacks.refusal_of_v1(release="2.0.0") == [
        "versions.v1.release: dist/iris-2.0.0-arm64.zip is a build of v2, and two API versions"
        " can't share a release; write a release that was built as v1."
    ]


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
    assert re.search(r"arm64.zip has 52,\d+,\d+ bytes, and Lambda takes 52,428,800; make", said)
