"""Publish this working tree's image: `python -m tools.publish STACK [--from STACK] [--engine …]`.

Puts the image of `make build` into the registry of a stack, where a release never changes; builds
nothing. The image is the one on this machine, else the one of the stack that `--from` names. What
is there is not sent again, and needs no image on this machine. With `--compare` it only says
whether what is published is this.
"""

from collections.abc import Mapping

from tools import repository
from tools.engine import Engine
from tools.image import labels, name, parser
from tools.platform import wanted_by
from tools.refused import NotBuilt, Refused
from tools.registry import Image, Registry
from tools.source import apart


def main(
    stack: str, engine: str, platform: str, other: str | None = None, *, compare: bool = False
) -> str:
    """Publish, or only compare; returns what to say, with the digest that the registry has.

    Raises:
        NotBuilt: there is no image of this working tree.
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
    try:
        _built(own.labels(image), made_of, image, platform)
    except NotBuilt:
        theirs = other and name(other)
        # Of several platforms an engine pulls one.
        if not theirs or theirs == image or "," in platform:
            raise
        _copied(theirs, image, own, made_of, stack, platform)
    repository.make(stack, address)
    repository.let_in(own, address, login)
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
    """See that this machine has the image of this working tree.

    Raises:
        NotBuilt: it has not.
    """
    if labels is None:
        raise NotBuilt(f"{image} is not on this machine; run `make build`.")
    if labels.get("source") != made_of["source"]:
        raise NotBuilt(
            f"{image} is not a build of this working tree as it is, for {platform}; run"
            " `make build`."
        )


def _copied(
    theirs: str, image: str, engine: Engine, made_of: Mapping[str, str], stack: str, platform: str
) -> None:
    """Have the image of another repository on this machine, under a name of this one.

    Raises:
        NotBuilt: it is not there either.
        Refused: another is there, or it can't be had.
    """
    address, _, tag = theirs.rpartition(":")
    login = repository.login(stack, address)
    there = Registry(address, login).find(tag, platform)
    if there is None:
        raise NotBuilt(f"neither {image} nor {theirs} is anywhere; run `make build`.")
    _same(there, made_of, theirs, platform)
    repository.let_in(engine, address, login)
    engine.run("pull", "--platform", platform, f"{address}@{there.digest}")
    engine.run("tag", f"{address}@{there.digest}", image)


if __name__ == "__main__":
    own = parser("tools.publish")
    own.add_argument("--from", dest="other")
    own.add_argument("--compare", action="store_true")
    given = own.parse_args()
    try:
        platform = given.platform or wanted_by(given.stack)
        print(main(given.stack, given.engine, platform, given.other, compare=given.compare))
    except Refused as problem:
        problem.end()
