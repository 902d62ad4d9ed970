"""Releases on Lambda in an emulated AWS: published by one machine, deployed by another."""

import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.local_cloud.emulator import ARCHITECTURE, client, emulator, make_bucket
from tests.local_cloud.stack import EXAMPLE, JSON, Stack
from tests.project import copy_ready, succeed

SLUG = "iris-classifier"

type Clone = Callable[..., Stack]


@pytest.fixture(scope="module")
def built(prepared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the zips of two releases."""
    ready = prepared("lambda")
    project = copy_ready(ready, tmp_path_factory.mktemp("built") / ready.name)
    for release in ("0.1.0", "0.2.0"):
        say(project, release)
        succeed(project, "build", f"ARCH={ARCHITECTURE}")
    return project


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    with emulator() as url:
        yield url


@pytest.fixture
def clone(cloud: str, built: Path, tmp_path: Path) -> Clone:
    """Makes a folder of somebody: at a release, with what was built or without."""

    def copy(name: str, release: str = "0.1.0", *, dist: bool = True) -> Stack:
        ignored = shutil.ignore_patterns(*([] if dist else ["dist"]))
        shutil.copytree(built, tmp_path / name, symlinks=True, ignore=ignored)
        say(tmp_path / name, release)
        return Stack(cloud, tmp_path / name, "path")

    return copy


def say(project: Path, release: str) -> None:
    """Raise the version of a working tree."""
    path = project / "pyproject.toml"
    text = re.sub('^version = ".*"', f'version = "{release}"', path.read_text(), flags=re.M)
    path.write_text(text)


def keys(bucket: str, release: str = "0.1.0") -> dict[str, Any]:
    version = {"release": release, "architecture": ARCHITECTURE}
    return {"versions": {"v1": version}, "releases": {"bucket": bucket}}


def place(bucket: str, release: str = "0.1.0") -> str:
    return f"s3://{bucket}/{SLUG}/v1/{release}-{ARCHITECTURE}.zip"


def answering(stack: Stack) -> str:
    """The release that answers."""
    answer = stack.send("v1", "/predict", EXAMPLE, JSON | stack.key())
    assert answer.status == 200, answer
    return answer.headers["x-model-release"]


def test_what_one_folder_publishes_another_deploys_that_never_built(
    cloud: str, clone: Clone
) -> None:
    bucket, deployer = make_bucket(cloud, "releases"), clone("deployer", dist=False)
    for release in ("0.1.0", "0.2.0"):
        maker = clone(f"maker-of-{release}", release)
        said = maker.publish(**keys(bucket, release))
        assert said.stdout == f"published {place(bucket, release)}\n", said.stderr
        deployer.up(**keys(bucket, release))
        assert answering(deployer) == release
    checked = deployer.check(**keys(bucket, "0.2.0"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    deployer.up(**keys(bucket))
    assert answering(deployer) == "0.1.0"
    assert deployer.up(**keys(bucket)) == []
    assert not (deployer.project / "dist").exists()
    assert deployer.tool("releases", "live").stdout.splitlines() == [
        f"release  of  {'':{len(ARCHITECTURE)}}  served by",
        f"0.1.0    v1  {ARCHITECTURE}  nobody",
        f"0.2.0    v1  {ARCHITECTURE}  live",
    ]
    with pytest.raises(RuntimeError, match=r"v1/0\.9\.0-\w+\.zip was not published; run `make"):
        deployer.up(**keys(bucket, "0.9.0"))


def test_what_is_there_is_not_sent_again_and_needs_no_build(cloud: str, clone: Clone) -> None:
    bucket = make_bucket(cloud, "sent-once")
    clone("maker").publish(**keys(bucket))
    said = clone("other", dist=False).publish(**keys(bucket))
    assert said.stdout == f"{place(bucket)} is there already\n", said.stderr


def test_a_release_never_changes(cloud: str, clone: Clone) -> None:
    bucket, stack = make_bucket(cloud, "never-changes"), clone("maker")
    stack.publish(**keys(bucket))
    predictor = stack.project / "serving/predictor.py"
    predictor.write_text(predictor.read_text() + "# Changed.\n")
    said = stack.publish(**keys(bucket))
    assert said.returncode == 1
    assert said.stderr == (
        f"{place(bucket)} was published, and made of something else than this working tree. A"
        ' release never changes: raise version = "0.1.0" in pyproject.toml, and run `make build'
        " publish`.\n"
    )


def test_a_model_that_is_trained_anew_is_named_where_its_bytes_are_others(
    cloud: str, clone: Clone
) -> None:
    bucket, stack = make_bucket(cloud, "another-model"), clone("maker")
    stack.publish(**keys(bucket))
    model = stack.project / "model/model.onnx"
    model.write_bytes(model.read_bytes() + b" ")
    said = stack.publish(**keys(bucket))
    assert "made of something else than this working tree: its model is another. If" in said.stderr


def test_only_a_build_of_this_working_tree_is_published(cloud: str, clone: Clone) -> None:
    bucket, stack = make_bucket(cloud, "of-this-tree"), clone("maker", "0.3.0")
    said = stack.publish(**keys(bucket))
    zipped = f"dist/{SLUG}-0.3.0-{ARCHITECTURE}.zip"
    assert said.stderr.startswith(f"{zipped} is missing; run `make build")
    shutil.copy(stack.project / f"dist/{SLUG}-0.2.0-{ARCHITECTURE}.zip", stack.project / zipped)
    said = stack.publish(**keys(bucket))
    assert f"{zipped} is not a build of this working tree as it is; run `make" in said.stderr
    whole = bytearray((stack.project / f"dist/{SLUG}-0.2.0-{ARCHITECTURE}.zip").read_bytes())
    whole[len(whole) // 2] ^= 1
    (stack.project / zipped).write_bytes(whole)
    said = stack.publish(**keys(bucket))
    assert f"{zipped} is damaged in " in said.stderr
    (stack.project / zipped).write_text("no zip")
    said = stack.publish(**keys(bucket))
    assert f"{zipped} is not a zip that `make build` made" in said.stderr
    assert "Contents" not in client(cloud, "s3").list_objects_v2(Bucket=bucket)


def test_of_two_who_publish_a_release_one_is_the_first(cloud: str, clone: Clone) -> None:
    bucket = make_bucket(cloud, "two-at-once")
    stacks = [clone("one"), clone("other")]
    with ThreadPoolExecutor() as pool:
        said = [*pool.map(lambda stack: stack.publish(**keys(bucket)), stacks)]
    assert sorted(each.stdout for each in said) == [
        f"published {place(bucket)}\n",
        f"{place(bucket)} is there already\n",
    ]
    found = client(cloud, "s3").list_object_versions(Bucket=bucket)["Versions"]
    assert len(found) == 1


def test_a_release_is_copied_from_the_bucket_of_another_stack(cloud: str, clone: Clone) -> None:
    origin, bucket = make_bucket(cloud, "origin"), make_bucket(cloud, "copied-to")
    clone("maker").publish(**keys(origin))
    other = clone("other", dist=False)
    other.publish(**keys(origin))
    shutil.move(other.project / "Pulumi.live.yaml", other.project / "Pulumi.origin.yaml")
    said = other.publish("--from", "origin", **keys(bucket))
    assert said.stdout == f"published {place(bucket)}\n", said.stderr
    key = place(bucket).partition(f"{bucket}/")[2]
    was, now = (client(cloud, "s3").head_object(Bucket=b, Key=key) for b in (origin, bucket))
    assert (now["Metadata"], now["ETag"]) == (was["Metadata"], was["ETag"])


def test_a_bucket_that_is_of_no_use_is_a_sentence(cloud: str, clone: Clone) -> None:
    stack = clone("maker")
    said = stack.publish(**keys("nobodys"))
    assert said.stderr == "there is no bucket nobodys; `make bootstrap` makes one.\n"
    assert stack.publish("--compare", **keys("nobodys")).stderr == said.stderr
    bucket = make_bucket(cloud, "no-versions", versions=False)
    said = stack.publish(**keys(bucket))
    assert said.stderr == (
        f"the bucket {bucket} keeps no versions; switch its versioning on, and run `make publish`"
        " again.\n"
    )
    assert "Contents" not in client(cloud, "s3").list_objects_v2(Bucket=bucket)
    said = stack.publish(versions=keys("")["versions"])
    assert said.stderr.startswith("Pulumi.live.yaml names no bucket: what it deploys is in dist/.")
    assert said.returncode == 1


def test_what_nobody_published_in_its_place_is_refused(cloud: str, clone: Clone) -> None:
    bucket, stack = make_bucket(cloud, "by-hand"), clone("maker")
    key = place(bucket).partition(f"{bucket}/")[2]
    client(cloud, "s3").put_object(Bucket=bucket, Key=key, Body=b"by hand")
    sentence = f"{place(bucket)} was not put there by `make publish`; publish another release"
    assert stack.publish(**keys(bucket)).stderr.startswith(sentence)
    with pytest.raises(RuntimeError, match=re.escape(sentence)):
        stack.up(**keys(bucket))
