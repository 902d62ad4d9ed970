"""The program of this project under Pulumi's mocks: all that it would register, and no cloud.

`python -P tests/program.py PROJECT STACK CONFIG` runs it as Pulumi does: in a fresh process, from
the project's folder, which is not on the path. CONFIG is JSON, and so is what it prints: all that
was registered.
"""

import asyncio
import dataclasses
import importlib
import json
import logging
import runpy
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast, override

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.sync_await import _sync_await

type Inputs = dict[str, Any]

# By path, because this file also runs where the project is not on the path.
TABLES = [runpy.run_path(str(path)) for path in sorted(Path(__file__).parent.glob("outputs*.py"))]
OUTPUTS = {kind: outputs for table in TABLES for kind, outputs in table["OUTPUTS"].items()}
# What a cloud answers where the program asks it something, by the token of the function. One that
# raises RuntimeError refuses.
CALLS = {token: answer for table in TABLES for token, answer in table.get("CALLS", {}).items()}

OPTIONS = ("deleteBeforeReplace", "ignoreChanges", "importId", "replaceOnChanges", "retainOnDelete")


@dataclass(frozen=True)
class Resource:
    """A resource as the program registered it. `parent`, `depends_on`: "<type>::<name>".

    options: other options of Pulumi that are set.
    """

    type: str
    name: str
    inputs: Inputs
    parent: str
    protect: bool
    depends_on: tuple[str, ...]
    options: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The last part of the type, such as `Function`."""
        return self.type.rpartition(":")[2]


@dataclass
class Program:
    """All that one run of the program registered, exported and said."""

    resources: list[Resource] = field(default_factory=list)
    exports: Inputs = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[Resource]:
        """The resources of one kind, components apart, in the order of their names."""
        own = [each for each in self.resources if not each.type.startswith("infra:")]
        return sorted((each for each in own if each.kind == kind), key=lambda each: each.name)

    def one(self, kind: str, name: str = "") -> Resource:
        """The one resource of a kind whose name ends so."""
        (found,) = (each for each in self.of(kind) if each.name.endswith(name))
        return found

    def by_id(self) -> dict[str, Resource]:
        """All resources, by type and name."""
        return {f"{each.type}::{each.name}": each for each in self.resources}


def changed(before: Program, after: Program) -> set[str]:
    """The resources of the first program that are gone, or differ in the second, as Kind-name."""
    old, new = before.by_id(), after.by_id()
    return {
        f"{old[key].kind} {old[key].name}"
        for key in old
        if _comparable(old[key]) != _comparable(new.get(key))
    }


def _comparable(resource: Resource | None) -> object:
    """All that makes Pulumi touch a resource; an edge to a further resource does not."""
    return resource and dataclasses.replace(resource, depends_on=())


class _Cloud(Mocks):
    @override
    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, Inputs]:
        if args.custom is False:  # a component; nothing is said of what is only read
            return None, {}
        kind = args.typ.rpartition(":")[2]
        return f"{args.name}-{kind}-id", args.inputs | OUTPUTS[args.typ](args.inputs)

    @override
    def call(self, args: MockCallArgs) -> tuple[Inputs, list[tuple[str, str]]]:
        answer = CALLS[args.token]
        try:
            return answer(args.args), []
        except RuntimeError as refusal:
            return {}, [("", str(refusal))]


class _Monitor(MockMonitor):
    """transformed: let `infra/organisation.py` see the resources; Pulumi's own mocks never do."""

    def __init__(self, program: Program, *, transformed: bool) -> None:
        super().__init__(_Cloud())
        self.program, self.transformed = program, transformed
        self.loops = set[asyncio.AbstractEventLoop]()

    @override
    def Invoke(self, request: Any) -> Any:
        answer = super().Invoke(request)
        self.loops.add(asyncio.get_event_loop())
        return answer

    @override
    def ReadResource(self, request: Any) -> Any:
        answer = super().ReadResource(request)
        self.loops.add(asyncio.get_event_loop())  # of this thread, made by the line above
        return answer

    @override
    def RegisterResource(self, request: Any) -> Any:
        for transform in self._stack_transforms if self.transformed else ():
            self._transform(transform, request)
        answer = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            self.loops.add(asyncio.get_event_loop())
            inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
            self.program.resources.append(
                Resource(
                    request.type,
                    request.name,
                    {key: _plain(value) for key, value in (inputs or {}).items()},
                    _short(request.parent),
                    request.protect,
                    tuple(sorted(map(_short, request.dependencies))),
                    tuple(name for name in OPTIONS if getattr(request, name)),
                )
            )
        return answer

    def _transform(self, transform: Any, request: Any) -> None:
        """Have a resource as a transform wants it: its inputs, and whether it is protected."""
        inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
        opts = pulumi.ResourceOptions(protect=request.protect)
        args = pulumi.ResourceTransformArgs(
            request.custom, request.type, request.name, inputs or {}, opts
        )
        if result := transform(args):
            serialized = rpc.serialize_properties(result.props, {})
            request.object.CopyFrom(_sync_await(serialized))
            request.protect = bool(result.opts.protect)


def _short(urn: str) -> str:
    """A resource's own type and name, of its URN."""
    *_, types, name = urn.split("::")
    return f"{types.rpartition('$')[2]}::{name}"


def _plain(value: Any) -> Any:
    """An input as JSON can say it: an archive as its path, a whole number as an integer."""
    if isinstance(value, pulumi.FileArchive):
        return value.path
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def run(
    project: str,
    stack: str,
    config: dict[str, str],
    *,
    preview: bool = False,
    transformed: bool = False,
) -> Program:
    """Run the program in the working directory, with config as Pulumi hands it over.

    transformed: as `infra/organisation.py` wants it, where there is one.

    Raises:
        pulumi.RunError: the config can't be used.
    """
    program = Program()
    logger = logging.Logger("program", logging.WARNING)
    handler = logging.Handler()
    handler.emit = lambda record: program.warnings.append(record.getMessage())
    logger.addHandler(handler)
    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    nothing = cast("pulumi.Resource", None)
    pulumi.runtime.settings.set_root_resource(nothing)  # or an earlier run's exports would stay
    monitor = _Monitor(program, transformed=transformed)
    pulumi.runtime.set_mocks(monitor.mocks, project, stack, preview, logger, monitor)
    pulumi.runtime.set_all_config(config)

    @pulumi.runtime.test  # without it what fails while registering passes in silence
    def registers() -> pulumi.Output[None]:
        importlib.invalidate_caches()  # or `.` would be the folder of an earlier run
        runpy.run_path(".", run_name="__main__")
        root = cast("pulumi.runtime.stack.Stack", pulumi.runtime.get_root_resource())
        return pulumi.Output.all(**root.outputs).apply(program.exports.update)

    try:
        registers()
    finally:
        for each in {loop, *monitor.loops}:
            each.close()
    return program


if __name__ == "__main__":
    given = json.loads(sys.argv[3])
    print(json.dumps(dataclasses.asdict(run(sys.argv[1], sys.argv[2], given))))
