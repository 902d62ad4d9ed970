"""How clients reach one API version: by a route of its own on a Gateway or Ingress."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from infra import scheme
from infra.address import base_url
from infra.annotations import TAKEN_BACK
from infra.cluster import Stack
from infra.exposure import Gateway, Ingress
from infra.labels import labels
from infra.service import ModelService
from infra.version import Version


class Route(pulumi.ComponentResource):
    """The route of one API version, and where that is served."""

    base_url: pulumi.Output[str]

    def __init__(
        self, api_version: str, version: Version, stack: Stack, service: ModelService
    ) -> None:
        name = f"{stack.project}-{api_version}"
        super().__init__("infra:route:Route", name)
        child = pulumi.ResourceOptions(parent=self)
        config = stack.config
        hosts = scheme.hosts(config, version)
        path = scheme.path(api_version)
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": name,
            "namespace": service.namespace,
            "labels": labels(api_version, version, stack),
            "annotations": {**stack.annotations(version), **TAKEN_BACK},
        }
        if stack.gateways:
            matches = scheme.matches(api_version, config)
            k8s.apiextensions.CustomResource(
                name,
                api_version="gateway.networking.k8s.io/v1",
                kind="HTTPRoute",
                metadata=metadata,
                spec=_http_route(stack.gateways, hosts, matches, service.name),
                opts=child,
            )
        elif ingress := config.ingress:
            k8s.networking.v1.Ingress(
                name,
                # Not every controller says where it listens; Pulumi would wait, and fail.
                metadata={
                    **metadata,
                    "annotations": {
                        **stack.annotations(version),
                        **ingress.annotations,
                        **TAKEN_BACK,
                        "pulumi.com/skipAwait": "true",
                    },
                },
                spec=_ingress(ingress, hosts, path, service.name),
                opts=child,
            )
        self.base_url = base_url(api_version, version, stack, service.name, service.status)
        self.register_outputs({"base_url": self.base_url})


def _http_route(
    gateways: tuple[Gateway, ...],
    hosts: tuple[str, ...],
    matches: list[dict[str, Any]],
    service: pulumi.Output[str],
) -> dict[str, Any]:
    """https://gateway-api.sigs.k8s.io/api-types/httproute"""
    return {
        "parentRefs": [_parent(each) for each in gateways],
        "hostnames": [*hosts],
        "rules": [{"matches": matches, "backendRefs": [{"name": service, "port": 80}]}],
    }


def _parent(gateway: Gateway) -> dict[str, str]:
    own = {"name": gateway.name, "namespace": gateway.namespace}
    return own | ({"sectionName": gateway.listener} if gateway.listener else {})


def _ingress(
    ingress: Ingress, hosts: tuple[str, ...], path: str, service: pulumi.Output[str]
) -> k8s.networking.v1.IngressSpecArgsDict:
    backend: k8s.networking.v1.IngressBackendArgsDict = {
        "service": {"name": service, "port": {"name": "http"}}
    }
    paths: list[k8s.networking.v1.HTTPIngressPathArgsDict] = [
        {"path": path, "path_type": "Prefix", "backend": backend}
    ]
    secret = ingress.tls_secret
    return {
        "ingress_class_name": ingress.class_name,
        "rules": [{"host": host, "http": {"paths": paths}} for host in hosts],
        "tls": [{"hosts": [*hosts], "secret_name": secret}] if secret else [],
    }
