"""What an image is built for: the processors of the instances that a stack runs it on."""

import re
from pathlib import Path

from tools import stack_file
from tools.working_tree import own_build

ROOT = Path(__file__).parent.parent
# A family of instances whose generation is followed by a g, such as c7g or m6gd, has Graviton.
# https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
GRAVITON = r"ml\.[a-z]+\d+g[a-z]*\..*"


def wanted_by(stack: str) -> str:
    """The platform of this working tree's API version in a stack.

    Raises:
        Refused: there is no such stack, or pyproject.toml names no build.
    """
    keys = stack_file.of_version(ROOT, stack, own_build().api_version)
    arm = re.fullmatch(GRAVITON, str(keys.get("instance_type")))
    return "linux/arm64" if arm else "linux/amd64"
