"""Write docs/settings.md: the keys of a stack file, as the types in infra/ have them.

`python -m tools.config_schema` writes it together with the schema; run by `make config-schema`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

OPENING = """\
# Settings

You write the keys of a stack into `Pulumi.<stack>.yaml` under `config`, each behind the project's
name and a colon; `make config-schema` writes this page from their types in `infra/`.

A key with a dot stands inside another one: `a.b` is written as `a: {b: …}`. A key without a default
is not set. An example stands as you write it, with its quotes.
"""
OF_A_STACK = """
## Keys of a stack

"""
OF_A_VERSION = """
## Keys of an API version

You write them under `versions`, behind the name of the API version: `v1: {release: "1.4.2"}`.

"""
COLUMNS = "| key | default | meaning | example |\n| --- | --- | --- | --- |\n"
# What YAML reads as text without quotes, even inside of braces.
PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z][\w./-]*", re.IGNORECASE)

type Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Key:
    """A key of a stack file; one inside of a section has a name with dots."""

    name: str
    required: bool
    default: str
    meaning: str
    example: Any

    @property
    def row(self) -> str:
        """Its row in a table."""
        default = f"`{self.default}`" if self.default else "required" if self.required else ""
        cells = (f"`{self.name}`", default, self.meaning, f"`{written(self.example)}`")
        return f"| {' | '.join(cell.replace('|', '\\|') for cell in cells)} |\n"


class Keys:
    """The keys that the JSON Schema of the settings describes."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def of_a_stack(self) -> list[Key]:
        """The keys of a stack, its API versions first and their own keys apart."""
        return sorted(self._keys(self.schema, ""), key=lambda key: key.name != "versions")

    def of_a_version(self) -> list[Key]:
        """The keys of an API version."""
        versions = self.schema["properties"]["versions"]
        return [*self._keys(self._whole(versions["additionalProperties"]), "")]

    def _keys(self, section: Schema, place: str) -> Iterator[Key]:
        for name, node in section["properties"].items():
            whole = self._whole(node)
            yield Key(
                f"{place}{name}",
                name in section.get("required", ()),
                shown(whole.get("default")),
                f"{whole['description']}{allowed(whole)}".replace("\n", " "),
                self._example(whole),
            )
            listed = self._whole(whole.get("items", {}))
            for inner, dots in ((whole, "."), (listed, "[]."), *self._named(whole)):
                if "properties" in inner:
                    yield from self._keys(inner, f"{place}{name}{dots}")

    def _named(self, whole: Schema) -> Iterator[tuple[Schema, str]]:
        """What stands behind each name in a mapping of the owner's, as its example names one."""
        inner, example = whole.get("additionalProperties"), whole.get("example")
        if isinstance(inner, dict) and isinstance(example, dict):
            yield self._whole(inner), f".{next(iter(example))}."

    def _whole(self, node: Schema) -> Schema:
        """What is said of a key and of its type; what stands at the key counts."""
        kind = node.get("anyOf", [node])[0]  # null, or a word, is the other
        if "$ref" in kind:
            kind = self._whole(self.schema["$defs"][kind["$ref"].rpartition("/")[2]])
        return {**kind, **node}

    def _example(self, whole: Schema) -> Any:
        """How a key is written: as its example, else made of what is known of it."""
        if "example" in whole:
            return whole["example"]
        if "properties" in whole:
            keys = whole.get("required") or whole["properties"]
            return {key: self._example(self._whole(whole["properties"][key])) for key in keys}
        if "items" in whole:
            return [self._example(self._whole(whole["items"]))]
        if "propertyNames" in whole:
            return {"v1": self._example(self._whole(whole["additionalProperties"]))}
        if "examples" in whole:
            return whole["examples"][0]
        return other(whole)


def other(whole: Schema) -> Any:
    """Another value than the default where they are words, else the default."""
    default, kind = whole.get("default"), whole.get("type")
    if kind == "boolean":
        return not default
    words = whole.get("enum", ()) if kind == "string" else ()
    return next((word for word in words if word != default), default)


def shown(default: Any) -> str:
    """A default as it is written; nothing where there is none."""
    if isinstance(default, dict):
        default = {key: value for key, value in default.items() if value not in (None, [])}
    return "" if default in (None, [], {}) else written(default)


def allowed(whole: Schema) -> str:
    """Which values a key may have, as a sentence; nothing where its meaning has said so."""
    least, most = whole.get("minimum"), whole.get("maximum")
    if values := [str(value) for value in whole.get("enum", ())]:
        *others, last = values
        named = all(re.search(rf"\b{value}\b", whole["description"]) for value in values)
        return "" if named else f" One of {', '.join(others)} or {last}."
    if least is not None and most is not None:
        return f" From {least:,} to {most:,}."
    return "" if least is None else f" {least:,} or more."


def written(value: Any) -> str:
    """A value on one line of YAML."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {written(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(written(each) for each in value)}]"
    if isinstance(value, str) and PLAIN.fullmatch(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def page(schema: Schema) -> str:
    """The text of docs/settings.md."""
    keys = Keys(schema)
    of_a_stack = "".join(key.row for key in keys.of_a_stack())
    of_a_version = "".join(key.row for key in keys.of_a_version())
    return f"{OPENING}{OF_A_STACK}{COLUMNS}{of_a_stack}{OF_A_VERSION}{COLUMNS}{of_a_version}"
