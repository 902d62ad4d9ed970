"""The config of a stack: what is accepted, and what is said of the rest."""

import re
import shutil
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from infra.problems import Problems, mapping
from infra.settings import Settings, Throttle
from tests import scheme
from tests.program import run
from tests.stacks import DEPRECATED, TWO, Stacks, config, stack_file, texts
from tests.support import BUILD, ROOT

STACK_FILES = sorted(ROOT.glob("Pulumi.*.yaml"))
LIVE = {"release": "1.4.2"}


def refusal(stacks: Stacks, versions: Any = TWO, **keys: Any) -> list[str]:
    """What is said of a stack that lacks no file."""
    stacks.make("iris", TWO)
    with pytest.raises(Problems) as refused:
        Settings.read("iris", "dev", config("iris", versions, **keys))
    return str(refused.value).splitlines()


def of_v1(stacks: Stacks, **keys: Any) -> list[str]:
    """What is said of a version v1 with these keys."""
    return refusal(stacks, {"v1": LIVE | keys})


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


def test_a_retired_version_needs_no_file_and_is_not_served(stacks: Stacks) -> None:
    versions = {"v1": {"release": "0.9.0", "state": "retired"}, "v2": TWO["v2"]}
    stacks.make("iris", TWO)
    settings = Settings.read("iris", "dev", config("iris", versions))
    assert list(settings.versions) == ["v1", "v2"]
    assert list(settings.served) == ["v2"]


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"release": 1.1}, 'release: stands without quotes; write it in quotes, such as "1.4.2".'),
        ({"release": 2}, 'release: stands without quotes; write it in quotes, such as "1.4.2".'),
        (
            {"release": "1.10"},
            'release: "1.10" is not a release; write three numbers in quotes, such as "1.4.2".',
        ),
        (
            {"release": True},
            'release: true is not a release; write three numbers in quotes, such as "1.4.2".',
        ),
        ({"release": "1.4.2\n"}, r'release: "1.4.2\n" is not a release; write three numbers in'),
        ({"release": "१.२.३"}, 'release: "१.२.३" is not a release; write three numbers in quotes'),
        (
            DEPRECATED | {"sunset": date(2027, 3, 31)},
            'sunset: stands without quotes; write "2027-03-31".',
        ),
        (
            DEPRECATED | {"sunset": "31.3.2027"},
            'sunset: "31.3.2027" is not a day; write one in quotes, such as "2027-03-31".',
        ),
        (
            DEPRECATED | {"sunset": "2027-02-30"},
            'sunset: "2027-02-30" is not a day; write one in quotes, such as "2027-03-31".',
        ),
        (
            DEPRECATED | {"sunset": "2026-11-30"},
            'sunset: 2026-11-30 is before deprecated_on; write "2026-12-01" or later.',
        ),
        (
            {"sunset": "2027-03-31"},
            "sunset: is set, and state is live; remove it, or write state: deprecated.",
        ),
        (
            {"migration_url": "https://example.com"},
            "migration_url: is set, and state is live; remove it, or write state: deprecated.",
        ),
        (
            DEPRECATED | {"migration_url": "/move"},
            'migration_url: "/move" is not a URL of at most 1,000 characters; write one such as',
        ),
        (
            DEPRECATED | {"migration_url": "https://example.com/it's"},
            'migration_url: "https://example.com/it\'s" is not a URL of at most 1,000 characters;',
        ),
        ({"state": "alive"}, "state: is \"alive\"; write 'live', 'deprecated' or 'retired'."),
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
    (said,) = of_v1(stacks, **keys)
    assert said.startswith(f"versions.v1.{sentence}")
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"auth": "apikey"}, "auth: is \"apikey\"; write 'api_key', 'iam' or 'none'."),
        ({"log_retention_days": 31}, "log_retention_days: is 31; write 1, 3, 5, 7, 14, 30"),
        ({"protect": "yes"}, 'protect: is "yes"; write true or false.'),
        ({"throttle": {"rate": 0}}, "throttle.rate: is 0; write 1 or more."),
        ({"throttle": {"bursts": 5}}, "throttle.bursts: is not a key here; write burst."),
        ({"throttle": 5}, "throttle: is 5; write both limits, such as {rate: 50, burst: 100}."),
        ({"alarm_topic": "me"}, 'alarm_topic: "me" is not an SNS topic; write its ARN.'),
        ({"log_retention": 30}, "log_retention: is not a key here; write log_retention_days."),
        ({"zzz": 1}, "zzz: is not a key here; write one of "),
        ({"versions": {}}, "versions: is empty; list at least one API version."),
        (
            {"versions": "v1"},
            'versions: is "v1"; write a list of API versions, such as v1: {release: "1.4.2"}.',
        ),
        (
            {"versions": {"v1": LIVE, "V1": LIVE}},
            "versions.V1: is not the name of an API version; write v1",
        ),
        ({"versions": {"v1": LIVE, "": LIVE}}, 'versions."": is not the name of an API version;'),
        ({"versions": {"v1": LIVE, "v1\n": LIVE}}, r'versions."v1\n": is not the name of an API'),
        (
            {"versions": {"v1": LIVE, "v2": "2.0.0"}},
            'versions.v2: is "2.0.0"; write its settings, such as {release: "1.4.2"}.',
        ),
        (
            {"versions": {"v1": {}}},
            'versions.v1.release: is missing; add one in quotes, such as "1.4.2".',
        ),
    ],
    ids=str,
)
def test_a_wrong_key_of_the_stack_is_refused_with_its_remedy(
    stacks: Stacks, keys: dict[str, Any], sentence: str
) -> None:
    (said,) = refusal(stacks, **({"versions": TWO} | keys))
    assert said.startswith(sentence)
    assert said.endswith(".")


@pytest.mark.parametrize("missing", ["deprecated_on", "sunset"])
def test_a_deprecated_version_needs_both_days(stacks: Stacks, missing: str) -> None:
    keys = {key: value for key, value in DEPRECATED.items() if key != missing}
    assert of_v1(stacks, **keys) == [
        f"versions.v1.{missing}: is missing, and state is deprecated; add one, such as"
        ' "2027-03-31".'
    ]


def test_a_missing_zip_says_how_to_build_it(stacks: Stacks) -> None:
    assert of_v1(stacks, release="1.5.0", architecture="x86_64") == [
        "versions.v1.release: dist/iris-1.5.0-x86_64.zip is missing; run `make build ARCH=x86_64`"
        ' in a working tree whose pyproject.toml says version = "1.5.0" and api_version = "v1", or'
        " correct the release."
    ]


def test_a_zip_of_another_version_is_refused(stacks: Stacks) -> None:
    assert of_v1(stacks, release="2.0.0") == [
        "versions.v1.release: dist/iris-2.0.0-arm64.zip is a build of v2, and two API versions"
        " can't share a release; write a release that was built as v1."
    ]


@pytest.mark.parametrize("other", ["iris-1.4.2-x86_64", "iris-1.5.0-arm64", "rose-1.4.2-arm64"])
def test_a_zip_under_another_ones_name_is_refused(stacks: Stacks, other: str) -> None:
    project, release, architecture = other.split("-")
    stacks.zip(project, "v1", release, architecture)
    stacks.contract("v1")
    shutil.copy(f"dist/{other}.zip", "dist/iris-1.4.2-arm64.zip")
    with pytest.raises(Problems, match=r"-1\.4\.2-arm64\.zip was built with \w+ .*, not .*; run"):
        Settings.read("iris", "dev", config("iris", {"v1": LIVE}))


@pytest.mark.parametrize("damage", ["no zip", "cut", "flipped", "nothing in it"])
def test_what_is_no_zip_of_ours_is_refused(stacks: Stacks, damage: str) -> None:
    path = stacks.folder / "dist/iris-1.5.0-arm64.zip"
    stacks.zip("iris", "v1", "1.5.0")
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
    (said,) = of_v1(stacks, release="1.5.0")
    assert "dist/iris-1.5.0-arm64.zip is not a zip that `make build` made; run" in said


def test_a_zip_that_lambda_does_not_take_is_refused(stacks: Stacks) -> None:
    stacks.zip("iris", "v1", "1.5.0", padding=52_428_800)
    (said,) = of_v1(stacks, release="1.5.0")
    assert re.search(r"arm64.zip has 52,\d+,\d+ bytes, and Lambda takes 52,428,800; make", said)


def test_a_missing_contract_says_where_it_comes_from(stacks: Stacks) -> None:
    stacks.zip("iris", "v3", "3.0.0")
    (said,) = refusal(stacks, {"v3": {"release": "3.0.0"}})
    assert said == (
        "versions.v3: contracts/v3.json is missing; get it from the commit that made v3, or run"
        " `make contract` there."
    )


@pytest.mark.parametrize("text", ["{}", "=======", "[]", '{"paths": {"/v9/predict": {}}}'])
def test_what_is_no_contract_of_the_version_is_refused(stacks: Stacks, text: str) -> None:
    stacks.make("iris", TWO)
    Path("contracts/v2.json").write_text(text)
    with pytest.raises(
        Problems, match=r"^versions.v2: contracts/v2.json is no contract of v2; get"
    ):
        Settings.read("iris", "dev", config("iris", TWO))


def test_no_list_of_versions_is_refused(stacks: Stacks) -> None:
    needed = texts("iris", scheme.keys({}))
    with pytest.raises(Problems, match=r"^versions: is missing; add a list of API versions, such"):
        Settings.read("iris", "dev", needed)


def test_keys_under_another_projects_name_are_found(stacks: Stacks) -> None:
    stacks.make("iris", TWO)
    own = config("iris", TWO) | {"irsi:auth": "none", "aws:region": "eu-central-1"}
    with pytest.raises(Problems, match=r"^irsi:auth: belongs to another project; write iris:auth"):
        Settings.read("iris", "dev", own)


@pytest.mark.parametrize("stack", ["production-europe", "dev.eu", "-dev", "übung"])
def test_a_stack_whose_name_fits_no_cloud_is_refused(stacks: Stacks, stack: str) -> None:
    with pytest.raises(Problems, match=f"^stack: '{stack}' would make invalid names in the cloud;"):
        stacks.settings(stack=stack)


@pytest.mark.parametrize("project", ["Iris", "i" * 33, "1iris", "iris_2"])
def test_a_project_whose_name_fits_no_cloud_is_refused(stacks: Stacks, project: str) -> None:
    with pytest.raises(Problems, match=r"^name in Pulumi.yaml: '.*' would make invalid names"):
        stacks.settings(project=project)


def test_a_project_with_a_name_of_pulumis_own_is_refused(stacks: Stacks) -> None:
    for name in ("aws", "docker", "kubernetes", "pulumi", "random"):
        with pytest.raises(
            Problems, match=f"^name in Pulumi.yaml: {name} is a name of Pulumi's own"
        ):
            stacks.settings(project=name)


def test_all_problems_are_named_at_once(stacks: Stacks) -> None:
    versions = {
        "v1": {"release": 1.1, "memory": 5},
        "v2": {"release": "9.9.9", "state": "deprecated", "architecture": "x86_64"},
    }
    said = refusal(stacks, versions, auht="none", protect="maybe")
    assert sorted(sentence.partition(":")[0] for sentence in said) == [
        "auht",
        "protect",
        "versions.v1.memory",
        "versions.v1.release",
        "versions.v2.deprecated_on",
        "versions.v2.release",
        "versions.v2.sunset",
    ]


def test_nothing_is_registered_where_something_is_wrong(stacks: Stacks) -> None:
    said = r"^Pulumi.dev.yaml can't be used:\nversions.v1.release: .*\nauth: is \"no\""
    with pytest.raises(pulumi.RunError, match=said):
        run("iris", "dev", config("iris", {"v1": {"release": 1.1}}, auth="no"))


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_every_stack_file_is_accepted(stacks: Stacks, path: Path) -> None:
    prefix = f"{BUILD.service}:"
    own = {k.removeprefix(prefix): v for k, v in stack_file(path).items() if k.startswith(prefix)}
    versions = mapping(own.get("versions"))
    stacks.make(BUILD.service, {name: mapping(versions[name]) for name in versions})
    try:
        Settings.read(BUILD.service, path.name.split(".")[1], texts(BUILD.service, own))
    except Problems as problems:
        pytest.fail(f"{path.name} can't be used:\n{problems}", pytrace=False)


def test_every_key_has_a_description() -> None:
    schema = Settings.model_json_schema()
    for model in (schema, *schema["$defs"].values()):
        for name, key in model.get("properties", {}).items():
            assert key.get("description", "").endswith("."), name


def test_the_day_of_the_deprecation_may_be_the_sunset(stacks: Stacks) -> None:
    stacks.settings({"v1": LIVE | DEPRECATED | {"sunset": DEPRECATED["deprecated_on"]}})


def test_settings_can_not_be_changed(stacks: Stacks) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        stacks.settings().auth = "none"
