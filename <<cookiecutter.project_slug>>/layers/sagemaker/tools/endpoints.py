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

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from infra.given import Given
from infra.names import SERVERLESS, endpoint_name
from infra.problems import mapping
from infra.settings import Version
from tools import stack_file
from tools.asking import CannotAsk
from tools.credentials import client

ROOT = Path(__file__).parent.parent
# What Pulumi will say itself of a stack file.
UNREADABLE = (OSError, TypeError, ValueError, yaml.YAMLError)
# As Pulumi names it.
TYPE = "aws:sagemaker/endpoint:Endpoint"
DEFAULT_TYPE = str(Version.model_fields["instance_type"].default)
# Whatever else an endpoint is doing, it can't be deleted meanwhile.
AT_REST = ("Failed", "InService", "OutOfService", "UpdateRollbackFailed")


def wanted(stack: Given) -> Iterator[str]:
    """The names of the endpoints that a stack file asks for."""
    for name, keys in stack.served.items():
        without = keys.get("serverless") is not None
        host = SERVERLESS if without else keys.get("instance_type", DEFAULT_TYPE)
        yield endpoint_name(f"{stack.project}-{stack.stack}", name, str(host))


def known(stack: str) -> set[str]:
    """The names of the endpoints that Pulumi's state of a stack has.

    Raises:
        CannotAsk: Pulumi did not hand it over.
    """
    said = subprocess.run(
        ["pulumi", "stack", "export", "--stack", stack], capture_output=True, text=True, check=False
    )
    if said.returncode:
        raise CannotAsk(said.stderr.strip() or said.stdout.strip())
    try:
        exported = mapping(json.loads(said.stdout))
    except ValueError:
        raise CannotAsk("what `pulumi stack export` said is no JSON") from None
    # Of a stack that was never deployed there are no resources, and perhaps no deployment.
    resources = mapping(exported.get("deployment")).get("resources")
    return {each["id"] for each in resources or () if each["type"] == TYPE and "id" in each}


def described(sagemaker: Any, name: str) -> dict[str, Any] | None:
    """What SageMaker says of an endpoint, if there is one."""
    try:
        return sagemaker.describe_endpoint(EndpointName=name)
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
        " has none of this name."
    )
    gone = f"aws sagemaker wait endpoint-deleted {where}"
    if status == "Deleting":
        return f"{fact} It is going: wait, then deploy again.\n  {gone}"
    if status not in AT_REST:
        ready = f"aws sagemaker wait endpoint-in-service {where}"
        return (
            f"{fact} A deploy is making it, here or elsewhere, or was interrupted. Wait until it is"
            f" no longer {status}, then deploy again.\n  {ready}"
        )
    answers = " and that nobody calls it" if status == "InService" else ""
    delete = f"aws sagemaker delete-endpoint {where}"
    return (
        f"{fact} A deploy that failed or was interrupted left it. See that none is under way"
        f"{answers}. Then delete it, and deploy again.\n  {delete}\n  {gone}"
    )


def main(name: str) -> None:
    """Say which endpoints of a stack Pulumi has lost."""
    try:
        project, keys = stack_file.read(ROOT, name)
        config = stack_file.handed_over(keys, project)
        stack = Given(project, name, config, deploying=True)
        state, sagemaker = known(name), client("sagemaker", name, config)
        found = [described(sagemaker, each) for each in wanted(stack) if each not in state]
    except (BotoCoreError, CannotAsk, ClientError, *UNREADABLE) as why:
        print(f"not looked for endpoints that Pulumi has lost: {why}", file=sys.stderr)
        return
    region = sagemaker.meta.region_name
    if said := [lost(each, stack, region) for each in found if each]:
        sys.exit("\n".join(said))


if __name__ == "__main__":
    main(sys.argv[1])
