"""Find endpoints that Pulumi has lost: `python -m tools.endpoints STACK`, before each deploy.

Pulumi learns of a new endpoint when that is in service. Of one that never came so far, or whose
deploy was interrupted, it knows nothing: no deploy gets past it, and no destroy deletes it.
Exits 1 where there is one. Where it can't look, it says so and exits 0, for Pulumi will tell.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.given import Given
from infra.names import endpoint_name
from infra.problems import mapping
from infra.settings import Version
from serving.release import Build
from tools import stack_file

ROOT = Path(__file__).parent.parent
# As Pulumi names it.
TYPE = "aws:sagemaker/endpoint:Endpoint"
DEFAULT_TYPE = str(Version.model_fields["instance_type"].default)
# Keys by which Pulumi takes credentials that this process has not.
CREDENTIALS = ("accessKey", "assumeRole", "assumeRoles", "assumeRoleWithWebIdentity", "endpoints")
# Whatever else an endpoint is doing, it can't be deleted meanwhile.
AT_REST = ("Failed", "InService", "OutOfService", "UpdateRollbackFailed")
QUICKLY = Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 2})


class CannotLook(Exception):
    """Why nobody could be asked."""


def given(stack: str) -> Given:
    """The config of a stack, whatever else is wrong with it.

    Raises:
        CannotLook: its file is no YAML.
    """
    service, path = Build.load().service, ROOT / f"Pulumi.{stack}.yaml"
    try:
        config = stack_file.handed_over(stack_file.config(path), service)
    except (OSError, yaml.YAMLError) as error:
        raise CannotLook(f"{path.name}: {error}") from None
    return Given(service, stack, config, deploying=True)


def wanted(stack: Given) -> Iterator[str]:
    """The names of the endpoints that a stack file asks for."""
    for name, keys in stack.served.items():
        instance_type = str(keys.get("instance_type", DEFAULT_TYPE))
        yield endpoint_name(f"{stack.project}-{stack.stack}", name, instance_type)


def known(stack: str) -> set[str]:
    """The names of the endpoints that Pulumi's state of a stack has.

    Raises:
        CannotLook: Pulumi did not hand it over.
    """
    said = subprocess.run(
        ["pulumi", "stack", "export", "--stack", stack], capture_output=True, text=True, check=False
    )
    if said.returncode:
        raise CannotLook(said.stderr.strip() or said.stdout.strip())
    try:
        exported = mapping(json.loads(said.stdout))
    except ValueError:
        raise CannotLook("what `pulumi stack export` said is no JSON") from None
    # Of a stack that was never deployed there are no resources, and perhaps no deployment.
    resources = mapping(exported.get("deployment")).get("resources")
    return {each["id"] for each in resources or () if each["type"] == TYPE and "id" in each}


def sagemaker(stack: Given) -> Any:
    """A client of SageMaker where a stack deploys to.

    Raises:
        CannotLook: only Pulumi has the credentials.
    """
    own = [f"aws:{key}" for key in CREDENTIALS if f"aws:{key}" in stack.config]
    if own:
        raise CannotLook(
            f"Pulumi.{stack.stack}.yaml has {' and '.join(own)}, which only Pulumi uses"
        )
    session = boto3.Session(
        region_name=stack.config.get("aws:region"), profile_name=stack.config.get("aws:profile")
    )
    return session.client("sagemaker", config=QUICKLY)


def described(client: Any, name: str) -> dict[str, Any] | None:
    """What SageMaker says of an endpoint, if there is one."""
    try:
        return client.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if "Could not find endpoint" in error.response["Error"].get("Message", ""):
            return None
        raise


def lost(endpoint: dict[str, Any], stack: Given, region: str) -> str:
    """What is said of an endpoint that Pulumi has lost, with the commands that help."""
    name, status = endpoint["EndpointName"], endpoint["EndpointStatus"]
    where = f"--endpoint-name {name} --region {region}"
    if profile := stack.config.get("aws:profile"):
        where += f" --profile {profile}"
    why = f": {reason}" if (reason := endpoint.get("FailureReason")) else ""
    fact = (
        f"{name}: SageMaker has this endpoint ({status}{why}), and Pulumi's state of {stack.stack}"
        " has none of this name. A deploy that failed or was interrupted left it."
    )
    delete, wait = (
        f"aws sagemaker delete-endpoint {where}",
        f"aws sagemaker wait endpoint-deleted {where}",
    )
    if status == "Deleting":
        return f"{fact} It is going: wait, then deploy again.\n  {wait}"
    if status not in AT_REST:
        ready = f"aws sagemaker wait endpoint-in-service {where}"
        return (
            f"{fact} While it is {status} it can't be deleted: wait, then delete it, and deploy"
            f" again.\n  {ready}\n  {delete}\n  {wait}"
        )
    answers = " See first that nobody calls it." if status == "InService" else ""
    return f"{fact}{answers} Delete it, and deploy again.\n  {delete}\n  {wait}"


def main(name: str) -> None:
    """Say which endpoints of a stack Pulumi has lost."""
    try:
        stack = given(name)
        state, client = known(name), sagemaker(stack)
        found = [described(client, each) for each in wanted(stack) if each not in state]
    except (BotoCoreError, CannotLook, ClientError) as why:
        print(f"not looked for endpoints that Pulumi has lost: {why}", file=sys.stderr)
        return
    region = client.meta.region_name
    if said := [lost(each, stack, region) for each in found if each]:
        sys.exit("\n".join(said))


if __name__ == "__main__":
    main(sys.argv[1])
