"""A stack that is deployed: its file, and what Pulumi says of it."""

import contextlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, override
from urllib.parse import urlsplit

import yaml

from infra.given import Given
from infra.problems import Problems, mapping
from infra.settings import Settings
from tools import stack_file
from tools.asking import Address, CannotAsk

ROOT = Path(__file__).parent.parent
INSTALL = "https://www.pulumi.com/docs/install"


class Wanted(Settings):
    """The settings of a stack, for one that deploys nothing: it needs no artefacts."""

    @classmethod
    @override
    def missing_artefacts(cls, given: Given) -> Iterator[str]:
        yield from ()

    @classmethod
    def of(cls, stack: str, *, deploying: bool = False) -> tuple[Mapping[str, str], Self]:
        """A stack's file as Pulumi hands it over, and what it says.

        deploying: refuse placeholders too.

        Raises:
            CannotAsk: it is missing, or can't be used.
        """
        try:
            project, keys = stack_file.read(ROOT, stack)
            if secret := [key for key, value in keys.items() if "secure" in mapping(value)]:
                raise ValueError(f"{', '.join(secret)}: is a secret, which only Pulumi reads.")
            config = stack_file.handed_over(keys, project)
            return config, cls.read(project, stack, config, deploying=deploying)
        except FileNotFoundError as error:
            raise CannotAsk(f"{Path(error.filename).name} is missing.") from None
        except (OSError, TypeError, ValueError, yaml.YAMLError, Problems) as error:
            raise CannotAsk(f"Pulumi.{stack}.yaml can't be used:\n{error}") from None


@dataclass(frozen=True)
class Deployed:
    """A stack. config: its file as Pulumi hands it over. address: where to connect to, if said."""

    stack: str
    config: Mapping[str, str]
    settings: Settings
    outputs: Mapping[str, Any]
    address: Address | None

    @classmethod
    def load(cls, stack: str, outputs: Path | None, address: Address | None) -> Self:
        """From its file, and from a file of its outputs or from Pulumi.

        Raises:
            CannotAsk: one of them is missing, or can't be used.
        """
        config, settings = Wanted.of(stack)
        said = _of_a_file(outputs) if outputs else _of_pulumi(stack)
        if not said:
            raise CannotAsk(f"{stack} has no outputs; run `make deploy STACK={stack}` first.")
        return cls(stack, config, settings, said, address)

    def base_url(self, api_version: str) -> str | None:
        """The address of an API version; None where it is not exported.

        Raises:
            CannotAsk: what is exported is no URL.
        """
        name = f"{api_version}_base_url"
        if not (url := self.outputs.get(name)):
            return None
        with contextlib.suppress(ValueError):
            parts = urlsplit(str(url))
            named = parts.hostname and parts.port != 0 and not re.search(r"\s", str(url))
            if parts.scheme in ("http", "https") and named:
                return str(url).rstrip("/")
        raise CannotAsk(f"{name} is {url}, which is no URL; run `make deploy STACK={self.stack}`.")

    @property
    def redeploy(self) -> str:
        """What to do where what is live is not what the stack file says."""
        return (
            f"run `make deploy STACK={self.stack}`; if that changes nothing, run `pulumi refresh"
            f" --stack {self.stack}` before it"
        )

    @property
    def default_version(self) -> str | None:
        """Who answers a request that names no API version; None where the address names it."""
        return getattr(self.settings, "default_version", None)

    def contract(self, api_version: str) -> dict[str, Any]:
        """The contract of an API version.

        Raises:
            CannotAsk: it is missing, or none.
        """
        path = ROOT / "contracts" / f"{api_version}.json"
        remedy = f"get it from the commit that made {api_version}"
        try:
            return mapping(json.loads(path.read_text("utf-8")))
        except OSError:
            raise CannotAsk(f"contracts/{path.name} is missing; {remedy}.") from None
        except ValueError:
            raise CannotAsk(f"contracts/{path.name} is not JSON; {remedy}.") from None


def _of_a_file(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CannotAsk(f"OUTPUTS: {path} can't be read ({error.strerror}).") from None
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise CannotAsk(
            f"OUTPUTS: {path} is not what `pulumi stack output --json --show-secrets` prints."
        )
    return said


def _of_pulumi(stack: str) -> dict[str, Any]:
    if not shutil.which("pulumi"):
        raise CannotAsk(f"pulumi is not on the PATH: {INSTALL}, or write OUTPUTS=outputs.json.")
    command = ["pulumi", "stack", "output", "--json", "--show-secrets", "--stack", stack]
    # What it asks or says beside them is for whoever runs this.
    said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    try:
        return mapping(json.loads(said.stdout)) if said.returncode == 0 else _refused()
    except ValueError:
        return _refused()


def _refused() -> dict[str, Any]:
    raise CannotAsk("`pulumi stack output` did not say where the stack is; see above.")
