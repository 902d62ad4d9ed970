"""Images of several releases of a rendered project, where the nodes of a cluster find them."""

import fcntl
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.cluster.image import Image, build
from tests.project import make

# A release that is never built.
NO_IMAGE = "1.9.9"
# What is built for these tests, by release.
RELEASES = {"1.0.0": "v1", "1.1.0": "v1", "1.2.0": "v1", "1.3.0": "v1", "2.0.0": "v2"}


def publish_releases(ready: Path, folder: Path) -> str:
    """Publish the image of each release; returns the repository where they are.

    ready: a project after `make setup model`. folder: empty.
    """
    repository = f"registry.example.org/iris-{uuid4().hex[:8]}"  # others test at the same time
    built: dict[str, Image] = {}
    for release, version in RELEASES.items():
        app = folder / release / "app"
        if version not in built:
            project = folder / release / "project"
            shutil.copytree(ready, project, symlinks=True)
            name_build(project, version, release)
            said = make(project, "contract")
            assert said.returncode == 0, said.stdout
            built[version] = image = build(project, app)
        else:
            image = built[version].copy(app)
            name_build(app, version, release)
        publish(f"{repository}:{release}", image)
    if registry := os.environ.get("KUBETEST_IMAGES"):
        # As a registry answers: what nodes say of an image that isn't in the file is their own.
        register(Path(registry), f"{repository}:{NO_IMAGE}", {"root": "manifest unknown"})
    return repository


def name_build(project: Path, version: str, release: str) -> None:
    """Make a tree the one of a release of an API version."""
    pyproject = project / "pyproject.toml"
    text = re.sub(r'^version = ".*"', f'version = "{release}"', pyproject.read_text(), flags=re.M)
    text = re.sub(r'^api_version = ".*"', f'api_version = "{version}"', text, flags=re.M)
    pyproject.unlink()  # a copy of an image shares its files with it
    pyproject.write_text(text)


def publish(name: str, image: Image) -> None:
    """Have the cluster's nodes find an image by its name.

    KUBETEST_IMAGES names the registry of a cluster without a container engine, a JSON file; for
    any other cluster the image is built from the same tree by docker and loaded into kind.
    """
    registry = os.environ.get("KUBETEST_IMAGES")
    if registry is None:
        build = ["docker", "build", "--tag", name, "--file", image.dockerfile, image.folder]
        subprocess.run(build, check=True)
        subprocess.run(["kind", "load", "docker-image", name], check=True)
        return
    before, _, _ = image.environ["PATH"].partition(":$PATH")
    entry = {
        "root": str(image.folder),
        "command": image.command,
        "env": {key: value for key, value in image.environ.items() if key != "PATH"},
        "path_prepend": before,
        "mounts": [str(image.folder)],
    }
    register(Path(registry), name, entry)


def register(registry: Path, name: str, entry: dict[str, Any]) -> None:
    """Add an entry to the registry of a cluster without a container engine."""
    with registry.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes test at once
        images = json.loads(registry.read_text("utf-8"))
        replaced = registry.with_suffix(".new")
        replaced.write_text(json.dumps(images | {name: entry}), "utf-8")
        replaced.rename(registry)  # at once: nodes may be reading it
