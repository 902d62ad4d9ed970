"""Who this machine is to a registry: as docker and podman keep it when somebody logs in."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.images import PLACEHOLDER_REGISTRY
from infra.problems import mapping
from tools.engine import Engine
from tools.refused import Refused
from tools.registry import DOCKER_HUB, Login, located

HELPER_SECONDS = 60
# What a helper calls the user of a token by which the registry gives others.
OF_A_TOKEN = "<token>"  # noqa: S105 (no password)
OF_DOCKER_HUB = "https://index.docker.io/v1/"


def login(_stack: str, address: str) -> Login | None:
    """Who asks for the repository at an address; None where nobody is logged in.

    Raises:
        Refused: it is nobody's repository, or what docker or podman keep can't be read.
    """
    if address.startswith(PLACEHOLDER_REGISTRY):
        raise Refused(f"{address} is a placeholder: write your own as image.repository.")
    host, path = located(address)
    servers = [OF_DOCKER_HUB, host] if host == DOCKER_HUB else [host, f"https://{host}"]
    # podman keeps logins by parts of a registry too; the nearest one counts.
    steps = path.split("/")
    nearer = ["/".join([host, *steps[:count]]) for count in range(len(steps), 0, -1)]
    for file in kept():
        if found := _kept_in(file, servers, nearer):
            return found
    return None


def make(_stack: str, _address: str) -> None:
    """Nothing: a registry makes a repository by itself."""


def let_in(_engine: Engine, _address: str, _login: Login | None) -> None:
    """Nothing: an engine knows its logins."""


def kept() -> Iterator[Path]:
    """The files in which logins may be.

    https://docs.docker.com/reference/cli/docker/login/
    https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
    """
    environ, home = os.environ, Path.home()
    if named := environ.get("REGISTRY_AUTH_FILE"):
        yield Path(named)
    yield Path(environ.get("DOCKER_CONFIG") or home / ".docker") / "config.json"
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / "containers/auth.json"
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "containers/auth.json"


def _kept_in(file: Path, servers: list[str], nearer: list[str]) -> Login | None:
    try:
        config = mapping(json.loads(file.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise Refused(f"{file} can't be read ({error}); correct it, or log in anew.") from None
    helpers, auths = mapping(config.get("credHelpers")), mapping(config.get("auths"))
    for server in servers:
        helper = helpers.get(server) or config.get("credsStore")
        if helper and (found := _helped(str(helper), server, file)):
            return found
    entries = (mapping(auths.get(name)) for name in (*nearer, *servers))
    return next((found for each in entries if (found := _entered(each, file))), None)


def _helped(helper: str, server: str, file: Path) -> Login | None:
    """What a helper knows of a server.

    https://github.com/docker/docker-credential-helpers#development
    """
    program = f"docker-credential-{helper}"
    if not shutil.which(program):
        raise Refused(f"{file} names {program}, which is not on the PATH; install it.")
    try:
        said = subprocess.run(
            [program, "get"], input=server, capture_output=True, text=True, timeout=HELPER_SECONDS
        )
        # It fails where it knows nothing, too.
        found: dict[str, Any] = {} if said.returncode else mapping(json.loads(said.stdout))
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise Refused(f"{program} knows nobody for {server} ({error}); log in anew.") from None
    user, secret = str(found.get("Username", "")), str(found.get("Secret", ""))
    if not secret:
        return None
    return Login("", "", secret) if user == OF_A_TOKEN else Login(user, secret)


def _entered(entry: dict[str, Any], file: Path) -> Login | None:
    """What stands in the file itself."""
    refresh = str(entry.get("identitytoken", ""))
    try:
        text = base64.b64decode(str(entry.get("auth", ""))).decode()
    except ValueError as error:
        raise Refused(f"{file} has an `auth` that is none ({error}); log in anew.") from None
    user, _, password = text.partition(":")
    user, password = user or entry.get("username", ""), password or entry.get("password", "")
    return Login(user, password, refresh) if password or refresh else None
