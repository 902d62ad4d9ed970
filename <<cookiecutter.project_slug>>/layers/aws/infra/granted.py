"""The owner's part of what an API version may do in AWS: a policy in a file, judged."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, cast

from pydantic import AfterValidator

from infra.config import Example, spelt
from infra.problems import mapping

EXAMPLE = "infra/policies/feature-store.json"
VERSION = "2012-10-17"
KEYS = ("Sid", "Effect", "Action", "Resource", "Condition")
# All inline policies of a role have 10,240 characters together, and ours are among them:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_CHARACTERS = 6_144
# What has to stand before a wildcard, behind the account: what is meant, and before that its kind.
# Buckets are of no account, and have no kind: there it is objects that have a wildcard.
NAMED, NAMED_BUCKET = r"[^:/]+[:/][^:/]+.*", r"[^:/]+/.*"


def _path(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or path.suffix != ".json":
        remedy = f"write one such as {EXAMPLE}"
        raise ValueError(f"{spelt(value)} is not a JSON file of this project; {remedy}")
    return value


type PolicyFile = Annotated[str, AfterValidator(_path), Example(EXAMPLE)]


@dataclass(frozen=True)
class Granted:
    """The file of a policy."""

    path: str

    @property
    def text(self) -> str:
        """The policy, without the blanks of the file."""
        return json.dumps(json.loads(Path(self.path).read_bytes()), separators=(",", ":"))

    def problems(self) -> Iterator[str]:
        """Why no role gets it, each with what to do."""
        try:
            document: Any = json.loads(Path(self.path).read_bytes())
        except OSError:
            yield f"{self.path} is missing; write it, or correct the path."
            return
        except ValueError as error:
            yield f"{self.path} is not JSON ({error}); correct it."
            return
        listed = mapping(document).get("Statement")
        if mapping(document).keys() != {"Version", "Statement"} or document["Version"] != VERSION:
            yield (
                f'{self.path} is not a policy; write {{"Version": "{VERSION}", "Statement": […]}}.'
            )
            return
        statements = cast("list[Any]", listed if isinstance(listed, list) else [listed])
        if not statements:
            yield f"{self.path} has no statement; write one, or remove policy."
        for place, statement in enumerate(statements):
            yield from (f"{self.path}: Statement {place}: {said}" for said in _wrong(statement))
        if (size := len(self.text)) > MOST_CHARACTERS:
            yield (
                f"{self.path} has {size:,} characters, and a role takes {MOST_CHARACTERS:,} of"
                " them; write fewer statements."
            )


def _wrong(statement: Any) -> Iterator[str]:
    """What is wrong with one statement of a policy for a role."""
    given = mapping(statement)
    for key in given:
        if key.endswith("Principal"):
            yield f"{key} belongs to a policy of a resource, and a role has none; remove it."
        elif key not in KEYS:
            yield f"{key} can't stand here; write {', '.join(KEYS[1:])}."
    if given.get("Effect") not in ("Allow", "Deny"):
        yield f"Effect is {spelt(given.get('Effect'))}; write Allow or Deny."
    if not isinstance(given.get("Condition", {}), dict):
        yield "Condition is no mapping; correct it, or remove it."
    for key, judge in (("Action", _action), ("Resource", _resource)):
        several = _several(given.get(key))
        if several is None:
            yield f"{key} is {spelt(given.get(key))}; write a text, or a list of texts."
            continue
        for value in several:
            if remedy := judge(value):
                yield f"{key} {spelt(value)} {remedy}."


def _several(value: Any) -> list[str] | None:
    """The texts that a value is, one at least; None where it is something else."""
    listed = cast("list[Any]", value if isinstance(value, list) else [value])
    return listed if listed and all(isinstance(each, str) for each in listed) else None


def _action(value: str) -> str | None:
    if "*" in value or "?" in value:
        return "has a wildcard; write the name of each action"
    if not re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", value):
        return "is no action; write one such as dynamodb:GetItem"
    return None


def _resource(value: str) -> str | None:
    """A wildcard may stand behind the name of what is meant, and nowhere before."""
    found = re.fullmatch(r"arn:(aws[a-z-]*):([a-z0-9-]+):([^:]*):([^:]*):(.+)", value)
    if not found:
        return "is no ARN; write that of what is meant"
    *before, name = found.groups()
    named, *wild = re.split(r"[*?]", name, maxsplit=1)
    needed = NAMED if before[-1] else NAMED_BUCKET
    if re.search(r"[*?]", "".join(before)) or (wild and not re.fullmatch(needed, named)):
        return "is of anything; write the name of what is meant before a wildcard"
    return None
