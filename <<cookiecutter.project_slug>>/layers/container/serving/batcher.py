"""Requests that have arrived are predicted together; none ever waits for one to come."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from serving import metrics
from serving.app import App, Response
from serving.contract import EXAMPLE_REQUEST
from serving.problem import Problem
from serving.work import Work, work_of

type Answered = Callable[[Response], object]
type Job = tuple[Work, Answered]

# A model that takes longer than this would keep probes waiting: it gets a thread.
SLOW_SECONDS = 0.005
# The longest that a batch may take, unless two of its instances alone take longer.
MAX_BATCH_SECONDS = 0.05
# How long it is tried out which batch is the best.
WARM_UP_SECONDS = 2
# How long a size is tried, if three batches take less.
TRIAL_SECONDS = 0.003
# How long batches follow each other before the event loop turns, and probes are answered.
TURN_SECONDS = 0.001


class Limit:
    """How many instances are worth predicting at once.

    instances: as many; most: of these. seconds: what a batch of these takes. most_seconds: what it
    may take.
    """

    def __init__(self, instances: int, seconds: float, most_seconds: float) -> None:
        self.instances = self.most = instances
        self.seconds, self.most_seconds = seconds, most_seconds

    @classmethod
    def measured(cls, app: App, max_batch: int) -> "Limit":
        """The largest of 1, 2, 4 … instances that a model predicts soon, and cheaper than half.

        Cheaper is by a tenth for each instance, against the size before.

        Raises:
            RuntimeError: the model can't answer its own example.
        """
        end = time.perf_counter() + WARM_UP_SECONDS
        alone = _best(app, 1)
        best = cls(1, alone, max(MAX_BATCH_SECONDS, 2 * alone))
        while best.instances < max_batch and time.perf_counter() < end:
            instances = min(2 * best.instances, max_batch)
            seconds = _best(app, instances)
            gain = 1 - (seconds / instances) / (best.seconds / best.instances)
            if seconds > best.most_seconds or gain < 0.1:
                break
            best = cls(instances, seconds, best.most_seconds)
        return best

    def observe(self, instances: int, seconds: float) -> None:
        """Halve the limit where its batches go on taking longer than they may; and back again.

        Each moves the estimate by a twentieth, whatever it took: one that was interrupted says
        nothing about the next.
        """
        if self.instances < 2 * instances <= 2 * self.instances:
            self.seconds *= 1.05 if seconds > self.seconds else 0.95
            if self.seconds > self.most_seconds and self.instances > 1:
                self.instances //= 2
                self.seconds /= 2
            elif self.seconds < 0.4 * self.most_seconds and self.instances < self.most:
                self.instances = min(2 * self.instances, self.most)
                self.seconds *= 2


class Batcher:
    """A bounded queue in front of the model, emptied a batch at a time.

    limit: of a batch; a single request may hold more, max_batch if it is large. max_queued:
    requests that wait at once. thread: where a model works that is slow with any of these.
    """

    def __init__(self, app: App, limit: Limit, *, max_batch: int, max_queued: int) -> None:
        self.app, self.limit, self.max_queued = app, limit, max_queued
        slowest = limit.seconds * max(max_batch / limit.instances, 1)
        # That is from few instances, and many together may take far less each.
        if max_batch > limit.instances and SLOW_SECONDS < slowest < MAX_BATCH_SECONDS:
            slowest = _best(app, max_batch)
        self.thread = ThreadPoolExecutor(1) if slowest > SLOW_SECONDS else None
        self.queue: deque[Job] = deque()
        self.busy = False

    def put(self, work: Work, answered: Answered) -> None:
        """Have this predicted with whatever else is queued; `answered` is given the response."""
        if len(self.queue) >= self.max_queued:
            detail = "More requests wait than this server takes. Send it again later."
            problem = Problem(503, detail, headers=(("Retry-After", "1"),))
            answered(self.app.failed(work.request_id, problem))
            return
        self.queue.append((work, answered))
        if not self.busy:
            self.busy = True
            # Later, so that all that has arrived by now gets into the queue.
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        """Predict what is queued; what arrives meanwhile is next."""
        if self.thread:
            batch, loop = self._take(), asyncio.get_running_loop()
            predicted = loop.run_in_executor(self.thread, self._predict, batch)
            predicted.add_done_callback(lambda done: self._predicted(batch, done.result()))
            return
        end = time.perf_counter() + TURN_SECONDS
        while self.queue and time.perf_counter() < end:
            batch = self._take()
            _answer(batch, self._predict(batch))
        self._go_on()

    def _predicted(self, batch: list[Job], responses: list[Response]) -> None:
        self._go_on()  # first, for the thread is idle
        _answer(batch, responses)

    def _go_on(self) -> None:
        self.busy = bool(self.queue)
        if self.busy:
            asyncio.get_running_loop().call_soon(self._next)

    def _take(self) -> list[Job]:
        """The oldest jobs, as many as make a batch."""
        batch = [self.queue.popleft()]
        instances = len(batch[0][0].instances)
        while self.queue:
            instances += len(self.queue[0][0].instances)
            if instances > self.limit.instances:
                break
            batch.append(self.queue.popleft())
        return batch

    def _predict(self, batch: list[Job]) -> list[Response]:
        several = [work for work, _ in batch]
        instances = sum([len(work.instances) for work in several])
        metrics.BATCH.observe(instances)
        started = time.perf_counter()
        responses = self.app.answer(several)
        self.limit.observe(instances, time.perf_counter() - started)
        return responses


def _answer(batch: list[Job], responses: list[Response]) -> None:
    for (_, answered), response in zip(batch, responses, strict=True):
        try:
            answered(response)
        except Exception as error:  # whatever it is, the others are answered
            said = {"message": "an answer could not be given", "exception": error}
            asyncio.get_running_loop().call_exception_handler(said)


def _best(app: App, instances: int) -> float:
    """Seconds in which a model answers so many instances of its example, the best of some.

    The first call of a size is not like the others, and any may be interrupted: three are made, or
    as many as can be in `TRIAL_SECONDS`.

    Raises:
        RuntimeError: it can't.
    """
    example = work_of("warm-up", EXAMPLE_REQUEST)
    rows = [*islice(cycle(example.instances), instances)]
    work = Work(example.request_id, rows, example.parameters)
    end = time.perf_counter() + TRIAL_SECONDS
    seconds = [_seconds(app, work) for _ in "123"]
    while time.perf_counter() < end:
        seconds.append(_seconds(app, work))
    return min(seconds)


def _seconds(app: App, work: Work) -> float:
    started = time.perf_counter()
    (response,) = app.answer([work])
    if response.status != 200:
        reason = response.error or response.body.decode()
        raise RuntimeError(f"The model can't answer its own example:\n{reason}")
    return time.perf_counter() - started
