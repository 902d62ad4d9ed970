"""Publish this working tree's image: `python -m tools.publish STACK [--engine …] [--platform …]`.

Puts the image of `make build` into the registry of a stack, where a release never changes; builds
nothing. What is there is not sent again, and needs no image on this machine. With `--compare` it
only says whether what is published is this.
"""

import sys
from collections.abc import Mapping

from tools import repository
from tools.engine import Engine
from tools.image import labels, name, parser
from tools.platform import wanted_by
from tools.refused import Refused
from tools.registry import Image, Registry
from tools.source import apart


def main(stack: str, engine: str, platform: str, *, compare: bool = False) -> str:
    """Publish, or only compare; returns what to say, with the digest that the registry has.

    Raises:
        Refused: nothing is published.
    """
    image = name(stack)
    made_of = labels(platform)
    address, _, tag = image.rpartition(":")
    login = repository.login(stack, address)
    registry = Registry(address, login)
    if there := registry.find(tag, platform):
        _same(there, made_of, image, platform)
        return f"{image} is there already\ndigest: {there.digest}"
    if compare:
        return f"{image} is to be published"
    own = Engine(engine)
    _built(own.labels(image), made_of, image, platform)
    repository.prepare(stack, address, own, login)
    own.run("push", image)
    there = registry.find(tag, platform)
    if there is None:
        raise Refused(f"{image} was pushed, and is not in its registry; run it again.")
    _same(there, made_of, image, platform)
    return f"published {image}\ndigest: {there.digest}"


def _same(there: Image, made_of: Mapping[str, str], image: str, platform: str) -> None:
    """See that what is there was made of this working tree."""
    found = there.labels.get("source")
    if found == made_of["source"]:
        return
    why = apart(there.labels.get("model-sha256"), made_of["model-sha256"])
    why = f"was published, and {why}"
    if found is None:
        why = f"is there, and nothing says what it was made of: it has no label for {platform}."
    release = image.rpartition(":")[2]
    raise Refused(
        f'{image} {why} A release never changes: raise version = "{release}" in pyproject.toml,'
        " and run `make build publish`."
    )


def _built(
    labels: Mapping[str, str] | None, made_of: Mapping[str, str], image: str, platform: str
) -> None:
    """See that this machine has the image of this working tree."""
    if labels is None:
        raise Refused(f"{image} is not on this machine; run `make build`.")
    if labels.get("source") != made_of["source"]:
        raise Refused(
            f"{image} is not a build of this working tree as it is, for {platform}; run"
            " `make build`."
        )


if __name__ == "__main__":
    own = parser("tools.publish")
    own.add_argument("--compare", action="store_true")
    given = own.parse_args()
    try:
        platform = given.platform or wanted_by(given.stack)
        print(main(given.stack, given.engine, platform, compare=given.compare))
    except Refused as problem:
        sys.exit(str(problem))
