"""What the deploy of an API version needs beside the stack file: its contract."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.contracts import write_contract

REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/iris"
# Kinds of resources that Pulumi forgets rather than deletes.
KEPT: tuple[str, ...] = ("Model", "EndpointConfiguration")
# Keys that every stack needs, whatever its scheme.
KEYS: dict[str, Any] = {"image": {"repository": REPOSITORY}}
# What releases are copied from, as bootstrap's copies_from says it, and by its name in IAM.
COPIED = (REPOSITORY, "arn:aws:ecr:eu-central-1:123456789012:repository/iris")
COPIES = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def write(folder: Path, project: str, name: str, version: Mapping[str, Any]) -> None:
    """Write the contract into the folder of a stack."""
    write_contract(folder, name)
