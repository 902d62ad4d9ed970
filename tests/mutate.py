"""Break the template in each way of tests/mutants/ and see that the named test notices.

A mutant is a patch whose first line names its test: `# caught by: tests/test_x.py::test_y` of the
template, or `# caught by: rendered[lambda-path] tests/test_x.py::test_y` of that rendered project.
The test must pass without the patch and fail with it. Run by `make mutants`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.project import COMBINATION_IDS, COMBINATIONS, ROOT, make, render

MUTANTS = ROOT / "tests" / "mutants"
FIRST_LINE = re.compile(r"# caught by: (?:rendered\[([\w-]+)\] )?(tests/\w+\.py::\S+)")
ENVIRONMENTS = (".venv", ".ministack", ".checkov", ".uv")
MADE = (*ENVIRONMENTS, ".demo", ".git", "__pycache__", ".*_cache", ".hypothesis")


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
    """The template as it is, and a ready project of each combination that a mutant needs."""

    def __init__(self, folder: Path, combinations: set[str]) -> None:
        self.bytecode = folder / "bytecode"
        self.projects = {name: render(folder / name, **of(name)) for name in combinations}
        for project in self.projects.values():
            said = make(project, "setup", "model")
            if said.returncode:
                sys.exit(said.stdout)

    def run(self, test: Test, template: Path, folder: Path) -> str:
        """What pytest says of one test, run on the given template."""
        if test.combination is None:
            return pytest(Path(sys.executable), template, test.name, self.bytecode)
        ready = self.projects[test.combination]
        project = render(folder / "render", template, **of(test.combination))
        (project / ".venv").symlink_to(ready / ".venv")
        if (project / "model/train.py").read_bytes() == (ready / "model/train.py").read_bytes():
            shutil.copy(ready / "model/model.onnx", project / "model")
        else:
            make(project, "model")
        return pytest(ready / ".venv/bin/python", project, test.name, self.bytecode)


def of(combination: str) -> dict[str, str]:
    """The answers that give this combination."""
    return {"project_slug": "sample", **COMBINATIONS[COMBINATION_IDS.index(combination)]}


def pytest(python: Path, folder: Path, test: str, bytecode: Path) -> str:
    """What pytest says of one test: "passed", "failed", or what else it printed last.

    bytecode: a folder where all runs keep it; folders of mutants are new, libraries are not.
    """
    command = [python, "-m", "pytest", "-x", "-rf", "-p", "no:cacheprovider", test]
    unset = ("PYTEST_", "PYTHONDONTWRITEBYTECODE")
    environ = {k: v for k, v in os.environ.items() if not k.startswith(unset)}
    environ["PYTHONPYCACHEPREFIX"] = str(bytecode)
    result = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    if result.returncode == 0:
        return "passed"
    return "failed" if f"\nFAILED {test}" in result.stdout else result.stdout[-500:]


def verdict(base: Base, patch: Path) -> str | None:
    """What is wrong with a mutant; None where it is caught."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary, "template")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*MADE))
        applied = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", patch], cwd=copy, capture_output=True, text=True
        )
        if applied.returncode:
            return f"it does not apply: {applied.stderr.strip()}"
        try:
            said = base.run(test_of(patch), copy, Path(temporary))
        except RuntimeError as error:
            said = str(error)
        return None if said == "failed" else f"its test did not fail, but: {said}"


def main() -> None:
    """Print a line a mutant; exit with 1 where one is not caught."""
    wanted = sys.argv[1:]
    patches = [p for p in sorted(MUTANTS.glob("*.patch")) if not wanted or p.stem in wanted]
    if not patches:
        sys.exit(f"no mutant in {MUTANTS.relative_to(ROOT)}/ by that name")
    tests = {patch: test_of(patch) for patch in patches}
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(2) as pool:
        base = Base(Path(temporary), {test.combination for test in tests.values()} - {None})
        distinct = [*dict.fromkeys(tests.values())]
        folders = [Path(temporary, f"unbroken-{i}") for i in range(len(distinct))]
        results = pool.map(base.run, distinct, [ROOT] * len(distinct), folders)
        broken = {t.name for t, said in zip(distinct, results, strict=True) if said != "passed"}
        for name in sorted(broken):
            print(f"not green without any mutant: {name}")
        failed = len(broken)
        verdicts = pool.map(verdict, [base] * len(patches), patches)
        for patch, problem in zip(patches, verdicts, strict=True):
            said = f"MISSED  {patch.stem}: {problem}" if problem else f"caught  {patch.stem}"
            print(said, flush=True)
            failed += problem is not None
    print(f"{len(patches)} mutants, {failed} failures")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
