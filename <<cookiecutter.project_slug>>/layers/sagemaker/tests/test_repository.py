"""What `make publish` asks of ECR and of the container engine; both are stand-ins here."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from serving.release import Build
from tests.loopback import stand_in
from tools import image, publish, repository
from tools.engine import Engine
from tools.refused import Refused
from tools.registry import Login

BUILD = Build.load()
HOST = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
ADDRESS = f"{HOST}/models/iris"
OWN = Login("AWS", "secret")
TOKEN = base64.b64encode(b"AWS:secret").decode()
WHERE = {"registryId": "123456789012", "repositoryNames": ["models/iris"]}
MADE = {
    "registryId": "123456789012",
    "repositoryName": "models/iris",
    "imageTagMutability": "IMMUTABLE",
    "imageScanningConfiguration": {"scanOnPush": True},
}
REMEDY = (
    "\nThis shell needs credentials of account 123456789012 that may push to models/iris in ECR."
)


@pytest.fixture
def ecr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """ECR, which is asked what a test expects and nothing else; an engine; a stack file."""
    (tmp_path / "Pulumi.yaml").write_text(f"name: {BUILD.service}\n", encoding="utf-8")
    names_its_images(tmp_path, ADDRESS)
    monkeypatch.setenv("PATH", str(stand_in(tmp_path)))
    monkeypatch.setenv("HERE", str(tmp_path))
    monkeypatch.setattr(repository, "ROOT", tmp_path)
    own = boto3.client(
        "ecr",
        "eu-central-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",  # noqa: S106 (nobody's)
    )

    def client(service: str, stack: str, config: dict[str, str]) -> Any:
        assert (service, stack, config["aws:region"]) == ("ecr", "dev", "eu-central-1")
        return own

    monkeypatch.setattr(repository, "client", client)
    with Stubber(own) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def names_its_images(folder: Path, address: str) -> None:
    text = f"config:\n  aws:region: us-east-1\n  {BUILD.service}:image: {{repository: {address}}}\n"
    (folder / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")


def written(folder: Path, name: str) -> list[str]:
    """What the engine's stand-in wrote down."""
    path = folder / name
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def test_ecr_says_who_asks_the_registry(ecr: Stubber) -> None:
    ecr.add_response(
        "get_authorization_token", {"authorizationData": [{"authorizationToken": TOKEN}]}, {}
    )
    assert repository.login("dev", ADDRESS) == OWN


def test_a_repository_that_is_there_is_not_made(
    ecr: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    ecr.add_response("describe_repositories", {"repositories": []}, WHERE)
    repository.make("dev", ADDRESS)
    assert capsys.readouterr().out == ""


def test_the_engine_logs_in_to_the_registry(ecr: Stubber, tmp_path: Path) -> None:
    repository.let_in(Engine("docker"), ADDRESS, OWN)
    assert written(tmp_path, "calls") == [f"login --username AWS --password-stdin {HOST}"]


def test_a_repository_that_is_missing_is_made_with_tags_that_never_move(
    ecr: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    ecr.add_client_error("describe_repositories", "RepositoryNotFoundException", "", 400, {}, WHERE)
    ecr.add_response("create_repository", {"repository": {}}, MADE)
    repository.make("dev", ADDRESS)
    assert capsys.readouterr().out == "made the repository models/iris in eu-central-1\n"


def test_the_password_is_handed_over_and_is_no_argument(ecr: Stubber, tmp_path: Path) -> None:
    repository.let_in(Engine("docker"), ADDRESS, OWN)
    assert written(tmp_path, "given") == ["secret"]
    assert not [call for call in written(tmp_path, "calls") if "secret" in call]


def test_what_aws_refuses_is_said_with_whose_credentials_it_needs(ecr: Stubber) -> None:
    ecr.add_client_error("get_authorization_token", "AccessDeniedException", "You may not.")
    with pytest.raises(Refused) as refused:
        repository.login("dev", ADDRESS)
    assert str(refused.value).endswith(f"You may not.{REMEDY}")
    ecr.add_client_error("describe_repositories", "AccessDeniedException", "You may not.")
    with pytest.raises(Refused) as refused:
        repository.make("dev", ADDRESS)
    assert str(refused.value).endswith(f"You may not.{REMEDY}")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (
            "000000000000.dkr.ecr.eu-central-1.amazonaws.com/iris",
            "000000000000.dkr.ecr.eu-central-1.amazonaws.com/iris has a placeholder for an",
        ),
        ("ghcr.io/you/iris", '"ghcr.io/you/iris" is not a repository in ECR; write one without a'),
        (f"{HOST}/iris:1", f'"{HOST}/iris:1" is not a repository in ECR; write one without a tag'),
    ],
)
def test_what_is_nobodys_repository_is_refused_before_anything_is_asked(
    ecr: Stubber,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    sentence: str,
) -> None:
    names_its_images(tmp_path, address)
    monkeypatch.setattr(publish, "labels", lambda platform: {"source": "a"})
    monkeypatch.setattr(image, "ROOT", tmp_path)
    with pytest.raises(Refused) as refused:
        publish.main("dev", "docker", "linux/amd64")
    assert str(refused.value).startswith(sentence)
    assert written(tmp_path, "calls") == []


def test_an_engine_that_can_not_log_in_ends_it(ecr: Stubber, tmp_path: Path) -> None:
    (tmp_path / "login fails").write_text("denied\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"^`docker login .* failed\.$"):
        repository.let_in(Engine("docker"), ADDRESS, OWN)
