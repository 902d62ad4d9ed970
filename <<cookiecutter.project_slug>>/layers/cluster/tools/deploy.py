"""Deploy a stack, and watch its rollouts meanwhile: `python -m tools.deploy STACK [--yes]`.

Pulumi has the terminal, as if it ran alone. Where a rollout is known to have failed, it is
interrupted as by Ctrl-C, and what the cluster says of that rollout stands last. The exit status is
then 1, else Pulumi's own. Where that is an error, what is wrong with any rollout stands last.
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
from tools import stack_file
from tools.cluster import Cluster, Snapshot, Unreadable
from tools.watch import Trouble, Watch, report

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
        project, config = _files(stack)
        if "kubernetes:kubeconfig" in config:
            raise Unreadable("kubernetes:kubeconfig in the stack file is known to Pulumi alone")
        namespace = mapping(config.get(f"{project}:namespace")).get("name")
        self.cluster = Cluster(
            str(namespace or f"{project}-{stack}".lower()), config.get("kubernetes:context")
        )
        versions = mapping(config.get(f"{project}:versions"))
        self.instances = {
            f"{project}-{name}": bool(mapping(own).get("autoscaling"))
            for name, own in versions.items()
            if mapping(own).get("state") != "retired"
        }
        self.watch = Watch(self.instances, self.cluster.snapshot())
        self.troubles: list[Trouble] = []

    def failed(self) -> bool:
        """Look: whether a rollout has failed. `troubles`: what is wrong with those that began."""
        with suppress(Unreadable):  # perhaps the next time
            self.troubles = self.watch.look(self.cluster.snapshot(), time.monotonic())
            return any(each.final for each in self.troubles)
        return False

    def ended(self) -> None:
        """Look at all rollouts of the stack, as if none had been there before."""
        with suppress(Unreadable):
            watch = Watch(self.instances, Snapshot([]))
            self.troubles = watch.look(self.cluster.snapshot(), time.monotonic())


def _files(stack: str) -> tuple[str, dict[str, Any]]:
    """The project's name, and the stack's config with whole keys.

    Raises:
        Unreadable: a file can't be used; why, Pulumi itself will say.
    """
    try:
        return stack_file.read(ROOT, stack)
    except (OSError, ValueError, yaml.YAMLError):
        raise Unreadable(f"Pulumi.yaml or Pulumi.{stack}.yaml can't be read") from None


class Run:
    """A command that has the terminal to itself, and its signals too."""

    def __init__(self, command: Sequence[str]) -> None:
        self.interrupted = False
        self.early = set[int]()
        # Ctrl-C reaches every process of the terminal: the command has had it already. It is
        # started with signals as they were, which would not be so if this one were ignored.
        signal.signal(signal.SIGINT, self._note)
        signal.signal(signal.SIGTERM, self._note)
        self.process = subprocess.Popen(command)
        # This one reaches nobody else, such as where a CI runner ends a job.
        signal.signal(signal.SIGTERM, self._pass_on)
        if signal.SIGTERM in self.early:  # while there was nobody to pass it on to
            self.process.send_signal(signal.SIGTERM)

    def _note(self, number: int, _: object) -> None:
        self.interrupted = True
        self.early.add(number)

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


def main(stack: str, *flags: str) -> int:
    """Deploy, with these flags of `pulumi up`; returns the exit status."""
    try:
        watched = Watched(stack)
    except Unreadable as reason:
        print(f"The rollouts are not watched. {reason}", file=sys.stderr)
        watched = None
    run = Run(["pulumi", "up", "--stack", stack, *flags])
    try:
        status, said = _end(run, watched)
    finally:
        run.status()  # whatever became of the watch, Pulumi is not left alone
    if said:
        print(said, file=sys.stderr)
    return status


def _end(run: Run, watched: Watched | None) -> tuple[int, str]:
    """Wait until Pulumi ends or a rollout fails; the exit status, and what is wrong then."""
    while (status := run.status(PERIOD)) is None:
        if watched and watched.failed() and run.interrupt():
            print("\nA rollout has failed: Pulumi is interrupted.", file=sys.stderr)
            # Now, because what failed may be taken back.
            return 1, report(watched.cluster, watched.troubles)
    if watched and status:
        watched.ended()
        return status, report(watched.cluster, watched.troubles)
    return status, ""


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:  # before Pulumi was started
        sys.exit(130)
