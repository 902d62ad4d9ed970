"""A model's file, and what its library reads it with."""

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tools.adopt import pickled
from tools.adopt.environment import Environment
from tools.adopt.pickled import Pickle
from tools.adopt.project import ROOT
from tools.model import file_sha256
from tools.refused import Refused

# In a file of skops': the version of scikit-learn that wrote it, and the modules of its types.
VERSION = re.compile(r'"_sklearn_version": \{[^{}]*?"content": "\W*([\d.]+)', re.DOTALL)
MODULE = re.compile(r'"__module__": "([\w.]+)"')
# What models are read with, whatever they are, and what exports those of boosters.
ALWAYS = ("joblib", "msgspec", "numpy", "onnx", "pandas", "skl2onnx")
BOOSTERS = {"xgboost-cpu", "lightgbm"}
EXPORTS = ("onnxmltools", "packaging", "scikit-learn")


@dataclass(frozen=True)
class Source:
    """A model's file and what reads it.

    kind: pickle, skops, xgboost or lightgbm. requirements: what its environment has.
    libraries: the packages of these whose classes the model is made of, scikit-learn apart.
    """

    path: Path
    file: str
    kind: str
    requirements: Sequence[str]
    libraries: Sequence[str]
    facts: Sequence[str] = ()
    root: str | None = None
    trusted: Sequence[str] = ()


def pickle(path: Path, file: str, trust: str, saved: Mapping[str, str]) -> Source:
    """A pickle that its owner trusts. saved: the packages that it was saved with, by version.

    Raises:
        Refused: it isn't trusted yet; the text says what it would import.
    """
    found = pickled.read(path)
    digest = file_sha256(path)
    wrote = f"scikit-learn {found.versions[-1]}" if found.versions else "a version it doesn't name"
    if trust != digest:
        raise Refused(
            "\n".join(
                [
                    f"MODEL={path} is a pickle: whoever reads it runs what it says, on this"
                    " machine. It would import:",
                    *pickled.shown(found),
                    f"It was written by {wrote}. If you trust whoever made this file, say so by"
                    f" TRUST={digest}",
                ]
            )
        )
    own = any(each.startswith(("model.", "serving.")) for each in found.strangers)
    requirements, libraries = _needs(found, saved)
    root = str(ROOT) if own else None
    return Source(path, file, "pickle", requirements, libraries, [f"pickled by {wrote}"], root)


def skops(path: Path, file: str, trust: str, folder: Path, saved: Mapping[str, str]) -> Source:
    """A file of skops', whose types that skops doesn't know must be trusted.

    Raises:
        Refused: they aren't yet; the text names them.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            schema = archive.read("schema.json").decode()
    except (OSError, zipfile.BadZipFile, KeyError, UnicodeDecodeError):
        raise Refused(f"MODEL={path} is no file of skops': it is no zip with a schema.") from None
    modules, versions = ({*pattern.findall(schema)} for pattern in (MODULE, VERSION))
    found = Pickle([f"{each}." for each in sorted({"sklearn", *modules})], sorted(versions))
    requirements, libraries = _needs(found, saved)
    source = Source(path, file, "skops", [*requirements, "skops"], libraries, ["written by skops"])
    unknown = Environment(folder / "types", source.requirements).types(path)
    digest = file_sha256(path)
    if unknown and trust != digest:
        raise Refused(
            f"MODEL={path} would make types that skops doesn't know: {', '.join(unknown)}. If you"
            f" trust whoever made this file, say so by TRUST={digest}"
        )
    return replace(source, trusted=unknown)


def booster(path: Path, file: str, kind: str) -> Source:
    """A model in a format of XGBoost's or LightGBM's own, which nothing is run by."""
    package = {"xgboost": "xgboost-cpu", "lightgbm": "lightgbm"}[kind]
    return Source(path, file, kind, sorted({package, *ALWAYS, *EXPORTS}), [package])


def _needs(found: Pickle, saved: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What an environment needs to read it, and the packages that its classes are from."""
    needs = {each: each for each in (*ALWAYS, *found.packages)}
    own = {*found.packages} - {*ALWAYS, "scikit-learn", "scipy"}
    brought = {*found.packages, *(pickled.package(each) for each in found.strangers)}
    for name in (brought & saved.keys()) - {*ALWAYS, "scipy"}:
        needs[name] = f"{name}=={saved[name]}"
        own |= {name} - {"scikit-learn"}
    if version := max(found.versions, key=parts, default=None):
        needs["scikit-learn"] = f"scikit-learn=={version}"
        # The first with wheels for NumPy 2.
        if parts(version) < [1, 4, 2]:
            needs["numpy"] = "numpy<2"
    if own & BOOSTERS:
        needs = {each: each for each in EXPORTS} | needs
    return sorted(needs.values()), sorted(own)


def parts(version: str) -> list[int]:
    """The numbers of a version, to compare it by."""
    return [int(each) for each in version.split(".")[:3] if each.isdigit()]
