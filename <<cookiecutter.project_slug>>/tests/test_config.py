"""The config of a stack, as far as every target has it: what is said of what is wrong."""

import json
from pathlib import Path

import pulumi
import pytest
from pydantic import ValidationError

from infra.problems import Problems, mapping
from infra.settings import Settings
from tests import artefacts, scheme
from tests.program import run
from tests.stacks import TWO, Stacks, config
from tests.support import BUILD, ROOT
from tools import stack_file

STACK_FILES = sorted(ROOT.glob("Pulumi.*.yaml"))
LIVE = TWO["v1"]


def test_a_key_that_there_is_not_is_refused_with_those_that_there_are(stacks: Stacks) -> None:
    keys = ", ".join(Settings.model_fields)
    assert stacks.refusal(zzz=1) == [f"zzz: is not a key here; write one of {keys}."]


def test_keys_under_another_projects_name_are_found(stacks: Stacks) -> None:
    stacks.make("iris", TWO)
    own = config("iris", TWO) | {"irsi:versions": "{}", "other:region": "here"}
    with pytest.raises(Problems, match=r"^irsi:versions: belongs to another project; write iris:v"):
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
        "v1": {"release": 1.1, "colour": "red"},
        "v2": {"release": "2.0.0", "state": "deprecated"},
    }
    said = stacks.refusal(versions, verions={})
    assert sorted(sentence.partition(":")[0] for sentence in said) == [
        "verions",
        "versions.v1.colour",
        "versions.v1.release",
        "versions.v2.deprecated_on",
        "versions.v2.sunset",
    ]


def test_nothing_is_registered_where_something_is_wrong(stacks: Stacks) -> None:
    said = r"^Pulumi.dev.yaml can't be used:\nversions.v1.release: .*\nzzz: is not"
    with pytest.raises(pulumi.RunError, match=said):
        run("iris", "dev", config("iris", {"v1": {"release": 1.1}}, zzz=1))


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_every_stack_file_is_accepted(stacks: Stacks, path: Path) -> None:
    project = BUILD.service
    config = stack_file.handed_over(stack_file.config(path), project)
    versions = mapping(json.loads(config.get(f"{project}:versions", "{}")))
    stacks.make(project, {name: mapping(versions[name]) for name in versions})
    said = ""
    try:
        Settings.read(project, path.name.split(".")[1], config)
    except Problems as problems:
        said = f"{path.name} can't be used:\n{problems}"
    if said:
        pytest.fail(said, pytrace=False)


def test_every_key_has_a_description() -> None:
    schema = Settings.model_json_schema()
    for model in (schema, *schema["$defs"].values()):
        for name, key in model.get("properties", {}).items():
            # The text of a section that says the same stands there only.
            section = schema["$defs"].get(key.get("$ref", "").rpartition("/")[2], {})
            assert key.get("description", section.get("description", "")).endswith("."), name


def test_settings_can_not_be_changed(stacks: Stacks) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        stacks.settings().versions = {}


def test_no_list_of_versions_is_refused(stacks: Stacks) -> None:
    keys = artefacts.KEYS | scheme.keys({})
    needed = stack_file.handed_over(keys, "iris")
    with pytest.raises(Problems, match=r"^versions: is missing; add a list of API versions, such"):
        Settings.read("iris", "dev", needed)


def test_a_retired_version_needs_no_file_and_is_not_served(stacks: Stacks) -> None:
    versions = {"v1": {"release": "0.9.0", "state": "retired"}, "v2": TWO["v2"]}
    stacks.make("iris", TWO)
    settings = Settings.read("iris", "dev", config("iris", versions))
    assert list(settings.versions) == ["v1", "v2"]
    assert list(settings.served) == ["v2"]
