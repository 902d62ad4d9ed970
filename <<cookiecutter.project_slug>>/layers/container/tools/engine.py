"""The container engine of this machine: docker, podman, or what else speaks as they do."""

import json
import shlex
import shutil
import subprocess
import sys

from infra.problems import mapping
from tools.refused import Refused

# As docker, podman and nerdctl say it.
MISSING = ("no such image", "not known", "not found")


class Engine:
    """What `ENGINE` names, such as `podman` or `sudo docker`.

    Raises:
        Refused: it is not here.
    """

    def __init__(self, command: str) -> None:
        self.command = shlex.split(command)
        if not self.command or not shutil.which(self.command[0]):
            remedy = "install it, or name another container engine, such as ENGINE=podman"
            raise Refused(f"{command or 'ENGINE'} is not on the PATH: {remedy}.")

    def run(self, *words: str, given: str = "") -> None:
        """Run a command of it, and show that.

        Raises:
            Refused: it failed; the text says which command did.
        """
        line = shlex.join([*self.command, *words])
        print(f"+ {line}", file=sys.stderr, flush=True)
        if subprocess.run([*self.command, *words], input=given or None, text=True).returncode:
            raise Refused(f"`{line}` failed.")

    def labels(self, image: str) -> dict[str, str] | None:
        """The labels of an image on this machine; None where there is no such image.

        Raises:
            Refused: the engine does not say.
        """
        words = ("image", "inspect", "--format", "{{json .Config.Labels}}", image)
        said = subprocess.run([*self.command, *words], capture_output=True, text=True)
        if not said.returncode:
            return mapping(json.loads(said.stdout))
        if any(each in said.stderr.lower() for each in MISSING):
            return None
        raise Refused(f"`{shlex.join([*self.command, *words])}` failed:\n{said.stderr.strip()}")
