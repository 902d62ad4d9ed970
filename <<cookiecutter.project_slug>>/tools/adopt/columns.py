"""What is known of a column: its name in Python, its type, and a value that is typical."""

import base64
import binascii
import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median_low
from typing import Any, Literal

from tools.adopt import dates
from tools.refused import Refused

type Kind = Literal["float", "int", "bool", "text", "bytes"]

# Up to so many different texts, a column is drawn from these, else from its words.
FEW = 20
# What the text of a contract means by these names.
TAKEN = {"bool", "bytes", "float", "int", "list", "str", "self"}
WORDS = ("some", "other", "words")
# What a field's name may not have in JSON, by msgspec's rules.
UNNAMEABLE = re.compile(r'^$|[\\"\x00-\x1f\ud800-\udfff]')
# Letters of a field's name in Python, so that a line has room for its value.
LONGEST = 40
INTEGERS = range(-(2**63), 2**63)


@dataclass(frozen=True)
class Column:
    """A column of the model's input.

    shape: the lengths of nested lists, None where they differ; () of a plain value.
    low, high: what random numbers lie between: the least and the greatest seen.
    words: what random texts are made of, or where these are few, the texts themselves (`whole`).
    choices: the only values that the model knows; none where it takes any.
    single: whether the model computes with 32 bits. bounds: what its type of integers holds.
    lengths: the least and the greatest length of lists where they differ, and of texts in words.
    typical: a value that is nobody's own. seen: what the sample shows, for a comment.
    """

    name: str
    attribute: str
    kind: Kind
    optional: bool = False
    shape: tuple[int | None, ...] = ()
    low: float = -3
    high: float = 3
    words: tuple[str, ...] = WORDS
    whole: bool = False
    choices: tuple[str | int, ...] = ()
    single: bool = False
    bounds: tuple[int, int] = (-(2**63), 2**63 - 1)
    lengths: tuple[int, int] = (1, 8)
    typical: Any = 0
    seen: str = ""


def attributes(names: Iterable[str]) -> list[str]:
    """A name in Python for each name, all different."""
    found: list[str] = []
    for name in names:
        if UNNAMEABLE.search(name):
            raise Refused(f"{name!r} can be no name of a contract: leave out quotes and the like.")
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        own = re.sub(r"\W+", "_", plain, flags=re.ASCII).strip("_").lower() or "column"
        own = f"x{own}" if own[0].isdigit() else own
        own = own[:LONGEST].rstrip("_")
        while own in found or own in TAKEN or keyword.iskeyword(own):
            own += "_"
        found.append(own)
    return found


def columns_of(columns: dict[str, list[Any]]) -> list[Column]:
    """What the values of each column show.

    Raises:
        Refused: a column holds values of no one type.
    """
    names = attributes(columns)
    both = zip(columns.items(), names, strict=True)
    return [column_of(name, attribute, values) for (name, values), attribute in both]


def column_of(name: str, attribute: str, values: Sequence[Any]) -> Column:
    """What the values of one column show."""
    known = [each for each in values if each is not None]
    optional = len(known) < len(values)
    if not known:
        return Column(name, attribute, "float", True, seen="no value", typical=None)
    shape = _shape(name, known)
    leaves = [*_leaves(known)] if shape else known
    kind = _kind(name, leaves)
    lengths = _lengths(known, leaves, kind, shape)
    own = Column(name, attribute, kind, optional, shape, lengths=lengths)
    return _told(own, leaves)


def _told(own: Column, leaves: list[Any]) -> Column:
    """The column with what its values, without their lists, show."""
    facts: dict[str, Any] = {}
    if own.kind in ("float", "int"):
        low, high = min(leaves), max(leaves)
        facts |= {"low": low, "high": high, "seen": f"{_short(low)} to {_short(high)}"}
        facts["typical"] = middle(leaves, own.kind)
    elif own.kind == "bool":
        facts["typical"] = Counter(leaves).most_common(1)[0][0]
    elif own.kind == "text":
        facts |= _texts(leaves)
    elif own.kind == "bytes":
        sizes = [len(each) * 3 // 4 for each in leaves]
        facts |= {"seen": f"{min(sizes):,} to {max(sizes):,} bytes", "typical": None}
    return _listed(replace(own, **facts))


def _listed(own: Column) -> Column:
    """The column, where it holds lists with a typical value of the lengths that these have."""
    value = own.typical
    for length in reversed(own.shape):
        value = [value] * (sum(own.lengths) // 2 if length is None else length)
    return replace(own, typical=value)


def _texts(leaves: list[str]) -> dict[str, Any]:
    """A text that is nobody's own: a value that several rows have, else the commonest words."""
    if days := dates.between(leaves):
        seen = f"{min(leaves)} to {max(leaves)}"
        return {"words": tuple(days), "whole": True, "typical": days[len(days) // 2], "seen": seen}
    counts = Counter(leaves)
    if len(counts) <= FEW and counts.most_common(1)[0][1] > 1:
        words = tuple(each for each, _ in counts.most_common())
        shown = ", ".join(sorted(counts))
        return {"words": words, "whole": True, "typical": words[0], "seen": shown}
    words = _words(leaves)
    return {"words": words, "typical": " ".join(words[:4]), "seen": f"{len(counts):,} texts"}


def _words(texts: list[str]) -> tuple[str, ...]:
    """The commonest words, that at least two of the texts have."""
    counts = Counter(word for text in texts for word in {*re.findall(r"\w+", text.lower())})
    common = [word for word, count in counts.most_common(24) if count > 1]
    return tuple(common if len(common) > 3 else (*common, *WORDS))


def middle(values: Sequence[float], kind: Kind) -> float:
    """The median, a float to three digits: a value that tells of no row."""
    found = median_low(values)
    return int(found) if kind == "int" else float(f"{found:.3g}")


def _shape(name: str, values: Sequence[Any]) -> tuple[int | None, ...]:
    lists = [each for each in values if isinstance(each, list)]
    if not lists:
        return ()
    if len(lists) < len(values):
        raise Refused(f"The column {name!r} holds lists and other values: write lists alone.")
    lengths = {len(each) for each in lists}
    inner = [each for row in lists for each in row]
    if not inner:
        raise Refused(f"The column {name!r} holds empty lists alone: write values into them.")
    return (lengths.pop() if len(lengths) == 1 else None, *_shape(name, inner))


def _leaves(values: Iterable[Any]) -> Iterator[Any]:
    for each in values:
        if isinstance(each, list):
            yield from _leaves(each)
        else:
            yield each


def _kind(name: str, values: Sequence[Any]) -> Kind:
    types = {type(each) for each in values}
    if types <= {bool}:
        return "bool"
    if types <= {int}:
        if any(each not in INTEGERS for each in values):
            raise Refused(f"The column {name!r} has integers that don't fit into 64 bits.")
        return "int"
    if types <= {int, float}:
        return "float"
    if types <= {str}:
        return "bytes" if all(_base64(each) for each in values) else "text"
    if dict in types:
        raise Refused(f"The column {name!r} holds objects: give each of their fields a column.")
    kinds = ", ".join(sorted(type_.__name__ for type_ in types))
    raise Refused(f"The column {name!r} holds values of several types, {kinds}: write one.")


def _base64(text: str) -> bool:
    """Whether a text is bytes in base64, and too long to be a word by chance."""
    if len(text) < 40 or " " in text:
        return False
    try:
        return bool(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False


def _lengths(
    known: Sequence[Any], leaves: Sequence[Any], kind: Kind, shape: tuple[int | None, ...]
) -> tuple[int, int]:
    """How long lists are where that differs, or texts, in words."""
    if None in shape:
        sizes = [len(each) for each in known]
    elif kind == "text":
        sizes = [len(each.split()) or 1 for each in leaves]
    else:
        return (1, 8)
    return (min(sizes), min(64, max(sizes)) if kind == "text" else max(sizes))


def _short(value: float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
