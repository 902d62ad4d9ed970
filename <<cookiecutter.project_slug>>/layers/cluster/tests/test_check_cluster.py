"""`make check` of a stack on a cluster: where it is asked, and what is left when it is retired."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.scheme import NAME
from tests import scheme
from tests.adapters import running
from tests.exposures import EXPOSURES
from tests.live import RELEASE, Live, live
from tests.stacks import DEPRECATED
from tests.support import BUILD, VERSION

OTHER = "v98"
UNKNOWN = f"{OTHER}: is retired, and nothing tells where it was, so it is not asked."
RETIRED = {OTHER: {"release": "9.8.0", "state": "retired"}}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    with live(tmp_path, monkeypatch) as own:
        yield own


def test_a_retired_version_is_looked_for_where_the_others_are(
    stack: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://iris.example.org{scheme.path(VERSION)}"
    stack.stack({f"{VERSION}_base_url": url}, stack={"versions": RETIRED})
    stack.changes = {"else": {"status": 200, "headers": {"X-API-Version": OTHER}, "body": "{}"}}
    status, said = stack.check(), capsys.readouterr()
    if NAME == "host":
        assert UNKNOWN in said.out
    else:
        assert status == 1
        assert f"{OTHER}: the answer to “a prediction” has status 200, not 404; run" in said.err


def test_inside_of_the_cluster_only_it_could_not_be_asked(
    stack: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://iris-{VERSION}.iris-dev.svc.invalid/{VERSION}"
    stack.stack({f"{VERSION}_base_url": url}, stack=EXPOSURES["none"] | {"versions": RETIRED})
    assert stack.check("--address", "") == 2
    said = capsys.readouterr()
    assert "does not resolve; expose is none, so that name is known inside the" in said.err
    assert UNKNOWN in said.out
    assert stack.check() == 0
    assert f"{VERSION}: release {RELEASE}, as Pulumi.dev.yaml says." in capsys.readouterr().out


def test_the_server_itself_answers_what_is_asked(
    stack: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://iris.example.org{scheme.path(VERSION)}"
    stack.stack({f"{VERSION}_base_url": url}, release=BUILD.release, **DEPRECATED)
    days = {"DEPRECATED_ON": DEPRECATED["deprecated_on"], "SUNSET": DEPRECATED["sunset"]}
    with running(**days, MIGRATION_URL=DEPRECATED["migration_url"]) as server:
        assert stack.check("--address", f"127.0.0.1:{server.port}") == 0
    assert f"{VERSION}: deprecated, as Pulumi.dev.yaml says." in capsys.readouterr().out


@pytest.mark.parametrize("told", [True, False])
def test_a_check_says_by_the_header_of_clients_that_it_is_none(stack: Live, told: bool) -> None:
    stack.stack(stack={"client_header": "X-Client", "clients": ["acme"]} if told else {})
    assert stack.check() == 0
    name = "make-check" if told else None
    assert {headers.get("x-client") for _, headers in stack.seen} == {name}
