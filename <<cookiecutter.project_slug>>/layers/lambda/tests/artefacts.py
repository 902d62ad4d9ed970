"""What the deploy of an API version needs beside the stack file: its contract and its zip."""

import base64
import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.contracts import write_contract

# Kinds of resources that Pulumi forgets rather than deletes.
KEPT: tuple[str, ...] = ()
# Keys that every stack needs, whatever its scheme.
KEYS: dict[str, Any] = {}
# What releases are copied from, as bootstrap's copies_from says it, and by its name in IAM.
COPIED = ("of-dev", "arn:aws:s3:::of-dev/iris/*")
COPIES = ["s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion"]


def write(folder: Path, project: str, name: str, version: Mapping[str, Any]) -> None:
    """Write both into the folder of a stack."""
    write_contract(folder, name)
    if "release" in version:
        architecture = version.get("architecture", "arm64")
        write_zip(folder, project, name, version["release"], architecture)


def write_zip(
    folder: Path,
    project: str,
    name: str,
    release: str,
    architecture: str = "arm64",
    python: str = "3.13",
    padding: int = 0,
) -> None:
    """Write a zip that says of itself what `make build` writes."""
    facts = {"service": project, "api_version": name, "release": release}
    facts |= {"architecture": architecture, "python": python}
    path = folder / f"dist/{project}-{release}-{architecture}.zip"
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("serving/build.json", json.dumps(facts))
        archive.writestr("padding", bytes(padding))


def publish(folder: Path, bucket: str, name: str, release: str, **said: Any) -> None:
    """Write what S3 says of a published release; `said`: what it says otherwise."""
    sha256 = hashlib.sha256(f"{name} {release}".encode())
    metadata = {"service": "iris", "api-version": name, "release": release, "architecture": "arm64"}
    metadata |= {"python": "3.13", "source": "0" * 64, "sha256": sha256.hexdigest()}
    checksum = base64.b64encode(sha256.digest()).decode()
    answer = {"metadata": metadata, "checksumSha256": checksum, "versionId": f"{name}-of-it"} | said
    path = folder / f"buckets/{bucket}/iris/{name}/{release}-arm64.zip.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(answer), "utf-8")
