"""Who may reach the pods, and whom they may reach. Needs a cluster that enforces policies."""

import pulumi_kubernetes as k8s

from infra.cluster import Stack

type Rule = k8s.networking.v1.NetworkPolicyIngressRuleArgsDict

# The label that every namespace has, with its name.
NAME = "kubernetes.io/metadata.name"
# Out: names of the cluster, and nothing else.
DNS: k8s.networking.v1.NetworkPolicyEgressRuleArgsDict = {
    "to": [
        {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}}}
    ],
    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
}


def ingress_rules(stack: Stack) -> list[Rule]:
    """In: predictions from the front, metrics from the monitoring."""
    rules: list[Rule] = []
    if stack.config.expose == "load_balancer":
        rules.append({"ports": [{"port": "http"}]})  # its packets come from anywhere
    elif stack.allow_from:
        rules.append({"from_": _namespaces(stack.allow_from), "ports": [{"port": "http"}]})
    if monitoring := stack.config.network.metrics_from:
        rules.append({"from_": _namespaces(monitoring), "ports": [{"port": "metrics"}]})
    return rules


def _namespaces(names: tuple[str, ...]) -> list[k8s.networking.v1.NetworkPolicyPeerArgsDict]:
    key: k8s.meta.v1.LabelSelectorRequirementArgsDict = {
        "key": NAME,
        "operator": "In",
        "values": [*names],
    }
    return [{"namespace_selector": {"match_expressions": [key]}}]
