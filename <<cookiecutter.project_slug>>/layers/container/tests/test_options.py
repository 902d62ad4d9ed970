"""The environment that sets up the server."""

import os
import re
import subprocess
import sys

import pytest

from serving.options import ANY, RANGES, Options, WrongOptions
from tests.support import ROOT

LEAST = {name: str(least) for name, (least, _) in RANGES.items()}
MOST = {name: str(most) for name, (_, most) in RANGES.items()}


def test_what_is_unset_has_its_default() -> None:
    assert Options.load({"PATH": "/bin"}) == Options()


@pytest.mark.parametrize("environ", [LEAST, MOST], ids=["least", "most"])
@pytest.mark.parametrize("host", [ANY, "::", "127.0.0.1"])
def test_every_variable_sets_its_option(environ: dict[str, str], host: str) -> None:
    options = Options.load(environ | {"HOST": host})
    assert options.host == host
    for name, text in environ.items():
        assert getattr(options, name.lower()) == int(text)


@pytest.mark.parametrize(
    ("host", "dual_stack", "hosts"),
    [
        (ANY, "0", [ANY]),
        (ANY, "1", ["::", ANY]),
        ("127.0.0.1", "1", ["127.0.0.1"]),
        ("::", "1", ["::"]),
    ],
)
def test_both_families_are_listened_on_where_any_address_is(
    host: str, dual_stack: str, hosts: list[str]
) -> None:
    assert [*Options.load({"HOST": host, "DUAL_STACK": dual_stack}).hosts] == hosts


WORDS = ("", " 5", "5.0", "5s", "0x5", "\u0665", "1_0", "9" * 5_000)


@pytest.mark.parametrize("name", RANGES)
def test_a_number_out_of_range_is_refused(name: str) -> None:
    least, most = RANGES[name]
    for text in (str(least - 1), str(most + 1), *WORDS):
        expected = f"{name} is {text!r}; write a number from {least} to {most}."
        with pytest.raises(WrongOptions, match=f"^{re.escape(expected)}$"):
            Options.load({name: text})


@pytest.mark.parametrize("host", ["", "localhost", "1.2.3", "0.0.0.0:80", "[::1]"])
def test_a_host_that_is_no_address_is_refused(host: str) -> None:
    expected = f"HOST is {host!r}; write an IP address, such as 0.0.0.0."
    with pytest.raises(WrongOptions, match=re.escape(expected)):
        Options.load({"HOST": host})


TOLD = {"CLIENT_HEADER": "X-Client", "CLIENTS": "acme,b.2_-"}


def test_clients_are_names_with_commas_between_them() -> None:
    options = Options.load(TOLD)
    assert (options.client_header, options.clients) == ("X-Client", ("acme", "b.2_-"))


@pytest.mark.parametrize("header", ["", "X Client", "X-Client:", "X_Client", "é", "a" * 65])
def test_what_is_no_header_is_refused(header: str) -> None:
    expected = f"CLIENT_HEADER is {header!r}; write a header, such as X-Client."
    with pytest.raises(WrongOptions, match=f"^{re.escape(expected)}$"):
        Options.load(TOLD | {"CLIENT_HEADER": header})


MANY = ",".join(f"c{each}" for each in range(101))


@pytest.mark.parametrize(
    "clients", ["", "a,", "a, b", "a b", 'a"', "../a", "a,a", "a,other", "none", "a" * 65, MANY]
)
def test_what_are_no_names_of_clients_is_refused(clients: str) -> None:
    with pytest.raises(WrongOptions, match=r"^CLIENTS is .*; write at most 100 names of A-Z"):
        Options.load(TOLD | {"CLIENTS": clients})


@pytest.mark.parametrize("name", TOLD)
def test_a_header_without_clients_is_refused_and_so_are_they(name: str) -> None:
    with pytest.raises(WrongOptions, match=r"^CLIENT_HEADER and CLIENTS belong together"):
        Options.load({name: TOLD[name]})


def test_a_server_with_a_wrong_environment_says_all_that_is_wrong_and_does_not_start() -> None:
    environ = dict.fromkeys(RANGES, "many") | {"HOST": "here"}
    command = [sys.executable, "-m", "serving.server"]
    result = subprocess.run(
        command, cwd=ROOT, env=os.environ | environ, capture_output=True, text=True, timeout=30
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert [line.split()[0] for line in result.stderr.splitlines()] == ["HOST", *RANGES]


def test_a_server_with_a_wrong_limit_of_bodies_does_not_start() -> None:
    environ = os.environ | {"PORT": "0", "METRICS_PORT": "0", "MAX_BODY_BYTES": "1MB"}
    command = [sys.executable, "-m", "serving.server"]
    result = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=30
    )
    said = "MAX_BODY_BYTES is '1MB'; write a number from 1024 to 100000000.\n"
    assert (result.returncode, result.stdout, result.stderr) == (1, "", said)
