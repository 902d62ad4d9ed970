"""A rendered project's workflows as GitHub runs them: each `run` in order, actions only recorded.

Programs that reach other machines are stand-ins, which record how they were called.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.project import ENVIRON, ROOT

# What a stand-in does: `calls` has a line for each; a line of `failing` starts a call that fails.
# Beside it stands what it had for an environment, and may stand what it says, or does.
STAND_IN = """#!/bin/sh
call="${0##*/} $*"
echo "$call" >> "$STAND_INS/calls"
env > "$0.environ"
while read -r failing; do
  case "$call" in "$failing"*) echo "$call failed" >&2; exit 1;; esac
done < "$STAND_INS/failing"
if test -f "$0.says"; then cat "$0.says"; fi
if test -f "$0.does"; then exec "$0.does" "$@"; fi
"""
# What the one for a container engine does.
ENGINE = f'exec {shlex.join([sys.executable, str(ROOT / "tests/engine.py")])} "$@"'
TOKEN = re.compile(r"'[^']*'|&&|\|\||!=|==|!|\(|\)|[\w.\[\]-]+")


@dataclass
class Job:
    """What became of a job: its result, the actions it used with their inputs, its summary.

    permissions: of its token. runner: what it ran on.
    """

    result: str = "success"
    actions: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    permissions: Mapping[str, str] = field(default_factory=dict)
    runner: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""


class GitHub:
    """Runs the jobs of a project. folder: for stand-ins and what GitHub keeps beside the project.

    context: what expressions find, such as `vars`; `secrets` are those of the environment.
    """

    def __init__(self, project: Path, folder: Path, **context: Mapping[str, Any]) -> None:
        self.project, self.folder = project, folder
        self.context: dict[str, Any] = {"vars": {}, "secrets": {}, "inputs": {}, "needs": {}}
        self.context |= {"runner": {"temp": str(folder)}, "github": {}} | context
        self.environ: dict[str, str] = {}
        (folder / "bin").mkdir(parents=True)
        for name in ("pulumi", "docker", "gh", "aws", "kubectl"):
            (folder / "bin" / name).write_text(STAND_IN)
            (folder / "bin" / name).chmod(0o755)
        self.does("docker", ENGINE)
        self.fail()

    def fail(self, *calls: str) -> None:
        """From now on, calls that start so fail."""
        (self.folder / "failing").write_text("".join(f"{each}\n" for each in calls))

    def says(self, name: str, text: str) -> None:
        """From now on, a stand-in says this."""
        (self.folder / "bin" / f"{name}.says").write_text(text)

    def does(self, name: str, script: str) -> None:
        """From now on, a stand-in does this, in a shell's words."""
        path = self.folder / "bin" / f"{name}.does"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def environ_of(self, name: str) -> dict[str, str]:
        """The environment in which a stand-in was called the last time."""
        lines = (self.folder / "bin" / f"{name}.environ").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    @property
    def calls(self) -> list[str]:
        """What the stand-ins were called with, since this was last asked."""
        path = self.folder / "calls"
        calls = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return calls

    def run(self, workflow: str, name: str) -> Job:
        """Run a job of a workflow, and of the one that it calls."""
        job = self.workflow(workflow)["jobs"][name]
        own = self.context | {"steps": {}}
        if not self._wanted(job.get("if", "success()"), own, failed=False):
            return Job("skipped")
        if "uses" in job:
            return self._called(job)
        ran = Job(permissions=job["permissions"], runner=self._filled(job["runs-on"], own))
        environ = {key: self._filled(value, own) for key, value in job.get("env", {}).items()}
        for step in job["steps"]:
            failed = ran.result == "failure"
            if self._wanted(step.get("if", "success()"), own, failed=failed):
                self._step(step, ran, own, environ)
        ran.outputs = {key: self._filled(each, own) for key, each in job.get("outputs", {}).items()}
        return ran

    def workflow(self, name: str) -> Any:
        """What a file in `.github/workflows` says."""
        text = (self.project / ".github" / "workflows" / name).read_text("utf-8")
        # YAML of old takes `on` for a truth value.
        return yaml.safe_load(text.replace("\non:", '\n"on":'))

    def _called(self, job: Any) -> Job:
        """Run the workflow that a job calls.

        It gets the secrets that are handed over and that it takes, also of its own environment:
        https://github.com/actions/runner/issues/1490
        """
        called = job["uses"].rpartition("/")[2]
        takes = self.workflow(called)["on"]["workflow_call"]
        given = {name: job["with"].get(name, "") for name in takes["inputs"]}
        assert job["with"].keys() <= given.keys()
        assert job.get("secrets", {}).keys() <= takes.get("secrets", {}).keys()
        every = self.context
        own = {key: each for key, each in every["secrets"].items() if key in job.get("secrets", ())}
        self.context = every | {"inputs": given, "secrets": own}
        try:
            ran = self.run(called, "deploy")
        finally:
            self.context = every
        assert ran.permissions.items() <= job["permissions"].items()
        own = {"jobs": {"deploy": {"outputs": ran.outputs}}}
        every = takes["outputs"].items()
        ran.outputs = {name: self._filled(each["value"], own) for name, each in every}
        return ran

    def _step(self, step: Any, ran: Job, own: dict[str, Any], environ: dict[str, str]) -> None:
        if "uses" in step:
            given = {key: self._filled(each, own) for key, each in step.get("with", {}).items()}
            ran.actions.append((step["uses"].partition("@")[0], given))
            return
        files = {name: self.folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            path.write_text("")
        more = {key: self._filled(value, own) for key, value in step.get("env", {}).items()}
        paths = {name: str(path) for name, path in files.items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.project,
            env=ENVIRON
            | {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}
            | {"STAND_INS": str(self.folder), **self.environ, **environ, **more, **paths},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        print(done.stdout)
        ran.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        if done.returncode:
            ran.result = "failure"
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        own["steps"][step.get("id", "")] = {"outputs": dict(line.split("=", 1) for line in lines)}

    def _filled(self, value: Any, context: Mapping[str, Any]) -> str:
        """A value with its expressions replaced."""
        return re.sub(
            r"\$\{\{ (.*?) \}\}",
            lambda found: str(_value(found[1], context) or ""),
            str(value),
        )

    def _wanted(self, condition: str, context: Mapping[str, Any], *, failed: bool) -> bool:
        states = {"always()": "true", "failure()": str(failed), "success()": str(not failed)}
        said = condition
        for name, state in states.items():
            said = said.replace(name, f"'{state.lower()}' == 'true'")
        wanted = bool(_value(said, context))
        return wanted if said != condition else wanted and not failed


def _value(expression: str, context: Mapping[str, Any]) -> Any:
    """What an expression of GitHub's is: names, texts, comparisons, `&&` and `||`."""
    words = {"&&": "and", "||": "or", "!": "not"}
    parts = [words.get(token) or _part(token) for token in TOKEN.findall(expression)]
    return eval(" ".join(parts), {"at": lambda name: _at(name, context)})  # noqa: S307 (no input)


def _part(token: str) -> str:
    return token if token[0] in "'()=!" else f"at({token!r})"


def _at(name: str, context: Any) -> Any:
    for key in name.split("."):
        context = context.get(key, {}) if isinstance(context, Mapping) else {}
    return "" if context == {} else context
