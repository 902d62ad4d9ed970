"""Rendering this template, and what a rendered project is made of."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "<<cookiecutter.project_slug>>"
QUESTIONS: dict = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
ANSWERS = [name for name in QUESTIONS if not name.startswith("_")]
TARGETS: dict[str, dict] = json.loads((ROOT / "targets.json").read_text("utf-8"))
COMBINATIONS = [
    {"target": target, "versioning": versioning}
    for target, entry in TARGETS.items()
    for versioning in entry["layers"]
]
COMBINATION_IDS = ["-".join(each.values()) for each in COMBINATIONS]

# Without what a `make` around us would hand on to another one.
ENVIRON = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}


def cookiecutter(
    folder: Path,
    *flags: str,
    template: Path = ROOT,
    typed: str | None = None,
    settings: str = "",
    **answers: str,
) -> subprocess.CompletedProcess[str]:
    """Render into `folder` in a process of its own, without this person's settings.

    typed: what a person types at the prompts. settings: more lines of a configuration file.
    answers: as arguments, so that template marks in them arrive as text.
    """
    with tempfile.TemporaryDirectory() as own:
        config = Path(own, "config.yaml")
        config.write_text(f"replay_dir: {json.dumps(own)}\n{settings}", "utf-8")
        command = [sys.executable, "-m", "cookiecutter", "--config-file", str(config)]
        command += ["--output-dir", str(folder), *flags]
        command += ["--no-input", str(template)] if typed is None else [str(template)]
        command += [f"{name}={on_the_command_line(text)}" for name, text in answers.items()]
        environ = ENVIRON | {"TMPDIR": own}  # hooks are left there
        return subprocess.run(
            command, input=typed, env=environ, capture_output=True, text=True, cwd=folder
        )


def render(folder: Path, template: Path = ROOT, **answers: str) -> Path:
    """The project rendered into a new folder; RuntimeError with what was said where none was."""
    folder.mkdir(parents=True)
    result = cookiecutter(folder, template=template, **answers)
    if result.returncode:
        raise RuntimeError(result.stderr)
    (project,) = folder.iterdir()
    return project


def judged_by(judge: str) -> list[str]:
    """The targets whose projects a judge of `targets.json` is shown."""
    return [target for target, entry in TARGETS.items() if judge in entry["judges"]]


def layers_with(path: str) -> list[str]:
    """Which of the base, "", and the layers have a file that stands at `path` in projects."""
    folders = ["", *sorted(f"layers/{each.name}" for each in (TEMPLATE / "layers").iterdir())]
    return [folder for folder in folders if (TEMPLATE / folder / path).is_file()]


def source_of(path: str, combination: str) -> str:
    """Where in the template a file of a rendered project stands, whether it is there or not."""
    answers = COMBINATIONS[COMBINATION_IDS.index(combination)]
    layers = TARGETS[answers["target"]]["layers"][answers["versioning"]]
    own = {f"layers/{layer}" for layer in layers} & {*layers_with(path)}
    folder = own.pop() if own else ""
    return (TEMPLATE / folder / path).relative_to(ROOT).as_posix()


def git(folder: Path, *words: str) -> str:
    """What git says in a folder, without this person's settings."""
    own = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    command = ["git", *own, *words]
    said = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return said.stdout.strip()


def on_the_command_line(text: str) -> str:
    """The text so that cookiecutter, which evaluates its arguments, leaves it whole."""
    return re.sub("<(?=[<%#])", '<< "<" >>', text)


def files(project: Path) -> Iterator[Path]:
    """Every file of a rendered project, apart from what its `make` wrote."""
    made = {".venv", ".uv", "dist", "__pycache__", ".ruff_cache", ".pytest_cache"}
    made |= {"config.schema.json", "model.onnx"}
    for path in sorted(project.rglob("*")):
        relative = path.relative_to(project)
        if path.is_file() and not made & {*relative.parts}:
            yield relative


def table(name: str) -> Any:
    """What a table of these tests holds, `tests/<name>.yaml`."""
    return yaml.safe_load((ROOT / f"tests/{name}.yaml").read_text("utf-8"))


def unlocked(path: Path) -> list[str]:
    """What a file of locked packages lacks or must not hold: hashes, addresses."""
    lines = path.read_text("utf-8").splitlines()
    bare = [a for a, b in pairwise([*lines, ""]) if "==" in a and "--hash=sha256:" not in b]
    return bare + [line for line in lines if "://" in line]


def tree(project: Path) -> str:
    """The file list of a rendered project, as it stands in tests/trees/."""
    return "".join(f"{path.as_posix()}\n" for path in files(project))


def _anchors(text: str) -> set[str]:
    """The names by which GitHub lets a link lead to a heading of a page."""
    tokens = MarkdownIt().parse(text)
    headings = [
        "".join(child.content for child in inline.children or [])
        for token, inline in pairwise(tokens)
        if token.type == "heading_open"
    ]
    names = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    return {f"{name}-{names[:i].count(name)}".removesuffix("-0") for i, name in enumerate(names)}


def broken_links(page: Path) -> list[str]:
    """The links of a page, other than to the web, that lead to no file or to no heading."""
    broken = []
    for block in MarkdownIt().enable("table").parse(page.read_text("utf-8")):
        for token in block.children or []:
            link = str(token.attrs.get("href", ""))
            if token.type != "link_open" or "://" in link:
                continue
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            if not target.is_file() or anchor not in {"", *_anchors(target.read_text("utf-8"))}:
                broken.append(link)
    return broken


def target_of(project: Path) -> str:
    """Where a project serves its model."""
    return json.loads((project / ".template.json").read_text("utf-8"))["answers"]["target"]


def make(project: Path, *targets: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `make` in a rendered project; what it printed is in `stdout`, errors too."""
    return subprocess.run(
        ["make", *targets],
        cwd=project,
        env=ENVIRON | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def succeed(project: Path, *targets: str, **environ: str) -> str:
    """What `make` printed; fails with that where it failed."""
    result = make(project, *targets, **environ)
    assert result.returncode == 0, result.stdout
    return result.stdout


def copy_ready(ready: Path, folder: Path) -> Path:
    """A copy of a ready project without what it has built, to change; it shares the environment."""
    shutil.copytree(ready, folder, ignore=shutil.ignore_patterns(".venv", "dist"))
    (folder / ".venv").symlink_to(ready / ".venv")
    return folder


def golden_example(project: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The contract's example as a request, and the response that is promised."""
    contract = json.loads(project.joinpath("contracts/v1.json").read_text("utf-8"))
    first = contract["x-golden-requests"][0]
    return first["request"], first["response"]


def copy_template(folder: Path) -> Path:
    """Copy what cookiecutter reads of this template into a new folder."""
    folder.mkdir()
    for name in ("cookiecutter.json", "local_extensions.py", "targets.json"):
        shutil.copy(ROOT / name, folder)
    for name in ("hooks", "templates", "<<cookiecutter.project_slug>>"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def template_at(commit: str, folder: Path) -> Path:
    """The template as it was at a commit, in a new folder.

    Raises:
        LookupError: this clone has no such commit.
    """
    folder.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True)
    if archive.returncode:
        raise LookupError(archive.stderr.decode())
    subprocess.run(["tar", "-x"], cwd=folder, input=archive.stdout, check=True)
    return folder


STACK = """
import json, os, sys
from pathlib import Path
from tests.stacks import Stacks, config

folder, given = Path(sys.argv[1]), json.loads(sys.argv[2])
Stacks(folder).make("iris", given["versions"])
print(json.dumps(config("iris", **given)))
"""


def program(project: Path, folder: Path, python: Path, **keys: object) -> list[str]:
    """The command that runs a project's Pulumi program under mocks, in `folder`, as the CLI does.

    It prints what was registered; every file that the stack `keys` describe needs is there.
    """
    folder.mkdir(parents=True)
    given = subprocess.run(
        [python, "-c", STACK, folder, json.dumps(keys)],
        cwd=project,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [str(python), "-P", str(project / "tests/program.py"), "iris", "dev", given]
