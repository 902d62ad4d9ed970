"""The program of this project under Pulumi's mocks: all that it would register, and no cloud.

`python -P tests/program.py PROJECT STACK CONFIG` runs it as Pulumi does: in a fresh process, from
the project's folder, which is not on the path. CONFIG is JSON, and so is what it prints: all that
was registered.
"""

import asyncio
import dataclasses
import json
import logging
import runpy
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast, override

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks

type Inputs = dict[str, Any]

REGION = "eu-central-1"
ARN = f"arn:aws:{{}}:{REGION}:123456789012:{{}}"
INVOKE = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{{}}/invocations"
# What AWS adds to a resource's inputs. A type that is not here can't be registered.
OUTPUTS: dict[str, Callable[[Inputs], Inputs]] = {
    "aws:apigateway/account:Account": lambda i: {},
    "aws:apigateway/apiKey:ApiKey": lambda i: {"value": "secret"},
    "aws:apigateway/basePathMapping:BasePathMapping": lambda i: {},
    "aws:apigateway/deployment:Deployment": lambda i: {},
    "aws:apigateway/domainName:DomainName": lambda i: {
        "regionalDomainName": f"target-of-{i['domainName']}"
    },
    "aws:apigateway/methodSettings:MethodSettings": lambda i: {},
    "aws:apigateway/restApi:RestApi": lambda i: {
        "executionArn": ARN.format("execute-api", f"{i['name']}-RestApi-id")
    },
    "aws:apigateway/stage:Stage": lambda i: {
        "invokeUrl": f"https://{i['restApi']}.execute-api.{REGION}.amazonaws.com/{i['stageName']}"
    },
    "aws:apigateway/usagePlan:UsagePlan": lambda i: {},
    "aws:apigateway/usagePlanKey:UsagePlanKey": lambda i: {},
    "aws:apigatewayv2/routingRule:RoutingRule": lambda i: {},
    "aws:cloudwatch/dashboard:Dashboard": lambda i: {},
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": lambda i: {},
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda i: {},
    "aws:cloudwatch/logGroup:LogGroup": lambda i: {
        "arn": ARN.format("logs", f"log-group:{i['name']}")
    },
    "aws:iam/role:Role": lambda i: {
        "name": i.get("name", "made-up"),
        "arn": f"arn:aws:iam::123456789012:role/{i.get('name', 'made-up')}",
    },
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": lambda i: {},
    "aws:iam/rolePolicy:RolePolicy": lambda i: {},
    "aws:lambda/alias:Alias": lambda i: {
        "arn": f"{ARN.format('lambda', 'function:')}{i['functionName']}:{i['name']}",
        "invokeArn": INVOKE.format(f"{i['functionName']}:{i['name']}"),
    },
    "aws:lambda/function:Function": lambda i: {
        "arn": ARN.format("lambda", f"function:{i['name']}"),
        "version": "1",
    },
    "aws:lambda/permission:Permission": lambda i: {},
}

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
        """The resources of one kind, in the order of their names."""
        found = [each for each in self.resources if each.kind == kind]
        return sorted(found, key=lambda each: each.name)

    def one(self, kind: str, name: str = "") -> Resource:
        """The one resource of a kind, components apart, whose name ends so."""
        several = (each for each in self.of(kind) if not each.type.startswith("infra:"))
        (found,) = (each for each in several if each.name.endswith(name))
        return found


class _Cloud(Mocks):
    @override
    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, Inputs]:
        if not args.custom:
            return None, {}
        kind = args.typ.rpartition(":")[2]
        return f"{args.name}-{kind}-id", args.inputs | OUTPUTS[args.typ](args.inputs)

    @override
    def call(self, args: MockCallArgs) -> tuple[Inputs, None]:
        raise NotImplementedError(f"{args.token}: a program that asks AWS needs an answer here")


class _Monitor(MockMonitor):
    def __init__(self, program: Program) -> None:
        super().__init__(_Cloud())
        self.program = program
        self.loops = set[asyncio.AbstractEventLoop]()

    @override
    def RegisterResource(self, request: Any) -> Any:
        answer = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            self.loops.add(asyncio.get_event_loop())  # of this thread, made by the line above
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


def run(project: str, stack: str, config: dict[str, str], *, preview: bool = False) -> Program:
    """Run the program in the working directory, with config as Pulumi hands it over.

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
    monitor = _Monitor(program)
    pulumi.runtime.set_mocks(monitor.mocks, project, stack, preview, logger, monitor)
    pulumi.runtime.set_all_config(config)

    @pulumi.runtime.test  # without it what fails while registering passes in silence
    def registers() -> pulumi.Output[None]:
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
