"""Batching, with a fake model: who is predicted with whom, and whose answer is whose."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest

from serving.app import App, Response
from serving.batcher import MAX_BATCH_SECONDS, Batcher, Limit
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
    limit = Limit(most, seconds=1 if in_thread else 0, most_seconds=1)
    return Batcher(app, limit, max_batch=most, max_queued=queued)


def work(name: int | str, instances: int = 1) -> Work:
    return Work(str(name), [object()] * instances)  # pyright: ignore[reportArgumentType]


async def all_of(to: Batcher, *several: Work) -> list[Response]:
    """The responses in the order in which they are asked for."""
    answers: list[asyncio.Future[Response]] = []
    for each in several:
        answers.append(asyncio.get_running_loop().create_future())
        to.put(each, answers[-1].set_result)
    return await asyncio.wait_for(asyncio.gather(*answers), 10)


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
    asyncio.run(all_of(batcher(app, in_thread=in_thread), work("alone")))
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
        first = asyncio.create_task(all_of(to, work("first")))
        while not app.batches:  # this loop turns while the model works
            await asyncio.sleep(0)
        others = asyncio.create_task(all_of(to, *map(work, range(3))))
        while len(to.queue) < 3:
            await asyncio.sleep(0)
        app.may_go_on.set()
        return [*await first, *await others]

    app = Echo()
    app.may_go_on.clear()
    answers = asyncio.run(scenario())
    assert [answer.request_id for answer in answers] == ["first", "0", "1", "2"]
    assert app.batches == [["first"], ["0", "1", "2"]]
    assert app.threads.isdisjoint({threading.get_ident()})
    assert len(app.threads) == 1


@IN_THREAD
def test_what_arrives_with_an_answer_is_predicted_too(in_thread: bool) -> None:
    async def scenario() -> list[str]:
        to = batcher(app, in_thread=in_thread)
        last: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        to.put(work("first"), lambda _: to.put(work("second"), last.set_result))
        return [(await asyncio.wait_for(last, 10)).request_id]

    app = Echo()
    assert asyncio.run(scenario()) == ["second"]
    assert app.batches == [["first"], ["second"]]


@IN_THREAD
def test_an_answer_that_cannot_be_sent_takes_nothing_from_later_requests(in_thread: bool) -> None:
    async def scenario() -> list[Response]:
        to = batcher(app, in_thread=in_thread, most=1)
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        to.put(work("lost"), Mock(side_effect=RuntimeError))
        return await all_of(to, *map(work, range(3)))

    app = Echo()
    assert [answer.body for answer in asyncio.run(scenario())] == [b"0", b"1", b"2"]


class Panic(BaseException):
    """What extensions written in Rust raise."""


@pytest.mark.parametrize(
    ("seconds", "max_batch", "in_thread"),
    [(0.002, 512, True), (0.002, 2, False), (0.006, 1, True), (0.000_001, 512, False)],
)
def test_a_model_that_is_slow_with_many_instances_gets_a_thread(
    seconds: float, max_batch: int, in_thread: bool
) -> None:
    to = Batcher(Mock(), Limit(1, seconds, 1), max_batch=max_batch, max_queued=1)
    assert bool(to.thread) is in_thread


class FailsOn:
    """A model that fails whenever this instance is among its rows."""

    def __init__(self, instance: object, kind: type[BaseException] = RuntimeError) -> None:
        self.instance, self.kind = instance, kind

    def predict(self, instances: list[Any], *_: Any) -> list[Any]:
        if self.instance in instances:
            raise self.kind("an odd instance")
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


@IN_THREAD
def test_a_panic_in_the_model_fails_alone(in_thread: bool) -> None:
    several = [work(i, i + 1) for i in range(3)]
    app = App(Release(BUILD), FailsOn(several[1].instances[0], Panic), b"")
    answers = asyncio.run(all_of(batcher(app, in_thread=in_thread), *several))
    assert [answer.status for answer in answers] == [200, 500, 200]
    assert msgspec.json.decode(answers[1].body)["request_id"] == "1"
    assert "Panic: an odd instance" in (answers[1].error or "")


class Timed:
    """A model whose time passes only as it says; `seconds`: of so many instances."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: Callable[[int], float]) -> None:
        self.now, self.seconds, self.sizes = 0.0, seconds, list[int]()
        monkeypatch.setattr("serving.batcher.time.perf_counter", lambda: self.now)

    def answer(self, several: Sequence[Work]) -> list[Response]:
        self.sizes.append(sum(len(each.instances) for each in several))
        self.now += self.seconds(self.sizes[-1])
        return [Response(200, (), b"", each.request_id) for each in several]


@pytest.mark.parametrize(
    ("seconds", "most", "limit", "tried"),
    [
        (lambda _: 0.001, 512, 512, 512),
        (lambda _: 0.001, 300, 300, 300),
        (lambda _: 0.001, 1, 1, 1),
        (lambda n: 0.001 * n, 512, 1, 2),
        (lambda n: 0.0001 * (9 + n), 512, 64, 128),  # 0.9 + n: at 128 less than a tenth cheaper
        (lambda n: 0.02 if n < 16 else 0.06, 512, 8, 16),
        (lambda n: 0.04 if n < 16 else 0.0025 * n + 0.03, 512, 16, 32),
        (lambda _: 0.3, 512, 4, 4),  # for time is over
        (lambda _: 3, 512, 1, 1),
    ],
    ids=[
        "gains for ever",
        "gains to the most that is set",
        "is set to never",
        "gains nothing",
        "gains less and less",
        "takes too long",
        "takes long when alone",
        "is slow",
        "is very slow",
    ],
)
def test_the_limit_is_what_a_model_gains_from(
    monkeypatch: pytest.MonkeyPatch,
    seconds: Callable[[int], float],
    most: int,
    limit: int,
    tried: int,
) -> None:
    app = Timed(monkeypatch, seconds)
    assert Limit.measured(app, most).instances == limit  # pyright: ignore[reportArgumentType]
    assert max(app.sizes) == tried
    assert min(app.sizes.count(size) for size in app.sizes) == 3


def test_a_call_that_is_interrupted_does_not_set_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = count()
    app = Timed(monkeypatch, lambda n: 0.1 if n > 1 and next(calls) % 3 else 0.001)
    assert Limit.measured(app, 64).instances == 64  # pyright: ignore[reportArgumentType]


def test_a_fast_model_may_be_interrupted_most_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = count()
    app = Timed(monkeypatch, lambda _: 0.0004 if next(calls) % 7 else 0.0001)
    assert Limit.measured(app, 64).instances == 64  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("each", "in_thread"), [(0.000_001, False), (0.000_015, True)])
def test_a_model_that_seems_slow_with_few_instances_is_asked_for_many(
    monkeypatch: pytest.MonkeyPatch, each: float, in_thread: bool
) -> None:
    app: Any = Timed(monkeypatch, lambda n: 0.000_02 + each * n)
    to = Batcher(app, Limit(1, 0.000_02, 1), max_batch=512, max_queued=1)
    assert bool(to.thread) is in_thread


def test_batches_that_have_become_too_slow_lower_the_limit_and_one_alone_does_not() -> None:
    limit = Limit(64, seconds=0.03, most_seconds=MAX_BATCH_SECONDS)
    for seconds in [0.03, 5] * 20:
        limit.observe(64, seconds)
    assert limit.instances == 64
    for _ in range(40):
        limit.observe(64, 0.08)
    assert limit.instances == 32
    for _ in range(40):
        limit.observe(16, 0.08)  # which says nothing about 32
        limit.observe(40, 0.08)  # one request with so many
    assert limit.instances == 32
    for _ in range(1_000):
        limit.observe(limit.instances, 1)
    assert limit.instances == 1


def test_a_limit_that_was_lowered_recovers_with_its_batches() -> None:
    limit = Limit(64, seconds=0.03, most_seconds=MAX_BATCH_SECONDS)
    for seconds in (0.2, 0.001):
        for _ in range(200):
            limit.observe(limit.instances, seconds)
    assert limit.instances == 64
