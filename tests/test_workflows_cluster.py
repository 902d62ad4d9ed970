"""The workflows of a project on a cluster.

The registry is an emulator's, which has what the container engine's stand-in pushes: labels in
place of an image. Pulumi and kubectl are stand-ins, which deploy nothing.
"""

import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.local_cloud.emulator import client, emulator
from tests.merges import BACKEND, OWN, MergesOfImages, Published, with_its_model
from tests.project import copy_ready
from tests.workflows import GitHub

KUBECONFIG = "apiVersion: v1\nkind: Config"
LOGIN = "docker/login-action"
OF_THE_JOB = {"registry": "ghcr.io", "username": "me", "password": "a-token"}


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with emulator() as url:
        yield url


@pytest.fixture
def path(registry: str) -> str:
    """Of an empty repository."""
    ecr = client(registry, "ecr")
    name = f"models/iris-{len(ecr.describe_repositories()['repositories'])}"
    ecr.create_repository(repositoryName=name)
    return name


@pytest.fixture
def github(registry: str, path: str, prepared: Callable[[str], Path], tmp_path: Path) -> GitHub:
    """A project whose repository is empty."""
    project = with_its_model(copy_ready(prepared("kubernetes"), tmp_path / "a project"))
    for stack in ("dev", "prod"):
        file = project / f"Pulumi.{stack}.yaml"
        address = f"{registry.removeprefix('http://')}/{path}"
        text = file.read_text("utf-8")
        file.write_text(re.sub(r"registry\.example\.com/[\w-]+", address, text), "utf-8")
    secrets = {"KUBECONFIG": KUBECONFIG}
    github = GitHub(project, tmp_path / "github", vars=BACKEND, secrets=secrets, github=OWN)
    github.says("kubectl", '{"items": []}')
    return github


@pytest.fixture
def published(registry: str, path: str) -> Published:
    def tags(_stack: str) -> list[str]:
        found = client(registry, "ecr").describe_images(repositoryName=path)["imageDetails"]
        return [tag for each in found for tag in each["imageTags"]]

    return tags


class TestCluster(MergesOfImages):
    needs = {"KUBECONFIG": "KUBECONFIG", "PULUMI_BACKEND_URL": "PULUMI_BACKEND"}
    previews_need = needs
    login = previews_login = (LOGIN, OF_THE_JOB)
    permissions = {"contents": "read", "packages": "write"}
    unpublished = r"127\.0\.0\.1:\d+/models/iris-\d+:0\.1\.0"
    nowhere = (r"127\.0\.0\.1:\d+", "127.0.0.1:1")
    release = ["0.1.0"]
    on_arm = "node_selector: {kubernetes.io/arch: arm64}"

    @pytest.mark.parametrize(
        ("workflow", "job"), [("deploy.yml", "dev"), ("preview.yml", "preview")]
    )
    def test_the_cluster_is_the_one_of_the_environment_and_nobody_else_reads_it(
        self, github: GitHub, workflow: str, job: str
    ) -> None:
        github.run(workflow, job)
        file = Path(github.environ_of("pulumi")["KUBECONFIG"])
        assert file.read_text() == f"{KUBECONFIG}\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert github.project not in file.parents
