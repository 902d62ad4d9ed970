"""What an organisation wants of every resource of its stacks: `infra/organisation.py`, if any."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pulumi


def register() -> None:
    """Have the function `transform` there see every resource before it is registered.

    Raises:
        pulumi.RunError: it has no such function.
    """
    if not find_spec("infra.organisation"):
        return
    own: Any = import_module("infra.organisation")
    if not callable(getattr(own, "transform", None)):
        raise pulumi.RunError(
            "infra/organisation.py has no function `transform`: docs/how-it-works.md shows one."
        )
    pulumi.runtime.register_resource_transform(own.transform)
