"""Break the template in each way of tests/mutants/ and see that the named tests notice.

A mutant is an entry of `tests/mutants/<subject>.toml`: in `file`, `find` is replaced by `replace`,
and every test of `caught_by` must pass without that and fail with it. Run by `make mutants`;
`python -m tests.mutate batching alias-to-latest` takes subjects and mutants by name, `changed` what
has changed since all were caught, but for subjects that take long, and `verify` takes all of them
and writes down the commit where they were. Each line says the seconds that a mutant took.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.project import COMBINATION_IDS, COMBINATIONS, ROOT, make, render, source_of

MUTANTS = ROOT / "tests" / "mutants"
# The commit where every mutant was caught.
VERIFIED = MUTANTS / "verified"
# Subjects whose tests take half a minute each: CI has no time for their mutants.
LONG = ("adopt",)
KEYS = ["name", "file", "find", "replace", "caught_by"]
TEST = re.compile(r"(?:rendered\[([\w-]+)\] )?((tests/\w+\.py)::\S.*)")
# What a copy needs of what is made here, where it is.
LINKED = (".ministack", ".moto", ".prometheus")
ENVIRONMENTS = (".venv", *LINKED, ".checkov", ".uv", ".peers")
MADE = (*ENVIRONMENTS, ".demo", ".try", ".git", "__pycache__", ".*_cache", ".hypothesis")

type Said = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Test:
    """A test by which a mutant is caught; `combination` is None for a test of the template."""

    combination: str | None
    name: str

    @property
    def file(self) -> str:
        """The file of the template in which it stands."""
        path = self.name.partition("::")[0]
        return path if self.combination is None else source_of(path, self.combination)


@dataclass(frozen=True)
class Mutant:
    """A plausible mistake; `find` is None where it is a file that should not be there."""

    subject: str
    name: str
    file: str
    find: str | None
    replace: str
    caught_by: tuple[Test, ...]

    def apply(self, template: Path) -> None:
        """Make the mistake in a copy of the template."""
        path = template / self.file
        text = "" if self.find is None else path.read_text("utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(self.find or "", self.replace, 1), "utf-8")

    def problems(self) -> Iterator[str]:
        """Why it is none, in the template as it is."""
        path = ROOT / self.file
        if self.find is None:
            if path.exists():
                yield f"{self.file} exists, so it needs a text to find"
        elif not path.exists():
            yield f"{self.file} does not exist"
        elif (times := path.read_text("utf-8").count(self.find)) != 1:
            yield f"{self.file} has its text {times} times, not once"
        for test in self.caught_by:
            if test.combination not in (None, *COMBINATION_IDS):
                yield f"{test.combination} is no combination of target and scheme"
            elif not (ROOT / test.file).exists():
                yield f"{test.file} does not exist"


def read(path: Path, text: str | None = None) -> Iterator[Mutant]:
    """The mutants of a subject; ends the program where one is not well-formed.

    text: what its file had.
    """
    for entry in tomllib.loads(path.read_text("utf-8") if text is None else text).get("mutant", ()):
        names = entry.get("caught_by", [])
        found = [TEST.fullmatch(name) for name in ([names] if isinstance(names, str) else names)]
        if [*entry] not in (KEYS, [key for key in KEYS if key != "find"]) or not all(found):
            sys.exit(
                f"{path.name}: {entry.get('name')}: a mutant has {', '.join(KEYS)}, and is caught"
                " by tests/….py::test_… or rendered[target-scheme] tests/….py::test_…"
            )
        tests = tuple(Test(each[1], each[2]) for each in found if each)
        find, replace = entry.get("find"), entry["replace"]
        yield Mutant(path.stem, entry["name"], entry["file"], find, replace, tests)


def every_mutant() -> list[Mutant]:
    """All mutants; ends the program with every one that does not fit the template any more."""
    mutants = [each for path in sorted(MUTANTS.glob("*.toml")) for each in read(path)]
    names = [each.name for each in mutants]
    problems = [f"{each.subject}: {each.name}: {p}" for each in mutants for p in each.problems()]
    problems += [f"{name} is the name of several" for name in {*names} if names.count(name) > 1]
    if problems:
        sys.exit("\n".join(problems))
    return mutants


def git(*words: str) -> Said:
    """What git says of this repository."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)


def changed_files() -> set[str] | None:
    """The files that differ from where all mutants were caught; None where that is not known."""
    commit = VERIFIED.read_text("utf-8").strip() if VERIFIED.exists() else ""
    if not commit or git("merge-base", "--is-ancestor", commit, "HEAD").returncode:
        return None
    new = git("ls-files", "-z", "--others", "--exclude-standard").stdout
    return {*f"{git('diff', '--name-only', '-z', commit).stdout}{new}".split("\0")}


def before(path: str) -> str:
    """What a file had where all mutants were caught; nothing where it was not there."""
    return git("show", f"{VERIFIED.read_text('utf-8').strip()}:{path}").stdout


def of_what_changed(mutants: list[Mutant]) -> list[Mutant]:
    """The mutants that have changed themselves, or of which the file or a test has."""
    changed = changed_files()
    if changed is None:
        return mutants
    known = set[Mutant]()
    for path in {MUTANTS / f"{each.subject}.toml" for each in mutants}:
        name = path.relative_to(ROOT).as_posix()
        known |= {*read(path, before(name) if name in changed else None)}
    others = {
        test
        for test in {test for each in mutants for test in each.caught_by}
        if (test.file in changed and alone(test, before(test.file)) != alone(test))
        or inherited(test) & changed
    }
    return [
        each
        for each in mutants
        if each not in known or each.file in changed or {*each.caught_by} & others
    ]


def inherited(test: Test) -> set[str]:
    """The files from which the class of a test has its tests, if it is one of a class."""
    name, *more = test.name.split("::")[1:]
    if not more:
        return set()
    tree = ast.parse((ROOT / test.file).read_text("utf-8"))
    classes = (each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == name)
    bases = {each.id for own in classes for each in own.bases if isinstance(each, ast.Name)}
    return {
        f"{(each.module or '').replace('.', '/')}.py"
        for each in tree.body
        if isinstance(each, ast.ImportFrom) and bases & {alias.name for alias in each.names}
    }


def alone(test: Test, text: str | None = None) -> str:
    """A test's file without the other tests in it; text: what the file had."""
    tree = ast.parse((ROOT / test.file).read_text("utf-8") if text is None else text)
    own = re.split(r"::|\[", test.name)[1]
    return "\n".join(
        ast.dump(each)
        for each in tree.body
        if not isinstance(each, ast.FunctionDef)
        or not each.name.startswith("test_")
        or each.name == own
    )


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
    if not said.returncode:
        return None
    return f"{', '.join(names)}: {said.returncode}\n{said.stdout}{said.stderr}"


def verdict(base: Base, mutant: Mutant) -> str | None:
    """What is wrong with a mutant; None where it is caught."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary, "template")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*MADE))
        for name in LINKED:
            (copy / name).symlink_to(ROOT / name)
        mutant.apply(copy)
        for i, test in enumerate(mutant.caught_by):
            try:
                said = base.run(test.combination, [test.name], copy, Path(temporary, f"render-{i}"))
            except RuntimeError as error:
                return f"its test did not run: {error}"
            if not said.returncode:
                return f"{test.name} passed"
            if f"\nFAILED {test.name}" not in said.stdout:
                output = said.stdout[-500:] + said.stderr[-500:]
                return f"its test did not run: {said.returncode}: {output}"
    return None


def timed(base: Base, mutant: Mutant) -> tuple[str | None, float]:
    """What is wrong with a mutant, and the seconds that it took to know."""
    started = time.perf_counter()
    return verdict(base, mutant), time.perf_counter() - started


def missed(mutants: list[Mutant]) -> list[str]:
    """The lines of those not caught; prints one for each. Ends the program where a test is red."""
    tests: dict[str | None, set[str]] = {}
    for test in (test for each in mutants for test in each.caught_by):
        tests.setdefault(test.combination, set()).add(test.name)
    lines: list[str] = []
    with (
        tempfile.TemporaryDirectory() as temporary,
        ThreadPoolExecutor(os.process_cpu_count()) as pool,
    ):
        base = Base(Path(temporary), tests.keys() - {None})
        # One run for all tests of a project: where one is red, mutants show nothing.
        names = [sorted(each) for each in tests.values()]
        for said in pool.map(red, [base] * len(tests), tests, names):
            if said is not None:
                sys.exit(f"not green without any mutant:\n{said}")
        results = pool.map(timed, [base] * len(mutants), mutants)
        for mutant, (problem, seconds) in zip(mutants, results, strict=True):
            word, why = ("MISSED", f": {problem}") if problem else ("caught", "")
            line = f"{word} {seconds:4.1f} s  {mutant.subject}: {mutant.name}{why}"
            print(line, flush=True)
            lines += [line] if problem else []
    return lines


def main(words: list[str]) -> None:
    """Print a line a mutant; exit with 1 where one is not caught."""
    mutants = every_mutant()
    verify = words == ["verify"]
    if verify and git("status", "--porcelain").stdout:
        sys.exit("commit first: what was caught is written down as a commit")
    if words == ["changed"]:
        due = of_what_changed(mutants)
        mutants = [each for each in due if each.subject not in LONG]
        if len(mutants) < len(due):
            print(f"{len(due) - len(mutants)} of {', '.join(LONG)} are left to `make full`")
    elif words and not verify:
        unknown = {*words} - {name for each in mutants for name in (each.subject, each.name)}
        if unknown:
            sys.exit(f"no subject and no mutant is named {', '.join(sorted(unknown))}")
        mutants = [each for each in mutants if {each.subject, each.name} & {*words}]
    failures = missed(mutants)
    # Once more at the end, where who reads a long log looks first.
    print(*failures, f"{len(mutants)} mutants, {len(failures)} failures", sep="\n")
    if verify and not failures:
        VERIFIED.write_text(git("rev-parse", "HEAD").stdout, "utf-8")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main(sys.argv[1:])
