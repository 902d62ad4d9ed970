"""The config of a stack, read: what is the same on every target."""

from collections.abc import Mapping
from typing import Any, Protocol

import pulumi

from infra.config import Section
from infra.problems import Problems, check, misplaced_keys, name_problems, own_keys


class Read[T](Protocol):
    """Makes settings of a stack's config, or raises `Problems`."""

    def __call__(
        self, project: str, stack: str, config: Mapping[str, str], *, previewing: bool
    ) -> T:
        """config: as Pulumi hands it over, mappings as JSON. previewing: refuse placeholders."""
        ...


def running[T](read: Read[T]) -> T:
    """The settings of the stack that runs.

    Raises:
        pulumi.RunError: its config can't be used; one sentence per problem.
    """
    project, stack = pulumi.get_project(), pulumi.get_stack()
    previewing = bool(pulumi.runtime.is_dry_run())  # as every deploy is, before it is one
    try:
        return read(project, stack, pulumi.runtime.config.CONFIG.get(), previewing=previewing)
    except Problems as problems:
        raise pulumi.RunError(f"Pulumi.{stack}.yaml can't be used:\n{problems}") from None


def checked[T: Section](
    model: type[T], project: str, stack: str, config: Mapping[str, str]
) -> tuple[dict[str, Any], T | None, list[str]]:
    """The project's own keys, as they are and as `model`, and what is wrong with each by itself."""
    raw = own_keys(project, config)
    settings, problems = check(model, raw)
    problems += name_problems(project, stack)
    problems += misplaced_keys(project, config, model)
    return raw, settings, problems
