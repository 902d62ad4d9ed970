"""Batching, with a fake model: who is predicted with whom, and whose answer is whose."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from serving.app import App, Response
from serving.batcher import Batcher
from serving.contract import EXAMPLE_RESPONSE
from serving.problem import Problem
from serving.release import Release
from serving.work import Work
from tests.support import BUILD

IN_THREAD = pytest.mark.parametrize("in_thread", [False, True], ids=["inline", "in a thread"])


class Echo:
    """Answers each request with its own id; keeps the batches that it was given."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.threads: set[int] = set()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def answer(self, several: Sequence[Work]) -> list[Response]:
        self.threads.add(threading.get_ident())
        self.batches.append([work.request_id for work in several])
        assert self.may_go_on.wait(10)
        return [Response(200, (), work.request_id.encode(), work.request_id) for work in several]

    def failed(self, request_id: str, problem: Problem) -> Response:
        return Response(problem.status, problem.headers, b"", request_id)


def batcher(app: Any, *, in_thread: bool = False, most: int = 10, queued: int = 1_000) -> Batcher:
    return Batcher(
        app, max_batch=most, max_queued=queued, in_thread=in_thread, observe=lambda _: None
    )


def work(name: int | str, instances: int = 1) -> Work:
    return Work(str(name), [object()] * instances)  # pyright: ignore[reportArgumentType]


async def all_of(to: Batcher, *several: Work) -> list[Response]:
    return await asyncio.gather(*[to.answer(each) for each in several])


@IN_THREAD
def test_what_has_arrived_is_predicted_together_and_each_gets_its_own(in_thread: bool) -> None:
    app = Echo()
    answers = asyncio.run(all_of(batcher(app, in_thread=in_thread), *map(work, range(25))))
    assert [answer.body for answer in answers] == [b"%d" % i for i in range(25)]
    assert [len(batch) for batch in app.batches] == [10, 10, 5]
    assert [i for batch in app.batches for i in batch] == [str(i) for i in range(25)]


@IN_THREAD
def test_one_request_alone_does_not_wait_for_another(in_thread: bool) -> None:
    app = Echo()
    alone = all_of(batcher(app, in_thread=in_thread), work("alone"))
    asyncio.run(asyncio.wait_for(alone, 3))
    assert app.batches == [["alone"]]


def test_a_batch_counts_instances_and_keeps_the_order() -> None:
    app = Echo()
    sizes = [4, 4, 4, 1, 1, 25, 1]
    asyncio.run(all_of(batcher(app), *[work(i, size) for i, size in enumerate(sizes)]))
    assert app.batches == [["0", "1"], ["2", "3", "4"], ["5"], ["6"]]


def test_more_than_the_queue_holds_is_turned_away() -> None:
    app = Echo()
    answers = asyncio.run(all_of(batcher(app, queued=3), *map(work, range(5))))
    assert [answer.status for answer in answers] == [200, 200, 200, 503, 503]
    assert answers[-1].headers == (("Retry-After", "1"),)
    assert app.batches == [["0", "1", "2"]]


def test_a_slow_model_leaves_the_loop_free_and_finds_its_next_batch_waiting() -> None:
    async def scenario() -> list[Response]:
        to = batcher(app, in_thread=True)
        first = asyncio.create_task(to.answer(work("first")))
        while not app.batches:  # this loop turns while the model works
            await asyncio.sleep(0)
        others = [asyncio.create_task(to.answer(work(i))) for i in range(3)]
        while len(to.queue) < 3:
            await asyncio.sleep(0)
        app.may_go_on.set()
        return await asyncio.wait_for(asyncio.gather(first, *others), 10)

    app = Echo()
    app.may_go_on.clear()
    answers = asyncio.run(scenario())
    assert [answer.request_id for answer in answers] == ["first", "0", "1", "2"]
    assert app.batches == [["first"], ["0", "1", "2"]]
    assert app.threads.isdisjoint({threading.get_ident()})
    assert len(app.threads) == 1


@IN_THREAD
def test_a_request_whose_client_is_gone_takes_nothing_from_the_others(in_thread: bool) -> None:
    async def scenario() -> list[Any]:
        to = batcher(app, in_thread=in_thread, most=2)
        tasks = [asyncio.create_task(to.answer(work(i))) for i in range(5)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)

    app = Echo()
    first, *others = asyncio.run(scenario())
    assert isinstance(first, asyncio.CancelledError)
    assert [answer.body for answer in others] == [b"1", b"2", b"3", b"4"]


class FailsOn:
    """A model that fails whenever this instance is among its rows."""

    def __init__(self, instance: object) -> None:
        self.instance = instance

    def predict(self, instances: list[Any], *_: Any) -> list[Any]:
        if self.instance in instances:
            raise RuntimeError("an odd instance")
        return EXAMPLE_RESPONSE.predictions[:1] * len(instances)


@IN_THREAD
def test_a_request_that_fails_in_the_model_fails_alone(in_thread: bool) -> None:
    several = [work(i, i + 1) for i in range(4)]
    app = App(Release(BUILD), FailsOn(several[2].instances[0]), b"")
    answers = asyncio.run(all_of(batcher(app, in_thread=in_thread), *several))
    assert [answer.status for answer in answers] == [200, 200, 500, 200]
    assert [answer.instances for answer in answers] == [1, 2, 0, 4]
    assert [answer.request_id for answer in answers] == ["0", "1", "2", "3"]
    assert "an odd instance" in (answers[2].error or "")
