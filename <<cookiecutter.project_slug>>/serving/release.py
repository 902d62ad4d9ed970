"""Which API version and release this build is, and what its deployment says about it."""

import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import msgspec

from serving.problem import MAX_BODY_BYTES

BUILD = Path(__file__).with_name("build.json")
PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
# What MAX_BODY_BYTES may say. One instance needs some hundred bytes, so less is a mistake in the
# unit, such as 10 for 10 MB; more no target takes.
LEAST_BODY_BYTES, MOST_BODY_BYTES = 1_024, 100_000_000


class WrongDeployment(Exception):
    """The deployment's environment contradicts this build, or itself; the text names both."""


class Build(msgspec.Struct, frozen=True):
    """What a build knows about itself."""

    service: str
    api_version: Annotated[str, msgspec.Meta(pattern=r"^v[1-9][0-9]*\Z")]
    release: Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*\Z")]

    @classmethod
    def load(cls) -> "Build":
        """From `build.json` in a zip or image; in a working tree from `pyproject.toml`."""
        if BUILD.exists():
            return msgspec.json.decode(BUILD.read_bytes(), type=cls)
        import tomllib  # only in a working tree: a build starts faster without

        pyproject: dict[str, Any] = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
        project = pyproject["project"]
        own = {
            "service": project["name"],
            "api_version": pyproject["tool"]["serving"]["api_version"],
            "release": project["version"],
        }
        return msgspec.convert(own, cls)


class Release(msgspec.Struct, frozen=True):
    """A build together with the state that its deployment gives it."""

    build: Build
    deprecated_on: date | None = None
    sunset: date | None = None
    migration_url: str | None = None
    max_body_bytes: int = MAX_BODY_BYTES

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> "Release":
        """This build as the environment deploys it; an unset variable means the build's own.

        `API_VERSION`, `RELEASE`: must name this build. `DEPRECATED_ON`, `SUNSET`: both or none,
        days as YYYY-MM-DD, UTC. `MIGRATION_URL`: only beside these. `MAX_BODY_BYTES`: the most that
        the body of a request may have.

        Raises:
            WrongDeployment: with one line per problem.
        """
        build = Build.load()
        problems = _other_build(build, environ)
        deprecated_on = _day("DEPRECATED_ON", environ, problems)
        sunset = _day("SUNSET", environ, problems)
        migration_url = environ.get("MIGRATION_URL")
        if not problems:
            if (deprecated_on is None) != (sunset is None):
                problems.append("DEPRECATED_ON and SUNSET belong together: set both or neither.")
            elif deprecated_on and sunset and sunset < deprecated_on:
                problems.append(f"SUNSET {sunset} is before DEPRECATED_ON {deprecated_on}.")
            if migration_url is not None and deprecated_on is None:
                problems.append("MIGRATION_URL is set, DEPRECATED_ON and SUNSET are not.")
        if migration_url is not None and not re.fullmatch(r"https?://[!-;=?-~]+", migration_url):
            problems.append(f"MIGRATION_URL {migration_url!r} is not an http or https URL.")
        max_body_bytes = _max_body_bytes(environ, problems)
        if problems:
            raise WrongDeployment("\n".join(problems))
        return cls(build, deprecated_on, sunset, migration_url, max_body_bytes)

    def headers(self) -> tuple[tuple[str, str], ...]:
        """What every response of this release says: RFC 9745, RFC 8594 and RFC 8288."""
        headers = [
            ("X-API-Version", self.build.api_version),
            ("X-Model-Release", self.build.release),
        ]
        if self.deprecated_on and self.sunset:
            days = (self.deprecated_on - date(1970, 1, 1)).days
            headers.append(("Deprecation", f"@{days * 86_400}"))
            headers.append(("Sunset", self.sunset.strftime("%a, %d %b %Y 00:00:00 GMT")))
        if self.migration_url:
            headers.append(("Link", f'<{self.migration_url}>; rel="deprecation"'))
        return tuple(headers)


def _other_build(build: Build, environ: Mapping[str, str]) -> list[str]:
    own = {"API_VERSION": build.api_version, "RELEASE": build.release}
    return [
        f"This build is {build.api_version} release {build.release}, but the deployment says"
        f" {name}={environ[name]!r}: deploy the build that it names, or correct the deployment."
        for name, value in own.items()
        if environ.get(name, value) != value
    ]


def _day(name: str, environ: Mapping[str, str], problems: list[str]) -> date | None:
    text = environ.get(name)
    if text is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    problems.append(f"{name} {text!r} is not a day: write it as YYYY-MM-DD, such as 2027-03-31.")
    return None


def _max_body_bytes(environ: Mapping[str, str], problems: list[str]) -> int:
    text = environ.get("MAX_BODY_BYTES", str(MAX_BODY_BYTES))
    if re.fullmatch(r"[0-9]{1,9}", text) and LEAST_BODY_BYTES <= int(text) <= MOST_BODY_BYTES:
        return int(text)
    problems.append(
        f"MAX_BODY_BYTES is {text!r}; write a number from {LEAST_BODY_BYTES} to {MOST_BODY_BYTES}."
    )
    return MAX_BODY_BYTES
