"""One fixture, every adapter: a test that takes `adapter` runs once for each way to the app."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.problem import MAX_BODY_BYTES
from tests.adapters import ADAPTERS
from tests.program import Program
from tests.stacks import Stacks
from tests.support import Adapter, through_app


@pytest.fixture(scope="session", params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> Iterator[Adapter]:
    with ADAPTERS[request.param]() as send:
        yield send


@pytest.fixture(params=ADAPTERS)
def deprecated(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Adapter]:
    """Each adapter, deployed as a deprecated version."""
    monkeypatch.setenv("DEPRECATED_ON", "2026-12-01")
    monkeypatch.setenv("SUNSET", "2027-03-31")
    monkeypatch.setenv("MIGRATION_URL", "https://example.com/move")
    with ADAPTERS[request.param]() as send:
        yield send


@pytest.fixture(params=ADAPTERS)
def roomy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Adapter]:
    """Each adapter, deployed with bodies of twice the usual size."""
    monkeypatch.setenv("MAX_BODY_BYTES", str(2 * MAX_BODY_BYTES))
    with ADAPTERS[request.param]() as send:
        yield send


@pytest.fixture(scope="session")
def app() -> Iterator[Adapter]:
    with through_app() as send:
        yield send


@pytest.fixture
def stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stacks:
    """Runs this project's program in a folder of its own, with all that a stack needs."""
    monkeypatch.chdir(tmp_path)
    return Stacks(tmp_path)


@pytest.fixture(scope="session")
def two(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A stack that serves v1 and v2."""
    folder = tmp_path_factory.mktemp("two")
    with contextlib.chdir(folder):
        return Stacks(folder).run()
