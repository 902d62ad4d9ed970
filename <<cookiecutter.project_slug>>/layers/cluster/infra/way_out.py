"""What a stack file adds to the pods of an API version in Kubernetes' own words.

It only adds. What this project sets, it sets alone: ours.yaml lists that, and the key to use.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, cast

import yaml

from infra.config import Example, spelt
from infra.ours import OURS, not_ours
from infra.problems import mapping

FREE: list[str] = OURS["free"]
ADDED: list[str] = OURS["added"]
# Of our container.
SERVER = ("env", "lifecycle", "volumeMounts")
# The program may be read through a link.
FIELDS = Path(__file__).resolve().parent / "fields.yaml"

type Pod = Annotated[
    dict[str, Any],
    Example({"hostAliases": [{"ip": "10.0.0.7", "hostnames": ["features.internal"]}]}),
]


def problems(pod: Mapping[str, Any], env: Mapping[str, str]) -> Iterator[str]:
    """What can't be added: sentences that start with the key to change.

    env: the variables that the API version has by its own key.
    """
    for key, value in pod.items():
        if key == "server":
            yield from (f"pod.server{said}" for said in _of_the_server(value, env))
        elif key in ADDED:
            yield from (f"pod.{key}{said}" for said in _names(value, key))
            yield from (f"pod.{key}{said}" for said in _misspelt(value, _kinds()["PodSpec"][key]))
        elif key not in FREE:
            yield f"pod.{key}: {_refused('pod', key) or _unknown(key)}."
        else:
            yield from (f"pod.{key}{said}" for said in _misspelt(value, _kinds()["PodSpec"][key]))


def _of_the_server(server: Any, env: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(server, dict):
        yield f": is {spelt(server)}; write a mapping."
    for key, value in mapping(server).items():
        if key not in SERVER:
            yield f".{key}: can't be added to the server; write one of {', '.join(SERVER)}."
        elif key == "lifecycle":
            if [*mapping(value)] != ["postStart"]:
                yield f".lifecycle: is {spelt(value)}; write postStart alone."
        else:
            yield from (f".{key}{said}" for said in _names(value, key, env if key == "env" else {}))
        if key in SERVER:
            yield from (f".{key}{said}" for said in _misspelt(value, _kinds()["Container"][key]))


@functools.cache
def _kinds() -> dict[str, dict[str, Any]]:
    """The fields of each kind of thing in a pod; read only where somebody writes some."""
    return yaml.safe_load(FIELDS.read_text(encoding="utf-8"))


def _misspelt(value: Any, held: Any) -> Iterator[str]:
    """Fields that there are not. held: a kind, in brackets that of entries, or nothing."""
    if isinstance(held, list):
        for place, each in enumerate(cast("list[Any]", value) if isinstance(value, list) else []):
            yield from (f".{place}{said}" for said in _misspelt(each, held[0]))
    elif held and isinstance(value, dict):
        fields = _kinds()[held]
        for key, each in mapping(value).items():
            if key in fields:
                yield from (f".{key}{said}" for said in _misspelt(each, fields[key]))
            else:
                close = get_close_matches(key, fields, 1, 0.7)
                meant = close[0] if close else f"one of {', '.join(fields)}"
                yield f".{key}: is no field of {held}; write {meant}."


def _names(listed: Any, kind: str, taken: Mapping[str, str] | None = None) -> Iterator[str]:
    """Entries of a list that have no name, or one of ours."""
    if not isinstance(listed, list):
        yield f": is {spelt(listed)}; write a list."
        return
    for place, each in enumerate(cast("list[Any]", listed)):
        if not isinstance(each, dict):
            yield f".{place}: is {spelt(each)}; write a mapping."
        elif kind != "tolerations":
            name: Any = mapping(each).get("name")
            if not isinstance(name, str) or not name:
                yield f".{place}.name: is missing; add it."
            elif name in (taken or {}):
                yield f".{place}.name: {name} is in env too; remove one of the two."
            elif said := _refused(kind, name):
                yield f".{place}.name: {name} {said}."


def _refused(kind: str, name: str) -> str:
    """Why a name is taken, if it is."""
    kind = {"initContainers": "containers", "volumeMounts": "volumes"}.get(kind, kind)
    if kind == "volumes" and re.fullmatch(r"mount-[0-9]+", name):
        return "is set by this project; write mounts"
    try:
        if kind in OURS:
            not_ours(kind, name)
    except ValueError as said:
        return str(said)
    return ""


def _unknown(field: str) -> str:
    close = get_close_matches(field, [*FREE, *ADDED, "server"], 1, 0.7)
    meant = close[0] if close else "one as in https://kubernetes.io/docs/reference/kubernetes-api/"
    return f"is no field of a pod; write {meant}"
