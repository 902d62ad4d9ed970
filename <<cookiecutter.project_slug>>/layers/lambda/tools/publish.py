"""Publish this working tree's release: `python -m tools.publish STACK [--from STACK]`.

Puts the zip of `make build` into the bucket of a stack, where it never changes; builds nothing. The
zip is the one in dist/, else the one in the bucket of the stack that `--from` names. `--compare`
publishes nothing, and only says whether what is published is this.
"""

import argparse
import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path

from infra.archive import NOT_OURS
from infra.releases import key_of
from serving.release import Build
from tools import build as building
from tools import model
from tools.bucket import Bucket
from tools.refused import NotBuilt, Refused
from tools.source import apart
from tools.working_tree import own_build

ROOT = Path(__file__).parent.parent


def main(stack: str, other: str | None = None, *, compare: bool = False) -> str:
    """Publish, or only compare; returns what to say.

    Raises:
        NotBuilt: there is no build of this working tree.
        Refused: nothing is published.
    """
    build = own_build()
    bucket = Bucket.of(stack, build)
    source = building.source(build, bucket.architecture)
    there = bucket.find(build)
    if there is None and compare:
        return f"{build.api_version} {build.release} is to be published"
    if there is None:
        content, facts = _zip(build, bucket, source, other)
        if bucket.put(content, facts):
            key = key_of(build.api_version, bucket.archive(build))
            return f"published s3://{bucket.name}/{key}"
        there = bucket.find(build)
    if there is None:
        raise Refused(f"somebody else publishes {build.release} just now; run it again.")
    if there.source != source:
        raise Refused(
            f"s3://{there.bucket}/{there.key} was published, and"
            f" {apart(there.model, model.sha256())} A release never changes: raise version ="
            f' "{build.release}" in pyproject.toml, and run `make build publish`.'
        )
    return f"s3://{there.bucket}/{there.key} is there already"


def _zip(
    build: Build, bucket: Bucket, source: str, other: str | None
) -> tuple[bytes, dict[str, str]]:
    """The bytes of this release, and what it says of itself.

    Raises:
        NotBuilt: it is not in dist/, and not in the bucket of the other stack.
        Refused: what is there is something else.
    """
    path = bucket.archive(build).path
    make = "make build" + ("" if bucket.architecture == "arm64" else f" ARCH={bucket.architecture}")
    with suppress(FileNotFoundError):
        content = (ROOT / path).read_bytes()
        facts = _facts(path, content)
        if facts.get("source") != source:
            raise NotBuilt(f"{path} is not a build of this working tree as it is; run `{make}`.")
        return content, facts
    if other is None:
        raise NotBuilt(f"{path} is missing; run `{make}`, or copy what a stack has: FROM=dev.")
    origin = Bucket.of(other, build)
    there = origin.find(build)
    if there is None:
        raise NotBuilt(f"{path} is missing, and {other} has none either; run `{make}`.")
    content = origin.get(there)
    facts = _facts(there.key, content)
    if facts.get("source") != source:
        raise Refused(
            f"what {other} has as {build.release} was {apart(there.model, model.sha256())} Check"
            f" out its commit, or raise version in pyproject.toml and run `{make}`."
        )
    return content, facts


def _facts(name: str, content: bytes) -> dict[str, str]:
    """What a zip says of itself.

    Raises:
        Refused: it says nothing.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            facts = json.loads(archive.read("serving/build.json"))
            if broken := archive.testzip():
                raise Refused(f"{name} is damaged in {broken}; build it again.")
        return {str(key): str(value) for key, value in facts.items()}
    except NOT_OURS:
        raise Refused(f"{name} is not a zip that `make build` made; build it again.") from None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="tools.publish")
    parser.add_argument("stack")
    parser.add_argument("--from", dest="other")
    parser.add_argument("--compare", action="store_true")
    arguments = parser.parse_args()
    try:
        print(main(arguments.stack, arguments.other, compare=arguments.compare))
    except Refused as problem:
        problem.end()
