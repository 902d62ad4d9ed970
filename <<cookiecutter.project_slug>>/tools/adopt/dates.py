"""Texts that are dates: others between the first and the last."""

from collections.abc import Sequence
from datetime import datetime

# The forms that are known, as Python names them.
FORMS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")
MANY = 8


def between(texts: Sequence[str]) -> list[str]:
    """Dates at equal distances from the first to the last, in their form; none of other texts."""
    for form in FORMS:
        try:
            dates = [datetime.strptime(each, form) for each in texts]
        except ValueError:
            continue
        first, last = min(dates), max(dates)
        return [(first + (last - first) * i / MANY).strftime(form) for i in range(MANY)]
    return []
