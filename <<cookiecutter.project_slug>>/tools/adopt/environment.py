"""A temporary environment that has a model's library, in which alone the model is read."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools import limit
from tools.adopt.project import ROOT, requirement
from tools.refused import Refused

READER = Path(__file__).with_name("reading")
# What is tried after this project's own Python, which is best since it serves the model.
PYTHONS = ("3.13", "3.12", "3.11", "3.10")


class Unreadable(Exception):
    """The library can't read the model. `missing`: the module that it lacks, if that is why."""

    def __init__(self, why: str, missing: str | None = None) -> None:
        super().__init__(why)
        self.missing = missing


class Environment:
    """An environment in a folder; `served`: whether its Python is the one that serves."""

    def __init__(self, folder: Path, requirements: Sequence[str]) -> None:
        self.folder = folder / "results"
        self.folder.mkdir(parents=True)
        self.venv = folder / "venv"
        own = (ROOT / ".python-version").read_text("utf-8").strip()
        pythons = list(dict.fromkeys([own, *PYTHONS]))
        reasons: list[str] = []
        for version in pythons:
            if not (why := _made(self.venv, version, requirements)):
                self.served = version == own
                return
            reasons.append(f"  {version}: {why}")
        raise Refused(
            f"No environment can be made for {', '.join(requirements)}, with none of Python"
            f" {', '.join(pythons)}: install a Python that it has wheels for, or write the model"
            " anew with a newer version.\n" + "\n".join(reasons)
        )

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.venv / "bin" / "python"

    def run(self, what: str, given: Mapping[str, Any]) -> None:
        """Let the reader do something: with no variables of ours, and without uv in between.

        Raises:
            Unreadable: it could not.
        """
        failed = self.folder / "failed.json"
        failed.unlink(missing_ok=True)
        said = subprocess.run(
            [self.python, "-I", "-B", READER, what],
            env={},
            cwd=self.folder,
            input=json.dumps({**given, "folder": str(self.folder)}),
            capture_output=True,
            text=True,
        )
        if failed.exists():
            why = json.loads(failed.read_text("utf-8"))
            raise Unreadable(why["why"], why["missing"])
        if said.returncode:
            last = (said.stderr.strip().splitlines() or [f"it ended with {said.returncode}"])[-1]
            raise Unreadable(last)

    def types(self, path: Path) -> list[str]:
        """The types in a file of skops' that skops doesn't know; none of them is made."""
        given = {"model": str(path.resolve()), "kind": "skops", "root": None}
        try:
            self.run("types", given)
        except Unreadable as error:
            raise Refused(f"MODEL={path} can't be read by skops: {error}.") from None
        return json.loads((self.folder / "types.json").read_text("utf-8"))

    def requirement(self, package: str) -> str:
        """What a project needs of a package: scikit-learn reads its own version's pickles alone."""
        name = package.replace("-", "_")
        (found,) = self.venv.glob(f"lib/python*/site-packages/{name}-*.dist-info")
        version = found.name.removesuffix(".dist-info").rpartition("-")[2]
        if package == "scikit-learn":
            return f"{package}=={version}"
        return requirement(package, version)

    def size(self, libraries: Sequence[str]) -> int:
        """The bytes of the packages that serve: pip's tools and the exporter's are none of them."""
        folder = next(self.venv.glob("lib/python*/site-packages"))
        serves = {"numpy", "numpy.libs", "scipy", "scipy.libs", "sklearn", "scikit_learn.libs"}
        serves |= {"pandas", "joblib", "xgboost", "skops", "msgspec", "dateutil"}
        serves |= {each.replace("-", "_") for each in libraries}
        return sum(
            path.stat().st_size
            for each in folder.iterdir()
            if each.name in serves
            for path in each.rglob("*")
            if path.is_file() and limit.taken(path.relative_to(folder))
        )


def _made(venv: Path, python: str, requirements: Sequence[str]) -> str:
    """Make it; why not, in a line, where that fails."""
    uv = os.environ.get("UV") or shutil.which("uv") or str(ROOT / ".uv/bin/uv")
    commands = [
        [uv, "venv", "--quiet", "--clear", "--python", python, str(venv)],
        [uv, "pip", "install", "--quiet", "--python", str(venv), "--only-binary", ":all:"]
        + [*requirements],
    ]
    for command in commands:
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if said.returncode:
            return " ".join(said.stderr.split())[:300]
    return ""
