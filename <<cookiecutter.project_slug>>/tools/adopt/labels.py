"""LABELS: what names the labels of a model that answers with numbers."""

import json
from pathlib import Path
from typing import Any

from tools.refused import Refused


def read(name: str) -> list[str]:
    """The labels that a file names, in the order in which the model numbers them.

    Raises:
        Refused: it can't be read, or is no list of texts.
    """
    if not name:
        return []
    path = Path(name)
    try:
        text = path.read_text("utf-8-sig")
        found = json.loads(text) if path.suffix == ".json" else text.splitlines()
    except (OSError, ValueError) as error:
        raise Refused(f"LABELS={name} can't be read: {error}") from None
    if isinstance(found, dict):
        found = _in_config(found)
    labels = [each.strip() for each in found if isinstance(each, str) and each.strip()]
    if not labels or len(labels) < len(found):
        raise Refused(f"LABELS={name} is no list of texts: write one label a line.")
    if len({*labels}) < len(labels):
        raise Refused(f"LABELS={name} names a label twice: each is one answer.")
    return labels


def _in_config(found: dict[str, Any]) -> list[Any]:
    """The labels in an object: by their numbers, or the one list of texts that it holds."""
    found = found.get("id2label", found)  # of Hugging Face's
    lists = [v for v in found.values() if isinstance(v, list) and {*map(type, v)} == {str}]
    return lists[0] if len(lists) == 1 else [found.get(str(i)) for i in range(len(found))]
