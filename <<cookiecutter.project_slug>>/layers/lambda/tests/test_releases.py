"""What a stack deploys whose releases are published, and what is said of one that is not."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from infra import placeholder
from serving.release import Build
from tests import artefacts
from tests.program import Program, changed, run
from tests.stacks import TWO, Stacks, config

BUCKET = "iris-releases-123456789012-eu-central-1"
RELEASES = {"bucket": BUCKET}
V1 = f"s3://{BUCKET}/iris/v1/1.4.2-arm64.zip"


@pytest.fixture
def bucket(stacks: Stacks) -> Stacks:
    """Stacks whose releases are all in the bucket, and none of them in dist/."""
    stacks.make("iris", TWO)
    for zipped in Path("dist").iterdir():
        zipped.unlink()
    for name, version in TWO.items():
        artefacts.publish(stacks.folder, BUCKET, name, version["release"])
    Path(".python-version").write_text("3.13\n")
    return stacks


def deployed(versions: Any = TWO, *, preview: bool = False) -> Program:
    return run("iris", "dev", config("iris", versions, releases=RELEASES), preview=preview)


def refusal(versions: Any = TWO, *, preview: bool = False) -> list[str]:
    with pytest.raises(pulumi.RunError) as refused:
        deployed(versions, preview=preview)
    first, *said = str(refused.value).splitlines()
    assert first == "Pulumi.dev.yaml can't be used:"
    return said


def test_a_published_release_is_deployed_as_the_bucket_has_it(bucket: Stacks) -> None:
    v1, v2 = (each.inputs for each in deployed().of("Function"))
    assert (v1["s3Bucket"], v1["s3Key"]) == (BUCKET, "iris/v1/1.4.2-arm64.zip")
    assert (v1["s3ObjectVersion"], v2["s3ObjectVersion"]) == ("v1-of-it", "v2-of-it")
    assert "code" not in v1
    assert v1["sourceCodeHash"] != v2["sourceCodeHash"]
    assert v1["runtime"] == "python3.13"


def test_a_published_release_keeps_its_python(bucket: Stacks) -> None:
    facts = {"service": "iris", "api-version": "v1", "release": "1.4.2", "architecture": "arm64"}
    sha256 = {"sha256": "00" * 32, "source": "0"}
    artefacts.publish(
        bucket.folder,
        BUCKET,
        "v1",
        "1.4.2",
        metadata=facts | sha256 | {"python": "3.12"},
        checksumSha256="A" * 43 + "=",
    )
    assert [each.inputs["runtime"] for each in deployed().of("Function")] == [
        "python3.12",
        "python3.13",
    ]


def test_publishing_a_version_changes_nothing_of_another(bucket: Stacks) -> None:
    before = deployed()
    artefacts.publish(bucket.folder, BUCKET, "v2", "2.1.0")
    after = deployed(TWO | {"v2": {"release": "2.1.0"}})
    assert {each for each in changed(before, after) if "v1" in each} == set()


def test_all_that_a_bucket_does_not_have_is_said_at_once(bucket: Stacks) -> None:
    versions = {"v1": {"release": "1.5.0"}, "v2": {"release": "2.9.0"}}
    first, second = refusal(versions)
    assert first == (
        f"versions.v1.release: s3://{BUCKET}/iris/v1/1.5.0-arm64.zip was not published; run"
        ' `make build publish` in a working tree whose pyproject.toml says version = "1.5.0" and'
        ' api_version = "v1", or correct the release.'
    )
    assert second.startswith("versions.v2.release: s3://")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            "operation error S3: HeadObject, https response error StatusCode: 403",
            f"{V1} may not be read, or isn't there: these credentials need s3:GetObject,"
            " s3:GetObjectVersion, s3:GetObjectTagging and s3:ListBucket.",
        ),
        (
            "operation error S3: HeadObject, https response error StatusCode: 301",
            f"{V1} is in another region, and Lambda takes code from its own alone; write a bucket"
            " in the stack's region, and run `make publish`.",
        ),
        (
            "S3 Bucket (b) Object (k) has been deleted",
            f"{V1} was deleted; publish another release, and write that.",
        ),
        ("no\n  credentials", f"{V1} can't be read: invoke of aws:s3/getObject:getObject failed:"),
    ],
)
def test_what_a_bucket_does_not_show_is_a_sentence(bucket: Stacks, error: str, said: str) -> None:
    artefacts.publish(bucket.folder, BUCKET, "v1", "1.4.2", error=error)
    (problem,) = refusal()
    assert problem.startswith(f"versions.v1.release: {said}")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metadata": {}}, "was not put there by `make publish`"),
        ({"checksumSha256": "A" * 43 + "="}, "is not the zip that was published"),
        ({"checksumSha256": None}, "is not the zip that was published"),
        ({"versionId": "null"}, f"the bucket {BUCKET} kept no versions when this was put there"),
    ],
)
def test_what_is_not_as_it_was_published_is_refused(
    bucket: Stacks, changes: dict[str, Any], said: str
) -> None:
    artefacts.publish(bucket.folder, BUCKET, "v1", "1.4.2", **changes)
    (problem,) = refusal()
    assert said in problem


def test_another_release_under_its_key_is_refused(bucket: Stacks) -> None:
    artefacts.publish(bucket.folder, BUCKET, "v1", "1.4.1")
    other = Path("buckets", BUCKET, "iris/v1/1.4.1-arm64.zip.json")
    other.rename(other.with_name("1.4.2-arm64.zip.json"))
    (problem,) = refusal()
    assert f"{V1} says release 1.4.1, not 1.4.2; publish another release" in problem


def test_only_a_preview_takes_what_this_working_tree_is_to_publish(bucket: Stacks) -> None:
    own = Build.load()
    versions = {own.api_version: {"release": own.release}}
    (function,) = deployed(versions, preview=True).of("Function")
    assert function.inputs["s3Key"] == f"iris/{own.api_version}/{own.release}-arm64.zip"
    assert "s3ObjectVersion" not in function.inputs
    (problem,) = refusal(versions)
    assert problem.endswith("is not published yet; run `make build publish STACK=dev`.")
    refusal({own.api_version: {"release": "9.9.9"}}, preview=True)


def test_a_placeholder_of_a_bucket_is_refused_by_a_deploy(bucket: Stacks) -> None:
    name = f"iris-releases-{placeholder.ACCOUNT}"
    with pytest.raises(pulumi.RunError, match=r"releases\.bucket: .* has a placeholder"):
        run("iris", "dev", config("iris", TWO, releases={"bucket": name}))
