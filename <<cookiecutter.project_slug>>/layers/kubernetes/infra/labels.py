"""What the objects of an API version are labelled with, and found by.

https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
"""


def selector(project: str, api_version: str) -> dict[str, str]:
    """What finds the pods of an API version. Can't be changed later: so it holds no release."""
    return {
        "app.kubernetes.io/name": project,
        "app.kubernetes.io/instance": f"{project}-{api_version}",
        "api-version": api_version,
    }


def labels(project: str, api_version: str) -> dict[str, str]:
    """What every object of an API version carries."""
    return selector(project, api_version) | {"app.kubernetes.io/managed-by": "pulumi"}


def of_release(release: str) -> dict[str, str]:
    """What a Deployment and its pods carry besides."""
    return {"app.kubernetes.io/version": release}
