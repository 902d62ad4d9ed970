"""Where the images of all releases are: in a repository of any registry."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from infra.config import Example, Section, spelt
from infra.given import Given
from infra.names import Name
from infra.problems import mapping

# Stands in the stack files until somebody writes their own.
PLACEHOLDER_REGISTRY = "registry.example.com/"
# What may be the tag of an image and the value of a label.
TAG = r"[0-9A-Za-z]([0-9A-Za-z._-]{0,61}[0-9A-Za-z])?"


def _repository(value: str) -> str:
    path = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
    if not re.fullmatch(rf"[a-z0-9.-]+(:[0-9]+)?(/{path})+", value):
        remedy = "write registry and path without a tag, such as ghcr.io/you/iris"
        raise ValueError(f"{spelt(value)} is not the repository of an image; {remedy}")
    return value


class Image(Section):
    """Where the images of all releases are."""

    repository: Annotated[str, AfterValidator(_repository), Field(examples=["ghcr.io/you/iris"])]
    """Registry and path, without a tag: that is the release."""

    pull_secrets: Annotated[tuple[Name, ...], Example(["registry-login"])] = ()
    """Secrets in the namespace with which nodes log in to the registry."""


def problems(given: Given) -> Iterator[str]:
    """A repository that is nobody's."""
    repository = str(mapping(given.raw.get("image")).get("repository"))
    if given.deploying and repository.startswith(PLACEHOLDER_REGISTRY):
        yield f"image.repository: {repository} is a placeholder; write your own."
