"""What README.md says of the model: its example, the answer to it, and what it is."""

import json
import re
from collections.abc import Sequence
from typing import Any

from serving.fault import pointer
from tools.adopt.columns import Column

EXAMPLE = re.compile(r"^EXAMPLE='.*'$", re.MULTILINE)
ANSWER = re.compile(r'^\{"predictions":.*\}$', re.MULTILINE)
ERROR = re.compile(r'^\{"type":"about:blank","title":"Unprocessable Content".*\}$', re.MULTILINE)
# Nobody has described the model yet.
MODEL = re.compile(
    r"^(?:The sample|This project serves a) model .+?(?=\n\n)", re.MULTILINE | re.DOTALL
)
# How a problem names what a contract expects.
EXPECTS = {"float": "float", "int": "int", "bool": "bool", "text": "str", "bytes": "str"}


def readme(
    text: str, columns: Sequence[Column], example: Sequence[Any], answer: dict[str, Any], told: str
) -> str | None:
    """The text with another model's example; None where it doesn't have the parts to replace."""
    instance = {c.name: value for c, value in zip(columns, example, strict=True)}
    request = json.dumps({"instances": [instance]}, ensure_ascii=False)
    response = json.dumps({"predictions": [answer]}, ensure_ascii=False, separators=(",", ":"))
    new = {
        EXAMPLE: "EXAMPLE='" + request.replace("'", "'\\''") + "'",
        ANSWER: response,
        ERROR: _error(columns[0]),
        MODEL: told,
    }
    for pattern, replacement in new.items():
        if pattern is MODEL and not pattern.search(text):
            continue
        if len(pattern.findall(text)) != 1:
            return None
        text = pattern.sub(lambda _, by=replacement: by, text)
    return text


def _error(column: Column) -> str:
    expected = "array" if column.shape else EXPECTS[column.kind]
    if column.choices and isinstance(column.choices[0], str):
        expected = "str"
    null = " | null" if column.optional else ""
    problem = {
        "type": "about:blank",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": f"Expected `{expected}{null}`, got `object`.",
        "pointer": pointer("instances", 0, column.name),
        "request_id": "8d1c6c1f",
    }
    return json.dumps(problem, ensure_ascii=False, separators=(",", ":"))
