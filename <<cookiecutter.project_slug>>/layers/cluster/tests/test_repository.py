"""Who `make publish` is to a registry: what docker and podman keep, and where."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from serving.release import Build
from tests.loopback import Server, serving, stand_in
from tools import image, publish
from tools.refused import Refused
from tools.registry import Login
from tools.repository import login

ADDRESS = "ghcr.io/you/iris"
AUTH = {"auth": base64.b64encode(b"me:pass:word").decode()}
OWN = Login("me", "pass:word")
# Knows ghcr.io alone, and a token that lasts for Docker Hub.
HELPER = """#!/bin/sh
read -r server
case "$1 $server" in
  "get ghcr.io") echo '{"ServerURL": "ghcr.io", "Username": "it", "Secret": "kept"}' ;;
  "get https://index.docker.io/v1/") echo '{"Username": "<token>", "Secret": "lasts"}' ;;
  *) echo "credentials not found in native keychain"; exit 1 ;;
esac
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which nobody has logged in, and a helper on the PATH."""
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    programs = stand_in(tmp_path)
    monkeypatch.setenv("PATH", str(programs))
    (programs / "docker-credential-kept").write_text(HELPER, encoding="utf-8")
    (programs / "docker-credential-kept").chmod(0o755)
    return tmp_path


def write(path: Path, **config: Any) -> None:
    """Write what docker or podman keep."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config), encoding="utf-8")


def test_nobody_is_logged_in_where_nothing_is_kept() -> None:
    assert login("dev", ADDRESS) is None


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        (None, ".docker/config.json"),
        ("DOCKER_CONFIG", "config.json"),
        (None, ".config/containers/auth.json"),
        ("XDG_CONFIG_HOME", "containers/auth.json"),
        ("XDG_RUNTIME_DIR", "containers/auth.json"),
        ("REGISTRY_AUTH_FILE", None),
    ],
)
def test_a_login_is_found_where_it_is_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None, name: str | None
) -> None:
    where = home / "else where" if variable else home
    if variable:
        monkeypatch.setenv(variable, str(where))
    write(where / name if name else where, auths={"ghcr.io": AUTH})
    assert login("dev", ADDRESS) == OWN
    assert login("dev", "quay.io/you/iris") is None


@pytest.mark.parametrize(
    ("kept", "found"),
    [
        ({"https://ghcr.io": AUTH}, OWN),
        ({"ghcr.io": {"username": "me", "password": "pass:word"}}, OWN),
        ({"ghcr.io": {**AUTH, "identitytoken": "lasts"}}, Login("me", "pass:word", "lasts")),
        # Of podman: that of the nearest part of a registry.
        ({"ghcr.io": {"auth": "eDp5"}, "ghcr.io/you": AUTH, "ghcr.io/y": {}}, OWN),
        ({"ghcr.io": {}}, None),
        ({"other.io": AUTH}, None),
    ],
    ids=str,
)
def test_a_login_is_read_as_it_was_written(home: Path, kept: Any, found: Login | None) -> None:
    write(home / ".docker/config.json", auths=kept)
    assert login("dev", ADDRESS) == found


@pytest.mark.parametrize(
    ("config", "address", "found"),
    [
        ({"credsStore": "kept"}, ADDRESS, Login("it", "kept")),
        ({"credHelpers": {"ghcr.io": "kept"}, "credsStore": "none"}, ADDRESS, Login("it", "kept")),
        ({"credHelpers": {"ghcr.io": "none"}}, "quay.io/you/iris", None),
        ({"credsStore": "kept"}, "quay.io/you/iris", None),
        ({"credsStore": "kept"}, "docker.io/you/iris", Login("", "", "lasts")),
        # What the helper doesn't know may stand in the file.
        ({"credsStore": "kept", "auths": {"quay.io": AUTH}}, "quay.io/you/iris", OWN),
    ],
    ids=str,
)
def test_a_helper_is_asked_for_the_server_that_it_is_for(
    home: Path, config: Any, address: str, found: Login | None
) -> None:
    write(home / ".docker/config.json", **config)
    assert login("dev", address) == found


def test_what_can_not_be_read_is_said_with_where_it_is(home: Path) -> None:
    file = home / ".docker/config.json"
    write(file, credsStore="none")
    with pytest.raises(Refused) as refused:
        login("dev", ADDRESS)
    assert str(refused.value) == (
        f"{file} names docker-credential-none, which is not on the PATH; install it."
    )
    write(file, auths={"ghcr.io": {"auth": "é"}})
    with pytest.raises(Refused, match=r"has an `auth` that is none"):
        login("dev", ADDRESS)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(Refused, match=r"config\.json can't be read \(.*\); correct it, or log"):
        login("dev", ADDRESS)


def test_a_placeholder_is_nobodys_repository() -> None:
    with pytest.raises(Refused, match=r"^registry\.example\.com/iris is a placeholder: write"):
        login("dev", "registry.example.com/iris")


def test_a_registry_is_asked_as_whoever_is_logged_in(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = Build.load()
    own = image.labels("linux/amd64")
    with serving(Server()) as server:
        repository = f"{server.address}/models/iris"
        write(home / ".docker/config.json", auths={server.address: AUTH})
        stack = f"config:\n  {build.service}:image: {{repository: {repository}}}\n"
        (home / "Pulumi.dev.yaml").write_text(stack, encoding="utf-8")
        monkeypatch.setattr(image, "ROOT", home)
        monkeypatch.setattr(publish, "labels", lambda platform: own)
        server.authorization, server.challenges = OWN.basic, ('Basic realm="here"',)
        digest = server.publish(build.release, own)
        assert publish.main("dev", "docker", "linux/amd64").endswith(digest)
        (home / ".docker/config.json").unlink()
        with pytest.raises(Refused, match=r"log in as somebody who may, such as by `docker log"):
            publish.main("dev", "docker", "linux/amd64")
