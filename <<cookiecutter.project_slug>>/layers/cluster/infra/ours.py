"""What this project sets itself on the objects of a stack, and nobody else may."""

from pathlib import Path

import yaml

from infra.problems import mapping

# The program may be read through a link.
FILE = Path(__file__).resolve().parent / "ours.yaml"
OURS = mapping(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def not_ours(kind: str, name: str) -> None:
    """Pass where a name is nobody's.

    kind: of what it is a name, as in ours.yaml.

    Raises:
        ValueError: it is ours; the text names the key to use.
    """
    ours = mapping(OURS[kind])
    if name in ours:
        remedy = f"write {ours[name]}" if ours[name] else "remove it"
        raise ValueError(f"is set by this project; {remedy}")
