"""Fixtures: rendered projects, and one of each kind that is set up and trained."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from tests.cluster.releases import publish_releases
from tests.project import (
    ANSWERS,
    COMBINATION_IDS,
    COMBINATIONS,
    QUESTIONS,
    copy_template,
    git,
    succeed,
)

type Bake = Callable[..., Path]
# Files of projects, and scripts that run in one.
collect_ignore = ["models", "adopting"]
# It holds tests that several files share.
pytest.register_assert_rewrite("tests.merges")

# What is generated is the same each time, however long it takes.
SAME_EACH_TIME = settings(
    derandomize=True, database=None, deadline=None, suppress_health_check=[*HealthCheck]
)


def baker(cookies: Any) -> Bake:
    """A function that renders the template with these answers and gives the project's folder."""

    def bake(**answers: str) -> Path:
        unknown = answers.keys() - ANSWERS
        assert not unknown, f"not a question of this template: {', '.join(unknown)}"
        result = cookies.bake(extra_context=answers)
        assert result.exception is None, result.exception
        return result.project_path

    return bake


@pytest.fixture
def bake(cookies: Any) -> Bake:
    """Renders the template with the given answers."""
    return baker(cookies)


@pytest.fixture(scope="session", params=COMBINATIONS, ids=COMBINATION_IDS)
def project(request: pytest.FixtureRequest, cookies_session: Any) -> Path:
    """A project of each combination, as rendered; not to be changed."""
    return baker(cookies_session)(**request.param)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder to render into."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A copy of this template, to break."""
    return copy_template(tmp_path / "template")


@pytest.fixture
def checkout(template: Path) -> Path:
    """A copy of this template under Git."""
    git(template, "init", "--quiet")
    git(template, "add", "--all")
    git(template, "commit", "--quiet", "--message", "A template.")
    return template


# One scheme of each target is set up and runs everything.
ONE_EACH = {each["target"]: each for each in reversed(COMBINATIONS)}


@pytest.fixture(scope="session")
def prepared(cookies_session: Any) -> Callable[[str], Path]:
    """Gives the project of a target after `make setup model`, one for all tests."""

    @functools.cache
    def prepare(target: str) -> Path:
        folder = baker(cookies_session)(**ONE_EACH[target])
        succeed(folder, "setup", "model")
        return folder

    return prepare


@pytest.fixture(scope="session", params=ONE_EACH)
def ready(request: pytest.FixtureRequest, prepared: Callable[[str], Path]) -> Path:
    """A project of each target after `make setup model`; not to be changed."""
    return prepared(request.param)


# A story is told under one scheme, and by `make full` under each.
SCHEMES = [
    each if each == "path" else pytest.param(each, marks=pytest.mark.full)
    for each in QUESTIONS["versioning"]
]


@pytest.fixture
def many(request: pytest.FixtureRequest) -> int:
    """How many requests are enough while releases roll out."""
    return 10_000 if request.config.getoption("--full") else 3_000


@pytest.fixture(scope="session")
def repository(prepared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the cluster finds the image of each release, whichever target deploys it."""
    return publish_releases(prepared("kubernetes"), tmp_path_factory.mktemp("images"))


CLUSTER = ("tests/test_cluster.py", "tests/test_chart_cluster.py")


class OneCluster(LoadFileScheduling):
    """A worker takes a file at a time; those that share the cluster count as one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "the cluster" if file in CLUSTER else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneCluster:
    """How tests are spread over the workers."""
    return OneCluster(config, log)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--full`, for `make full`."""
    parser.addoption("--full", action="store_true", help="run what is marked `full` too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first: what shares the cluster, and what a project's owner would run.

    What is marked `full` shows of another scheme or tool what another test shows of one already.
    """
    if not config.getoption("--full"):
        put_off = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=put_off)
        items[:] = [item for item in items if item not in put_off]
    longest = (*CLUSTER, "tests/test_rendered.py")
    files = {item: item.nodeid.partition("::")[0] for item in items}
    items.sort(key=lambda item: (*longest, files[item]).index(files[item]))
