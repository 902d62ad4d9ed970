"""What AWS would add to the inputs of what the program registers."""

from collections.abc import Callable
from typing import Any

type Inputs = dict[str, Any]

REGION = "eu-central-1"
ARN = f"arn:aws:{{}}:{REGION}:123456789012:{{}}"
# A type that is not here can't be registered.
OUTPUTS: dict[str, Callable[[Inputs], Inputs]] = {
    "aws:apigateway/account:Account": lambda i: {},
    "aws:apigateway/apiKey:ApiKey": lambda i: {"value": "secret"},
    "aws:apigateway/basePathMapping:BasePathMapping": lambda i: {},
    "aws:apigateway/deployment:Deployment": lambda i: {},
    "aws:apigateway/domainName:DomainName": lambda i: {
        "regionalDomainName": f"target-of-{i['domainName']}",
        "regionalZoneId": f"zone-of-{i['domainName']}",
    },
    "aws:apigateway/methodSettings:MethodSettings": lambda i: {},
    "aws:apigateway/restApi:RestApi": lambda i: {
        "executionArn": ARN.format("execute-api", f"{i['name']}-RestApi-id")
    },
    "aws:apigateway/restApiPut:RestApiPut": lambda i: {},
    "aws:apigateway/stage:Stage": lambda i: {
        "arn": f"arn:aws:apigateway:{REGION}::/restapis/{i['restApi']}/stages/{i['stageName']}",
        "invokeUrl": f"https://{i['restApi']}.execute-api.{REGION}.amazonaws.com/{i['stageName']}",
    },
    "aws:apigateway/usagePlan:UsagePlan": lambda i: {},
    "aws:apigateway/usagePlanKey:UsagePlanKey": lambda i: {},
    "aws:apigatewayv2/routingRule:RoutingRule": lambda i: {},
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
    "aws:lambda/permission:Permission": lambda i: {},
    "aws:route53/record:Record": lambda i: {},
    "aws:wafv2/webAclAssociation:WebAclAssociation": lambda i: {},
}
