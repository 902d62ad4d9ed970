"""What a stack on a cluster can say in its config, and what is wrong with it."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
)

from infra import scheme
from infra.config import ApiVersion, Section, VersionName, spelt
from infra.problems import Problems, mapping
from infra.scheme import StackKeys, VersionKeys
from infra.stack import checked, running

# What stands in the stack files until somebody writes their own.
PLACEHOLDER_REGISTRY, PLACEHOLDER_CONTEXT = "registry.example.com/", "placeholder"
NAMESPACE = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# What may be the tag of an image and the value of a label.
TAG = r"[0-9A-Za-z]([0-9A-Za-z._-]{0,61}[0-9A-Za-z])?"
# How long Pulumi waits for a Deployment, unless told otherwise.
PULUMI_SECONDS = 600


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", value):
        raise ValueError(f"{spelt(value)} is not a name in Kubernetes; use a-z, 0-9, . and -")
    return value


def _namespace(value: str) -> str:
    if not re.fullmatch(NAMESPACE, value):
        raise ValueError(f"{spelt(value)} is not a namespace; use at most 63 of a-z, 0-9 and -")
    return value


def _repository(value: str) -> str:
    path = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
    if not re.fullmatch(rf"[a-z0-9.-]+(:[0-9]+)?(/{path})+", value):
        remedy = "write registry and path without a tag, such as ghcr.io/you/iris"
        raise ValueError(f"{spelt(value)} is not the repository of an image; {remedy}")
    return value


def _digest(value: str) -> str:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", value):
        raise ValueError(f"{spelt(value)} is not a digest; write sha256: and 64 of 0-9 and a-f")
    return value


def _cpu(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(m|\.[0-9]+)?|0\.[0-9]*[1-9]", value):
        raise ValueError(f'{spelt(value)} is no number of processors; write one such as "500m"')
    return value


def _memory(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(Mi|Gi)", value):
        raise ValueError(f'{spelt(value)} is no amount of memory; write one such as "512Mi"')
    return value


def _count(value: Any) -> int | str:
    """Pods: their number, or a share of the replicas."""
    if isinstance(value, str) and re.fullmatch(r"([1-9]?[0-9]|100)%", value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000:
        return value
    raise ValueError(f'{spelt(value)} is no number of pods; write one such as 1 or "25%"')


type Name = Annotated[str, AfterValidator(_name)]
type NamespaceName = Annotated[str, AfterValidator(_namespace)]
type Count = Annotated[int | str, PlainValidator(_count, int | str)]


class Image(Section):
    """Where the images of all releases are."""

    repository: Annotated[str, AfterValidator(_repository), Field(examples=["ghcr.io/you/iris"])]
    """Registry and path, without a tag: that is the release."""

    pull_secrets: tuple[Name, ...] = ()
    """Secrets in the namespace with which nodes log in to the registry."""


class Gateway(Section):
    """The Gateway that routes hang on. TLS, and from where it takes routes, is its business."""

    name: Annotated[Name, Field(examples=["public"])]
    """Its name."""

    namespace: Annotated[NamespaceName, Field(examples=["gateways"])]
    """Its namespace."""

    listener: Name | None = None
    """The listener to hang on; all of them if left out, one without TLS too."""

    https: bool = True
    """Clients reach it with https."""


class Ingress(Section):
    """The Ingress controller."""

    class_name: Annotated[Name, Field(examples=["nginx"])]
    """Its IngressClass."""

    tls_secret: Name | None = None
    """The Secret in the namespace with the certificate of the host names."""


class Namespace(Section):
    """Where everything of the stack stands."""

    name: NamespaceName
    """Its name; the project's other stacks need another."""

    create: bool = True
    """Make it, and delete it with the stack."""


class Network(Section):
    """Who reaches the pods, by namespace."""

    allow_from: tuple[NamespaceName, ...] | None = None
    """Those whose pods may ask for predictions; by default the Gateway's. Its proxies may be
    elsewhere: then list that."""

    metrics_from: tuple[NamespaceName, ...] = ()
    """Those whose pods may read the metrics."""


class Resources(Section):
    """What each pod is given."""

    cpu: Annotated[str, AfterValidator(_cpu), Field(examples=["500m"])] = "500m"
    """Processors set aside; more may be used where they are idle."""

    memory: Annotated[str, AfterValidator(_memory), Field(examples=["512Mi"])] = "512Mi"
    """Memory set aside, and the most that may be used."""


class Autoscaling(Section):
    """How many pods there are, by what they do."""

    min_replicas: Annotated[int, Field(ge=1, le=1_000)] = 2
    """The least."""

    max_replicas: Annotated[int, Field(ge=1, le=1_000)] = 10
    """The most."""

    cpu_percent: Annotated[int, Field(ge=10, le=100)] = 70
    """The use of the processors set aside that it steers to."""


class Rollout(Section):
    """How a new release takes over."""

    max_unavailable: Count = 0
    """Pods that may be missing meanwhile."""

    max_surge: Count = "25%"
    """Pods that there may be more of meanwhile."""

    min_ready_seconds: Annotated[int, Field(ge=0, le=60)] = 5
    """How long a new pod has to stay ready before an old one goes."""


class Drain(Section):
    """How a pod ends."""

    pre_stop_seconds: Annotated[int, Field(ge=3, le=120)] = 5
    """How long it goes on as before: the front's time to learn of it."""

    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 20
    """How long what is in flight then may take."""


class EnvFrom(Section):
    """Environment variables from what is in the namespace already."""

    secrets: tuple[Name, ...] = ()
    """Secrets."""

    config_maps: tuple[Name, ...] = ()
    """ConfigMaps."""


class Toleration(Section):
    """A taint of nodes that the pods put up with."""

    key: str
    """The taint's key."""

    value: str | None = None
    """Its value; any if left out."""

    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Its effect; any if left out."""


class Version(VersionKeys, ApiVersion):
    """One API version on Kubernetes."""

    digest: Annotated[str, AfterValidator(_digest)] | None = None
    """The digest of the release's image; what is pulled then can't change."""

    replicas: Annotated[int, Field(ge=1, le=1_000)] = 2
    """Pods, where autoscaling is not set."""

    autoscaling: Autoscaling | None = None
    """Pods by their use of processors; in place of replicas."""

    resources: Resources = Resources()
    """What each pod is given."""

    rollout: Rollout = Rollout()
    """How a new release takes over."""

    drain: Drain = Drain()
    """How a pod ends."""

    startup_seconds: Annotated[int, Field(ge=5, le=420)] = 120
    """How long loading the model may take."""

    env_from: EnvFrom = EnvFrom()
    """Environment variables from what is in the namespace already."""

    node_selector: dict[str, str] = Field(default_factory=dict)
    """Labels of the nodes to run on."""

    tolerations: tuple[Toleration, ...] = ()
    """Taints of nodes that the pods put up with."""

    @property
    def progress_deadline_seconds(self) -> int:
        """When a rollout without progress has failed: before Pulumi gives up, after 600 s."""
        return self.startup_seconds + self.rollout.min_ready_seconds + 60

    @property
    def rollout_seconds(self) -> int:
        """How long Pulumi waits for a rollout: every step may take as long as a start may."""
        pods = self.autoscaling.max_replicas if self.autoscaling else self.replicas
        step = _pods(self.rollout.max_surge, pods, up=True)
        step += _pods(self.rollout.max_unavailable, pods)
        steps = -(-pods // step)
        start = self.startup_seconds + self.rollout.min_ready_seconds
        return max(PULUMI_SECONDS, steps * start + 60)

    @property
    def fewest_pods(self) -> int:
        """How many pods there are at least."""
        return self.autoscaling.min_replicas if self.autoscaling else self.replicas

    def image(self, repository: str) -> str:
        """The image of this release."""
        return f"{repository}:{self.release}" + (f"@{self.digest}" if self.digest else "")


class StackConfig(StackKeys):
    """What the API versions of a stack share."""

    image: Annotated[Image, Field(examples=[{"repository": "ghcr.io/you/iris"}])]
    """Where the images are, of all API versions and releases."""

    expose: Literal["gateway", "ingress", "load_balancer", "none"] = "gateway"
    """What clients call."""

    gateway: Annotated[
        Gateway | None, Field(examples=[{"name": "public", "namespace": "gateways"}])
    ] = None
    """The Gateway, with expose: gateway."""

    ingress: Annotated[Ingress | None, Field(examples=[{"class_name": "nginx"}])] = None
    """The Ingress controller, with expose: ingress."""

    namespace: Annotated[Namespace | None, Field(examples=[{"name": "iris"}])] = None
    """Where everything stands; by default a namespace of its own, <project>-<stack>."""

    network: Network = Network()
    """Who reaches the pods."""


@dataclass(frozen=True)
class Stack:
    """What the resources of one API version may know beside that version."""

    project: str
    name: str
    config: StackConfig

    @property
    def namespace(self) -> Namespace:
        """Where everything stands."""
        return self.config.namespace or Namespace(name=self.own_namespace(self.project, self.name))

    @staticmethod
    def own_namespace(project: str, stack: str) -> str:
        """The name of a namespace of the stack's own."""
        return f"{project}-{stack}".lower()

    @property
    def allow_from(self) -> tuple[str, ...]:
        """The namespaces whose pods may ask for predictions."""
        if self.config.network.allow_from is not None:
            return self.config.network.allow_from
        return (self.config.gateway.namespace,) if self.config.gateway else ()


class ClusterSettings[V: Version](StackConfig):
    """The config of a stack on a cluster."""

    versions: Annotated[dict[VersionName, V], Field(min_length=1)]
    """The API versions and their releases. A retired one is gone, with all that served it."""

    _stack: Stack = PrivateAttr()

    @property
    def stack(self) -> Stack:
        """What a component of one API version is handed beside that version."""
        return self._stack

    @property
    def served(self) -> dict[str, V]:
        """The API versions that answer predictions: all but the retired ones."""
        return {name: each for name, each in self.versions.items() if each.state != "retired"}

    @classmethod
    def load(cls) -> Self:
        """The config of the stack that runs.

        Raises:
            pulumi.RunError: it can't be used; one sentence per problem.
        """
        return running(cls.read)

    @classmethod
    def read(
        cls, project: str, stack: str, config: Mapping[str, str], *, previewing: bool = False
    ) -> Self:
        """The config of a stack as Pulumi hands it over: text, mappings as JSON.

        previewing: refuse placeholders too.

        Raises:
            Problems: it can't be used; one sentence per problem.
        """
        raw, settings, problems = checked(cls, project, stack, config)
        problems += scheme.problems(raw)
        problems += _exposure(raw)
        if previewing:
            problems += _placeholders(raw, config)
        own = Stack.own_namespace(project, stack)
        if raw.get("namespace") is None and not re.fullmatch(NAMESPACE, own):
            problems.append(f"namespace: is missing, and {own} can't be one; add its name.")
        problems += cls.own_problems(raw)
        for name, version in cls._deployable(raw):
            problems += (f"versions.{name}.{said}" for said in _rollout(version))
        if settings is None or problems:
            raise Problems("\n".join(problems))
        shared = {name: getattr(settings, name) for name in StackConfig.model_fields}
        settings._stack = Stack(project, stack, StackConfig.model_construct(**shared))
        return settings

    @classmethod
    def own_problems(cls, _raw: Mapping[str, Any], /) -> Iterator[str]:
        """What else is wrong between the keys of a target."""
        yield from ()

    @classmethod
    def _deployable(cls, raw: Mapping[str, Any]) -> Iterator[tuple[str, V]]:
        """The versions served that are sound, whatever else is wrong."""
        listed: Any = cls.model_fields["versions"].annotation
        alone = TypeAdapter[dict[str, V]](listed)
        for name, keys in mapping(raw.get("versions")).items():
            with suppress(ValidationError):
                version = alone.validate_json(json.dumps({name: keys}))[name]
                if version.state != "retired":
                    yield name, version


def _placeholders(raw: Mapping[str, Any], config: Mapping[str, str]) -> Iterator[str]:
    """What a deploy would take to a place that is nobody's."""
    repository = str(mapping(raw.get("image")).get("repository"))
    if repository.startswith(PLACEHOLDER_REGISTRY):
        yield f"image.repository: {repository} is a placeholder; write your own."
    if config.get("kubernetes:context") == PLACEHOLDER_CONTEXT:
        yield (
            "kubernetes:context: is a placeholder; write the cluster's, as `kubectl config"
            " get-contexts` lists it."
        )


def _exposure(raw: Mapping[str, Any]) -> Iterator[str]:
    """What the chosen exposure needs, and what another one would need."""
    expose = raw.get("expose", "gateway")
    if expose not in ("gateway", "ingress", "load_balancer", "none"):
        return
    if expose not in scheme.EXPOSURES:
        *others, last = scheme.EXPOSURES
        yield (
            f"expose: is {expose}, which can't tell API versions apart by {scheme.NAME}; write"
            f" {', '.join(others)} or {last}."
        )
    for kind, example in (
        ("gateway", "{name: public, namespace: gateways}"),
        ("ingress", "{class_name: nginx}"),
    ):
        if expose == kind and raw.get(kind) is None:
            yield f"{kind}: is missing, and expose is {kind}; add one such as {example}."
        if expose != kind and raw.get(kind) is not None:
            yield f"{kind}: is set, and expose is {expose}; remove it, or write expose: {kind}."
    allowed = mapping(raw.get("network")).get("allow_from")
    whose = {
        "gateway": "the namespace of the Gateway's proxies",
        "ingress": "the Ingress controller's namespace",
        "none": "the namespaces of those who may",
    }.get(expose)
    if whose and (allowed == [] or (allowed is None and expose != "gateway")):
        said = "is missing" if allowed is None else "is empty"
        yield f"network.allow_from: {said}, so nobody may call; list {whose}."
    if expose == "load_balancer" and allowed:
        yield (
            "network.allow_from: is set, and a load balancer's packets come from anywhere;"
            " remove it."
        )


def _rollout(version: Version) -> Iterator[str]:
    """What would drop requests, or could never end."""
    pods = version.fewest_pods
    scaling, rollout = version.autoscaling, version.rollout
    if scaling and scaling.max_replicas < scaling.min_replicas:
        yield (
            f"autoscaling.max_replicas: is {scaling.max_replicas}; write min_replicas,"
            f" {scaling.min_replicas}, or more."
        )
    if scaling and "replicas" in version.model_fields_set:
        yield "replicas: is set beside autoscaling, which decides on them; remove one of the two."
    missing = _pods(rollout.max_unavailable, pods)
    if missing >= pods:
        yield (
            f"rollout.max_unavailable: {rollout.max_unavailable} of {pods} pods leaves none to"
            " answer during a rollout; write 0."
        )
    elif missing == 0 and _pods(rollout.max_surge, pods, up=True) == 0:
        yield (
            f"rollout.max_surge: of {pods} pods it is 0, and so is max_unavailable: a rollout could"
            " never begin; write 1."
        )
    if not re.fullmatch(TAG, version.release):
        yield (
            f"release: {version.release} can't be the tag of an image and a label; write at most 63"
            " of 0-9, A-Z, a-z, -, _ and ., a letter or digit last."
        )


def _pods(count: int | str, replicas: int, *, up: bool = False) -> int:
    """A number of pods as Kubernetes counts it."""
    if isinstance(count, int):
        return count
    share = int(count.rstrip("%")) * replicas
    return -(-share // 100) if up else share // 100
