"""The workflows of a project on SageMaker.

ECR is an emulator's, under its own name; it has what the container engine's stand-in pushes: labels
in place of an image. Pulumi is a stand-in, which deploys nothing.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.local_cloud.emulator import ACCOUNT, REGION, client, emulator
from tests.merges import AWS, OWN, MergesOfImages, MergesOnAws, Published, with_its_model
from tests.project import copy_ready
from tests.registry import instead_of
from tests.workflows import GitHub

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which an emulator is AWS."""
    folder = tmp_path_factory.mktemp("ecr")
    with emulator() as url, instead_of(HOST, url, folder) as environ:
        key = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        yield environ | key | {"AWS_ENDPOINT_URL": url}


@pytest.fixture
def path(cloud: dict[str, str]) -> str:
    """Of a repository that nobody has made."""
    ecr = client(cloud["AWS_ENDPOINT_URL"], "ecr")
    return f"iris-{len(ecr.describe_repositories()['repositories'])}"


@pytest.fixture
def github(
    cloud: dict[str, str], path: str, prepared: Callable[[str], Path], tmp_path: Path
) -> GitHub:
    """A project whose repository nobody has made."""
    project = with_its_model(copy_ready(prepared("sagemaker"), tmp_path / "a project"))
    for stack in ("dev", "prod"):
        file = project / f"Pulumi.{stack}.yaml"
        text = file.read_text("utf-8").replace("0" * 12, ACCOUNT)
        file.write_text(text.replace("amazonaws.com/iris-classifier", f"amazonaws.com/{path}"))
    github = GitHub(project, tmp_path / "github", vars=AWS, github=OWN)
    github.environ = cloud
    return github


@pytest.fixture
def published(cloud: dict[str, str], path: str) -> Published:
    ecr = client(cloud["AWS_ENDPOINT_URL"], "ecr")

    def tags(_stack: str) -> list[str]:
        try:
            found = ecr.describe_images(repositoryName=path)["imageDetails"]
        except ecr.exceptions.RepositoryNotFoundException:
            return []
        return [tag for each in found for tag in each["imageTags"]]

    return tags


class TestSageMaker(MergesOnAws, MergesOfImages):
    to_repository = [f"docker login --username AWS --password-stdin {HOST}"]
    unpublished = rf"{re.escape(HOST)}/iris-\d+:0\.1\.0"
    nowhere = (re.escape(HOST), HOST.replace(ACCOUNT, "210987654321"))
    release = ["0.1.0"]
    on_arm = "instance_type: ml.c7g.large"

    def deploying(self, stack: str) -> list[str]:
        first, second, *others = super().deploying(stack)
        return [first, second, f"pulumi stack export --stack {stack}", *others]
