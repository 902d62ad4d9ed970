"""Deploy a stack, and watch its rollouts meanwhile: `python -m tools.deploy STACK`.

Pulumi has the terminal, as if it ran alone. Where a rollout is known to have failed, it is
interrupted as by Ctrl-C, and what the cluster says of that rollout stands last. The exit status is
then 1, else Pulumi's own.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from infra.problems import mapping
from tools.cluster import Cluster, Unreadable
from tools.watch import Watch, report

ROOT = Path(__file__).parent.parent
# Seconds between two looks.
PERIOD = 2


class Watched:
    """The namespace of a stack, and the rollouts in it that are its own."""

    def __init__(self, stack: str) -> None:
        """Looks at what is there before anything is deployed.

        Raises:
            Unreadable: the cluster can't be read.
        """
        project = str(_read(ROOT / "Pulumi.yaml").get("name"))
        config = mapping(_read(ROOT / f"Pulumi.{stack}.yaml").get("config"))
        if "kubernetes:kubeconfig" in config:
            raise Unreadable("kubernetes:kubeconfig in the stack file is known to Pulumi alone")
        namespace = mapping(config.get(f"{project}:namespace")).get("name")
        self.cluster = Cluster(
            str(namespace or f"{project}-{stack}".lower()), config.get("kubernetes:context")
        )
        versions = mapping(config.get(f"{project}:versions"))
        instances = {
            f"{project}-{name}": bool(mapping(own).get("autoscaling"))
            for name, own in versions.items()
            if mapping(own).get("state") != "retired"
        }
        self.watch = Watch(instances, self.cluster.snapshot())
        self.said = ""

    def failed(self) -> bool:
        """Look: whether a rollout has failed. `said`: what is wrong with them, if anything is."""
        with suppress(Unreadable):  # perhaps the next time
            troubles = self.watch.look(self.cluster.snapshot(), time.monotonic())
            self.said = report(self.cluster, troubles) if troubles else ""
            return any(each.final for each in troubles)
        return False


def _read(path: Path) -> dict[str, Any]:
    """A file of Pulumi's; nothing where it can't be read, which Pulumi itself will say."""
    with suppress(OSError, yaml.YAMLError):
        return mapping(yaml.safe_load(path.read_text(encoding="utf-8")))
    return {}


class Run:
    """A command that has the terminal to itself, and its signals too."""

    def __init__(self, command: Sequence[str]) -> None:
        self.interrupted = False
        # Ctrl-C reaches every process of the terminal: the command has had it already. It is
        # started with signals as they were, which would not be so if this one were ignored.
        signal.signal(signal.SIGINT, self._note)
        self.process = subprocess.Popen(command)
        # This one reaches nobody else, such as where a CI runner ends a job.
        signal.signal(signal.SIGTERM, self._pass_on)

    def _note(self, *_: object) -> None:
        self.interrupted = True

    def _pass_on(self, number: int, _: object) -> None:
        self.interrupted = True
        self.process.send_signal(number)

    def interrupt(self) -> bool:
        """End it as Ctrl-C does, unless somebody has: a second one would cut it short.

        Returns whether it was going on.
        """
        if self.interrupted or self.process.poll() is not None:
            return False
        self.process.send_signal(signal.SIGINT)
        return True

    def status(self, seconds: float | None = None) -> int | None:
        """What it ended with, as a shell says it; None where it goes on after these seconds."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return status if status >= 0 else 128 - status


def main(stack: str) -> int:
    """Deploy; returns the exit status."""
    try:
        watched = Watched(stack)
    except Unreadable as reason:
        print(f"The rollouts are not watched. {reason}", file=sys.stderr)
        watched = None
    run = Run(["pulumi", "up", "--stack", stack])
    while (status := run.status(PERIOD if watched else None)) is None:
        if watched and watched.failed() and run.interrupt():
            print("\nA rollout has failed: Pulumi is interrupted.", file=sys.stderr)
            run.status()
            status = 1
            break
    if watched and watched.said and status:
        print(watched.said, file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
