"""The config of a stack, typed: `Pulumi.<stack>.yaml` as everything else in `infra` sees it."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Any, Literal, override

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import CoreSchema

from infra import scheme
from infra.aws import AwsSettings, Given
from infra.config import ApiVersion, Section, spelt
from infra.problems import mapping
from infra.scheme import VersionKeys

ECR = r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([a-z0-9][a-z0-9._/-]{0,254})"
EXAMPLE_REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/iris"
# Stands in the stack files until somebody writes their own; no account has it.
PLACEHOLDER_ACCOUNT = "000000000000"
# How long an update may take before SageMaker takes it back: less than Pulumi waits, an hour.
UPDATE_SECONDS = 3_300
# How long new instances are watched where nothing else is said, the old ones being kept.
WATCHED_SECONDS = 600
# How long instances take to start, more or less.
START_SECONDS = 300
ALL_AT_ONCE = "all_at_once"
# In a folder, which a policy names: without marks that have a meaning there.
ARCHIVE = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w!.'()-]+)+/[\w.-]+\.tar\.gz"
TAG = r"[0-9A-Za-z._-]{1,128}"


def _repository(value: str) -> str:
    if not re.fullmatch(ECR, value):
        remedy = f"write one without a tag, such as {EXAMPLE_REPOSITORY}"
        raise ValueError(f"{spelt(value)} is not a repository in ECR; {remedy}")
    return value


def _digest(value: str) -> str:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", value):
        raise ValueError(f"{spelt(value)} is not a digest; write sha256: and 64 of 0-9 and a-f")
    return value


def _instance_type(value: str) -> str:
    if not re.fullmatch(r"ml\.[a-z][a-z0-9-]*\.[a-z0-9]+", value):
        raise ValueError(f"{spelt(value)} is no instance type; write one such as ml.c5.large")
    return value


def _model_data(value: str) -> str:
    if not re.fullmatch(ARCHIVE, value):
        remedy = "write one such as s3://bucket/iris/model.tar.gz"
        raise ValueError(f"{spelt(value)} is no archive in S3; {remedy}")
    return value


def _rollout(value: Any) -> Any:
    """Its one word without settings as the mapping that it stands for."""
    if value == ALL_AT_ONCE:
        return {}
    if isinstance(value, dict) and len({"canary", "rolling"} - {*mapping(value)}) == 1:
        return mapping(value)
    raise ValueError(f"is {spelt(value)}; write {ALL_AT_ONCE}, {{canary: …}} or {{rolling: …}}")


class _OrOneWord:
    """For editors."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(core_schema), {"const": ALL_AT_ONCE}]}


class Image(Section):
    """Where the images of all releases are."""

    repository: Annotated[str, AfterValidator(_repository), Field(examples=[EXAMPLE_REPOSITORY])]
    """A repository in ECR, in the region of the stack, without a tag: that is the release."""

    def arn(self, partition: str) -> str:
        """The repository's name in IAM."""
        account, _, domain = self.repository.partition(".dkr.ecr.")
        region, _, path = domain.partition(".amazonaws.com")
        return f"arn:{partition}:ecr:{region}:{account}:repository/{path.partition('/')[2]}"


class Canary(Section):
    """A part of the new instances takes its share of the calls first, then all."""

    percent: Annotated[int, Field(ge=1, le=50)] = 10
    """How many of the new instances go first."""

    wait_seconds: Annotated[int, Field(ge=300, le=1_000)] = WATCHED_SECONDS
    """How long they, and then all of them, are watched: the alarms need three minutes and more."""


class Rolling(Section):
    """The instances are replaced a batch at a time."""

    percent: Annotated[int, Field(ge=5, le=50)] = 25
    """How many of the instances are a batch."""

    wait_seconds: Annotated[int, Field(ge=300, le=1_500)] = 300
    """How long each batch is watched: the alarms need three minutes and more."""


class Rollout(Section):
    """How a new release takes over; without either, all at once beside the old instances."""

    canary: Canary | None = None
    """A part of the new instances first."""

    rolling: Rolling | None = None
    """A batch at a time."""


class Scaling(Section):
    """How many instances there are, by what they are asked."""

    min_instances: Annotated[int, Field(ge=1, le=1_000)] = 1
    """The least."""

    max_instances: Annotated[int, Field(ge=1, le=1_000)] = 4
    """The most."""

    invocations_per_instance: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000
    """Calls a minute that it steers each instance to; measure yours."""


class Version(VersionKeys, ApiVersion):
    """One API version on SageMaker."""

    digest: Annotated[str, AfterValidator(_digest)] | None = None
    """The digest of the release's image, in place of its tag; what is pulled then can't change."""

    model_data: Annotated[str, AfterValidator(_model_data)] | None = None
    """An archive in S3 whose model.onnx is served in place of the image's own."""

    instance_type: Annotated[str, AfterValidator(_instance_type)] = "ml.c5.large"
    """What each instance is. Another one makes another endpoint, and then the old one goes."""

    initial_instance_count: Annotated[int, Field(ge=1, le=1_000)] = 1
    """Instances; with scaling, those that every release starts with: enough for the usual load."""

    scaling: Scaling | None = None
    """Instances by what they are asked, between deploys."""

    rollout: Annotated[
        Rollout,
        BeforeValidator(_rollout),
        _OrOneWord(),
    ] = Rollout()
    """How a new release takes over: all_at_once, {canary: …} or {rolling: …}."""

    timeout_seconds: Annotated[int, Field(ge=1, le=28)] = 10
    """Seconds that one prediction may take; the front gives up then, after 29 at the latest."""

    @property
    def most_instances(self) -> int:
        """How many instances a rollout may have to replace."""
        return self.scaling.max_instances if self.scaling else self.initial_instance_count

    @property
    def rollout_seconds(self) -> int:
        """How long a rollout takes, more or less."""
        if rolling := self.rollout.rolling:
            batch = max(1, self.most_instances * rolling.percent // 100)
            steps = -(-self.most_instances // batch)
            return steps * (START_SECONDS + rolling.wait_seconds)
        if canary := self.rollout.canary:
            # It is watched, then all are, then the old ones are kept.
            return START_SECONDS + 3 * canary.wait_seconds
        return START_SECONDS + 2 * WATCHED_SECONDS

    def image(self, repository: str) -> str:
        """The image of this release."""
        return f"{repository}@{self.digest}" if self.digest else f"{repository}:{self.release}"


class Settings(AwsSettings[Version]):
    """The config of a stack on SageMaker."""

    image: Annotated[Image, Field(examples=[{"repository": EXAMPLE_REPOSITORY}])]
    """Where the images are, of all API versions and releases."""

    front: Literal["api_gateway", "none"] = "api_gateway"
    """What clients call. none: the endpoints themselves, with AWS credentials."""

    @classmethod
    @override
    def own_problems(cls, given: Given) -> Iterator[str]:
        fronted = given.raw.get("front") != "none"
        yield from scheme.problems(given.raw, previewing=given.previewing and fronted)
        yield from _repository_of(given)
        if "_" in given.stack:
            yield (
                f"stack: {given.stack!r} would make invalid names of endpoints; name the stack"
                " without _."
            )
        listed: Any = cls.model_fields["versions"].annotation
        alone = TypeAdapter[dict[str, Version]](listed)
        for name, keys in given.served.items():
            with suppress(ValidationError):  # which has been told
                version = alone.validate_json(json.dumps({name: keys}))[name]
                yield from (f"versions.{name}.{said}" for said in _between_keys(version))


def _repository_of(given: Given) -> Iterator[str]:
    """A repository that SageMaker could not pull from, or that is nobody's."""
    repository = str(mapping(given.raw.get("image")).get("repository"))
    found = re.fullmatch(ECR, repository)
    if not found:  # which has been told
        return
    account, region, _ = found.groups()
    own = given.config.get("aws:region", region)
    if region != own:
        yield f"image.repository: is in {region}, and the stack in {own}; write one in {own}."
    if given.previewing and account == PLACEHOLDER_ACCOUNT:
        yield f"image.repository: {repository} has a placeholder for an account; write your own."


def _between_keys(version: Version) -> Iterator[str]:
    """What SageMaker would refuse, or could never do."""
    scaling, rollout, count = version.scaling, version.rollout, version.initial_instance_count
    if scaling and scaling.max_instances < scaling.min_instances:
        yield (
            f"scaling.max_instances: is {scaling.max_instances}; write min_instances,"
            f" {scaling.min_instances}, or more."
        )
    elif scaling and not scaling.min_instances <= count <= scaling.max_instances:
        yield (
            f"initial_instance_count: is {count}, outside of scaling; write"
            f" {scaling.min_instances} to {scaling.max_instances}."
        )
    if scaling and re.match(r"ml\.t\d", version.instance_type):
        yield (
            f"scaling: is set, and instances of {version.instance_type} can't be scaled; remove it,"
            " or write another instance_type."
        )
    fewest = min(count, scaling.min_instances) if scaling else count
    for kind in ("canary", "rolling"):
        if getattr(rollout, kind) and fewest < 2:
            yield (
                f"rollout: is {kind}, which needs 2 instances, and there may be {fewest}; write"
                " all_at_once, or raise "
                + ("scaling.min_instances." if scaling else "initial_instance_count.")
            )
    if version.rollout_seconds > UPDATE_SECONDS:
        yield (
            f"rollout: would take some {version.rollout_seconds:,} seconds, and Pulumi waits for an"
            " hour; write a larger percent, or fewer wait_seconds."
        )
    if not version.digest and not re.fullmatch(TAG, version.release):
        yield (
            f"release: {version.release} can't be the tag of an image; write at most 128 of 0-9,"
            " A-Z, a-z, -, _ and ., or add a digest."
        )
