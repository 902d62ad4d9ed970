"""The image of a rendered project without a container engine: its Dockerfile, followed by hand.

Makes the file tree that the Dockerfile's last stage would hold, in a folder instead of its WORKDIR.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.project import ENVIRON


@dataclass
class Image:
    """A file tree, and how a container of it is started.

    folder: stands for the WORKDIR. environ: values that name the WORKDIR name the folder instead.
    """

    folder: Path
    dockerfile: Path
    environ: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    user: str = "root"
    ports: list[int] = field(default_factory=list)

    def copy(self, folder: Path) -> "Image":
        """Another image with the same files: links, to be replaced rather than written to."""
        shutil.copytree(self.folder, folder, symlinks=True, copy_function=os.link)
        environ = {
            name: value.replace(str(self.folder), str(folder))
            for name, value in self.environ.items()
        }
        return replace(self, folder=folder, environ=environ)


def build(project: Path, folder: Path) -> Image:
    """Follow the Dockerfile of a project.

    Raises:
        ValueError: it holds an instruction that is not known here.
    """
    folder.mkdir(parents=True)
    dockerfile = project / "Dockerfile"
    image, workdir = Image(folder, dockerfile), "/"
    for name, text in instructions(dockerfile):
        match name:
            case "FROM":  # the last stage takes over what this folder holds by then
                image = Image(folder, dockerfile)
            case "WORKDIR":
                workdir = text
            case "COPY" if text.startswith("--from=build "):
                if text != f"--from=build {workdir} {workdir}":
                    raise ValueError(f"COPY {text}")
            case "COPY":
                *sources, target = shlex.split(text)
                for source in sources:
                    copy(project, source, folder / target)
            case "RUN":
                run(text, folder)
            case "ENV":
                pairs = (pair.split("=", 1) for pair in shlex.split(text))
                image.environ |= {key: value.replace(workdir, str(folder)) for key, value in pairs}
            case "EXPOSE":
                image.ports = [int(port) for port in text.split()]
            case "USER":
                image.user = text
            case "ENTRYPOINT":
                image.command = json.loads(text)
            case _:
                raise ValueError(f"{name} {text}")
    return image


def instructions(path: Path) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, each with its text on one line."""
    joined = re.sub(r"\\\n\s*", "", path.read_text("utf-8"))
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(name, text) for name, _, text in (line.partition(" ") for line in lines)]


def copy(project: Path, source: str, target: Path) -> None:
    """COPY: what .dockerignore lets through, with its folders."""
    origin = project / source
    found = [origin] if origin.is_file() else sorted(origin.rglob("*"))
    files = [path for path in found if path.is_file() and not ignored(project, path)]
    if not files:
        raise ValueError(f"COPY {source}: nothing is there")
    for path in files:
        into = target / path.relative_to(origin.parent if origin.is_file() else origin)
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, into)  # with its mode, as COPY does
        if origin.is_dir():
            shutil.copymode(path.parent, into.parent)


def ignored(project: Path, path: Path) -> bool:
    """Whether .dockerignore keeps a file out; its last line that matches decides."""
    relative = path.relative_to(project)
    names = [str(relative), *map(str, relative.parents)]
    verdict = False
    for line in (project / ".dockerignore").read_text("utf-8").split():
        pattern = line.removeprefix("!").removeprefix("**/")
        parts = relative.parts if "**/" in line else names
        if any(fnmatch.fnmatchcase(part, pattern) for part in parts):
            verdict = not line.startswith("!")
    return verdict


def run(command: str, folder: Path) -> None:
    """RUN: pip as uv, and this machine's Python for the image's."""
    if "pip uninstall" in command:  # of the image's own pip, which is not in the folder
        return
    create = "python -m venv --without-pip .venv"
    install = "pip --python .venv install --no-cache-dir --no-compile --require-hashes -r"
    replaced = command.replace(create, "uv venv --quiet --no-config --python 3.13 .venv")
    replaced = replaced.replace(install, "uv pip sync --quiet --python .venv --require-hashes")
    if replaced == command:
        replaced = re.sub(r"^python (?=-m compileall |-c )", ".venv/bin/python ", command)
    if replaced == command:
        raise ValueError(f"RUN {command}")
    subprocess.run(["sh", "-ec", replaced], cwd=folder, env=ENVIRON, check=True, umask=0o022)


def start(image: Image, **environ: str) -> subprocess.Popen[str]:
    """A process as a container of the image would start it, on this machine."""
    path = image.environ["PATH"].replace("$PATH", os.environ["PATH"])
    own = {**image.environ, "PATH": path, **environ}
    return subprocess.Popen(
        image.command, cwd=image.folder, env=own, stdout=subprocess.PIPE, text=True
    )


def answer(process: subprocess.Popen[str], request: dict[str, Any]) -> tuple[int, str]:
    """Status and body of what a started image answers, once it is ready."""
    assert process.stdout
    url = json.loads(process.stdout.readline())["url"]
    connection = HTTPConnection("127.0.0.1", int(url.rpartition(":")[2]), timeout=10)
    connection.request("POST", request["path"], request["body"], request["headers"])
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response.status, body
