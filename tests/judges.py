"""Judges from elsewhere that run in a process of their own; none of them asks the network."""

import json
import subprocess
import sys
from pathlib import Path

from tests.project import ROOT

# Programs of the development environment.
PROGRAMS = Path(sys.executable).parent
CHECKOV = ROOT / ".checkov" / "bin" / "checkov"
# What they are shown: a version of each state.
_DEPRECATED = {
    "release": "1.4.2",
    "state": "deprecated",
    "deprecated_on": "2026-12-01",
    "sunset": "2027-03-31",
    "migration_url": "https://example.com/move?from=$v1#to",
}
VERSIONS = {
    "v1": _DEPRECATED | {"state": "retired"},
    "v2": _DEPRECATED,
    "v3": {"release": "3.0.0"},
}

# What each target on AWS is shown: a version of each state, and every option of one somewhere.
SHOWN = {
    "lambda": VERSIONS,
    "sagemaker": VERSIONS
    | {
        "v3": {
            "release": "3.0.0",
            "digest": f"sha256:{'a' * 64}",
            "instance_type": "ml.m5.xlarge",
            "initial_instance_count": 2,
            "scaling": {"min_instances": 2},
            "rollout": {"canary": {}},
        },
        "v4": {
            "release": "4.0.0",
            "model_data": "s3://models/iris/model.tar.gz",
            "initial_instance_count": 4,
            "rollout": {"rolling": {}},
        },
    },
}
# A version with every key that adds to its objects.
EVERYTHING = {
    "release": "4.0.0",
    "digest": f"sha256:{'a' * 64}",
    "autoscaling": {},
    "env_from": {"secrets": ["tokens"], "config_maps": ["flags"]},
    "node_selector": {"pool": "gpu"},
    "tolerations": [{"key": "spot"}, {"key": "gpu", "value": "yes", "effect": "NoSchedule"}],
}
IMAGE = {"repository": "ghcr.io/you/iris", "pull_secrets": ["registry"]}


def zizmor(folder: Path) -> str:
    """What zizmor finds dangerous in the workflows of a project's `.github`."""
    return _found([PROGRAMS / "zizmor", "--offline", "--no-progress", folder])


def actionlint(*workflows: Path) -> str:
    """What actionlint finds wrong in workflows, without programs that only some machines have."""
    return _found([PROGRAMS / "actionlint", "-shellcheck=", "-pyflakes=", *workflows])


def hadolint(dockerfile: Path) -> str:
    """What hadolint finds wrong in a Dockerfile, whatever that asks it to overlook."""
    # Nothing of this person's either: without a name it would look for a configuration.
    return _found(
        [PROGRAMS / "hadolint", "--config", "/dev/null", "--disable-ignore-pragma", dockerfile]
    )


def _found(command: list[str | Path]) -> str:
    said = subprocess.run(command, capture_output=True, text=True)
    return said.stdout + said.stderr if said.returncode else ""


def checkov(path: Path, framework: str) -> set[tuple[str, str]]:
    """What checkov finds in a file: ids of its checks, each with a resource that fails it.

    framework: "cloudformation", "kubernetes" or another of its own names.

    Raises:
        KeyError: the file holds nothing that checkov knows.
    """
    command = [CHECKOV, "--skip-download", "--compact", "--quiet", "--output", "json"]
    said = subprocess.run(
        [*command, "--framework", framework, "--file", path],
        # Nothing of this person's: with a key of its makers' it would send them the file.
        env={"CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"},
        capture_output=True,
        text=True,
    )
    failed = json.loads(said.stdout)["results"]["failed_checks"]
    return {(each["check_id"], each["resource"]) for each in failed}
