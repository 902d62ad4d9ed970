"""What a pickle would import, and the version that wrote it, without running it."""

import io
import math
import pickletools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.refused import Refused

# The package that brings a module along, of those that models are usually made of.
PACKAGES = {
    "sklearn": "scikit-learn",
    "xgboost": "xgboost-cpu",
    "lightgbm": "lightgbm",
    "numpy": "numpy",
    "scipy": "scipy",
    "pandas": "pandas",
    "joblib": "joblib",
    "cloudpickle": "cloudpickle",
    "imblearn": "imbalanced-learn",
}
PYTHONS_OWN = {"__builtin__", "builtins", "collections", "copyreg", "copy_reg", "functools"}
# What joblib writes into a pickle before the bytes of an array, which are no pickle.
WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"
COMPRESSED = (b"\x78", b"\x1f\x8b", b"BZh", b"\xfd7z", b"\x04\x22\x4d\x18")
MARK = object()


@dataclass(frozen=True)
class Pickle:
    """What a pickle says of itself.

    imports: the names that it would import, sorted. versions: the scikit-learn that wrote it.
    """

    imports: list[str]
    versions: list[str]

    @property
    def packages(self) -> list[str]:
        """What brings along what it would import."""
        modules = {each.split(".")[0] for each in self.imports}
        return sorted({PACKAGES[each] for each in modules & PACKAGES.keys()})

    @property
    def strangers(self) -> list[str]:
        """The names that are of no library that models are usually made of."""
        usual = PACKAGES.keys() | PYTHONS_OWN | {"_codecs", "datetime"}
        return [each for each in self.imports if each.split(".")[0] not in usual]


@dataclass
class Made:
    """What a pickle would make by calling something, and the state that it would give it."""

    of: Any
    given: Any
    state: Any = None


@dataclass
class Machine:
    """Follows the operations of a pickle with what stands in it, and calls nothing."""

    imports: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def follow(self, file: io.BytesIO) -> None:
        """Follow one pickle, from where the file stands to its end."""
        for operation, argument, _ in pickletools.genops(file):
            self._step(operation, argument)
            top = self.stack[-1] if self.stack else None
            if operation.name == "BUILD" and isinstance(top, Made) and top.of == WRAPPER:
                self._skip(file, top.state)

    def _step(self, operation: Any, argument: Any) -> None:
        name, stack = operation.name, self.stack
        if name in ("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"):
            self.memo[len(self.memo) if argument is None else argument] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self.memo[argument])
        elif name == "MARK":
            stack.append(MARK)
        elif name == "DUP":
            stack.append(stack[-1])
        elif name in ("GLOBAL", "INST"):
            taken = self._taken(operation)
            self._imported(str(argument).replace(" ", "."), taken)
        elif name == "STACK_GLOBAL":
            module, attribute = self._taken(operation)
            known = isinstance(module, str) and isinstance(attribute, str)
            self._imported(f"{module}.{attribute}" if known else "a name that it computes", ())
        else:
            self._other(operation, argument)

    def _imported(self, name: str, taken: Any) -> None:
        self.imports.add(name)
        self.stack.append(Made(name, taken) if taken else name)

    def _other(self, operation: Any, argument: Any) -> None:
        """Values, what is made of values, and what is put into others."""
        name, taken = operation.name, self._taken(operation)
        if name == "BUILD":
            if isinstance(taken[0], Made):
                taken[0].state = taken[1]
            self.stack.append(taken[0])
        elif name in ("REDUCE", "NEWOBJ", "NEWOBJ_EX"):
            self.stack.append(Made(taken[0], taken[1]))
        elif name in ("SETITEMS", "SETITEM"):
            self._items(taken)
        elif name in ("APPENDS", "APPEND", "ADDITEMS"):
            self.stack.append(taken[0])
        elif name == "EMPTY_DICT":
            self.stack.append({})
        elif name.startswith(("TUPLE", "EMPTY_TUPLE")):
            self.stack.append(tuple(taken))
        elif operation.stack_after:
            value = {"NEWTRUE": True, "NEWFALSE": False}.get(name, argument)
            self.stack += [value] * len(operation.stack_after)

    def _items(self, taken: list[Any]) -> None:
        """A dictionary with what is put into it: texts are its keys."""
        target, items = taken[0], taken[1:]
        for key, value in zip(items[::2], items[1::2], strict=True):
            if key == "_sklearn_version" and isinstance(value, str):
                self.versions.add(value)
            if isinstance(target, dict) and isinstance(key, str):
                target[key] = value
        self.stack.append(target)

    def _taken(self, operation: Any) -> list[Any]:
        """What an operation takes from the stack, without marks."""
        wanted = operation.stack_before
        if pickletools.markobject in wanted:
            at = max(i for i, each in enumerate(self.stack) if each is MARK)
            before = wanted.index(pickletools.markobject)
            taken = self.stack[at - before : at] + self.stack[at + 1 :]
            del self.stack[at - before :]
            return taken
        if len(self.stack) < len(wanted):
            raise ValueError("it takes what isn't there")
        taken = self.stack[len(self.stack) - len(wanted) :]
        del self.stack[len(self.stack) - len(wanted) :]
        return taken

    def _skip(self, file: io.BytesIO, state: Any) -> None:
        """Go past the bytes of an array that joblib has written."""
        kind = state["dtype"].given[0]
        if kind.startswith("O"):  # a pickle of its own
            inner = Machine(self.imports, self.versions)
            inner.follow(file)
            return
        if "numpy_array_alignment_bytes" in state:
            file.seek(file.read(1)[0], io.SEEK_CUR)
        size = math.prod(state["shape"]) * (int(kind[1:]) * (4 if kind[0] == "U" else 1))
        if len(file.read(size)) < size:
            raise ValueError("an array ends before its time")


def read(path: Path) -> Pickle:
    """What the pickle in a file says; nothing of it is run.

    Raises:
        Refused: it is no pickle, or not a whole one.
    """
    raw = path.read_bytes()
    if raw.startswith(COMPRESSED):
        raise Refused(
            f"MODEL={path} is compressed, and can't be read before it runs: write it anew by"
            " joblib.dump(model, path)."
        )
    machine = Machine()
    try:
        machine.follow(io.BytesIO(raw))
    except (ValueError, LookupError, TypeError, AttributeError, UnicodeError) as error:
        raise Refused(f"MODEL={path} is no whole pickle: {error}.") from None
    return Pickle(sorted(machine.imports), sorted(machine.versions))


def package(name: str) -> str:
    """The package that most likely brings along a name, such as `category_encoders.woe.Woe`."""
    module = name.split(".")[0]
    return PACKAGES.get(module, module.lower().replace("_", "-"))


def shown(pickle: Pickle) -> Iterator[str]:
    """What it would import, a line a module, those of strangers first."""
    usual = [each for each in pickle.imports if each not in pickle.strangers]
    for names in (pickle.strangers, usual):
        modules: dict[str, list[str]] = {}
        for each in names:
            module, _, name = each.rpartition(".")
            modules.setdefault(module, []).append(name)
        yield from (f"  {module}: {', '.join(names)}" for module, names in modules.items())
