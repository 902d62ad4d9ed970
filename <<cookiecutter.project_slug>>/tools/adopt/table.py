"""The columns of a model's input, and the rows that it is tried on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from serving.problem import MAX_BODY_BYTES
from tools.adopt import values
from tools.adopt.columns import Column
from tools.refused import Refused

# How many rows of a sample, and how many random ones, a model is tried on.
TRIED = 1_000
# Fewer where these rows would hold more values, or where one has as many answers.
MOST, FEWEST = 2_000_000, 16
# How many bytes a number takes in a request.
DIGITS = 8


@dataclass(frozen=True)
class Table:
    """The columns of the model's input, rows of the sample, and what was guessed of them.

    first: whether the example is the first row, and not a typical one.
    """

    columns: list[Column]
    rows: list[tuple[Any, ...]]
    guesses: list[str]
    first: bool = False

    def tried(self) -> list[Sequence[Any]]:
        """The example, rows of the sample, and random ones: each with a value per column.

        Raises:
            Refused: a row is larger than a request may be.
        """
        size = sum(values.size(each) for each in self.columns)
        if size * DIGITS > MAX_BODY_BYTES:
            raise Refused(
                f"A row has {size:,} values, more than a request of {MAX_BODY_BYTES:,} bytes holds:"
                " write a function that makes them, of a picture's bytes for example, and name it."
            )
        many = max(FEWEST, min(TRIED, MOST // size))
        step = max(1, -(-len(self.rows) // many))
        source = values.same_each_time()
        drawn = [values.row(self.columns, source) for _ in range(many)]
        return [self.example(), *self.rows[::step], *drawn]

    def example(self) -> list[Any]:
        """A typical row that is nobody's, as far as that is possible."""
        if self.first:
            return [*self.rows[0]]
        return values.example(self.columns, self.rows)
