"""What has become of projects since a commit: `python -m tests.compare COMMIT`.

Renders every target and scheme from the commit and from the working tree. Compares what the Pulumi
program registers for several stacks, what Helm makes of the chart, and the code that serves. Exits
with 1 where something differs. Both run in the environment of the working tree's project.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.judges import ON_A_CLUSTER, SHOWN
from tests.programs import charted, exposures_of, programs
from tests.project import COMBINATION_IDS, COMBINATIONS, TARGETS, files, make, render, template_at

TOPIC = "arn:aws:sns:eu-central-1:123456789012:bad-nights"
OPTIONS = {"tracing": True, "alarm_topic": TOPIC, "manage_account_logging": True, "protect": True}
OPTIONS |= {"log_retention_days": 90, "throttle": {"rate": 5, "burst": 7}, "auth": "iam"}
ABSENT = "not there"
ONE = {"v1": {"release": "1.4.2"}}
OWN = {
    "lambda": {"memory_mb": 512, "timeout_seconds": 28, "architecture": "x86_64"},
    "sagemaker": {"timeout_seconds": 28, "scaling": {"max_instances": 2}},
}


def stacks(target: str, exposures: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Stacks to compare, each a name and the keys of its file."""
    if TARGETS[target]["provider"] == "aws":
        yield "one version", {"versions": ONE}
        yield "every state", {"versions": SHOWN[target]}
        every = {"v1": ONE["v1"] | OWN[target], **SHOWN[target]}
        yield "every option", {"versions": every} | OPTIONS
    for expose, keys in exposures.items():
        yield f"{expose}, one version", keys | {"versions": ONE}
        yield f"{expose}, every option", keys | ON_A_CLUSTER


def registered(project: Path, python: Path, several: dict[str, Any]) -> dict[str, Any]:
    """All that a project's program registers for each stack, and what its charts become."""
    said = programs(project, python, several)
    for stack in said.values():
        resources = stack.pop("resources")
        stack |= {f"{each['type']}::{each['name']}": each for each in resources}
        for each in resources:
            if each["type"].endswith("helm.sh/v3:Release"):
                stack[f"chart of {each['name']}"] = charted(project / "chart", each["inputs"])
    return said


def differences(old: Any, new: Any, where: str) -> Iterator[str]:
    """The places where two values differ, with both."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from differences(old.get(key, ABSENT), new.get(key, ABSENT), f"{where}, {key}")
    elif old != new:
        yield f"{where.removeprefix(', ')}: was {json.dumps(old)}, is {json.dumps(new)}"


def of_code(old: Path, new: Path) -> Iterator[str]:
    """The files of `serving/` that differ."""
    for path in sorted({*files(old), *files(new)}):
        if path.parts[0] == "serving":
            before, after = (
                (project / path).read_bytes() if (project / path).exists() else None
                for project in (old, new)
            )
            if before != after:
                yield f"{path} differs"


def environments(folder: Path) -> dict[str, Path]:
    """A Python with what the projects of each target depend on, one for each lock."""
    pythons: dict[str, Path] = {}
    for target, entry in TARGETS.items():
        if entry["lock"] not in pythons:
            versioning = next(iter(entry["layers"]))
            project = render(folder / entry["lock"], target=target, versioning=versioning)
            said = make(project, "setup")
            if said.returncode:
                sys.exit(said.stdout)
            pythons[entry["lock"]] = project / ".venv/bin/python"
    return {target: pythons[entry["lock"]] for target, entry in TARGETS.items()}


def main(commit: str) -> None:
    """Print what differs for each combination of target and scheme."""
    found = 0
    with tempfile.TemporaryDirectory() as temporary:
        before = template_at(commit, Path(temporary, "template"))
        pythons = environments(Path(temporary, "environments"))
        for name, answers in zip(COMBINATION_IDS, COMBINATIONS, strict=True):
            python = pythons[answers["target"]]
            old = render(Path(temporary, f"old-{name}"), before, project_slug="iris", **answers)
            new = render(Path(temporary, f"new-{name}"), project_slug="iris", **answers)
            on_aws = TARGETS[answers["target"]]["provider"] == "aws"
            several = dict(stacks(answers["target"], {} if on_aws else exposures_of(new, python)))
            was, now = (registered(project, python, several) for project in (old, new))
            said = [*of_code(old, new), *differences(was, now, "")]
            count = sum(map(len, now.values()))
            print(f"{name}: {count} compared, {len(said)} differ", *said, sep="\n  ", flush=True)
            found += len(said)
    sys.exit(found > 0)


if __name__ == "__main__":
    main(sys.argv[1])
