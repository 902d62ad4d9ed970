"""The workflows of a project on Lambda.

The bucket for releases is an emulator's; Pulumi is a stand-in, which deploys nothing.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.local_cloud.emulator import ARCHITECTURE, client, emulator, make_bucket
from tests.merges import AWS, OWN, MergesOnAws, Published, with_its_model
from tests.project import copy_ready, succeed
from tests.workflows import GitHub


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    with emulator() as url:
        yield url


@pytest.fixture(scope="module")
def built(prepared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has built its release."""
    ready = prepared("lambda")
    project = with_its_model(copy_ready(ready, tmp_path_factory.mktemp("built") / ready.name))
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
    github = GitHub(project, tmp_path / "github", vars=AWS, github=OWN)
    github.environ = {
        "AWS_ENDPOINT_URL": cloud,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    return github


@pytest.fixture
def published(cloud: str, buckets: dict[str, str]) -> Published:
    def keys(stack: str) -> list[str]:
        found = client(cloud, "s3").list_objects_v2(Bucket=buckets[stack])
        return [each["Key"] for each in found.get("Contents", ())]

    return keys


class TestLambda(MergesOnAws):
    unpublished = r"v1 0\.1\.0"
    nowhere = (r"releases-dev-\d+", "nobodys-releases")
    release = [f"iris-classifier/v1/0.1.0-{ARCHITECTURE}.zip"]

    def built(self, github: GitHub) -> Path:
        return github.project / "dist"

    def publishing(self, stack: str) -> list[str]:
        return []
