"""The config of a stack, typed: `Pulumi.<stack>.yaml` as everything else in `infra` sees it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal, override

from pydantic import AfterValidator, Field

from infra import images, published, serverless
from infra.aws import AwsSettings
from infra.config import Example, spelt
from infra.digest import Digest
from infra.given import Given
from infra.images import EXAMPLE_REPOSITORY, Image
from infra.instances import (
    START_SECONDS,
    UPDATE_SECONDS,
    InstanceType,
    Rollout,
    Scaling,
    Takeover,
)
from infra.names import SERVERLESS
from infra.ours import MOST_CHARACTERS, MOST_VARIABLES
from infra.scheme import VersionKeys
from infra.serverless import Serverless
from infra.version import AwsVersion

# In a folder, which a policy names: without marks that have a meaning there.
ARCHIVE = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w!.'()-]+)+/[\w.-]+\.tar\.gz"
# Families of instances with disks of their own.
OWN_DISKS = r"ml\.([cmr]\d[a-z]*d[a-z]*|g4dn|g[56]\w*|i\d\w*|p3dn|p[45]\w*|trn\w+)\."
TAG = r"[0-9A-Za-z._-]{1,128}"


def _model_data(value: str) -> str:
    if not re.fullmatch(ARCHIVE, value):
        remedy = "write one such as s3://bucket/iris/model.tar.gz"
        raise ValueError(f"{spelt(value)} is no archive in S3; {remedy}")
    return value


type ModelData = Annotated[
    str, AfterValidator(_model_data), Example("s3://bucket/iris/model.tar.gz")
]


class Version(VersionKeys, AwsVersion):
    """One API version on SageMaker."""

    digest: Digest | None = None
    """The digest of the release's image. Left out, ECR is asked for that of its tag."""

    model_data: ModelData | None = None
    """An archive in S3 whose model.onnx is served in place of the image's own. Never overwrite
    one: each instance that starts gets it anew."""

    instance_type: InstanceType = "ml.c5.large"
    """What each instance is. Another type makes another endpoint; then the old one goes, with its
    log."""

    initial_instance_count: Annotated[int, Field(ge=1, le=1_000)] = 1
    """How many instances there are; with scaling, how many every release starts with: enough for
    the usual load."""

    scaling: Scaling | None = None
    """The number of instances follows the calls, between deploys. A change needs no rollout.
    Instances of types ml.t2… can't be scaled."""

    rollout: Takeover = Rollout()
    """How a new release takes over: all_at_once, {canary: …} or {rolling: …}. With all_at_once,
    all calls move to new instances, and the old ones stay for another 20 minutes. Change this
    together with a release: by itself it starts a rollout, or is refused."""

    timeout_seconds: Annotated[int, Field(ge=1, le=28)] = 10
    """Seconds that one prediction may take; then the front gives up. API Gateway waits for 29 at
    most."""

    startup_seconds: Annotated[Annotated[int, Field(ge=60, le=3_600)] | None, Example(600)] = None
    """Seconds that a container may take until it is ready; without this key SageMaker decides."""

    download_seconds: Annotated[Annotated[int, Field(ge=60, le=3_600)] | None, Example(900)] = None
    """Seconds that an instance may take to get model_data and unpack it; without this key SageMaker
    decides."""

    volume_gb: Annotated[Annotated[int, Field(ge=1, le=512)] | None, Example(50)] = None
    """Size of each instance's volume in GB, where model_data has to fit unpacked too. Instances
    with disks of their own have no other."""

    serverless: Annotated[
        Serverless | None, Example({"memory_mb": 4096, "max_concurrency": 20})
    ] = None
    """No instances: SageMaker starts containers when calls come, and a call that waits for one
    takes seconds. Nothing is billed between calls. No key about instances stands beside it, and no
    alarm takes a release back."""

    @property
    def _starts_slowly(self) -> bool:
        """Whether an instance may take longer to start than is usual."""
        return (self.startup_seconds or 0) + (self.download_seconds or 0) > START_SECONDS

    @property
    def host(self) -> str:
        """What the endpoint runs on: another one makes another endpoint."""
        return SERVERLESS if self.serverless else self.instance_type

    @property
    def rollout_seconds(self) -> int:
        """How long a rollout takes, more or less: it may have to replace the most instances."""
        count = self.scaling.max_instances if self.scaling else self.initial_instance_count
        start = (self.startup_seconds or 0) + (self.download_seconds or 0)
        return self.rollout.seconds(count, max(start, START_SECONDS))

    def variables(self, api_version: str) -> dict[str, str]:
        """The environment of its container; of a deprecation the front speaks."""
        return self.added | self.identity(api_version) | self.limits()

    @property
    def calls_nobody(self) -> bool:
        """Whether the container is off the network: no key says that its code calls anybody.

        Without instances SageMaker isolates none:
        https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
        """
        return not (self.vpc or self.policy or self.secrets or self.serverless)

    def image(self, repository: str) -> str:
        """The image of this release."""
        return f"{repository}@{self.digest}" if self.digest else f"{repository}:{self.release}"

    @override
    def between_keys(self) -> Iterator[str]:
        yield from super().between_keys()
        yield from self._env_problems()
        # https://docs.aws.amazon.com/sagemaker/latest/dg/host-vpc.html
        if self.vpc and len(self.vpc.subnets) == 1:
            yield "vpc.subnets: has 1, and SageMaker needs two zones; add a subnet of another zone."
        if self.serverless:
            yield from serverless.problems(self.model_fields_set, self.max_body_bytes)
        else:
            if self.scaling:
                yield from self._scaling_problems(self.scaling)
            yield from self._rollout_problems()
            yield from self._start_problems()
        if not self.digest and not re.fullmatch(TAG, self.release):
            yield (
                f"release: {self.release} can't be the tag of an image; write at most 128 of 0-9,"
                " A-Z, a-z, -, _ and ., or add a digest."
            )

    def _env_problems(self) -> Iterator[str]:
        """What SageMaker takes of no container."""
        if (count := len(self.variables("v999"))) > MOST_VARIABLES:
            yield (
                f"env: makes {count} variables with the project's own, and SageMaker takes"
                f" {MOST_VARIABLES}; write fewer."
            )
        for name, value in self.added.items():
            if len(value) > MOST_CHARACTERS:
                key = f"env.{name}" if name in self.env else "secrets"
                yield (
                    f"{key}: has {len(value):,} characters, and SageMaker takes"
                    f" {MOST_CHARACTERS:,}; write fewer."
                )

    def _scaling_problems(self, scaling: Scaling) -> Iterator[str]:
        """What SageMaker could not scale."""
        count = self.initial_instance_count
        least, most = scaling.min_instances, scaling.max_instances
        if least <= most and not least <= count <= most:
            yield (
                f"initial_instance_count: is {count}, outside of scaling; write {least} to {most}."
            )
        if re.match(r"ml\.t\d", self.instance_type):
            yield (
                f"scaling: is set, and instances of {self.instance_type} can't be scaled; remove"
                " it, or write another instance_type."
            )

    def _start_problems(self) -> Iterator[str]:
        """What would be without effect, or refused."""
        if self.download_seconds and not self.model_data:
            yield "download_seconds: is set, and there is no model_data to get; remove it."
        # https://docs.aws.amazon.com/sagemaker/latest/dg/model-train-storage-tips-considerations.html
        if self.volume_gb and re.match(OWN_DISKS, self.instance_type):
            yield (
                f"volume_gb: is set, and {self.instance_type} has disks of its own; remove it, or"
                " write another instance_type."
            )

    def _rollout_problems(self) -> Iterator[str]:
        """What SageMaker would refuse, or could never end."""
        count, scaling, kind = self.initial_instance_count, self.scaling, self.rollout.kind
        fewest = min(count, scaling.min_instances) if scaling else count
        if kind and fewest < 2:
            yield (
                f"rollout: is {kind}, which needs 2 instances, and there may be {fewest}; write"
                " all_at_once, or raise "
                + ("scaling.min_instances." if scaling else "initial_instance_count.")
            )
        if self.rollout_seconds > UPDATE_SECONDS:
            yield (
                f"rollout: would take some {self.rollout_seconds:,} seconds, and Pulumi waits for"
                " an hour; write a larger percent, or fewer"
                + (" startup_seconds, download_seconds or" if self._starts_slowly else "")
                + " wait_seconds."
            )


class Settings(AwsSettings[Version]):
    """The config of a stack on SageMaker."""

    image: Annotated[Image, Field(examples=[{"repository": EXAMPLE_REPOSITORY}])]
    """Where the images are, of all API versions and releases."""

    front: Literal["api_gateway", "none"] = "api_gateway"
    """What clients call. With none, they invoke the endpoints themselves, with AWS credentials,
    and the keys of the front, such as auth and throttle, are without effect."""

    dashboard: bool = False
    """Make a dashboard in CloudWatch, which has a row of graphs for each API version. From the
    fourth of an account on, it costs 3 dollars a month."""

    @property
    @override
    def served(self) -> dict[str, Version]:
        """The API versions that answer predictions, each with the digest that ECR has for it."""
        digests = self._given.found
        return {
            name: each.model_copy(update={"digest": each.digest or digests.get(name)})
            for name, each in super().served.items()
        }

    @classmethod
    @override
    def own_problems(cls, given: Given) -> Iterator[str]:
        fronted = given.raw.get("front") != "none"
        yield from super().own_problems(replace(given, deploying=given.deploying and fronted))
        yield from images.problems(given)
        if "_" in given.stack:
            yield (
                f"stack: {given.stack!r} would make invalid names of endpoints; name the stack"
                " without _."
            )

    @classmethod
    @override
    def missing_artefacts(cls, given: Given) -> Iterator[str]:
        yield from super().missing_artefacts(given)
        if given.deploying and not any(images.problems(given)):
            # Of what is right by itself; the rest has been told.
            tags = {
                name: version.release
                for name, version in cls._sound(given)
                if not version.digest and re.fullmatch(TAG, version.release)
            }
            yield from published.problems(given, tags)
