"""A merge's whole path through the workflows of a project on Lambda, each `run` step for real.

The bucket for releases is an emulator's; Pulumi is a stand-in, which deploys nothing.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.local_cloud.emulator import ARCHITECTURE, REGION, client, emulator, make_bucket
from tests.project import copy_ready, succeed
from tests.workflows import GitHub

AWS = {
    "AWS_REGION": REGION,
    "AWS_DEPLOY_ROLE": "arn:aws:iam::123456789012:role/iris-deploy",
    "AWS_PREVIEW_ROLE": "arn:aws:iam::123456789012:role/iris-preview",
    "PULUMI_BACKEND_URL": "s3://state",
}
OWN = {"repository": "me/iris", "sha": "0" * 40, "token": "a-token", "run_id": "7"}
OWN |= {
    "event": {
        "number": "12",
        "pull_request": {"head": {"repo": {"full_name": "me/iris"}}, "user": {"type": "User"}},
    }
}
KEY = f"iris-classifier/v1/0.1.0-{ARCHITECTURE}.zip"


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    with emulator() as url:
        yield url


@pytest.fixture(scope="module")
def built(prepared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has built its release."""
    ready = prepared("lambda")
    project = copy_ready(ready, tmp_path_factory.mktemp("built") / ready.name)
    succeed(project, "build", f"ARCH={ARCHITECTURE}")
    return project


@pytest.fixture
def buckets(cloud: str) -> dict[str, str]:
    """Those of the two stacks."""
    number = len(client(cloud, "s3").list_buckets()["Buckets"])
    return {stack: f"releases-{stack}-{number}" for stack in ("dev", "prod")}


@pytest.fixture
def github(cloud: str, built: Path, buckets: dict[str, str], tmp_path: Path) -> GitHub:
    """A project whose buckets are there and empty."""
    project = tmp_path / "a project"
    shutil.copytree(built, project, symlinks=True)
    for stack, bucket in buckets.items():
        path = project / f"Pulumi.{stack}.yaml"
        text = path.read_text("utf-8").replace("0" * 12, "123456789012")
        text = re.sub(r'v1: \{release: "0\.1\.0"', rf"\g<0>, architecture: {ARCHITECTURE}", text)
        config = yaml.safe_load(text)
        config["config"]["iris-classifier:releases"] = {"bucket": bucket}
        path.write_text(yaml.safe_dump(config), "utf-8")
        make_bucket(cloud, bucket)
    folder = tmp_path / "github"
    folder.mkdir()
    github = GitHub(project, folder, vars=AWS, github=OWN)
    github.environ = {
        "AWS_ENDPOINT_URL": cloud,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    return github


def published(cloud: str, bucket: str) -> list[str]:
    found = client(cloud, "s3").list_objects_v2(Bucket=bucket)
    return [each["Key"] for each in found.get("Contents", ())]


def test_a_merge_is_published_deployed_and_checked_in_one_stack_and_then_the_other(
    github: GitHub, cloud: str, buckets: dict[str, str]
) -> None:
    for stack, bucket in buckets.items():
        shutil.rmtree(github.project / "dist", ignore_errors=True)  # on a machine of its own
        job = github.run("deploy.yml", stack)
        assert job.result == "success"
        assert github.calls == [
            f"pulumi stack select {stack}",
            f"pulumi up --stack {stack} --yes",
            f"pulumi stack output --json --show-secrets --stack {stack}",
        ]
        assert published(cloud, bucket) == [KEY]
        actions = dict(job.actions)
        role = actions["aws-actions/configure-aws-credentials"]
        assert role == {"aws-region": REGION, "role-to-assume": AWS["AWS_DEPLOY_ROLE"]}
    assert not (github.project / "dist").exists()  # prod has the bytes of dev
    workflow = yaml.safe_load((github.project / ".github/workflows/deploy.yml").read_text())
    assert workflow["jobs"]["prod"]["needs"] == "dev"


def test_what_is_published_is_not_built_again(github: GitHub) -> None:
    github.run("deploy.yml", "dev")
    shutil.rmtree(github.project / "dist")
    assert github.run("deploy.yml", "dev").result == "success"
    assert not (github.project / "dist").exists()


@pytest.mark.parametrize("failing", ["pulumi stack select", "pulumi up"])
def test_a_deploy_that_fails_is_red_and_says_how_to_roll_back(github: GitHub, failing: str) -> None:
    github.fail(failing)
    job = github.run("deploy.yml", "dev")
    assert job.result == "failure"
    assert github.calls[-1].startswith(failing)  # and nothing follows
    assert job.summary == (
        "dev is not as its file says. To roll back:\n\n"
        f"    git revert --no-edit {'0' * 40}\n    git push\n"
    )


def test_nothing_is_deployed_of_a_release_that_was_published_otherwise(
    github: GitHub,
) -> None:
    github.run("deploy.yml", "dev")
    predictor = github.project / "serving/predictor.py"
    predictor.write_text(predictor.read_text() + "# Changed.\n")
    assert github.calls
    job = github.run("deploy.yml", "dev")
    assert (job.result, job.summary) == ("failure", "")  # what is deployed is as it was
    assert github.calls == []


@pytest.mark.parametrize("missing", ["AWS_REGION", "AWS_DEPLOY_ROLE", "PULUMI_BACKEND_URL"])
def test_without_its_variables_nothing_is_deployed_and_it_says_so(
    github: GitHub, missing: str
) -> None:
    github.context["vars"] = {key: value for key, value in AWS.items() if key != missing}
    job = github.run("deploy.yml", "dev")
    assert (job.result, job.actions, github.calls) == ("success", [], [])
    named = missing.removesuffix("_URL")
    assert job.summary == (
        f"Not deployed. The environment dev has no {named}: docs/github.md says what to set.\n"
    )


def test_pulumis_own_cloud_takes_the_place_of_a_backend(github: GitHub) -> None:
    github.context["vars"] = {k: v for k, v in AWS.items() if k != "PULUMI_BACKEND_URL"}
    github.context["secrets"] = {"PULUMI_ACCESS_TOKEN": "pul-1"}
    assert github.run("deploy.yml", "dev").actions


def test_a_pull_request_shows_what_each_deployed_stack_would_become(github: GitHub) -> None:
    github.fail("pulumi stack select prod")
    job = github.run("preview.yml", "preview")
    assert job.result == "success"
    assert [call for call in github.calls if "preview" in call] == [
        "pulumi preview --diff --stack dev"
    ]
    said = (github.project / "preview.md").read_text()
    assert said == job.summary
    assert "## dev\n\n```\nv1 0.1.0 is to be published\n" in said
    assert said.endswith("## prod\n\nIt is not deployed yet.\n\n")
    role = dict(job.actions)["aws-actions/configure-aws-credentials"]
    assert role["role-to-assume"] == AWS["AWS_PREVIEW_ROLE"]
    github.context["needs"] = {"preview": {"outputs": job.outputs}}
    assert github.run("preview.yml", "comment").result == "success"
    assert github.calls == [
        "gh run download 7 --name preview",
        "gh pr comment 12 --body-file preview.md --edit-last --create-if-none",
    ]


def test_a_pull_request_that_changes_a_published_release_is_red(github: GitHub) -> None:
    github.run("deploy.yml", "dev")
    predictor = github.project / "serving/predictor.py"
    predictor.write_text(predictor.read_text() + "# Changed.\n")
    job = github.run("preview.yml", "preview")
    assert job.result == "failure"
    assert 'raise version = "0.1.0" in pyproject.toml' in job.summary
    assert job.actions[-1][0] == "actions/upload-artifact"


@pytest.mark.parametrize(("repository", "kind"), [("you/iris", "User"), ("me/iris", "Bot")])
def test_forks_and_bots_get_no_preview_and_are_told(
    github: GitHub, repository: str, kind: str
) -> None:
    request = {"head": {"repo": {"full_name": repository}}, "user": {"type": kind}}
    github.context["github"] = OWN | {"event": {"number": "12", "pull_request": request}}
    assert github.run("preview.yml", "preview").result == "skipped"
    said = github.run("preview.yml", "none").summary
    assert said == "No preview, since this comes from a fork or a bot.\n"
    assert github.calls == []


def test_who_is_no_fork_and_no_bot_is_told_nothing(github: GitHub) -> None:
    assert github.run("preview.yml", "none").result == "skipped"
