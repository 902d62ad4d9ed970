"""The types of a stack's config that every target shares; what breaks them gets a sentence."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import CoreSchema

from infra.body import MaxBodyBytes

VERSION_NAME = r"v[1-9][0-9]{0,2}"
RELEASE = r"[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
# It becomes a header's value between single quotes.
URL = r"https?://[!-&(-;=?-~]{1,990}"
EXAMPLE_RELEASE, EXAMPLE_DAY = '"1.4.2"', '"2027-03-31"'
UNQUOTED_DAY = re.compile(r"(\d{4}-\d\d-\d\d) 00:00:00 \+0000 UTC")


def _day(value: Any) -> Any:
    """A day, or why not; Pulumi hands on an unquoted one with a time of day."""
    if isinstance(value, str) and (unquoted := UNQUOTED_DAY.fullmatch(value)):
        raise ValueError(f'stands without quotes; write "{unquoted[1]}"')
    try:
        if isinstance(value, str) and re.fullmatch(DAY, value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f"{spelt(value)} is not a day; write one in quotes, such as {EXAMPLE_DAY}")


def _release(value: Any) -> Any:
    """A release, or why not; YAML reads an unquoted 1.10 as the number 1.1."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"stands without quotes; write it in quotes, such as {EXAMPLE_RELEASE}")
    if isinstance(value, str) and (unquoted := UNQUOTED_DAY.fullmatch(value)):
        remedy = f"write three numbers in quotes, such as {EXAMPLE_RELEASE}"
        raise ValueError(f"{unquoted[1]} is a day, and no release; {remedy}")
    if not isinstance(value, str) or not re.fullmatch(RELEASE, value):
        remedy = f"write three numbers in quotes, such as {EXAMPLE_RELEASE}"
        raise ValueError(f"{spelt(value)} is not a release; {remedy}")
    return value


def _url(value: str) -> str:
    if not re.fullmatch(URL, value):
        remedy = "write one such as https://example.com/move"
        raise ValueError(f"{spelt(value)} is not a URL of at most 1,000 characters; {remedy}")
    return value


def spelt(value: Any) -> str:
    """A value as it stands in YAML, more or less."""
    return json.dumps(value, ensure_ascii=False)


def _pattern(pattern: str) -> WithJsonSchema:
    """For editors; what breaks it gets a sentence of ours."""
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


@dataclass(frozen=True)
class Example:
    """How a key is written whose default does not show it, for docs/settings.md."""

    value: Any

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema of the key; not among its `examples`, which stand in sentences of problems."""
        return {**handler(core_schema), "example": self.value}


type Day = Annotated[date, BeforeValidator(_day), _pattern(DAY)]
type Release = Annotated[str, BeforeValidator(_release), _pattern(RELEASE), Example("1.4.2")]
type Url = Annotated[str, AfterValidator(_url), _pattern(URL), Example("https://example.com/move")]
type VersionName = Annotated[str, StringConstraints(pattern=f"^{VERSION_NAME}$")]


class Section(BaseModel):
    """A mapping in a stack file. The text under each field is its description for editors."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    def between_keys(self) -> Iterator[str]:
        """What is wrong between these keys: sentences that start with the key to change."""
        yield from ()

    def problems(self) -> Iterator[str]:
        """The same, of every section among these keys too."""
        for key in type(self).model_fields:
            yield from problems_at(key, getattr(self, key))
        yield from self.between_keys()


def problems_at(key: str, value: Any) -> Iterator[str]:
    """What is wrong in the sections that stand at a key: in one, or in several."""
    if isinstance(value, Section):
        yield from (f"{key}.{said}" for said in value.problems())
    elif isinstance(value, tuple):
        several = cast("tuple[Any, ...]", value)
        for place, each in enumerate(several):
            yield from problems_at(f"{key}.{place}", each)
    elif isinstance(value, dict):
        for name, each in cast("dict[str, Any]", value).items():
            yield from problems_at(f"{key}.{name}", each)


class ApiVersion(Section):
    """One API version, as far as every target knows it."""

    release: Release
    """The release that answers, in quotes. A build is of one API version, so no two API versions
    share a release."""

    state: Literal["live", "deprecated", "retired"] = "live"
    """Where the API version is in its life. With deprecated, every response says so; that needs
    deprecated_on and sunset. With retired, nothing serves it any more, and its clients get an
    error."""

    deprecated_on: Annotated[Day | None, Example("2026-12-01")] = Field(
        default=None, validate_default=True
    )
    """First day of the deprecation, in quotes. Every response says it in the header
    Deprecation."""

    sunset: Annotated[Day | None, Example("2027-03-31")] = Field(
        default=None, validate_default=True
    )
    """First day without service, in quotes. Every response says it in the header Sunset; on that
    day nothing ends by itself."""

    migration_url: Url | None = None
    """Where clients read how to move on. Every response says it in the header Link."""

    max_body_bytes: Annotated[MaxBodyBytes | None, Example(2_000_000)] = None
    """The most bytes that the body of a request may have; 1,048,576 if left out. A larger one is
    answered 413."""

    def identity(self, api_version: str) -> dict[str, str]:
        """Which build this is; one that is something else refuses to start."""
        return {"API_VERSION": api_version, "RELEASE": self.release}

    def limits(self) -> dict[str, str]:
        """What the build is to do otherwise than by default."""
        return {"MAX_BODY_BYTES": str(self.max_body_bytes)} if self.max_body_bytes else {}

    def environment(self, api_version: str) -> dict[str, str]:
        """What `serving/release.py` reads: which build this is, its state, and its limits."""
        variables = self.identity(api_version) | self.limits()
        if self.deprecated_on and self.sunset:
            variables["DEPRECATED_ON"] = self.deprecated_on.isoformat()
            variables["SUNSET"] = self.sunset.isoformat()
        if self.migration_url:
            variables["MIGRATION_URL"] = self.migration_url
        return variables

    @field_validator("deprecated_on", "sunset")
    @classmethod
    def _fits_the_state(cls, day: date | None, info: ValidationInfo) -> date | None:
        state = info.data.get("state")
        if state == "deprecated" and day is None:
            raise ValueError(f"is missing, and state is deprecated; add one, such as {EXAMPLE_DAY}")
        if state == "live" and day is not None:
            raise ValueError("is set, and state is live; remove it, or write state: deprecated")
        return day

    @field_validator("sunset")
    @classmethod
    def _ends_after_it_began(cls, sunset: date | None, info: ValidationInfo) -> date | None:
        began = info.data.get("deprecated_on")
        if began and sunset and sunset < began:
            raise ValueError(f'{sunset} is before deprecated_on; write "{began}" or later')
        return sunset

    @field_validator("migration_url")
    @classmethod
    def _is_of_use(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url and info.data.get("state") == "live":
            raise ValueError("is set, and state is live; remove it, or write state: deprecated")
        return url
