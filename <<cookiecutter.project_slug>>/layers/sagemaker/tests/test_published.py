"""What a deploy finds in ECR: digests, or sentences that say what is missing."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from tests import program
from tests.artefacts import REPOSITORY
from tests.outputs_sagemaker import digest
from tests.program import Program, run
from tests.stacks import TWO, Stacks, config
from tests.support import BUILD

IMAGE, PLACE = "aws:ecr/getImage:getImage", "aws:ecr/getRepository:getRepository"
# As the provider says it: of a tag, and of a repository.
MISSING = "reading ECR Images: couldn't find resource"
DENIED = (
    "reading ECR Images: operation error ECR: DescribeImages, https response error StatusCode: 400,"
    " AccessDeniedException: User: arn:aws:iam::1:user/me is not authorized to perform:"
    " ecr:DescribeImages"
)
REMEDY = (
    "run `make build publish STACK=dev` in a working tree whose pyproject.toml says version ="
    ' "{}" and api_version = "{}", or correct the release.'
)


class Ecr:
    """What ECR answers: what it says of tags, and of the repository if it does not have it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: dict[str, str] = {}
        self.place: str | None = None
        self.asked: list[dict[str, Any]] = []
        known = program.CALLS[IMAGE]
        monkeypatch.setitem(program.CALLS, IMAGE, lambda given: self.tag(given, known))
        monkeypatch.setitem(program.CALLS, PLACE, self.repository)

    def tag(self, given: dict[str, Any], known: Callable[[Any], Any]) -> Any:
        self.asked.append(given)
        if given["imageTag"] in self.said:
            raise RuntimeError(self.said[given["imageTag"]])
        return known(given)

    def repository(self, given: dict[str, Any]) -> Any:
        if self.place:
            raise RuntimeError(self.place)
        return {}


@pytest.fixture
def ecr(stacks: Stacks, monkeypatch: pytest.MonkeyPatch) -> Ecr:
    stacks.make("iris", TWO)
    return Ecr(monkeypatch)


def up(preview: bool = False, **keys: Any) -> Program:
    """What is registered for v1 and v2."""
    return run("iris", "dev", config("iris", keys.pop("versions", TWO), **keys), preview=preview)


def refusal(preview: bool = False, **keys: Any) -> list[str]:
    """What is said in place of a deploy."""
    with pytest.raises(pulumi.RunError) as refused:
        up(preview, **keys)
    first, *said = str(refused.value).splitlines()
    assert first == "Pulumi.dev.yaml can't be used:"
    return said


def images(found: Program) -> list[str]:
    return [each.inputs["primaryContainer"]["image"] for each in found.of("Model")]


@pytest.mark.parametrize("preview", [False, True], ids=["deploy", "preview"])
def test_a_release_is_deployed_by_the_digest_that_ecr_has(ecr: Ecr, preview: bool) -> None:
    digests = [digest(keys["release"]) for keys in TWO.values()]
    found = up(preview)
    assert images(found) == [f"{REPOSITORY}@{each}" for each in digests]
    assert not found.warnings
    own = {"registryId": "123456789012", "repositoryName": "iris"}
    assert ecr.asked == [own | {"imageTag": keys["release"]} for keys in TWO.values()]


def test_a_digest_in_the_stack_file_is_not_looked_up(ecr: Ecr) -> None:
    own = f"sha256:{'0' * 64}"
    retired = {"release": "1.0.0", "state": "retired"}
    versions = {"v1": TWO["v1"] | {"digest": own}, "v2": TWO["v2"], "v3": retired}
    assert images(up(versions=versions))[0] == f"{REPOSITORY}@{own}"
    assert [each["imageTag"] for each in ecr.asked] == ["2.0.0"]


@pytest.mark.parametrize("preview", [False, True], ids=["deploy", "preview"])
def test_every_release_that_is_missing_is_named_with_what_publishes_it(
    ecr: Ecr, preview: bool
) -> None:
    ecr.said = dict.fromkeys(("1.4.2", "2.0.0"), MISSING)
    assert refusal(preview) == [
        f"versions.{name}.release: {REPOSITORY} has no {keys['release']}; "
        + REMEDY.format(keys["release"], name)
        for name, keys in TWO.items()
    ]


def test_a_preview_may_come_before_the_release_that_this_working_tree_is(
    ecr: Ecr, stacks: Stacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", said.append)
    versions = {"v9": {"release": "1.4.2"}, BUILD.api_version: {"release": BUILD.release}}
    stacks.make("iris", versions)
    ecr.said = {BUILD.release: MISSING}
    found = up(preview=True, versions=versions)
    assert images(found) == [f"{REPOSITORY}:{BUILD.release}", f"{REPOSITORY}@{digest('1.4.2')}"]
    assert said == [
        f"{BUILD.api_version}: release {BUILD.release} is to be published; this preview has its"
        " tag, where a deploy has its digest"
    ]
    assert len(refusal(versions=versions)) == 1
    # The first one makes the repository.
    ecr.place = MISSING
    assert images(up(preview=True, versions=versions)) == images(found)
    assert len(refusal(versions=versions)) == 1


@pytest.mark.parametrize("own", [{"v9": {"release": BUILD.release}}, {"v1": {"release": "1.4.2"}}])
def test_another_working_tree_publishes_another_release(
    ecr: Ecr, stacks: Stacks, own: dict[str, dict[str, str]]
) -> None:
    stacks.make("iris", own)
    ecr.said = dict.fromkeys((BUILD.release, "1.4.2"), MISSING)
    assert len(refusal(preview=True, versions=own)) == 1


def test_a_repository_that_is_missing_is_said_once(ecr: Ecr) -> None:
    ecr.said = dict.fromkeys(("1.4.2", "2.0.0"), MISSING)
    ecr.place = "reading ECR Repository (iris): couldn't find resource"
    assert refusal() == [
        "image.repository: there is no iris in ECR of account 123456789012 in eu-central-1; run"
        " `make publish STACK=dev`, which makes it, or correct it."
    ]


def test_a_right_that_is_missing_is_said_once_with_its_name(ecr: Ecr) -> None:
    ecr.said = dict.fromkeys(("1.4.2", "2.0.0"), DENIED)
    (said,) = refusal()
    assert said.startswith(
        "image.repository: account 123456789012 does not let this shell see what is in iris; allow"
        " ecr:DescribeImages and ecr:DescribeRepositories on it, or add the digest of each release"
        " to the stack file ("
    )
    assert "User: arn:aws:iam::1:user/me" in said


def test_where_aws_says_nothing_nothing_is_said_to_be_missing(ecr: Ecr) -> None:
    ecr.said = {"1.4.2": "no valid credential sources found"}
    (said,) = refusal(preview=True)
    assert said.startswith(
        "image.repository: AWS does not say what is in iris; this shell needs credentials of"
    )


def test_a_tag_is_missing_where_nobody_may_see_the_repository(ecr: Ecr) -> None:
    ecr.said, ecr.place = {"1.4.2": MISSING}, DENIED
    assert [said.partition(";")[0] for said in refusal()] == [
        f"versions.v1.release: {REPOSITORY} has no 1.4.2"
    ]


def test_what_is_missing_is_told_with_all_other_problems(ecr: Ecr) -> None:
    ecr.said = {"1.4.2": MISSING}
    said = refusal(log_retention_days=2)
    assert [each.partition(":")[0] for each in said] == [
        "log_retention_days",
        "versions.v1.release",
    ]


def test_what_is_not_deployed_asks_nobody(ecr: Ecr, stacks: Stacks) -> None:
    assert stacks.settings().served["v1"].digest is None
    assert ecr.asked == []
