"""SageMaker, its scaling and its images, in moto, where nothing serves."""

import secrets

from tests.local_cloud import resources
from tests.local_cloud.engine import Cloud, Inputs, Properties
from tests.local_cloud.resources import own, upper

KINDS = resources.KINDS  # with those below
# Alarms too, of which ministack forgets the queries.
SERVICES = ("application-autoscaling", "cloudwatch", "ecr", "sagemaker")


def made_up(inputs: Inputs) -> str:
    """A name as Pulumi makes one up: what is changed in any way is another."""
    if "name" in inputs:
        raise NotImplementedError("what never changes has no name that stays")
    return f"{inputs['pulumiName']}-{secrets.token_hex(4)[:7]}"


@own("Model")
def model(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """An image with its variables, and an archive."""
    name = made_up(inputs)
    container = {**inputs["primaryContainer"]}
    image = {"Environment": container.pop("environment")} | upper(container)
    made = cloud.do("sagemaker.create_model", inputs, ModelName=name, PrimaryContainer=image)
    return {"id": name, "name": name, "arn": made["ModelArn"]}


@own("EndpointConfiguration")
def endpoint_configuration(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """What an endpoint runs, on which instances."""
    name = made_up(inputs)
    made = cloud.do("sagemaker.create_endpoint_config", inputs, EndpointConfigName=name)
    return {"id": name, "name": name, "arn": made["EndpointConfigArn"]}


@own("Endpoint")
def endpoint(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """An endpoint. moto has no UpdateEndpoint: one of this name goes, and another one comes.

    So how calls move from the old instances to the new is not seen here. Nor does moto keep by
    which alarms they move back: whether there are any by these names is looked at here.
    """
    deployment = inputs.get("deploymentConfig", {})  # without instances there is none
    rollback = deployment.get("autoRollbackConfiguration", {"alarms": []})
    wanted = [each["alarmName"] for each in rollback["alarms"]]
    found = cloud.cloudwatch.describe_alarms(AlarmNames=wanted)["MetricAlarms"]
    if {*wanted} != {each["AlarmName"] for each in found}:
        raise ValueError(f"no alarms by these names: {', '.join(wanted)}")
    if old and old["outputs"]["id"] == inputs["name"]:
        cloud.do("sagemaker.delete_endpoint", inputs)
    config = {"DeploymentConfig": upper(deployment)} if deployment else {}
    made = cloud.do("sagemaker.create_endpoint", inputs, **config)
    return {"id": inputs["name"], "arn": made["EndpointArn"]}
