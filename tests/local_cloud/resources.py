"""What makes and changes the resources of types for which one operation of AWS is not enough."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.local_cloud.emulator import ACCOUNT, REGION
from tests.local_cloud.engine import Cloud, Inputs, Properties, upper
from tests.local_cloud.importing import import_document

type Apply = Callable[[Cloud, Inputs, Properties | None], Properties]

# By the names of types: the functions below.
OWN: dict[str, Apply] = {}


@dataclass(frozen=True)
class Kind:
    """A type, with what types.yaml says of it."""

    name: str
    put: str = ""
    create: str = ""
    delete: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    defaults: Properties = field(default_factory=dict)
    id: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    ignored: Mapping[str, str] = field(default_factory=dict)
    replaced: bool = False

    def apply(self, cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
        """Make a resource, or change the `old` one; its outputs, `id` among them.

        Another id than before means: replaced.
        """
        if self.name in OWN:
            return OWN[self.name](cloud, inputs, old)
        if old and self.create:
            self.remove(cloud, old)
        answer = cloud.do(self.put or self.create, inputs)
        outputs = {name: answer[own] for name, own in self.outputs.items()}
        return {"id": "/".join(inputs[name] for name in self.id)} | outputs

    def remove(self, cloud: Cloud, old: Properties) -> None:
        """Delete a resource."""
        known = {"pulumiName": old["name"]} | old["inputs"] | old["outputs"]
        if self.delete:
            cloud.do(self.delete, Inputs(self.defaults | known, self.names))


TYPES = yaml.safe_load(Path(__file__).with_name("types.yaml").read_text("utf-8"))
KINDS = {f"aws:{token}": Kind(token.rpartition(":")[2], **said) for token, said in TYPES.items()}


def own(name: str) -> Callable[[Apply], Apply]:
    """Register a function as what makes and changes resources of a type."""

    def register(apply: Apply) -> Apply:
        OWN[name] = apply
        return apply

    return register


def arn(service: str, rest: str) -> str:
    """A name in the emulator's account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def patches(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Patch operations that set these paths."""
    return [{"op": "replace", "path": path, "value": str(v)} for path, v in values.items()]


@own("Role")
def role(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """An IAM role."""
    trust = inputs["assumeRolePolicy"]
    name = inputs["name"] if "name" in inputs else f"{inputs['namePrefix']}made-up"
    if old:
        cloud.iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    else:
        cloud.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    return {"id": name, "name": name, "arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"}


@own("Account")
def account(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """The role by which API Gateway writes logs, for the whole region."""
    change = patches({"/cloudwatchRoleArn": inputs["cloudwatchRoleArn"]})
    cloud.apigateway.update_account(patchOperations=change)
    return {"id": ACCOUNT}


@own("LogGroup")
def log_group(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A log group."""
    group = inputs["name"]
    if not old or old["outputs"]["id"] != group:
        cloud.do("logs.create_log_group", inputs)
    # ministack has no operation for another key: here a group keeps that of its making.
    inputs.get("kmsKeyId")
    cloud.do("logs.put_retention_policy", inputs)
    return {"id": group, "arn": arn("logs", f"log-group:{group}")}


ALARM = KINDS["aws:cloudwatch/metricAlarm:MetricAlarm"].names


def dimensions(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Dimensions as boto3 wants them."""
    return [{"Name": name, "Value": value} for name, value in values.items()]


def query(given: Properties) -> Properties:
    """A query of an alarm as boto3 wants it."""
    named = {"Id": given["id"]}
    if "expression" in given:
        rest = {"Expression": given["expression"], "Label": given["label"]}
        return named | rest | {"ReturnData": given["returnData"]}
    metric = given["metric"]
    names = {"Namespace": metric["namespace"], "MetricName": metric["metricName"]}
    of = names | {"Dimensions": dimensions(metric.get("dimensions", {}))}
    statistic = {"Metric": of, "Period": metric["period"], "Stat": metric["stat"]}
    return named | {"MetricStat": statistic, "ReturnData": False}


@own("MetricAlarm")
def metric_alarm(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """An alarm, of one metric or of what is computed of several."""
    if "metricQueries" in inputs:
        watched = {"Metrics": [query(each) for each in inputs["metricQueries"]]}
    else:
        watched = {"Dimensions": dimensions(inputs["dimensions"])}
    cloud.do("cloudwatch.put_metric_alarm", inputs, **watched)
    return {"id": inputs["name"]}


@own("LogMetricFilter")
def log_metric_filter(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A metric that counts lines of a log."""
    count = inputs["metricTransformation"]
    names = {"metricNamespace": count["namespace"], "metricName": count["name"]}
    counted = [names | {"metricValue": count["value"]}]
    cloud.do("logs.put_metric_filter", inputs, metricTransformations=counted)
    return {"id": inputs["name"]}


TAKEN_BACK = {
    "kmsKeyArn": ("KMSKeyArn", ""),
    "snapStart": ("SnapStart", {"ApplyOn": "None"}),
    "vpcConfig": ("VpcConfig", {"SubnetIds": [], "SecurityGroupIds": []}),
}


@own("Function")
def function(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A function; like the provider, an update changes its configuration first, then its code."""
    key = {"FunctionName": inputs["name"]}
    if "code" in inputs:
        code = {"ZipFile": cloud.archives[inputs["code"]]}
    else:
        code = {f"S3{name}": inputs[f"s3{name}"] for name in ("Bucket", "Key", "ObjectVersion")}
    if "sourceKmsKeyArn" in inputs:
        code["SourceKMSKeyArn"] = inputs["sourceKmsKeyArn"]
    if old:
        # What is no longer said is taken back, as the provider does.
        gone = {name: none for key, (name, none) in TAKEN_BACK.items() if key not in inputs}
        cloud.do("lambda.update_function_configuration", inputs, **gone)
        cloud.do("lambda.update_function_code", inputs, **code, Publish=False)
    else:
        cloud.do("lambda.create_function", inputs, Code=code, Publish=False)
        waiter = cloud.lambda_.get_waiter("function_active_v2")
        waiter.wait(**key, WaiterConfig={"Delay": 0.1})
    if "reservedConcurrentExecutions" in inputs:
        cloud.do("lambda.put_function_concurrency", inputs)
    elif old and "reservedConcurrentExecutions" in old["inputs"]:
        cloud.lambda_.delete_function_concurrency(**key)
    if not inputs["publish"]:
        raise NotImplementedError("a function that is not published has no alias to call")
    made = cloud.lambda_.publish_version(**key)
    if inputs.get("sourceCodeHash", made["CodeSha256"]) != made["CodeSha256"]:
        raise ValueError(f"the code of {inputs['name']} has another checksum")
    version = made["Version"]
    name = inputs["name"]
    return {"id": name, "arn": arn("lambda", f"function:{name}"), "version": version}


@own("Alias")
def alias(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A name for a published version."""
    verb = "update" if old else "create"
    made = cloud.do(f"lambda.{verb}_alias", inputs)["AliasArn"]
    path = f"lambda:path/2015-03-31/functions/{made}/invocations"
    return {"id": made, "arn": made, "invokeArn": f"arn:aws:apigateway:{REGION}:{path}"}


@own("RestApi")
def rest_api(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A REST API, empty until a document is imported. Of an old one nothing here can change."""
    if old:
        return old["outputs"]
    types = {"types": [inputs["endpointConfiguration"]["types"]]}
    made = cloud.do("apigateway.create_rest_api", inputs, endpointConfiguration=types)
    api, name = made["id"], inputs["name"]
    return {"id": api, "name": name, "executionArn": arn("execute-api", api)}


@own("RestApiPut")
def rest_api_put(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """The import of a document over all that an API has; another document is another import."""
    api, body = inputs["restApiId"], inputs["body"]
    cloud.do("apigateway.put_rest_api", inputs, mode="overwrite")
    before = json.loads(old["inputs"]["body"]) if old else {}
    import_document(cloud.apigateway, api, json.loads(body), before)
    return {"id": f"{api}-{hashlib.sha256(body.encode()).hexdigest()}"}


@own("Stage")
def stage(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """Where a deployment is served."""
    if not old:
        cloud.do("apigateway.create_stage", inputs)
    values = {
        "/deploymentId": inputs["deployment"],
        "/tracingEnabled": str(inputs["xrayTracingEnabled"]).lower(),
    }
    log = inputs.get("accessLogSettings", {})
    values |= {f"/accessLogSettings/{name}": value for name, value in log.items()}
    cloud.do("apigateway.update_stage", inputs, patchOperations=patches(values))
    api, name = inputs["restApi"], inputs["stageName"]
    url = f"{cloud.url}/_aws/execute-api/{api}/{name}"
    return {"id": f"ags-{api}-{name}", "invokeUrl": url}


SETTINGS = {
    "throttlingRateLimit": "throttling/rateLimit",
    "throttlingBurstLimit": "throttling/burstLimit",
    "loggingLevel": "logging/loglevel",
}


@own("MethodSettings")
def method_settings(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """Limits of a stage's methods."""
    paths = {f"/{inputs['methodPath']}/{SETTINGS[k]}": v for k, v in inputs["settings"].items()}
    cloud.do("apigateway.update_stage", inputs, patchOperations=patches(paths))
    return {"id": inputs["pulumiName"]}


def stages(inputs: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The stages of a usage plan."""
    return {(each["apiId"], each["stage"]) for each in inputs["apiStages"]}


@own("UsagePlan")
def usage_plan(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """Which stages a key opens, and how much it may ask."""
    limits = {
        f"/{place}/{name}": value
        for place in ("throttle", "quota")
        for name, value in inputs.get(f"{place}Settings", {}).items()
    }
    if not old:
        return {"id": cloud.do("apigateway.create_usage_plan", inputs)["id"]}
    now, before = stages(inputs), stages(old["inputs"])
    changes = [("add", each) for each in now - before] + [("remove", each) for each in before - now]
    operations = [
        {"op": verb, "path": "/apiStages", "value": ":".join(each)} for verb, each in changes
    ]
    operations += patches(limits)
    cloud.do("apigateway.update_usage_plan", inputs, patchOperations=operations)
    return {"id": inputs["id"]}


@own("DomainName")
def domain_name(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A custom domain."""
    if old:
        raise NotImplementedError("no test changes a domain; the first that does, adds it here")
    given = inputs["endpointConfiguration"]
    types = given | {"types": [given["types"]]}
    cloud.do("apigateway.create_domain_name", inputs, endpointConfiguration=types)
    target = {"regionalDomainName": f"local-{inputs['domainName']}", "regionalZoneId": "Z0LOCAL"}
    return {"id": inputs["domainName"]} | target


@own("Record")
def record(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """An alias in a hosted zone."""
    (alias,) = inputs["aliases"]
    target = {"DNSName": alias["name"], "HostedZoneId": alias["zoneId"]}
    target |= {"EvaluateTargetHealth": alias["evaluateTargetHealth"]}
    own = {"Name": inputs["name"], "Type": inputs["type"], "AliasTarget": target}
    action = "UPSERT" if inputs["allowOverwrite"] else "CREATE"
    change = {"Changes": [{"Action": action, "ResourceRecordSet": own}]}
    zone = inputs["zoneId"]
    cloud.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)
    return {"id": f"{zone}_{inputs['name']}_{inputs['type']}"}


@own("RoutingRule")
def routing_rule(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """Which stage answers requests with a header."""
    if old:
        raise NotImplementedError("no test changes a rule; the first that does, adds it here")
    # Pulumi has one header a condition, AWS a list of alternatives.
    alternatives = [[upper(each["matchHeaders"]["anyOf"])] for each in inputs["conditions"]]
    conditions = [{"MatchHeaders": {"AnyOf": each}} for each in alternatives]
    rule = cloud.do("apigatewayv2.create_routing_rule", inputs, Conditions=conditions)
    return {"id": rule["RoutingRuleId"]}
