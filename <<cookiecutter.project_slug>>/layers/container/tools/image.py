"""The image of this working tree: its name, and what it is made of.

`python -m tools.image STACK` prints the name. The repository is the one of Pulumi.<stack>.yaml, the
tag is this working tree's release.
"""

import argparse
import re
import sys
from pathlib import Path

import yaml

from infra.problems import mapping
from tools import model, source, stack_file
from tools.refused import Refused
from tools.working_tree import own_build

ROOT = Path(__file__).parent.parent
# https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
TAG = r"\w[\w.-]{0,127}"
# What goes into an image beside serving/, contracts/ and the model, or says what does.
FILES = ("requirements/runtime.txt", "Dockerfile", ".python-version")


def name(stack: str) -> str:
    """The image of this working tree, for a stack.

    Raises:
        Refused: the stack file names no repository.
    """
    build = own_build()
    path = ROOT / f"Pulumi.{stack}.yaml"
    try:
        config = stack_file.whole(stack_file.config(path), build.service)
    except FileNotFoundError:
        raise Refused(f"{path.name} is missing.") from None
    except (ValueError, yaml.YAMLError) as error:
        raise Refused(f"{path.name} is not YAML: {error}") from None
    key = f"{build.service}:image"
    repository = mapping(config.get(key)).get("repository")
    if not repository:
        remedy = "write where the images go, without a tag"
        raise Refused(f"{path.name}: {key} has no repository; {remedy}.")
    if not re.fullmatch(TAG, build.release):
        raise Refused(
            f"pyproject.toml: version {build.release} can't be the tag of an image; write one with"
            " letters, digits, periods and hyphens alone."
        )
    return f"{repository}:{build.release}"


def parser(module: str) -> argparse.ArgumentParser:
    """What the modules are told that build and publish it.

    platform: such as linux/arm64; without it, what the stack runs it on.
    """
    own = argparse.ArgumentParser(prog=module, allow_abbrev=False)
    own.add_argument("stack")
    own.add_argument("--engine", default="docker")
    own.add_argument("--platform")
    return own


def labels(platform: str) -> dict[str, str]:
    """What the image says of itself.

    `source` tells whether two images are the same release: no two builds have the same bytes. Of
    pyproject.toml it knows what the image does, so that a tool may change without a new release.

    Raises:
        Refused: the model is not here.
    """
    folder = ROOT / "model"
    if model.lacks(folder):
        raise Refused("model/ holds no model, which belongs to the release: run `make model`.")
    own = [ROOT / each for each in FILES]
    for part in ("contracts", "serving"):
        every = sorted((ROOT / part).rglob("*"))
        own += [path for path in every if path.is_file() and _taken(path)]
    build = own_build()
    facts = {"service": build.service, "api_version": build.api_version, "release": build.release}
    return {
        "source": source.digest([*own, *model.files(folder)], ROOT, platform=platform, **facts),
        "release": build.release,
        "api-version": build.api_version,
        "model-sha256": model.sha256(folder),
    }


def _taken(path: Path) -> bool:
    """Whether .dockerignore leaves it in."""
    parts = path.relative_to(ROOT).parts
    return not model.stays_out(parts)


if __name__ == "__main__":
    try:
        print(name(sys.argv[1]))
    except Refused as problem:
        problem.end()
