"""Pulumi's engine, as far as a rendered program needs it: what it registers is made, for real.

What was made is remembered in the emulator itself, so the next run finds it: inputs that are the
same change nothing, others update or replace, and what is no longer registered is deleted.
"""

import asyncio
import hashlib
import json
import logging
import os
import runpy
import threading
from collections import UserDict
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any, override

import pulumi
import yaml
from botocore.exceptions import ClientError
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor

from tests.local_cloud.emulator import REGION, client

type Properties = dict[str, Any]

BUCKET = "pulumi"


# Abbreviations at the end of keys, which Pulumi spells otherwise than AWS.
UNITS = {"memorySizeInMb": "MemorySizeInMB", "volumeSizeInGb": "VolumeSizeInGB"}


def upper(value: Any) -> Any:
    """Keys as boto3 spells them: the first letter large; the keys of `variables` are data."""
    if isinstance(value, dict):
        return {
            UNITS.get(k, k[0].upper() + k[1:]): v if k == "variables" else upper(v)
            for k, v in value.items()
        }
    return [upper(each) for each in value] if isinstance(value, list) else value


class Inputs(UserDict[str, Any]):
    """A resource's inputs, which remember what was read of them; `names`: what AWS calls them."""

    def __init__(self, values: Properties, names: Mapping[str, str]) -> None:
        super().__init__(values)
        self.names, self.unread = names, {*values}

    @override
    def __getitem__(self, key: str) -> Any:
        self.unread.discard(key)
        return super().__getitem__(key)

    def spelled(self, members: Container[str]) -> Properties:
        """Those that an operation with these members takes, as it wants them."""
        found: Properties = {}
        for name in self:
            own = self.names.get(name, name)
            large = own[0].upper() + own[1:]
            if own in members:
                found[own] = self[name]
            elif large in members:
                found[large] = upper(self[name])
            elif f"{large}s" in members:  # it takes several
                found[f"{large}s"] = [self[name]]
        return found


class Cloud(pulumi.runtime.Mocks):
    """Makes each registered resource in the emulator; `elsewhere`: services that another has.

    state: where it remembers what a program has made; each program has a place of its own.
    """

    def __init__(
        self,
        url: str,
        elsewhere: Mapping[str, str],
        kinds: Mapping[str, Any],
        state: str = "state",
    ) -> None:
        self.url, self.elsewhere, self.kinds, self.state = url, elsewhere, kinds, state
        self.changes: list[str] = []
        self.problems: list[str] = []
        self.archives: dict[str, bytes] = {}
        self.kept: set[str] = set()
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self.before: Properties = self._remembered()
        self.after: Properties = {}

    def __getattr__(self, service: str) -> Any:
        """The client of a service: `cloud.lambda_`, `cloud.application_autoscaling`."""
        if service.startswith("_"):
            raise AttributeError(service)
        name = service.rstrip("_").replace("_", "-")
        with self._lock:
            if name not in self._clients:
                self._clients[name] = client(self.elsewhere.get(name, self.url), name)
            return self._clients[name]

    def do(self, operation: str, inputs: Inputs, **more: Any) -> Any:
        """The answer of an operation, as "iam.create_role", to those inputs that it takes."""
        service, _, method = operation.partition(".")
        asked = getattr(self, service)
        name = asked.meta.method_to_api_mapping[method]
        members = asked.meta.service_model.operation_model(name).input_shape.members
        return getattr(asked, method)(**inputs.spelled(members) | more)

    def _remembered(self) -> Properties:
        if BUCKET not in {each["Name"] for each in self.s3.list_buckets()["Buckets"]}:
            place = {"LocationConstraint": REGION}
            self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        if not self.s3.list_objects_v2(Bucket=BUCKET, Prefix=self.state).get("Contents"):
            return {}
        return json.load(self.s3.get_object(Bucket=BUCKET, Key=self.state)["Body"])

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        """What AWS says where the program asks it of a release; as the provider says it."""
        function = args.token.rpartition(":")[2]
        answers = {
            "getImage": self._image,
            "getObject": self._object,
            "getRepository": self._repository,
        }
        if function not in answers:
            raise NotImplementedError(f"{function} has no counterpart here")
        try:
            return answers[function](args.args), []
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            missing = status == 404 or error.response["Error"]["Code"].endswith("NotFoundException")
            return {}, [("", "couldn't find resource" if missing else f"StatusCode: {status}")]

    def _object(self, asked: Properties) -> Properties:
        head = self.s3.head_object(
            Bucket=asked["bucket"], Key=asked["key"], ChecksumMode=asked["checksumMode"]
        )
        said = {"metadata": head["Metadata"], "versionId": head.get("VersionId")}
        return said | {"checksumSha256": head.get("ChecksumSHA256")}

    def _image(self, asked: Properties) -> Properties:
        (found,) = self.ecr.describe_images(
            registryId=asked["registryId"],
            repositoryName=asked["repositoryName"],
            imageIds=[{"imageTag": asked["imageTag"]}],
        )["imageDetails"]
        return {"imageDigest": found["imageDigest"]}

    def _repository(self, asked: Properties) -> Properties:
        own = {"registryId": asked["registryId"], "repositoryNames": [asked["name"]]}
        (found,) = self.ecr.describe_repositories(**own)["repositories"]
        return {"arn": found["repositoryArn"]}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, Properties]:
        """Make, change or leave alone what the program registers; its id and its outputs."""
        if not args.custom or args.typ.startswith("pulumi:"):
            return None, {}
        kind = self.kinds[args.typ]
        key, inputs = f"{args.typ}::{args.name}", self._plain(args.inputs)
        old = self.before.get(key)
        if old and old["inputs"] == inputs:
            outputs = old["outputs"]
        else:
            known = {"pulumiName": args.name} | ({"id": old["outputs"]["id"]} if old else {})
            given = Inputs(kind.defaults | known | inputs, kind.names)
            try:
                outputs = kind.apply(self, given, old)
            except Exception:
                # As Pulumi does, which then takes for done what failed:
                # https://github.com/pulumi/pulumi/issues/21458
                if old and not (kind.replaced or kind.create):
                    self.after[key] = old | {"inputs": inputs}
                raise
            # What nothing applies can't have been tested.
            before = old["inputs"] if old else {}
            changed = {name for name in inputs if before.get(name) != inputs[name]}
            unread = given.unread & changed - kind.ignored.keys()
            self.problems += [f"{kind.name}.{name} is applied by nothing" for name in unread]
            self.changes.append(f"{self._verb(key, old, outputs)} {kind.name} {args.name}")
        own = {"type": args.typ, "name": args.name, "kept": key in self.kept}
        self.after[key] = own | {"inputs": inputs, "outputs": outputs}
        return outputs["id"], args.inputs | outputs

    def _verb(self, key: str, old: Properties | None, outputs: Properties) -> str:
        if not old:
            return "create"
        if outputs["id"] == old["outputs"]["id"]:
            return "update"
        self.before[f"{key} before"] = old  # deleted after everything else, as Pulumi does
        return "replace"

    def _plain(self, value: Any) -> Any:
        """Inputs as JSON: secrets opened, an archive as its digest, whole numbers as integers."""
        if rpc.is_rpc_secret(value):
            return self._plain(rpc.unwrap_rpc_secret(value))
        if isinstance(value, pulumi.FileArchive):
            content = Path(value.path).read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            self.archives[digest] = content
            return digest
        if isinstance(value, dict):
            return {k: self._plain(v) for k, v in value.items() if v is not None}
        if isinstance(value, list):
            return [self._plain(each) for each in value]
        return int(value) if isinstance(value, float) and value.is_integer() else value

    def finish(self, *, complete: bool) -> None:
        """Delete what a whole run registered no more, dependants first; remember the rest.

        What is to be retained then is forgotten only.
        """
        gone = [key for key in reversed(self.before) if key not in self.after] if complete else []
        for key in gone:
            old = self.before.pop(key)
            kind = self.kinds[old["type"]]
            if not old["kept"]:
                kind.remove(self, old)
            if not key.endswith(" before"):
                self.changes.append(f"delete {kind.name} {old['name']}")
        state = json.dumps(self.before | self.after)
        self.s3.put_object(Bucket=BUCKET, Key=self.state, Body=state)


class Monitor(MockMonitor):
    """Tells the cloud what it is to retain: an option, of which mocks hear nothing."""

    @override
    def RegisterResource(self, request: Any) -> Any:
        if request.retainOnDelete:
            self.mocks.kept.add(f"{request.type}::{request.name}")
        return super().RegisterResource(request)


def stack_config(folder: Path, stack: str, over: Properties) -> tuple[str, dict[str, str]]:
    """The project's name, and a stack's config as the CLI hands it over; `over`: other values."""
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text("utf-8"))["name"]
    config = yaml.safe_load((folder / f"Pulumi.{stack}.yaml").read_text("utf-8"))["config"]
    values = config | {f"{project}:{key}": value for key, value in over.items()}
    return project, {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()
    }


def up(cloud: Cloud, folder: Path, stack: str, over: Properties) -> Properties:
    """Run the program once; what it exports.

    Raises:
        Exception: whatever the program or the emulator raised.
    """
    os.chdir(folder)
    project, config = stack_config(folder, stack, over)
    asyncio.set_event_loop(asyncio.new_event_loop())
    quiet = logging.Logger("quiet", logging.ERROR)
    pulumi.runtime.set_mocks(cloud, project, stack, logger=quiet, monitor=Monitor(cloud))
    pulumi.runtime.set_all_config(config)
    outputs: Properties = {}

    @pulumi.runtime.test  # without it what fails while registering passes in silence
    def program() -> pulumi.Output[None]:
        runpy.run_path(".", run_name="__main__")
        root: Any = pulumi.runtime.get_root_resource()
        return pulumi.Output.all(**root.outputs).apply(outputs.update)

    complete = False
    try:
        program()
        complete = True
    finally:
        cloud.finish(complete=complete)
    return outputs
