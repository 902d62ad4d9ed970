"""The text of `tests/test_predictor.py`."""

from collections.abc import Sequence

from tools.adopt.columns import Column
from tools.adopt.source_text import formatted, quoted
from tools.adopt.values import GAPS, ragged

TEXT = '''"""The model: its answer to the example, and that no row depends on its neighbours."""

import random

import msgspec

from serving.contract import EXAMPLE_REQUEST, EXAMPLE_RESPONSE, Instance
from serving.predictor import Predictor

PREDICTOR = Predictor()
{words}

def random_instance(random: random.Random) -> Instance:
    """Any instance that the contract allows."""
{lengths}    return Instance({values})


def test_a_row_gets_the_same_bytes_alone_and_in_a_batch() -> None:
    answers: set[bytes] = set()
    for size in range(2, {sizes}):
        source = random.Random(size)
        batch = [random_instance(source) for _ in range(size)]
        together = [msgspec.json.encode(each) for each in PREDICTOR.predict(batch)]
        alone = [msgspec.json.encode(PREDICTOR.predict([each])[0]) for each in batch]
        assert together == alone, "a row's answer depends on its batch: see docs/your-model.md"
        answers |= {{*alone}}
{differ}

def test_the_example_gets_its_answer() -> None:
    assert PREDICTOR.predict(EXAMPLE_REQUEST.instances) == EXAMPLE_RESPONSE.predictions
'''
DIFFER = """\
    assert len(answers) > 1, "rows that all get one answer can't show that they were mixed up"
"""


def test_file(columns: Sequence[Column], fast: bool, differ: bool) -> str:
    """The file. fast: whether a row takes microseconds; differ: whether random rows' answers do."""
    words = "".join(f"{_constant(c)} = [{_words(c)}]\n" for c in columns if _drawn_from_words(c))
    values = ", ".join(f"{each.attribute}={_maybe(each)}" for each in columns)
    text = TEXT.format(
        lengths="".join(f"    {_length(b)} = random.randint{b}\n" for b in ragged(columns)),
        words=words and f"\n{words}",
        values=values,
        sizes=65 if fast else 17,
        differ=DIFFER if differ else "",
    )
    return formatted(text, "tests/test_predictor.py")


def _drawn_from_words(column: Column) -> bool:
    return column.kind == "text" and not column.choices


def _constant(column: Column) -> str:
    return f"{column.attribute.strip('_').upper()}_WORDS"


def _words(column: Column) -> str:
    return ", ".join(quoted(each) for each in column.words)


def _maybe(column: Column) -> str:
    text = _drawn(column, column.shape)
    return f"None if random.random() < {GAPS} else {text}" if column.optional else text


def _length(bounds: tuple[int, int]) -> str:
    return f"from_{bounds[0]}_to_{bounds[1]}"


def _drawn(column: Column, shape: tuple[int | None, ...]) -> str:
    """The expression of a random value."""
    if shape:
        length = _length(column.lengths) if shape[0] is None else str(shape[0])
        return f"[{_drawn(column, shape[1:])} for _ in range({length})]"
    if column.choices:
        return f"random.choice([{', '.join(map(repr, column.choices))}])"
    if column.kind == "float":
        return f"random.uniform({column.low:.4g}, {column.high:.4g})"
    if column.kind == "int":
        return f"random.randint({column.low}, {column.high})"
    if column.kind == "bool":
        return "random.random() < 0.5"
    if column.kind == "bytes":
        return "random.randbytes(48)"
    if column.whole:
        return f"random.choice({_constant(column)})"
    return f'" ".join(random.choices({_constant(column)}, k=random.randint{column.lengths}))'
