"""A folder of MLflow's, read without MLflow: where its model is, and its example."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.refused import Refused

# The key of a flavour that names the model's file, and what reads that.
FLAVOURS = {
    "onnx": ("data", "onnx"),
    "xgboost": ("data", "xgboost"),
    "lightgbm": ("data", "lightgbm"),
    "sklearn": ("pickled_model", "pickle"),
}


@dataclass(frozen=True)
class Folder:
    """The model of a folder: its file, its kind, and an example of its input, if there is one."""

    path: Path
    kind: str
    example: Path | None


def read(folder: Path) -> Folder:
    """What the file `MLmodel` says.

    Raises:
        Refused: it says nothing that is known here.
    """
    try:
        said: Any = yaml.safe_load((folder / "MLmodel").read_text("utf-8"))
        flavours: dict[str, Any] = said["flavors"]
        example = (said.get("saved_input_example_info") or {}).get("artifact_path")
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError, AttributeError):
        raise Refused(f"MODEL={folder} is a folder without a file MLmodel of MLflow's.") from None
    for name, (key, kind) in FLAVOURS.items():
        if name in flavours:
            path = _within(folder, str(flavours[name].get(key, "")))
            return Folder(path, kind, _within(folder, example) if example else None)
    raise Refused(
        f"MODEL={folder} has the flavours {', '.join(flavours)}, and known are"
        f" {', '.join(FLAVOURS)}: write a function that calls the model, and name that."
    )


def _within(folder: Path, name: str) -> Path:
    """A file of the folder's."""
    path = (folder / name).resolve()
    if path.is_dir():  # as some flavours of older versions have it
        path = next(iter(sorted(each for each in path.iterdir() if each.is_file())), path)
    if folder.resolve() not in path.parents or not path.is_file():
        raise Refused(f"MODEL={folder}: its MLmodel names {name!r}, and no such file is there.")
    return path
