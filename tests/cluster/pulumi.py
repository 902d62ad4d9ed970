"""Stands in for the Pulumi CLI: what `up` would do is done by kubectl or helm, as a test says."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.stack import OnCluster
from tests.project import ENVIRON

CLI = """
import json, signal, subprocess, sys
from pathlib import Path

folder = Path(__file__).parent
def record(*told):
    with (folder / "told").open("a") as file:
        print(*told, file=file)
record(*sys.argv[1:])
if sys.argv[1] != "up":
    sys.exit()
child = None
def interrupted(number, _):
    record("SIGINT")
    child.send_signal(number)
signal.signal(signal.SIGINT, interrupted)
for command in json.loads((folder / "commands.json").read_text()):
    child = subprocess.Popen(command, start_new_session=True)
    if child.wait():
        sys.exit(255)
"""


class Deploys:
    """`make deploy` of a project whose program's objects a test has by other means.

    environment: a ready project's, which this one then has too.
    """

    def __init__(self, on: OnCluster, environment: Path) -> None:
        self.on = on
        self.folder = on.folder / "path"
        self.folder.mkdir()
        cli = self.folder / "pulumi"
        script = self.folder / "pulumi.py"
        script.write_text(CLI)
        # Not as #!, for the way to a Python may have a space.
        cli.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(script)])} "$@"\n')
        cli.chmod(0o755)
        (on.project / ".venv").symlink_to(environment)

    def __call__(
        self,
        versions: dict[str, Any],
        commands: Sequence[Sequence[str]],
        line: str = "make deploy",
    ) -> tuple[int, str]:
        """The exit status, and what was said.

        versions: as the stack file says. commands: what `up` does. line: what a person types.
        """
        (self.folder / "commands.json").write_text(json.dumps(commands))
        (self.folder / "told").unlink(missing_ok=True)
        own = {"iris:versions": versions, "iris:namespace": {"name": self.on.namespace}}
        (self.on.project / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": own}))
        # A test has no terminal.
        environ = ENVIRON | {"PATH": f"{self.folder}:{os.environ['PATH']}", "YES": "1"}
        said = subprocess.run(
            ["bash", "-ec", line],
            cwd=self.on.project,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return said.returncode, said.stdout

    @property
    def told(self) -> list[str]:
        """What the CLI was told, the last time."""
        return (self.folder / "told").read_text().splitlines()


def recipe(on: OnCluster, heading: str) -> list[str]:
    """The commands below a heading of a project's README, those of Pulumi's CLI left out."""
    readme = (on.project / "README.md").read_text("utf-8")
    _, _, section = readme.partition(f"### {heading}\n")
    (block, *_) = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    lines = block.strip().splitlines()
    return [_here(on, line) for line in lines if not line.startswith("pulumi ")]


def row(on: OnCluster, seen: str) -> str:
    """The command for kubectl or helm in a row of a README's table."""
    readme = (on.project / "README.md").read_text("utf-8")
    (line,) = (line for line in readme.splitlines() if line.startswith(f"| {seen}"))
    (command,) = re.findall(r"`((?:kubectl|helm) \w+ [^`]*--namespace [^`]*)`", line)
    return _here(on, command)


def _here(on: OnCluster, command: str) -> str:
    """A command for the stack `dev` as one for this test's namespace."""
    return command.replace("--namespace iris-dev", f"--namespace {on.namespace}")


def shell(on: OnCluster, command: str) -> str:
    """What a command says that a person types in a project."""
    run = ["bash", "-ec", command]
    said = subprocess.run(run, cwd=on.project, check=True, stdout=subprocess.PIPE, text=True)
    return said.stdout
