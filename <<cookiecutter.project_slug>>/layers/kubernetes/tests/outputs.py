"""What a cluster would add to the inputs of what the program registers."""

from collections.abc import Callable
from typing import Any

type Inputs = dict[str, Any]


def _service(inputs: Inputs) -> Inputs:
    if inputs["spec"]["type"] != "LoadBalancer":
        return {"status": {"loadBalancer": {}}}
    address = f"{inputs['metadata']['name']}.lb.example.com"
    return {"status": {"loadBalancer": {"ingress": [{"hostname": address}]}}}


# A type that is not here can't be registered.
OUTPUTS: dict[str, Callable[[Inputs], Inputs]] = {
    "kubernetes:apps/v1:Deployment": lambda i: {},
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": lambda i: {},
    "kubernetes:core/v1:ConfigMap": lambda i: {},
    "kubernetes:core/v1:Namespace": lambda i: {},
    "kubernetes:core/v1:Service": _service,
    "kubernetes:core/v1:ServiceAccount": lambda i: {},
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute": lambda i: {},
    "kubernetes:monitoring.coreos.com/v1:PodMonitor": lambda i: {},
    "kubernetes:monitoring.coreos.com/v1:PrometheusRule": lambda i: {},
    "kubernetes:networking.k8s.io/v1:Ingress": lambda i: {},
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": lambda i: {},
    "kubernetes:policy/v1:PodDisruptionBudget": lambda i: {},
}
