"""The types that a rendered program may register: the calls that make, change and delete each."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.local_cloud.emulator import ACCOUNT, REGION
from tests.local_cloud.engine import Cloud, Inputs, Properties
from tests.local_cloud.importing import import_document

type Apply = Callable[[Cloud, Inputs, Properties | None], Properties]
type Delete = Callable[[Cloud, Inputs], object]


@dataclass(frozen=True)
class Kind:
    """A type. `ignored`: inputs that nothing here applies, with the reason."""

    name: str
    apply: Apply
    delete: Delete
    ignored: Mapping[str, str] = field(default_factory=dict)


KINDS: dict[str, Kind] = {}


def nothing(*_: object) -> None:
    """Deleted with what it belongs to."""


def kind(token: str, delete: Delete = nothing, **ignored: str) -> Callable[[Apply], Apply]:
    """Register a function as what makes and changes resources of a type.

    It gets the inputs, and the old record where there is one; it returns the outputs, `id` among
    them. Another id than before means: replaced.
    """

    def register(apply: Apply) -> Apply:
        KINDS[f"aws:{token}"] = Kind(token.rpartition(":")[2], apply, delete, ignored)
        return apply

    return register


def arn(service: str, rest: str) -> str:
    """A name in the emulator's account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def upper(value: Any) -> Any:
    """Keys as boto3 spells them: the first letter large; the keys of `variables` are data."""
    if isinstance(value, dict):
        return {k[0].upper() + k[1:]: v if k == "variables" else upper(v) for k, v in value.items()}
    return [upper(each) for each in value] if isinstance(value, list) else value


def patches(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Patch operations that set these paths."""
    return [{"op": "replace", "path": path, "value": str(v)} for path, v in values.items()]


@kind("iam/role:Role", lambda cloud, i: cloud.iam.delete_role(RoleName=i["id"]))
def role(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """An IAM role."""
    trust = inputs["assumeRolePolicy"]
    name = inputs["name"] if "name" in inputs else f"{inputs['namePrefix']}made-up"
    if old:
        cloud.iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    else:
        cloud.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    return {"id": name, "name": name, "arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"}


@kind(
    "iam/rolePolicyAttachment:RolePolicyAttachment",
    lambda cloud, i: cloud.iam.detach_role_policy(RoleName=i["role"], PolicyArn=i["policyArn"]),
)
def role_policy_attachment(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A policy of AWS's own for a role."""
    cloud.iam.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
    return {"id": f"{inputs['role']}/{inputs['policyArn']}"}


@kind("apigateway/account:Account")
def account(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """The role by which API Gateway writes logs, for the whole region."""
    change = patches({"/cloudwatchRoleArn": inputs["cloudwatchRoleArn"]})
    cloud.apigateway.update_account(patchOperations=change)
    return {"id": ACCOUNT}


@kind(
    "iam/rolePolicy:RolePolicy",
    lambda cloud, i: cloud.iam.delete_role_policy(RoleName=i["role"], PolicyName=i["name"]),
)
def role_policy(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """What a role may do."""
    cloud.iam.put_role_policy(
        RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
    )
    return {"id": f"{inputs['role']}:{inputs['name']}"}


@kind(
    "cloudwatch/logGroup:LogGroup",
    lambda cloud, i: cloud.logs.delete_log_group(logGroupName=i["name"]),
)
def log_group(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A log group."""
    group = inputs["name"]
    if not old or old["outputs"]["id"] != group:
        cloud.logs.create_log_group(logGroupName=group)
    cloud.logs.put_retention_policy(logGroupName=group, retentionInDays=inputs["retentionInDays"])
    return {"id": group, "arn": arn("logs", f"log-group:{group}")}


ALARM = {
    "name": "AlarmName",
    "alarmDescription": "AlarmDescription",
    "alarmActions": "AlarmActions",
    "okActions": "OKActions",
    "comparisonOperator": "ComparisonOperator",
    "datapointsToAlarm": "DatapointsToAlarm",
    "evaluationPeriods": "EvaluationPeriods",
    "threshold": "Threshold",
    "treatMissingData": "TreatMissingData",
    "namespace": "Namespace",
    "metricName": "MetricName",
    "statistic": "Statistic",
    "extendedStatistic": "ExtendedStatistic",
    "period": "Period",
}


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


@kind(
    "cloudwatch/metricAlarm:MetricAlarm",
    lambda cloud, i: cloud.cloudwatch.delete_alarms(AlarmNames=[i["name"]]),
)
def metric_alarm(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """An alarm."""
    given = {new: inputs[name] for name, new in ALARM.items() if name in inputs}
    if "metricQueries" in inputs:
        given["Metrics"] = [query(each) for each in inputs["metricQueries"]]
    else:
        given["Dimensions"] = dimensions(inputs["dimensions"])
    cloud.cloudwatch.put_metric_alarm(**given)
    return {"id": inputs["name"]}


@kind(
    "cloudwatch/logMetricFilter:LogMetricFilter",
    lambda cloud, i: cloud.logs.delete_metric_filter(
        logGroupName=i["logGroupName"], filterName=i["name"]
    ),
)
def log_metric_filter(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A metric that counts lines of a log."""
    count = inputs["metricTransformation"]
    names = {"metricNamespace": count["namespace"], "metricName": count["name"]}
    cloud.logs.put_metric_filter(
        logGroupName=inputs["logGroupName"],
        filterName=inputs["name"],
        filterPattern=inputs["pattern"],
        metricTransformations=[names | {"metricValue": count["value"]}],
    )
    return {"id": inputs["name"]}


@kind(
    "cloudwatch/dashboard:Dashboard",
    lambda cloud, i: cloud.cloudwatch.delete_dashboards(DashboardNames=[i["dashboardName"]]),
)
def dashboard(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A dashboard."""
    name = inputs["dashboardName"]
    cloud.cloudwatch.put_dashboard(DashboardName=name, DashboardBody=inputs["dashboardBody"])
    return {"id": name}


@kind(
    "lambda/function:Function",
    lambda cloud, i: cloud.lambda_.delete_function(FunctionName=i["name"]),
)
def function(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A function; like the provider, an update changes its configuration first, then its code."""
    key, code = {"FunctionName": inputs["name"]}, {"ZipFile": cloud.archives[inputs["code"]]}
    names = ("runtime", "handler", "role", "memorySize", "timeout", "environment")
    config = upper(inputs.pick(*names, "loggingConfig", "tracingConfig"))
    architectures = {"Architectures": inputs["architectures"]}
    if old:
        cloud.lambda_.update_function_configuration(**key, **config)
        cloud.lambda_.update_function_code(**key, **code, **architectures)
    else:
        cloud.lambda_.create_function(**key, **config, **architectures, Code=code)
        waiter = cloud.lambda_.get_waiter("function_active_v2")
        waiter.wait(**key, WaiterConfig={"Delay": 0.1})
    if (reserved := inputs.get("reservedConcurrentExecutions")) is not None:
        cloud.lambda_.put_function_concurrency(**key, ReservedConcurrentExecutions=reserved)
    elif old and "reservedConcurrentExecutions" in old["inputs"]:
        cloud.lambda_.delete_function_concurrency(**key)
    if not inputs["publish"]:
        raise NotImplementedError("a function that is not published has no alias to call")
    version = cloud.lambda_.publish_version(**key)["Version"]
    return {
        "id": inputs["name"],
        "arn": arn("lambda", f"function:{inputs['name']}"),
        "version": version,
    }


@kind(
    "lambda/alias:Alias",
    lambda cloud, i: cloud.lambda_.delete_alias(FunctionName=i["functionName"], Name=i["name"]),
)
def alias(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A name for a published version."""
    call = cloud.lambda_.update_alias if old else cloud.lambda_.create_alias
    made = call(
        FunctionName=inputs["functionName"],
        Name=inputs["name"],
        FunctionVersion=inputs["functionVersion"],
    )["AliasArn"]
    path = f"lambda:path/2015-03-31/functions/{made}/invocations"
    return {"id": made, "arn": made, "invokeArn": f"arn:aws:apigateway:{REGION}:{path}"}


def forbid(cloud: Cloud, inputs: Inputs) -> None:
    """Take a permission back."""
    cloud.lambda_.remove_permission(
        FunctionName=inputs["function"], StatementId=inputs["id"], Qualifier=inputs["qualifier"]
    )


@kind("lambda/permission:Permission", forbid)
def permission(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """Who may call a function."""
    if old:
        forbid(cloud, Inputs(old["inputs"] | old["outputs"]))
    cloud.lambda_.add_permission(
        FunctionName=inputs["function"],
        StatementId=inputs.pulumi_name,
        **upper(inputs.pick("action", "principal", "qualifier", "sourceArn")),
    )
    return {"id": inputs.pulumi_name}


@kind(
    "apigateway/restApi:RestApi",
    lambda cloud, i: cloud.apigateway.delete_rest_api(restApiId=i["id"]),
    failOnWarnings="ministack imports no documents, so it has no warnings",
)
def rest_api(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A REST API of an imported document."""
    document = json.loads(inputs["body"])
    if old:
        api = old["outputs"]["id"]
    else:
        api = cloud.apigateway.create_rest_api(
            name=inputs["name"],
            apiKeySource=document["x-amazon-apigateway-api-key-source"],
            endpointConfiguration={"types": [inputs["endpointConfiguration"]["types"]]},
        )["id"]
    before = json.loads(old["inputs"]["body"]) if old else {}
    import_document(cloud.apigateway, api, document, before)
    return {"id": api, "executionArn": arn("execute-api", api)}


@kind(
    "apigateway/deployment:Deployment",
    lambda cloud, i: cloud.apigateway.delete_deployment(
        restApiId=i["restApi"], deploymentId=i["id"]
    ),
    triggers="they only make Pulumi replace it",
)
def deployment(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A snapshot of an API."""
    return {"id": cloud.apigateway.create_deployment(restApiId=inputs["restApi"])["id"]}


@kind(
    "apigateway/stage:Stage",
    lambda cloud, i: cloud.apigateway.delete_stage(
        restApiId=i["restApi"], stageName=i["stageName"]
    ),
)
def stage(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """Where a deployment is served."""
    api, stage_name = inputs["restApi"], inputs["stageName"]
    key = {"restApiId": api, "stageName": stage_name}
    if not old:
        cloud.apigateway.create_stage(**key, deploymentId=inputs["deployment"])
    values = {
        "/deploymentId": inputs["deployment"],
        "/tracingEnabled": str(inputs["xrayTracingEnabled"]).lower(),
    }
    log = inputs.get("accessLogSettings", {})
    values |= {f"/accessLogSettings/{name}": value for name, value in log.items()}
    cloud.apigateway.update_stage(**key, patchOperations=patches(values))
    url = f"{cloud.url}/_aws/execute-api/{api}/{stage_name}"
    return {"id": f"ags-{api}-{stage_name}", "invokeUrl": url}


SETTINGS = {
    "throttlingRateLimit": "throttling/rateLimit",
    "throttlingBurstLimit": "throttling/burstLimit",
    "loggingLevel": "logging/loglevel",
}


@kind("apigateway/methodSettings:MethodSettings")
def method_settings(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """Limits of a stage's methods."""
    paths = {f"/{inputs['methodPath']}/{SETTINGS[k]}": v for k, v in inputs["settings"].items()}
    key = {"restApiId": inputs["restApi"], "stageName": inputs["stageName"]}
    cloud.apigateway.update_stage(**key, patchOperations=patches(paths))
    return {"id": inputs.pulumi_name}


@kind(
    "apigateway/apiKey:ApiKey",
    lambda cloud, i: cloud.apigateway.delete_api_key(apiKey=i["id"]),
)
def api_key(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A key; only the cloud knows its value."""
    made = cloud.apigateway.create_api_key(**inputs.pick("name", "description"), enabled=True)
    return {"id": made["id"]}


def stages(inputs: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The stages of a usage plan."""
    return {(each["apiId"], each["stage"]) for each in inputs["apiStages"]}


@kind(
    "apigateway/usagePlan:UsagePlan",
    lambda cloud, i: cloud.apigateway.delete_usage_plan(usagePlanId=i["id"]),
)
def usage_plan(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """Which stages a key opens."""
    if not old:
        plan = cloud.apigateway.create_usage_plan(**inputs.pick("name", "apiStages"))
        return {"id": plan["id"]}
    now, before = stages(inputs), stages(old["inputs"])
    changes = [("add", each) for each in now - before] + [("remove", each) for each in before - now]
    cloud.apigateway.update_usage_plan(
        usagePlanId=old["outputs"]["id"],
        patchOperations=[
            {"op": verb, "path": "/apiStages", "value": ":".join(each)} for verb, each in changes
        ],
    )
    return {"id": old["outputs"]["id"]}


@kind("apigateway/usagePlanKey:UsagePlanKey")
def usage_plan_key(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A key of a plan."""
    made = cloud.apigateway.create_usage_plan_key(**inputs.pick("usagePlanId", "keyId", "keyType"))
    return {"id": made["id"]}


@kind(
    "apigateway/domainName:DomainName",
    lambda cloud, i: cloud.apigateway.delete_domain_name(domainName=i["domainName"]),
)
def domain_name(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """A custom domain."""
    if old:
        raise NotImplementedError("no test changes a domain; the first that does, adds it here")
    cloud.apigateway.create_domain_name(
        **inputs.pick("domainName", "regionalCertificateArn", "securityPolicy", "routingMode"),
        endpointConfiguration={"types": [inputs["endpointConfiguration"]["types"]]},
    )
    return {"id": inputs["domainName"], "regionalDomainName": f"local-{inputs['domainName']}"}


def unmap(cloud: Cloud, inputs: Inputs) -> None:
    """Take the mapping of a domain back."""
    cloud.apigateway.delete_base_path_mapping(domainName=inputs["domainName"], basePath="(none)")


@kind("apigateway/basePathMapping:BasePathMapping", unmap)
def base_path_mapping(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """Which stage answers at a domain."""
    if old:
        unmap(cloud, Inputs(old["inputs"]))
    cloud.apigateway.create_base_path_mapping(
        domainName=inputs["domainName"], restApiId=inputs["restApi"], stage=inputs["stageName"]
    )
    return {"id": inputs["domainName"]}


@kind(
    "apigatewayv2/routingRule:RoutingRule",
    lambda cloud, i: cloud.apigatewayv2.delete_routing_rule(
        DomainName=i["domainName"], RoutingRuleId=i["id"]
    ),
)
def routing_rule(cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
    """Which stage answers requests with a header."""
    if old:
        raise NotImplementedError("no test changes a rule; the first that does, adds it here")
    rule = cloud.apigatewayv2.create_routing_rule(
        DomainName=inputs["domainName"],
        Priority=inputs["priority"],
        Actions=upper(inputs["actions"]),
        # Pulumi has one header a condition, AWS a list of alternatives.
        Conditions=[
            {"MatchHeaders": {"AnyOf": [upper(each["matchHeaders"]["anyOf"])]}}
            for each in inputs["conditions"]
        ],
    )
    return {"id": rule["RoutingRuleId"]}
