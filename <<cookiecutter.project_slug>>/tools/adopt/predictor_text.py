"""The text of `serving/predictor.py`, as a person would write it for this one model."""

from textwrap import indent

from tools.adopt.served import Served
from tools.adopt.source_text import formatted, quoted
from tools.adopt.ways import Meaning

TYPES = """# {library} publishes no complete types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
"""
TEXT = '''"""The model: loaded once, predicts a batch."""
{types}
from collections.abc import Sequence
{imports}

from serving.contract import Instance, {label}Prediction

{constants}


class Predictor:
    """{what}"""
{init}
    def predict(self, instances: Sequence[Instance]) -> list[Prediction]:
        """One prediction per instance, in the same order; each independent of the others."""
{body}
'''
INIT = """
    def __init__(self, path: Path = MODEL) -> None:
{load}
"""
NO_FILE = """
    def __init__(self, path: Path | None = None) -> None:
        self.path = path  # no file is loaded
"""
# Where answers depend on the batch.
ALONE = """\
        # In a batch, this model's answers depend on the neighbours.
        return [prediction for each in instances for prediction in self._predict([each])]

    def _predict(self, instances: Sequence[Instance]) -> list[Prediction]:
"""


def predictor(served: Served, meaning: Meaning) -> str:
    """The file."""
    mapped = meaning.mapped and not served.left
    constants, imports = [*served.constants], [*served.imports]
    if served.file:
        path = " / ".join(repr(part) for part in served.file.split("/"))
        constants.insert(0, f'MODEL = Path(__file__).parent.parent / "model" / {path}')
    if mapped:
        constants.append("LABELS = get_args(Label)")
        imports.append("from typing import get_args")
    text = TEXT.format(
        types=TYPES.format(library=served.library) if served.file else "",
        imports="\n".join(imports),
        label="Label, " if mapped else "",
        constants="\n".join(constants),
        what=f"The model, run by {served.library}." if served.file else f"{served.library}.",
        init=INIT.format(load=indent(served.load, " " * 8)) if served.file else NO_FILE,
        body=_body(served, meaning),
    )
    return formatted(text, "serving/predictor.py")


def _body(served: Served, meaning: Meaning) -> str:
    if served.left:
        return indent(f"raise NotImplementedError({quoted(served.left)})", " " * 8)
    steps = "\n".join(each for each in (served.rows, served.call) if each)
    columns = [f"{each.name} = {each.expression}" for each in meaning.answers]
    made = "\n".join([steps, *columns, f"return {_made(meaning)}"]) if served.file else steps
    body = indent(made, " " * 8)
    return f"{ALONE}{body}" if served.alone else body


def _made(meaning: Meaning) -> str:
    """The predictions, of the answers' variables."""
    columns = ", ".join(each.name for each in meaning.answers)
    return f"[*map(Prediction, {columns})]"
