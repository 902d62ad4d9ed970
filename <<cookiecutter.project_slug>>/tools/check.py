"""Ask what is live whether it is what the stack file says: `python -m tools.check STACK`.

Every API version is asked at its URL: the golden requests of its contract, which release answers,
its state, and what is left of it when it is retired. A rollout under way is waited for.

Ends with 0 where all is as the file says, 1 where something differs, 2 where not all could be asked
and nothing differs. Run by `make check`, and by `make deploy` at its end.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tools.asking import (
    Address,
    Answer,
    Ask,
    CannotAsk,
    NoAnswer,
    NotAsked,
    NotDeployed,
    Question,
    Unreachable,
)
from tools.deployed import Deployed
from tools.expected import AT_NIGHT, Difference, Expected, Remedies
from tools.front import Asked
from tools.target import Target

# Between two looks at an API version that differs: the first, how it grows, and the most.
PAUSE_SECONDS, GROWTH, MOST_SECONDS = 2.0, 1.5, 15.0
# How long a name that does not resolve yet, or a port that is still closed, is waited for.
FIRST_CONTACT_SECONDS = 20.0
BROKEN = "this release breaks contracts/{}.json: roll back, as README.md says"
# A question that is turned away because others have just been asked.
THROTTLED, TIMES = 429, 5


@dataclass
class Check:
    """The questions to one API version, and what its answers are not.

    reached: whether anything ever answered.
    """

    api_version: str
    asked: Asked
    remedies: Remedies
    differences: dict[Difference, list[str]] = field(default_factory=dict)
    unreachable: str | None = None
    reached: bool = False

    @property
    def fine(self) -> bool:
        """Whether nothing differs, and all was asked."""
        return not (self.differences or self.unreachable)

    @property
    def final(self) -> bool:
        """Whether something differs that no waiting mends."""
        return any(each.final for each in self.differences)

    def settle(self, seconds: float) -> Self:
        """Ask until nothing differs, for so long at most, or until waiting is of no use."""
        start, pause, said, partly = time.monotonic(), PAUSE_SECONDS, "", False
        self._ask(self.asked.questions)
        was_final = False
        while not self.fine and (left := start + self._patience(seconds) - time.monotonic()) > 0:
            if self.final and was_final:
                break
            was_final = self.final
            if (now := self._still()) != said:
                tell(f"{self.api_version}: not yet: {now} Asking for {left:.0f} s more at most.")
            said = now
            time.sleep(min(pause, left))
            pause = min(pause * GROWTH, MOST_SECONDS)
            self._ask(self._first())
            partly = not self.fine
            if self.fine:  # what differed first is right now; so may be the rest
                self._ask(self.asked.questions)
        if partly:
            self._ask(self.asked.questions)
        return self

    def _patience(self, seconds: float) -> float:
        """How long to wait: where nothing ever answered, not for all of these."""
        return seconds if self.reached else min(seconds, FIRST_CONTACT_SECONDS)

    def sentences(self) -> Iterator[str]:
        """What differs, one sentence each."""
        for difference, names in self.differences.items():
            more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
            yield (
                f"{self.api_version}: the answer to “{names[0]}”{more} {difference.what};"
                f" {difference.remedy}."
            )

    def _still(self) -> str:
        """The first thing that differs."""
        if self.unreachable:
            return self.unreachable
        difference, names = next(iter(self.differences.items()))
        return f"the answer to “{names[0]}” {difference.what}."

    def _first(self) -> Sequence[tuple[Question, Expected]]:
        """The first question whose answer differs; without one, the first of all."""
        names = next(iter(self.differences.values()), [])
        every = self.asked.questions
        return [each for each in every if each[0].name in names[:1]] or every[:1]

    def _ask(self, questions: Sequence[tuple[Question, Expected]]) -> None:
        """Ask these, through a new connection, and note what differs."""
        self.differences, self.unreachable = {}, None
        with self.asked.way() as ask:
            for question, expected in questions:
                try:
                    answer = _patient(ask, question)
                except Unreachable as reason:
                    self._note_unreachable(question, str(reason))
                    return
                except NoAnswer as reason:
                    self.reached = True
                    self._note(question, Difference(f"did not come: {reason}", AT_NIGHT))
                    return  # each of the others may take as long
                self.reached = True
                for each in expected.differences(answer, self.remedies):
                    self._note(question, each)
                if answer.status == THROTTLED != expected.status:
                    return  # as each of the others would be

    def _note(self, question: Question, difference: Difference) -> None:
        self.differences.setdefault(difference, []).append(question.name)

    def _note_unreachable(self, question: Question, reason: str) -> None:
        """What nothing was ever connected to could not be asked; what is gone again differs."""
        if self.reached:
            self._note(question, Difference(f"did not come: {reason.rstrip('.')}", AT_NIGHT))
        else:
            self.unreachable = reason


def _patient(ask: Ask, question: Question) -> Answer:
    """The answer, asked for again where this check itself is too fast for the front."""
    answer = ask(question)
    for _ in range(TIMES):
        if answer.status != THROTTLED:
            break
        time.sleep(PAUSE_SECONDS / 2)
        answer = ask(question)
    return answer


def look(deployed: Deployed, seconds: float) -> tuple[list[str], list[str]]:
    """Ask every API version; what differs, and what could not be asked, one sentence each."""
    target = Target(deployed)
    checks: list[Check] = []
    differ: list[str] = []
    unasked: list[str] = []
    for name, version in deployed.settings.versions.items():
        try:
            prepare = target.retired if version.state == "retired" else target.served
            deploy = deployed.redeploy
            broken = deploy if version.state == "retired" else BROKEN.format(name)
            remedies = Remedies(deploy, target.other_release, broken)
            checks.append(Check(name, prepare(name, version), remedies))
        except NotAsked as reason:
            tell(f"{name}: {reason}")
        except NotDeployed as reason:
            differ.append(f"{name}: {reason}")
        except CannotAsk as reason:
            unasked.append(f"{name}: {reason}")
    # Not in `with`, which would wait for all that they wait for where this is interrupted.
    threads = ThreadPoolExecutor(max(len(checks), 1))
    for each in threads.map(lambda check: check.settle(seconds), checks):
        differ += each.sentences()
        unasked += [f"{each.api_version}: {each.unreachable}"] if each.unreachable else []
        if each.fine:
            version = deployed.settings.versions[each.api_version]
            what = version.state if version.state != "live" else f"release {version.release}"
            tell(f"{each.api_version}: {what}, as Pulumi.{deployed.stack}.yaml says.")
    return differ, unasked


def tell(line: str) -> None:
    """Say what is going on."""
    sys.stdout.write(f"{line}\n")  # at once, whoever else says something
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, say what differs, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.check")
    parser.add_argument("stack")
    parser.add_argument("--wait", type=float, default=0, help="seconds; 0: ask once")
    parser.add_argument("--outputs", type=Path, help="in place of the Pulumi CLI")
    parser.add_argument("--address", help="host:port to connect to in place of the URLs' names")
    given = parser.parse_args(arguments)
    try:
        address = Address.of(given.address) if given.address else None
        differ, unasked = look(Deployed.load(given.stack, given.outputs, address), given.wait)
    except CannotAsk as reason:
        differ, unasked = [], [str(reason)]
    except KeyboardInterrupt:
        os._exit(128 + signal.SIGINT)  # whatever is still asked
    for sentence in differ:
        print(sentence, file=sys.stderr)
    for sentence in unasked:
        print(f"Could not ask: {sentence}", file=sys.stderr)
    return 1 if differ else 2 if unasked else 0


if __name__ == "__main__":
    sys.exit(main())
