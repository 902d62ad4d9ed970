"""Where everything of this stack stands: a namespace of its own, or one that is there."""

import pulumi
import pulumi_kubernetes as k8s

from infra.annotations import TAKEN_BACK
from infra.cluster import Stack


def namespace(stack: Stack) -> pulumi.Output[str]:
    """The name of the namespace, which is there before anything in it is made."""
    name = stack.namespace.name
    if not stack.namespace.create:
        return pulumi.Output.from_input(name)
    labels = {
        **stack.config.labels,
        **stack.namespace.labels,
        "app.kubernetes.io/name": stack.project,
        "app.kubernetes.io/managed-by": "pulumi",
        # Nothing runs here that could do more than serve.
        "pod-security.kubernetes.io/enforce": "restricted",
    }
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": name,
        "labels": labels,
        "annotations": {**stack.config.annotations, **TAKEN_BACK},
    }
    made = k8s.core.v1.Namespace(name, metadata=metadata)
    return made.metadata.name
