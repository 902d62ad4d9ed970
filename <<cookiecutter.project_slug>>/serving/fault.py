"""Where a request breaks its contract: msgspec's message, taken apart."""

import re

_MESSAGE = re.compile(r"(.*) - at (?:`key` in )?`\$([^`]*)`", re.DOTALL)
_TOKEN = re.compile(r"\.([^.\[]+)|\[(\d+)\]|(\[\.\.\.\])")
_FIELD = re.compile(r"Object (?:missing required|contains unknown) field `(.*)`", re.DOTALL)


def fault(message: str) -> tuple[str, str]:
    """A sentence that says what is wrong, and the JSON pointer (RFC 6901) to where.

    A missing field's pointer names the place where the field should stand. Keys of mappings
    are hidden by msgspec: the pointer then ends at the mapping.

    >>> fault("Object missing required field `petal_width` - at `$.instances[0]`")
    ('Object missing required field `petal_width`.', '/instances/0/petal_width')
    """
    # At the top of the document msgspec names no path.
    found = _MESSAGE.fullmatch(message)
    sentence, path = found.groups() if found else (message, "")
    steps: list[str] = []
    for name, index, hidden in _TOKEN.findall(path):
        if hidden:
            break
        steps.append(name or index)
    if field := _FIELD.fullmatch(sentence):
        steps.append(field[1])
    return f"{sentence}.", "".join(f"/{_escaped(step)}" for step in steps)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
