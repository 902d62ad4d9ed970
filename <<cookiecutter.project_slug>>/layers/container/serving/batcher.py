"""Requests that have arrived are predicted together; none ever waits for one to come."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from serving.app import App, Response
from serving.problem import Problem
from serving.work import Work


class Job:
    """A request in the queue, and then its response."""

    __slots__ = ("response", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.response: Response | None = None


class Batcher:
    """A bounded queue in front of the model, emptied a batch at a time.

    max_batch: instances predicted at once; a single request may hold more.
    max_queued: requests that wait at once.
    in_thread: keep the event loop free while the model works. For a slow model.
    observe: is told the instances of each batch.
    """

    def __init__(
        self,
        app: App,
        *,
        max_batch: int,
        max_queued: int,
        in_thread: bool,
        observe: Callable[[int], object],
    ) -> None:
        self.app, self.max_batch, self.max_queued = app, max_batch, max_queued
        self.observe = observe
        self.thread = ThreadPoolExecutor(1) if in_thread else None
        self.running: asyncio.Future[None] | None = None
        self.queue: deque[Job] = deque()

    async def answer(self, work: Work) -> Response:
        """The response to this request, predicted with whatever else is queued."""
        if len(self.queue) >= self.max_queued:
            detail = "More requests wait than this server takes. Send it again later."
            problem = Problem(503, detail, headers=(("Retry-After", "1"),))
            return self.app.failed(work.request_id, problem)
        job = Job(work)
        self.queue.append(job)
        await asyncio.sleep(0)  # all that has arrived by now gets into the queue
        while job.response is None:
            if self.thread is None:
                self._predict(self._take())
                continue
            if self.running is None or self.running.done():
                loop = asyncio.get_running_loop()
                self.running = loop.run_in_executor(self.thread, self._predict, self._take())
            await asyncio.shield(self.running)
        return job.response

    def _take(self) -> list[Job]:
        """The oldest jobs, as many as make a batch."""
        batch = [self.queue.popleft()]
        instances = len(batch[0].work.instances)
        while self.queue:
            instances += len(self.queue[0].work.instances)
            if instances > self.max_batch:
                break
            batch.append(self.queue.popleft())
        return batch

    def _predict(self, batch: list[Job]) -> None:
        several = [job.work for job in batch]
        self.observe(sum(len(work.instances) for work in several))
        for job, response in zip(batch, self.app.answer(several), strict=True):
            job.response = response
