"""What a stack file adds to the pods of an API version in Kubernetes' own words."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi_kubernetes as k8s

from infra.problems import mapping

# What ours is called here, by the name that Kubernetes has for it.
OURS = {"volumeMounts": "volume_mounts"}


def with_more(
    spec: k8s.core.v1.PodSpecArgsDict, pod: Mapping[str, Any]
) -> k8s.core.v1.PodSpecArgsDict:
    """A pod with the fields and entries of `pod`, which infra/way_out.py has looked at."""
    if not pod:
        return spec
    own = cast("dict[str, Any]", spec)
    own["containers"] = [_server(own["containers"][0], mapping(pod.get("server")))]
    added = _added(own, {key: value for key, value in pod.items() if key != "server"})
    return cast("k8s.core.v1.PodSpecArgsDict", added)


def _server(own: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    lifecycle = {**own["lifecycle"], **mapping(more.get("lifecycle"))}
    rest = {key: value for key, value in more.items() if key != "lifecycle"}
    return {**_added(own, rest), "lifecycle": lifecycle}


def _added(own: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Ours with more fields; where both have a list, its entries come after ours."""
    whole = dict(own)
    for key, value in more.items():
        name = OURS.get(key, key)
        whole[name] = [*own[name], *value] if name in own else value
    return whole
