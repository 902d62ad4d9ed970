"""SageMaker and its scaling, in moto, where nothing serves."""

import secrets

from tests.local_cloud import resources
from tests.local_cloud.engine import Cloud, Inputs, Properties
from tests.local_cloud.resources import kind, upper

KINDS = resources.KINDS  # with those below
# Alarms too, of which ministack forgets the queries.
SERVICES = ("application-autoscaling", "cloudwatch", "sagemaker")
SCALED = ("serviceNamespace", "resourceId", "scalableDimension")


def made_up(inputs: Inputs) -> str:
    """A name as Pulumi makes one up: what is changed in any way is another."""
    if "name" in inputs:
        raise NotImplementedError("what never changes has no name that stays")
    return f"{inputs.pulumi_name}-{secrets.token_hex(4)[:7]}"


@kind("sagemaker/model:Model", lambda cloud, i: cloud.sagemaker.delete_model(ModelName=i["name"]))
def model(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """An image with its variables, and an archive."""
    name = made_up(inputs)
    container = {**inputs["primaryContainer"]}
    variables = {"Environment": container.pop("environment")}
    made = cloud.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=inputs["executionRoleArn"],
        PrimaryContainer=upper(container) | variables,
        EnableNetworkIsolation=inputs["enableNetworkIsolation"],
    )
    return {"id": name, "name": name, "arn": made["ModelArn"]}


@kind(
    "sagemaker/endpointConfiguration:EndpointConfiguration",
    lambda cloud, i: cloud.sagemaker.delete_endpoint_config(EndpointConfigName=i["name"]),
)
def endpoint_configuration(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """What an endpoint runs, on which instances."""
    name = made_up(inputs)
    made = cloud.sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=upper(inputs["productionVariants"])
    )
    return {"id": name, "name": name, "arn": made["EndpointConfigArn"]}


@kind(
    "sagemaker/endpoint:Endpoint",
    lambda cloud, i: cloud.sagemaker.delete_endpoint(EndpointName=i["name"]),
)
def endpoint(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """An endpoint. moto has no UpdateEndpoint: one of this name goes, and another one comes.

    So how calls move from the old instances to the new is not seen here. Nor does moto keep by
    which alarms they move back: whether there are any by these names is looked at here.
    """
    key = {"EndpointName": inputs["name"]}
    deployment = inputs["deploymentConfig"]
    wanted = [each["alarmName"] for each in deployment["autoRollbackConfiguration"]["alarms"]]
    found = cloud.cloudwatch.describe_alarms(AlarmNames=wanted)["MetricAlarms"]
    if {*wanted} != {each["AlarmName"] for each in found}:
        raise ValueError(f"no alarms by these names: {', '.join(wanted)}")
    if old and old["outputs"]["id"] == inputs["name"]:
        cloud.sagemaker.delete_endpoint(**key)
    made = cloud.sagemaker.create_endpoint(
        **key,
        EndpointConfigName=inputs["endpointConfigName"],
        DeploymentConfig=upper(deployment),
    )
    return {"id": inputs["name"], "arn": made["EndpointArn"]}


@kind(
    "appautoscaling/target:Target",
    lambda cloud, i: cloud.application_autoscaling.deregister_scalable_target(
        **upper(i.pick(*SCALED))
    ),
)
def target(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """What is scaled, and how far."""
    cloud.application_autoscaling.register_scalable_target(
        **upper(inputs.pick(*SCALED, "minCapacity", "maxCapacity"))
    )
    return {"id": inputs["resourceId"]}


@kind(
    "appautoscaling/policy:Policy",
    lambda cloud, i: cloud.application_autoscaling.delete_scaling_policy(
        PolicyName=i["name"], **upper(i.pick(*SCALED))
    ),
)
def policy(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """By what it is scaled."""
    tracking = "targetTrackingScalingPolicyConfiguration"
    cloud.application_autoscaling.put_scaling_policy(
        PolicyName=inputs["name"], **upper(inputs.pick(*SCALED, "policyType", tracking))
    )
    return {"id": inputs["name"]}
