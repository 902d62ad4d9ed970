"""Who may reach the pods, and whom they may reach. Needs a cluster that enforces policies."""

import pulumi_kubernetes as k8s

from infra.cluster import Stack
from infra.traffic import Call

type Rule = k8s.networking.v1.NetworkPolicyIngressRuleArgsDict

# The label that every namespace has, with its name.
NAME = "kubernetes.io/metadata.name"
# A cache of names on each node, which is in no namespace.
# https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
NODE_LOCAL_DNS = "169.254.20.10/32"
# Out: names of the cluster, wherever its DNS runs; OpenShift's listens on 5353.
DNS: k8s.networking.v1.NetworkPolicyEgressRuleArgsDict = {
    "to": [{"namespace_selector": {}}, {"ip_block": {"cidr": NODE_LOCAL_DNS}}],
    "ports": [
        {"protocol": protocol, "port": port} for port in (53, 5353) for protocol in ("UDP", "TCP")
    ],
}


def ingress_rules(stack: Stack) -> list[Rule]:
    """In: predictions from the front, metrics from the monitoring, and what a mesh brings."""
    network = stack.config.network
    rules: list[Rule] = []
    peers = [*_namespaces(stack.allow_from), *map(_block, network.allow_blocks)]
    if peers:
        rules.append({"from_": peers, "ports": [{"port": "http"}]})
    elif stack.config.expose == "load_balancer":
        rules.append({"ports": [{"port": "http"}]})  # its packets come from anywhere
    if network.metrics_from:
        rules.append({"from_": _namespaces(network.metrics_from), "ports": [{"port": "metrics"}]})
    if network.allow_ports:
        rules.append({"ports": [{"port": port} for port in network.allow_ports]})
    return rules


def egress_rules(stack: Stack) -> list[k8s.networking.v1.NetworkPolicyEgressRuleArgsDict]:
    """Out: names of the cluster, and what the stack lists."""
    return [DNS, *(_call(each) for each in stack.config.network.call)]


def _call(call: Call) -> k8s.networking.v1.NetworkPolicyEgressRuleArgsDict:
    return {
        "to": _namespaces((call.namespace,)) if call.namespace else [_block(call.block or "")],
        "ports": [{"protocol": "TCP", "port": port} for port in call.ports],
    }


def _block(cidr: str) -> k8s.networking.v1.NetworkPolicyPeerArgsDict:
    return {"ip_block": {"cidr": cidr}}


def _namespaces(names: tuple[str, ...]) -> list[k8s.networking.v1.NetworkPolicyPeerArgsDict]:
    """The pods in these namespaces; where there are none, nobody."""
    if not names:
        return []
    key: k8s.meta.v1.LabelSelectorRequirementArgsDict = {
        "key": NAME,
        "operator": "In",
        "values": [*names],
    }
    return [{"namespace_selector": {"match_expressions": [key]}}]
