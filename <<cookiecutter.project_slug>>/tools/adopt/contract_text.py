"""The text of `serving/contract.py`."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from serving.problem import MAX_BODY_BYTES
from tools.adopt.answers import literal
from tools.adopt.columns import Column
from tools.adopt.source_text import comment, formatted, quoted, value
from tools.adopt.ways import Meaning

# To choose from: the most instances of a request.
BATCHES = (1_000, 100, 10, 1)
NUMBER = """
# What 32 bits hold: the model computes with them.
type Number = Annotated[float, Meta(ge=-3.4e38, le=3.4e38)]
"""
HEAD = '''"""The types of a request and its response: what this API version promises its clients.

Field names, types, units and ranges stand in `contracts/<api version>.json`, which
`make contract` writes from this file. Change both together.
"""

{imports}
{aliases}

class Instance(Struct, frozen=True, forbid_unknown_fields=True{order}):
    """{told}"""

{fields}


class Prediction(Struct, frozen=True):
    """What the model answers to one instance."""

{answers}


class PredictRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A batch of 1 to {most:,} instances."""

    instances: Annotated[list[Instance], Meta(min_length=1, max_length={most:_})]


class PredictResponse(Struct, frozen=True):
    """One prediction per instance, in the order of the request."""

    predictions: list[Prediction]


EXAMPLE_REQUEST = PredictRequest([Instance({request})])
EXAMPLE_RESPONSE = PredictResponse([Prediction({response})])
'''


def contract(
    columns: Sequence[Column], given: Sequence[Any], meaning: Meaning, answer: dict[str, Any]
) -> str:
    """The file. given: the example's values; answer: what the model says to it."""
    fields = "\n".join(line for each in columns for line in _field(each))
    answers = "\n".join(f"    {each.name}: {each.annotation}" for each in meaning.answers)
    if meaning.mapped:
        answers = answers.replace(literal(meaning.labels), "Label")
    values = zip(columns, given, strict=True)
    request = ", ".join(f"{c.attribute}={value(c, v)}" for c, v in values)
    response = ", ".join(f"{k}={_literal(v)}" for k, v in answer.items())
    text = HEAD.format(
        imports=_imports(columns, meaning),
        aliases=_aliases(fields, meaning),
        order=", kw_only=True" if any(each.optional for each in columns) else "",
        told=_told(columns),
        fields=fields,
        answers=answers,
        most=batch(given),
        request=request,
        response=response,
    )
    return formatted(text, "serving/contract.py")


def batch(given: Sequence[Any]) -> int:
    """The most instances of a request whose body is still taken."""
    size = len(json.dumps([*given])) + 32 * len(given)
    return next((each for each in BATCHES if each * size < MAX_BODY_BYTES), 1)


def annotation(column: Column) -> str:
    """The type of a column, without its being optional."""
    if column.choices:
        text = literal(column.choices)
    elif column.kind == "float":
        text = "Number" if column.single else "float"
    elif column.kind == "int":
        low, high = column.bounds
        text = f"Annotated[int, Meta(ge={_power(low)}, le={_power(high)})]"
    else:
        text = {"bool": "bool", "bytes": "bytes", "text": "str"}[column.kind]
    for length in reversed(column.shape):
        bounds = f", Meta(min_length={length}, max_length={length})"
        text = f"list[{text}]" if length is None else f"Annotated[list[{text}]{bounds}]"
    return text


def _power(limit: int) -> str:
    """The limit as a power of two, where it is a large one."""
    if limit < 0:
        return f"-(2**{(-limit).bit_length() - 1})"
    return f"2**{limit.bit_length()} - 1" if limit > 255 else str(limit)


def _field(column: Column) -> Iterator[str]:
    if column.seen and not column.choices:
        yield f"    # In the sample: {comment(column.seen)}."
    text = f"    {column.attribute}: {annotation(column)}"
    renamed = column.name != column.attribute
    if column.optional:
        text += " | None = "
        text += f"field(name={quoted(column.name)}, default=None)" if renamed else "None"
    elif renamed:
        text += f" = field(name={quoted(column.name)})"
    yield text


def _told(columns: Sequence[Column]) -> str:
    if any(each.optional for each in columns):
        return "What the model predicts from. What isn't known is null, or left out."
    return "What the model predicts from."


def _imports(columns: Sequence[Column], meaning: Meaning) -> str:
    named = any("Literal" in each.annotation for each in meaning.answers)
    names = ["Annotated", *(["Literal"] if named or any(c.choices for c in columns) else [])]
    bare = any(each.name != each.attribute for each in columns)
    lines = ["from base64 import b64decode"] if any(c.kind == "bytes" for c in columns) else []
    return "\n".join(
        [
            *lines,
            f"from typing import {', '.join(names)}",
            "",
            f"from msgspec import Meta, Struct{', field' if bare else ''}",
        ]
    )


def _aliases(fields: str, meaning: Meaning) -> str:
    text = NUMBER if "Number" in fields else ""
    if meaning.mapped:
        text += "\n# In the order in which the model numbers them.\n"
        text += f"Label = {literal(meaning.labels)}\n"
    return text


def _literal(given: Any) -> str:
    return quoted(given) if isinstance(given, str) else repr(given)
