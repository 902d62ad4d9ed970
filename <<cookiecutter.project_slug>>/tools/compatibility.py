"""What an old client would notice: the differences between two contracts that break a promise.

Every request that the old contract accepts must stay acceptable, and every response must be one
that it allows, new fields apart. Texts and examples may change.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

type Schema = dict[str, Any]

TEXTS = {"title", "description", "examples", "deprecated", "$comment"}
# Keywords that bound a value from below and from above: a higher lower bound accepts less.
LOWER = (("minimum", "exclusiveMinimum"), ("minLength",), ("minItems",), ("minProperties",))
UPPER = (("maximum", "exclusiveMaximum"), ("maxLength",), ("maxItems",), ("maxProperties",))
COMPARED = {keyword for keywords in LOWER + UPPER for keyword in keywords} | {
    *("type", "anyOf", "enum", "const", "default"),
    *("items", "properties", "required", "additionalProperties"),
}
KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def frozen(root: Path) -> dict[str, list[str]]:
    """The API versions that a stack file serves with a release of 1.0.0 or later.

    With each the reasons, such as "Pulumi.prod.yaml serves v1 as release 1.4.2".

    Raises:
        ValueError: a stack file can't be read; the text names it.
    """
    reasons: dict[str, list[str]] = {}
    for path in sorted([*root.glob("Pulumi.*.yaml"), *root.glob("Pulumi.*.yml")]):
        try:
            config = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("config") or {}
            lists = [config[key] or {} for key in config if key.split(":")[-1] == "versions"]
            # `pulumi config set` writes a list of versions as text.
            lists = [yaml.safe_load(each) if isinstance(each, str) else each for each in lists]
            releases = [
                (str(v), str(settings["release"])) for each in lists for v, settings in each.items()
            ]
        except (yaml.YAMLError, AttributeError, LookupError, TypeError) as error:
            raise ValueError(
                f"{path.name} does not list its versions as it should: {error!r}"
            ) from None
        for api_version, release in releases:
            if release.partition(".")[0] != "0":
                reason = f"{path.name} serves {api_version} as release {release}"
                reasons.setdefault(api_version, []).append(reason)
    return reasons


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """One sentence for each difference between two OpenAPI documents that an old client notices."""
    return [
        change
        for path, methods in old["paths"].items()
        for method in methods
        for change in _operation_changes(
            f"{method.upper()} {path}",
            _inlined(methods[method], old),
            _inlined(new["paths"].get(path, {}).get(method, {}), new),
        )
    ]


def _inlined(node: Any, document: Schema, inside: tuple[str, ...] = ()) -> Any:
    """`node` with every reference replaced by what it names; a type within itself stays a name."""
    if isinstance(node, list):
        return [_inlined(item, document, inside) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        *_, section, name = node["$ref"].split("/")
        if name in inside:
            return {"recursive": name}
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return _inlined(document["components"][section][name] | beside, document, (*inside, name))
    return {key: _inlined(value, document, inside) for key, value in node.items()}


def _operation_changes(where: str, old: Schema, new: Schema) -> Iterator[str]:
    if not new:
        yield f"{where} is gone."
        return
    bodies = old.get("requestBody", {}), new.get("requestBody", {})
    yield from _body_changes(f"{where}, request", *bodies, requests=True)
    yield from _names(f"{where}, status", old["responses"], new["responses"])
    for status, was in old["responses"].items():
        if now := new["responses"].get(status):
            there = f"{where}, status {status}"
            yield from _names(f"{there}, header", was.get("headers", {}), now.get("headers", {}))
            yield from _body_changes(there, was, now, requests=False)


def _body_changes(where: str, old: Schema, new: Schema, *, requests: bool) -> Iterator[str]:
    was, now = old.get("content", {}), new.get("content", {})
    yield from _names(f"{where}, media type", was, now)
    for media_type in was.keys() & now.keys():
        schemas = was[media_type]["schema"], now[media_type]["schema"]
        yield from _schema_changes(where, *schemas, requests=requests)


def _names(what: str, old: Schema, new: Schema) -> Iterator[str]:
    for name in sorted(old.keys() ^ new.keys()):
        yield f"{what} {name} is {'gone' if name in old else 'new'}."


def _schema_changes(
    where: str, old: Schema | bool, new: Schema | bool, *, requests: bool
) -> Iterator[str]:
    """Where `new` accepts less than `old` (of requests), or allows more (of responses)."""
    if isinstance(old, bool) or isinstance(new, bool):  # such as the items after a tuple's last
        if old is not new:
            yield f"{where}: what may stand there was changed."
        return
    if requests and "default" in old and old["default"] != new.get("default"):
        yield f"{where}: an absent value was {old['default']!r}, is {new.get('default')!r}."
    was, now = _alternatives(old), _alternatives(new)
    for one in was if requests else now:
        matches = [
            list(_value_changes(where, *pair, requests=requests))
            for other in (now if requests else was)
            if _same_kind(*(pair := (one, other) if requests else (other, one)), requests=requests)
        ]
        if not matches:
            yield f"{where}: was {_kinds(was)}, is {_kinds(now)}."
        elif all(matches):
            yield from matches[0]


def _alternatives(schema: Schema) -> list[Schema]:
    if "anyOf" in schema:
        return [each for branch in schema["anyOf"] for each in _alternatives(branch)]
    if isinstance(schema.get("type"), list):
        return [schema | {"type": kind} for kind in schema["type"]]
    if "const" in schema:
        return [schema | {"enum": [schema["const"]]}]
    return [schema]


def _kind(schema: Schema) -> str:
    values = schema.get("enum")
    return schema.get("type") or (KINDS[type(values[0])] if values else "anything")


def _kinds(schemas: list[Schema]) -> str:
    return " or ".join(sorted(map(_kind, schemas)))


def _same_kind(old: Schema, new: Schema, *, requests: bool) -> bool:
    smaller, larger = (old, new) if requests else (new, old)
    return _kind(larger) in (_kind(smaller), "anything") or (
        (_kind(smaller), _kind(larger)) == ("integer", "number")
    )


def _value_changes(where: str, old: Schema, new: Schema, *, requests: bool) -> Iterator[str]:
    smaller, larger = (old, new) if requests else (new, old)
    if "enum" in larger and not set(smaller.get("enum", [...])) <= set(larger["enum"]):
        yield f"{where}: was {_texts(old, ['enum'])}, is {_texts(new, ['enum'])}."
    for sign, bounds in ((1, LOWER), (-1, UPPER)):
        for keywords in bounds:
            if _tightness(smaller, keywords, sign) < _tightness(larger, keywords, sign):
                yield f"{where}: was {_texts(old, keywords)}, is {_texts(new, keywords)}."
    # Keywords that this module can't weigh (pattern, format, …) may go, never come or change.
    for keyword in sorted(larger.keys() - COMPARED - TEXTS):
        if smaller.get(keyword) != larger[keyword]:
            yield f"{where}: was {_texts(old, [keyword])}, is {_texts(new, [keyword])}."
    if "items" in larger:
        items = old.get("items", {}), new.get("items", {})
        yield from _schema_changes(f"{where}[]", *items, requests=requests)
    yield from _field_changes(where, old, new, requests=requests)


def _tightness(schema: Schema, keywords: tuple[str, ...], sign: int) -> tuple[float, bool]:
    """How much a bound excludes, to compare; an absent one excludes nothing."""
    bounds = [(sign * schema[k], k.startswith("exclusive")) for k in keywords if k in schema]
    return max(bounds, default=(-math.inf, False))


def _texts(schema: Schema, keywords: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"{k} {schema[k]}" for k in keywords if k in schema) or "without a limit"


def _field_changes(where: str, old: Schema, new: Schema, *, requests: bool) -> Iterator[str]:
    was, now = old.get("properties", {}), new.get("properties", {})
    needed, needed_now = set(old.get("required", ())), set(new.get("required", ()))
    for name in was:
        if name not in now:
            yield f"{where}.{name}: the field is gone."
        else:
            yield from _schema_changes(f"{where}.{name}", was[name], now[name], requests=requests)
    for name in sorted(needed_now - needed if requests else (needed & now.keys()) - needed_now):
        yield f"{where}.{name}: the field {'is required now' if requests else 'may be absent now'}."
    others, others_now = _openness(old), _openness(new)
    if others == others_now == 1:
        values = old["additionalProperties"], new["additionalProperties"]
        yield from _schema_changes(f"{where}.*", *values, requests=requests)
    elif others_now < others if requests else others_now > others:
        words = "refused", "of one type", "allowed"
        yield f"{where}: other fields were {words[others]}, are {words[others_now]}."


def _openness(schema: Schema) -> int:
    """What an object may hold beside its fields: 0 nothing, 1 values of one type, 2 anything."""
    others = schema.get("additionalProperties", True)
    return 1 if isinstance(others, dict) else 2 * int(others)
