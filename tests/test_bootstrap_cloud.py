"""The unchanged program of bootstrap/ in an emulated AWS: what is then there, and stays.

The emulator keeps policies and doesn't judge by them: tests/test_permissions.py does.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.local_cloud.emulator import ACCOUNT, REGION, client, emulator
from tests.project import ROOT, judged_by

SLUG = "iris-classifier"
RELEASES, STATE = (f"{SLUG}-{what}-{ACCOUNT}-{REGION}" for what in ("releases", "state"))


class Bootstrapped:
    """An account in the emulator at `url`, with the outputs of the program."""

    def __init__(self, url: str, project: Path) -> None:
        self.url, self.project = url, project
        self.changes = list[str]()
        self.outputs = dict[str, str]()

    def run(self) -> list[str]:
        """Run the program; what was changed, as "create Role name"."""
        keys = {"repository": "you/iris"}
        command = [sys.executable, "-P", "-m", "tests.local_cloud.bootstrap", self.url]
        command += [str(self.project / "bootstrap"), "account", json.dumps(keys)]
        environ = os.environ | {"PYTHONPATH": str(ROOT)}
        said = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
        assert said.returncode == 0, said.stderr
        result = json.loads(said.stdout)
        self.outputs, self.changes = result["outputs"], result["changes"]
        return self.changes

    def client(self, service: str) -> Any:
        """A client of the emulator."""
        return client(self.url, service)


@pytest.fixture(scope="module", params=judged_by("aws"))
def made(
    request: pytest.FixtureRequest,
    prepared: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bootstrapped]:
    """The account of a project of each target on AWS."""
    project = tmp_path_factory.mktemp(request.param) / "project"
    ignored = shutil.ignore_patterns(".venv", "dist", "__pycache__")
    shutil.copytree(prepared(request.param), project, ignore=ignored)
    file = project / "bootstrap/Pulumi.account.yaml"
    file.write_text(file.read_text("utf-8").replace("0" * 12, ACCOUNT), "utf-8")
    with emulator() as url:
        account = Bootstrapped(url, project)
        account.run()
        yield account


def test_the_buckets_are_as_the_program_says(made: Bootstrapped) -> None:
    s3 = made.client("s3")
    for name in (RELEASES, STATE):
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
        block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        assert {*block.values()} == {True}
        assert len(block) == 4
        owned = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
        assert owned == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    said = json.loads(s3.get_bucket_policy(Bucket=RELEASES)["Policy"])["Statement"]
    assert [each["Effect"] for each in said] == ["Deny"] * 3
    meta = s3.get_object(Bucket=STATE, Key=".pulumi/meta.yaml")["Body"].read()
    assert meta == b"version: 1\n"


def test_two_write_one_release_and_one_wins(made: Bootstrapped) -> None:
    s3 = made.client("s3")
    place = {"Bucket": RELEASES, "Key": f"{SLUG}/v1/1.0.0-arm64.zip"}
    first = s3.put_object(**place, Body=b"first", IfNoneMatch="*")
    with pytest.raises(s3.exceptions.ClientError, match="PreconditionFailed"):
        s3.put_object(**place, Body=b"second", IfNoneMatch="*")
    assert s3.get_object(**place, VersionId=first["VersionId"])["Body"].read() == b"first"


def test_each_stack_has_a_role_and_a_key_of_its_own(made: Bootstrapped) -> None:
    iam, kms = made.client("iam"), made.client("kms")
    for stack in ("dev", "prod"):
        name = f"{SLUG}-deploy-{stack}"
        assert made.outputs[f"{stack}_deploy_role"] == iam.get_role(RoleName=name)["Role"]["Arn"]
        policy = iam.get_role_policy(RoleName=name, PolicyName="deploys")["PolicyDocument"]
        assert f"{SLUG}-{stack}-*" in json.dumps(policy)
        key = kms.describe_key(KeyId=f"alias/{SLUG}-{stack}")["KeyMetadata"]["KeyId"]
        sealed = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"
    boundary = iam.get_policy(PolicyArn=made.outputs["boundary"])["Policy"]
    assert boundary["PolicyName"] == f"{SLUG}-boundary"


def test_an_image_never_changes(made: Bootstrapped) -> None:
    if (made.project / "infra/archive.py").exists():
        assert "image_repository" not in made.outputs  # zips are in the bucket
        return
    (told,) = made.client("ecr").describe_repositories(repositoryNames=[SLUG])["repositories"]
    assert told["imageTagMutability"] == "IMMUTABLE"
    assert told["imageScanningConfiguration"] == {"scanOnPush": True}


def test_a_second_run_changes_nothing(made: Bootstrapped) -> None:
    assert made.run() == []
