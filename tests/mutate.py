"""Break the template in each way of tests/mutants/ and see that the named test notices.

A mutant is a patch whose first line names its test: `# caught by: tests/test_x.py::test_y` of the
template, or `# caught by: rendered[lambda-path] tests/test_x.py::test_y` of that rendered project.
The test must pass without the patch and fail with it. Run by `make mutants`, or for some alone by
`python -m tests.mutate alias-to-latest`. Each line says the seconds that a mutant took.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.project import COMBINATION_IDS, COMBINATIONS, ROOT, make, render

MUTANTS = ROOT / "tests" / "mutants"
FIRST_LINE = re.compile(r"# caught by: (?:rendered\[([\w-]+)\] )?(tests/\w+\.py::\S+)")
ENVIRONMENTS = (".venv", ".ministack", ".moto", ".checkov", ".uv", ".peers")
MADE = (*ENVIRONMENTS, ".demo", ".git", "__pycache__", ".*_cache", ".hypothesis")

type Said = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Test:
    """A test by which a mutant is caught; `combination` is None for a test of the template."""

    combination: str | None
    name: str


def test_of(patch: Path) -> Test:
    """The test that the first line of a patch names; ends the program where it names none."""
    found = FIRST_LINE.fullmatch(patch.read_text("utf-8").splitlines()[0])
    if not found or found[1] not in (None, *COMBINATION_IDS):
        sys.exit(f"{patch.name}: its first line names no test: # caught by: tests/….py::test_…")
    return Test(*found.groups())


class Base:
    """The template as it is, and a ready project of each target that a mutant needs.

    All schemes of a target have the same environment and the same model.
    """

    def __init__(self, folder: Path, combinations: set[str]) -> None:
        self.bytecode = folder / "bytecode"
        self.ready: dict[str, Path] = {}
        for name in sorted(combinations):
            answers = of(name)
            if answers["target"] not in self.ready:
                project = render(folder / answers["target"], **answers)
                said = make(project, "setup", "model")
                if said.returncode:
                    sys.exit(said.stdout)
                self.ready[answers["target"]] = project

    def run(self, combination: str | None, names: list[str], template: Path, folder: Path) -> Said:
        """What pytest says of tests of the given template, or of a project rendered from it."""
        if combination is None:
            return pytest(Path(sys.executable), template, names, self.bytecode)
        ready = self.ready[of(combination)["target"]]
        project = render(folder, template, **of(combination))
        (project / ".venv").symlink_to(ready / ".venv")
        if (project / "model/train.py").read_bytes() == (ready / "model/train.py").read_bytes():
            shutil.copy(ready / "model/model.onnx", project / "model")
        else:
            make(project, "model")
        return pytest(ready / ".venv/bin/python", project, names, self.bytecode)


def of(combination: str) -> dict[str, str]:
    """The answers that give this combination."""
    return {"project_slug": "sample", **COMBINATIONS[COMBINATION_IDS.index(combination)]}


def pytest(python: Path, folder: Path, names: list[str], bytecode: Path) -> Said:
    """What pytest says of tests, until one fails.

    bytecode: a folder where all runs keep it; folders of mutants are new, libraries are not.
    """
    command = [python, "-m", "pytest", "-x", "-rf", "-p", "no:cacheprovider", *names]
    unset = ("PYTEST_", "PYTHONDONTWRITEBYTECODE")
    environ = {k: v for k, v in os.environ.items() if not k.startswith(unset)}
    environ["PYTHONPYCACHEPREFIX"] = str(bytecode)
    for _ in range(2):
        said = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
        if said.returncode in (0, 1):
            break  # any other status says nothing of the tests: once more
    return said


def red(base: Base, combination: str | None, names: list[str]) -> str | None:
    """What pytest says of tests that fail without any mutant; None where they pass."""
    with tempfile.TemporaryDirectory() as temporary:
        said = base.run(combination, names, ROOT, Path(temporary, "render"))
    return said.stdout + said.stderr if said.returncode else None


def verdict(base: Base, patch: Path) -> str | None:
    """What is wrong with a mutant; None where it is caught."""
    test = test_of(patch)
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary, "template")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*MADE))
        applied = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", patch], cwd=copy, capture_output=True, text=True
        )
        if applied.returncode:
            return f"it does not apply: {applied.stderr.strip()}"
        try:
            said = base.run(test.combination, [test.name], copy, Path(temporary, "render"))
        except RuntimeError as error:
            return f"its test did not run: {error}"
    if f"\nFAILED {test.name}" in said.stdout:
        return None
    if not said.returncode:
        return "its test passed"
    return f"its test did not run: {said.returncode}: {said.stdout[-500:]}{said.stderr[-500:]}"


def timed(base: Base, patch: Path) -> tuple[str | None, float]:
    """What is wrong with a mutant, and the seconds that it took to know."""
    started = time.perf_counter()
    return verdict(base, patch), time.perf_counter() - started


def main() -> None:
    """Print a line a mutant; exit with 1 where one is not caught."""
    wanted = sys.argv[1:]
    patches = [p for p in sorted(MUTANTS.glob("*.patch")) if not wanted or p.stem in wanted]
    if not patches:
        sys.exit(f"no mutant in {MUTANTS.relative_to(ROOT)}/ by that name")
    tests: dict[str | None, set[str]] = {}
    for test in map(test_of, patches):
        tests.setdefault(test.combination, set()).add(test.name)
    with (
        tempfile.TemporaryDirectory() as temporary,
        ThreadPoolExecutor(os.process_cpu_count()) as pool,
    ):
        base = Base(Path(temporary), tests.keys() - {None})
        # One run for all tests of a project: where one is red, mutants show nothing.
        names = [sorted(each) for each in tests.values()]
        for said in pool.map(red, [base] * len(tests), tests, names):
            if said:
                sys.exit(f"not green without any mutant:\n{said}")
        missed = 0
        results = pool.map(timed, [base] * len(patches), patches)
        for patch, (problem, seconds) in zip(patches, results, strict=True):
            word, why = ("MISSED", f": {problem}") if problem else ("caught", "")
            print(f"{word} {seconds:4.1f} s  {patch.stem}{why}", flush=True)
            missed += problem is not None
    print(f"{len(patches)} mutants, {missed} failures")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
