"""What would change in the project: the texts, the files that go, and what is kept of them."""

import re
from collections.abc import Iterable, Sequence

from tools.adopt import contract_text, predictor_text, project, readme_text, test_text
from tools.adopt.adopted import Adopted
from tools.adopt.project import ROOT
from tools.model import FOLDER
from tools.refused import Refused

# What the sample model leaves behind.
TRAINING = ("model/train.py", "tests/test_train.py")
# How a predictor loads a model that has a folder of its own.
LOADS = re.compile(r'/ "model" / "([^"/]+)" / "')
CONTRACT, PREDICTOR, TEST = "serving/contract.py", "serving/predictor.py", "tests/test_predictor.py"


def of(adopted: Adopted) -> tuple[dict[str, str], list[str]]:
    """The texts of the files that change, and the files that go."""
    given = adopted.table.example()
    answer = adopted.meaning.of(adopted.answers)[0]
    columns = adopted.table.columns
    predictions = adopted.meaning.of(adopted.answers)[-100:]
    differ = len({repr(each) for each in predictions}) > 1
    fast = adopted.served.library == "ONNX Runtime"
    texts = {
        CONTRACT: contract_text.contract(columns, given, adopted.meaning, answer),
        PREDICTOR: predictor_text.predictor(adopted.served, adopted.meaning),
        TEST: test_text.test_file(columns, fast, differ or bool(adopted.left)),
    }
    told = f"This project serves a model ({adopted.kind}). Describe it here."
    others = {
        "README.md": readme_text.readme(_text("README.md"), columns, given, answer, told),
        "pyproject.toml": project.pyproject(_text("pyproject.toml"), adopted.served.dependencies),
        ".gitignore": _ignored(_text(".gitignore"), adopted.files),
    }
    texts |= {k: v for k, v in others.items() if v is not None and v != _text(k)}
    return texts, _stale(adopted)


def _text(name: str) -> str:
    path = ROOT / name
    return path.read_text("utf-8") if path.exists() else ""


def _ignored(text: str, files: Iterable[str]) -> str:
    """.gitignore with those of the model's files that model/SOURCE fetches, and no other."""
    fetched = {f"model/{each}" for each in project.elsewhere()}
    own = {"model/model.onnx", *files}
    lines = [line for line in text.splitlines() if line.strip() not in own]
    lines += sorted(fetched & {*files})
    return "".join(f"{line}\n" for line in lines)


def _stale(adopted: Adopted) -> list[str]:
    """The files of the model that was here before: its training, and what the predictor loads."""
    folder = LOADS.search(_text(PREDICTOR))
    paths = [*FOLDER.glob("model.*"), *(FOLDER.joinpath(folder[1]).rglob("*") if folder else ())]
    before = sorted(path.relative_to(ROOT).as_posix() for path in paths if path.is_file())
    found = [each for each in (*TRAINING, *before) if (ROOT / each).exists()]
    return [each for each in found if each not in adopted.files]


def kept(writes: Sequence[str], deleted: Sequence[str]) -> list[str]:
    """What is copied to `.adopt/` first, since Git doesn't hold it.

    Raises:
        Refused: Git holds another text of a file than the one that would be lost.
    """
    there = [each for each in (*writes, *deleted) if (ROOT / each).is_file()]
    changed = project.uncommitted(there)
    if changed is None:
        return there
    if changed:
        raise Refused(
            f"{', '.join(changed)}: these have changes that are not committed, and would be"
            " written. Commit or stash them, and run `make adopt` again."
        )
    return project.unheld(there)
