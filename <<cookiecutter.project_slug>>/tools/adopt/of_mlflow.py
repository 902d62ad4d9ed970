"""A folder of MLflow's, read without MLflow: its model, signature, example and requirements."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.adopt.columns import Kind
from tools.adopt.inputs import Wanted
from tools.refused import Refused

# The key of a flavour that names the model's file, and what reads that.
FLAVOURS = {
    "onnx": ("data", "onnx"),
    "xgboost": ("data", "xgboost"),
    "lightgbm": ("data", "lightgbm"),
    "sklearn": ("pickled_model", "pickle"),
}
# What a flavour of several formats has written, by the end of the file's name.
FORMATS = {".skops": "skops", ".pkl": "pickle"}
# By the beginnings of the names that MLflow and NumPy give to types.
TYPES: dict[str, Kind] = {
    "bool": "bool",
    "int": "int",
    "uint": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "str": "text",
    "datetime": "text",
}
PINNED = re.compile(r"([\w.-]+)==([\w.]+)")


@dataclass(frozen=True)
class Folder:
    """The model of a folder: its file, its kind, and an example of its input, if there is one.

    signature: the columns, where these have names. saved: the packages that it was saved with.
    """

    path: Path
    kind: str
    example: Path | None
    signature: Sequence[Wanted]
    saved: Mapping[str, str]

    def facts(self) -> list[str]:
        """It in lines."""
        needs = ", ".join(f"{name} {version}" for name, version in sorted(self.saved.items()))
        told = ", ".join(each.name for each in self.signature) or "none that names columns"
        return [f"saved with {needs or 'what it does not say'}", f"its signature: {told}"]


def read(folder: Path) -> Folder:
    """What the file `MLmodel` says, and `requirements.txt`.

    Raises:
        Refused: it says nothing that is known here.
    """
    try:
        said: Any = yaml.safe_load((folder / "MLmodel").read_text("utf-8"))
        flavours: dict[str, Any] = said["flavors"]
        example = (said.get("saved_input_example_info") or {}).get("artifact_path")
        signature = [*_signature((said.get("signature") or {}).get("inputs"))]
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError, AttributeError):
        raise Refused(
            f"MODEL={folder} is a folder without a file MLmodel of MLflow's: name the model's file."
        ) from None
    for name, (key, kind) in FLAVOURS.items():
        if name in flavours:
            path = _within(folder, str(flavours[name].get(key, "")))
            shown = _within(folder, example) if example else None
            return Folder(path, FORMATS.get(path.suffix, kind), shown, signature, _saved(folder))
    raise Refused(
        f"MODEL={folder} has the flavours {', '.join(flavours)}, and known are"
        f" {', '.join(FLAVOURS)}: write a function that calls the model, and name that."
    )


def _signature(inputs: str | None) -> Iterator[Wanted]:
    """The columns; none where one has no name, as an array's have not."""
    columns = json.loads(inputs) if inputs else []
    if not all(each.get("name") for each in columns):
        return
    for each in columns:
        name = each["tensor-spec"]["dtype"] if each["type"] == "tensor" else each["type"]
        kinds: list[Kind] = [kind for start, kind in TYPES.items() if name.startswith(start)]
        required = each.get("required")
        yield Wanted(
            str(each["name"]),
            kinds[0] if kinds else None,
            optional=None if required is None else not required,
        )


def _saved(folder: Path) -> dict[str, str]:
    """The packages of requirements.txt that have one version, MLflow itself apart."""
    path = folder / "requirements.txt"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    pins = [found for line in lines if (found := PINNED.fullmatch(line.strip()))]
    named = {found[1].lower().replace("_", "-"): found[2] for found in pins}
    # Its own package brings NVIDIA's libraries along.
    renamed = {"xgboost-cpu" if k == "xgboost" else k: v for k, v in named.items()}
    return {k: v for k, v in renamed.items() if not k.startswith("mlflow")}


def _within(folder: Path, name: str) -> Path:
    """A file of the folder's."""
    path = (folder / name).resolve()
    if path.is_dir():  # as some flavours of older versions have it
        path = next(iter(sorted(each for each in path.iterdir() if each.is_file())), path)
    if folder.resolve() not in path.parents or not path.is_file():
        raise Refused(f"MODEL={folder}: its MLmodel names {name!r}, and no such file is there.")
    return path
