"""What the objects of an API version are labelled with, and found by.

https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
"""

from infra.cluster import Stack
from infra.version import Version


def selector(project: str, api_version: str) -> dict[str, str]:
    """What finds the pods of an API version. Can't be changed later: so it holds no release."""
    return {
        "app.kubernetes.io/name": project,
        "app.kubernetes.io/instance": f"{project}-{api_version}",
        "api-version": api_version,
    }


def labels(api_version: str, version: Version, stack: Stack) -> dict[str, str]:
    """What every object of an API version carries."""
    own = selector(stack.project, api_version) | {"app.kubernetes.io/managed-by": "pulumi"}
    return stack.labels(version) | own


def of_release(release: str) -> dict[str, str]:
    """What a Deployment and its pods carry besides."""
    return {"app.kubernetes.io/version": release}
