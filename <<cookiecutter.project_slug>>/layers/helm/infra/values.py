"""The chart's values for one API version."""

from collections.abc import Mapping
from typing import Any, cast

from pydantic.alias_generators import to_camel

from infra import scheme
from infra.cluster import Stack
from infra.config import Section
from infra.problems import mapping
from infra.replicas import Autoscaling
from infra.version import Version

# How the chart calls it.
EXPOSE = {"load_balancer": "loadBalancer"}
# What an API version says of its pods; the chart has the same names, in its own spelling.
PODS = {
    *("replicas", "resources", "rollout", "drain", "startup_seconds", "max_body_bytes"),
    *("env", "env_from", "node_selector", "tolerations", "service_account", "runtime_class"),
    *("disruption", "progress_seconds", "priority_class", "run_as_user", "tmp_size", "shm_size"),
    *("mounts", "pod"),
}
# What says nothing to a chart of any version.
EMPTY: dict[str, Any] = {
    "image": {"digest": "", "pullSecrets": []},
    "routing": {"host": "", "hosts": [], "default": False},
    "gateways": [],
    "metrics": {"podMonitor": {"labels": {}}, "rules": False, "dashboard": False},
    "loadBalancer": {"internal": False, "annotations": {}, "class": "", "sourceRanges": []},
    "network": {"enforce": True}
    | {key: [] for key in ("allowFrom", "allowBlocks", "allowPorts", "call", "metricsFrom")},
    "deprecation": {"deprecatedOn": "", "sunset": "", "migrationUrl": ""},
    "clientHeader": "",
    "clients": [],
    "labels": {},
    "annotations": {},
}


def values(
    api_version: str, version: Version, stack: Stack, defaults: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What the chart has to know beside its defaults, so that an older chart goes on working.

    defaults: the chart's. None where they can't be read: then what the stack file says of the pods
    is sent, and what it leaves out is the chart's to say.
    """
    config, written = stack.config, defaults is None
    hosts = scheme.hosts(config, version)
    given: dict[str, Any] = {
        "image": {
            "repository": config.image.repository,
            "tag": version.release,
            "digest": version.digest or "",
            "pullSecrets": [*config.image.pull_secrets],
        },
        **_section(version, written=written, only=PODS),
        "clientHeader": config.client_header or "",
        "clients": [*config.clients],
        "labels": stack.labels(version),
        "annotations": stack.annotations(version),
        "expose": EXPOSE.get(config.expose, config.expose),
        "routing": {
            "by": scheme.NAME,
            **({"hosts": [*hosts]} if len(hosts) > 1 else {"host": "".join(hosts)}),
            # Only the header scheme knows one.
            "default": getattr(config, "default_version", None) == api_version,
        },
        "network": {
            **_section(config.network, written=False),
            "allowFrom": [*stack.allow_from],
        },
        "gateways": _value(config.gateways, written=written),
        "metrics": _section(config.metrics, written=False),
        "loadBalancer": _section(config.load_balancer, written=False),
        "deprecation": {
            "deprecatedOn": str(version.deprecated_on or ""),
            "sunset": str(version.sunset or ""),
            "migrationUrl": version.migration_url or "",
        },
    }
    sections = {"autoscaling": version.autoscaling}
    sections |= {"gateway": config.gateway, "ingress": config.ingress}
    for name, section in sections.items():
        if section:
            given[name] = _section(section, written=written)
    if version.autoscaling:
        given["autoscaling"]["enabled"] = True
    if config.metrics.pod_monitor:
        given["metrics"]["podMonitor"]["enabled"] = True
    # Which one it is, is always said.
    return {"apiVersion": api_version} | _differing(
        given, EMPTY if defaults is None else _over(_of_no_chart(), defaults)
    )


def _section(section: Section, *, written: bool, only: set[str] | None = None) -> dict[str, Any]:
    """A section with the names that a chart gives its values; what is not set is left out.

    written: only what the stack file says. only: these keys.
    """
    said = section.model_fields_set if written else {*type(section).model_fields}
    keys = [
        key for key in type(section).model_fields if key in (said if only is None else said & only)
    ]
    named = {key: getattr(section, key) for key in keys}
    return {
        to_camel(key).rstrip("_"): _value(value, written=written)
        for key, value in named.items()
        if value is not None
    }


def _value(value: Any, *, written: bool) -> Any:
    """A value as a chart takes it; a person's own keys stay as they are."""
    if isinstance(value, Section):
        return _section(value, written=written)
    if isinstance(value, tuple):
        several = cast("tuple[Any, ...]", value)
        return [_value(each, written=True) for each in several]
    return value


def _of_no_chart() -> dict[str, Any]:
    """What changes nothing, for a chart that does not know all of these values."""
    return {
        **EMPTY,
        **_section(Version(release="0.0.0"), written=False, only=PODS),
        "autoscaling": _section(Autoscaling(), written=False),
        "ingress": {"annotations": {}},
    }


def _over(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Values, and of the base what they leave out."""
    whole = dict(base)
    for key, value in own.items():
        below = whole.get(key)
        is_section = isinstance(value, dict) and isinstance(below, dict)
        whole[key] = _over(mapping(below), mapping(value)) if is_section else value
    return whole


def _differing(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are no default."""
    differing: dict[str, Any] = {}
    for key, value in given.items():
        default = defaults.get(key)
        if isinstance(value, dict) and isinstance(default, dict):
            if own := _differing(mapping(value), mapping(default)):
                differing[key] = own
        elif key not in defaults or value != default:
            differing[key] = value
    return differing
