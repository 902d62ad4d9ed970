"""The chart's values for one API version."""

from typing import Any

from pydantic.alias_generators import to_camel

from infra import scheme
from infra.cluster import Stack
from infra.config import Section
from infra.version import Version

# How the chart calls it.
EXPOSE = {"load_balancer": "loadBalancer"}


def values(api_version: str, version: Version, stack: Stack) -> dict[str, Any]:
    """All that the chart has to know; what is left out keeps the chart's default."""
    config = stack.config
    given: dict[str, Any] = {
        "apiVersion": api_version,
        "image": {
            "repository": config.image.repository,
            "tag": version.release,
            "digest": version.digest or "",
            "pullSecrets": [*config.image.pull_secrets],
        },
        "replicas": version.replicas,
        "resources": _section(version.resources),
        "rollout": _section(version.rollout),
        "drain": _section(version.drain),
        "startupSeconds": version.startup_seconds,
        "envFrom": _section(version.env_from),
        "nodeSelector": version.node_selector,
        "tolerations": [_section(each) for each in version.tolerations],
        "expose": EXPOSE.get(config.expose, config.expose),
        "routing": {
            "by": scheme.NAME,
            "host": scheme.host(config, version) or "",
            # Only the header scheme knows one.
            "default": getattr(config, "default_version", None) == api_version,
        },
        "network": {
            "allowFrom": [*stack.allow_from],
            "metricsFrom": [*config.network.metrics_from],
        },
        "deprecation": {
            "deprecatedOn": str(version.deprecated_on or ""),
            "sunset": str(version.sunset or ""),
            "migrationUrl": version.migration_url or "",
        },
    }
    if version.max_body_bytes:
        given["maxBodyBytes"] = version.max_body_bytes
    if version.autoscaling:
        given["autoscaling"] = {"enabled": True, **_section(version.autoscaling)}
    for name, section in (("gateway", config.gateway), ("ingress", config.ingress)):
        if section:
            given[name] = _section(section)
    return given


def _section(section: Section) -> dict[str, Any]:
    """A section with the names that a chart gives its values; what is not set is left out."""
    own = section.model_dump(mode="json", exclude_none=True)
    return {to_camel(name): value for name, value in own.items()}
