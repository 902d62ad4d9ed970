"""The config of a stack, typed: `Pulumi.<stack>.yaml` as everything else in `infra` sees it."""

import re
from collections.abc import Iterator
from typing import Annotated, override

from pydantic import AfterValidator, Field

from infra import version
from infra.cluster import ClusterSettings
from infra.config import RELEASE, Section, spelt
from infra.given import Given
from infra.problems import mapping


def _repository(value: str) -> str:
    if not re.fullmatch(r"(https|oci)://[a-z0-9.:-]+(/[\w.-]+)*/?", value):
        remedy = "write one such as https://charts.example.org or oci://ghcr.io/you/charts"
        raise ValueError(f"{spelt(value)} is no chart repository; {remedy}")
    return value


def _chart_version(value: str) -> str:
    if not re.fullmatch(RELEASE, value):
        remedy = 'write three numbers in quotes, such as "0.1.0"'
        raise ValueError(f"{spelt(value)} is not the version of a chart; {remedy}")
    return value


type ChartVersion = Annotated[str, AfterValidator(_chart_version)]


class Chart(Section):
    """A published chart, in place of the folder chart/."""

    repository: Annotated[
        str, AfterValidator(_repository), Field(examples=["oci://ghcr.io/you/charts"])
    ]
    """Where the chart is: a repository (https://…) or a registry (oci://…), without the chart's
    name."""

    version: Annotated[ChartVersion, Field(examples=["0.1.0"])]
    """The chart's version, in quotes, where an API version names no other."""


class Version(version.Version):
    """One API version as a Helm release."""

    chart_version: Annotated[ChartVersion | None, Field(examples=["0.1.0"])] = None
    """The version of the published chart for this API version alone, in quotes."""


class Settings(ClusterSettings[Version]):
    """The config of a stack of Helm releases."""

    chart: Annotated[
        Chart | None,
        Field(examples=[{"repository": "oci://ghcr.io/you/charts", "version": "0.1.0"}]),
    ] = None
    """A published chart for all API versions; without one, the folder chart/ is installed."""

    @classmethod
    @override
    def own_problems(cls, given: Given) -> Iterator[str]:
        yield from super().own_problems(given)
        for name, keys in mapping(given.raw.get("versions")).items():
            if "chart_version" in mapping(keys) and given.raw.get("chart") is None:
                yield (
                    f"versions.{name}.chart_version: is set, and the chart is the folder chart/;"
                    " remove it, or add chart with its repository."
                )
