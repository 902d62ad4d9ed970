"""The settings of a stack: what is the same on every target."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Annotated, Any, Self

import pulumi
from pydantic import Field, PrivateAttr, TypeAdapter, ValidationError

from infra import scheme
from infra.config import ApiVersion, VersionName, problems_at
from infra.given import Given
from infra.problems import Problems, check, misplaced_keys, name_problems
from infra.scheme import StackKeys


class StackSettings[V: ApiVersion](StackKeys):
    """The config of a stack, as far as every target knows it.

    What is wrong is said in this order: with each key by itself, with names, between the keys of
    the stack, between those of each API version, and with the artefacts.
    """

    versions: Annotated[dict[VersionName, V], Field(min_length=1)]
    """The API versions that this stack serves, each with its release. To end one, set its state
    to retired; take it out of the list only when its clients are gone."""

    _given: Given = PrivateAttr()

    @property
    def served(self) -> dict[str, V]:
        """The API versions that answer predictions: all but the retired ones."""
        return {name: each for name, each in self.versions.items() if each.state != "retired"}

    @classmethod
    def load(cls) -> Self:
        """The config of the stack that runs.

        Raises:
            pulumi.RunError: it can't be used; one sentence per problem.
        """
        project, stack = pulumi.get_project(), pulumi.get_stack()
        config = pulumi.runtime.config.CONFIG.get()
        try:
            # Not a preview alone: `pulumi up --skip-preview` has none.
            return cls.read(project, stack, config, deploying=True)
        except Problems as problems:
            raise pulumi.RunError(f"Pulumi.{stack}.yaml can't be used:\n{problems}") from None

    @classmethod
    def read(
        cls, project: str, stack: str, config: Mapping[str, str], *, deploying: bool = False
    ) -> Self:
        """The config of a stack as Pulumi hands it over: text, mappings as JSON.

        deploying: refuse placeholders too.

        Raises:
            Problems: it can't be used; one sentence per problem.
        """
        given = Given(project, stack, config, deploying)
        settings, problems = check(cls, given.raw)
        problems += name_problems(project, stack)
        problems += misplaced_keys(project, config, cls)
        problems += cls.own_problems(given)
        for key, value in cls._sound_keys(given):
            problems += problems_at(key, value)
        for name, version in cls._sound(given):
            problems += (f"versions.{name}.{said}" for said in version.problems())
        problems += cls.missing_artefacts(given)
        if settings is None or problems:
            raise Problems("\n".join(problems))
        settings._given = given
        return settings

    @classmethod
    def own_problems(cls, given: Given) -> Iterator[str]:
        """What is wrong between the keys of a stack; a target adds to what the scheme says."""
        yield from scheme.problems(given)

    @classmethod
    def missing_artefacts(cls, _given: Given, /) -> Iterator[str]:
        """What a deploy needs beside the stack file, and can't use."""
        yield from ()

    @classmethod
    def _sound_keys(cls, given: Given) -> Iterator[tuple[str, Any]]:
        """The sections of the stack that are right by themselves, whatever else is wrong."""
        for key, field in cls.model_fields.items():
            if key != "versions" and isinstance(given.raw.get(key), dict | list):
                with suppress(ValidationError):  # which has been told
                    kind: Any = field.annotation
                    yield key, TypeAdapter[Any](kind).validate_json(json.dumps(given.raw[key]))

    @classmethod
    def _sound(cls, given: Given) -> Iterator[tuple[str, V]]:
        """The versions served that are right by themselves, whatever else is wrong."""
        listed: Any = cls.model_fields["versions"].annotation
        alone = TypeAdapter[dict[str, V]](listed)
        for name, keys in given.served.items():
            with suppress(ValidationError):  # which has been told
                yield name, alone.validate_json(json.dumps({name: keys}))[name]
