"""What an image is built for: the processors of the nodes that a stack runs it on."""

from pathlib import Path

from infra.problems import mapping
from tools import stack_file
from tools.working_tree import own_build

ROOT = Path(__file__).parent.parent
# https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-arch
LABEL = "kubernetes.io/arch"


def wanted_by(stack: str) -> str:
    """The platform of this working tree's API version in a stack.

    Raises:
        Refused: there is no such stack, or pyproject.toml names no build.
    """
    keys = stack_file.of_version(ROOT, stack, own_build().api_version)
    return f"linux/{mapping(keys.get('node_selector')).get(LABEL, 'amd64')}"
