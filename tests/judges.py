"""Judges from elsewhere that run in a process of their own; none of them asks the network."""

import json
import subprocess
import sys
from pathlib import Path

from tests.project import ROOT, table

# Programs of the development environment.
PROGRAMS = Path(sys.executable).parent
CHECKOV = ROOT / ".checkov" / "bin" / "checkov"
TABLES = table("judges")
# What they are shown: keys of a stack on a cluster; the versions of one on AWS, by target.
ON_A_CLUSTER = {
    "versions": TABLES["versions"] | TABLES["on_a_cluster"],
    "image": TABLES["image"],
}
# The same and more, with keys that no earlier version of this template knows.
UNDER_RULES = (
    ON_A_CLUSTER
    | TABLES["under_rules"]
    | {"versions": ON_A_CLUSTER["versions"] | TABLES["under_rules"]["versions"]}
)
SHOWN = {target: TABLES["versions"] | own for target, own in TABLES["on_aws"].items()}
# The same and more, with keys that no earlier version of this template knows.
RULED = {
    target: TABLES["ruled"] | {"versions": SHOWN[target] | own}
    for target, own in TABLES["ruled_versions"].items()
}


def zizmor(folder: Path) -> str:
    """What zizmor finds dangerous in the workflows of a project's `.github`."""
    return _found([PROGRAMS / "zizmor", "--offline", "--no-progress", folder])


def actionlint(*workflows: Path) -> str:
    """What actionlint finds wrong in workflows, without programs that only some machines have."""
    return _found([PROGRAMS / "actionlint", "-shellcheck=", "-pyflakes=", *workflows])


def hadolint(dockerfile: Path) -> str:
    """What hadolint finds wrong in a Dockerfile, whatever that asks it to overlook."""
    # Nothing of this person's either: without a name it would look for a configuration.
    config = dockerfile.with_name("hadolint.yaml")
    config.write_text("{}\n", "utf-8")
    return _found(
        [PROGRAMS / "hadolint", "--config", config, "--disable-ignore-pragma", dockerfile]
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
