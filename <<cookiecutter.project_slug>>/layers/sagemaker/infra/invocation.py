"""How the front calls an endpoint: the rights that it needs, and what it translates.

SageMaker hands on one header beside the media type, the custom attributes, and wraps what its
container answers with an error: `serving/sagemaker.py` is the other end. The templates are
Velocity's. https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings.html
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.aws import Stack
from infra.endpoint import ModelEndpoint
from infra.openapi import (
    MEDIA_TYPES,
    OVERLOADED,
    TOO_LARGE,
    UNAVAILABLE,
    headers_of,
    problem_in,
)
from infra.roles import make_role, trusted_by
from infra.settings import Version
from serving.problem import Problem, too_large

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
# When a client may come again, as the server says it too.
RETRY_SECONDS = 1
# The client's id, whatever the case of its header, else the front's own.
REQUEST_ID = (
    "#set($id = $context.requestId)"
    "#foreach($name in $input.params().header.keySet())"
    "#set($value = $input.params().header.get($name))"
    "#if($name.toLowerCase() == 'x-request-id' && $value.matches('[A-Za-z0-9._-]{1,128}'))"
    "#set($id = $value)"
    "#end"
    "#end"
)
# Where the client names no media type API Gateway takes JSON for granted, and the app does not: so
# that comes first, empty. All attributes together are at most 1,024 bytes: a value that is longer
# than it could be of use is passed on as one that nobody means. An override is set once.
REQUEST = (
    f"{REQUEST_ID}"
    '#set($attributes = "id=$id&content-type=")'
    "#foreach($wanted in ['content-encoding', 'content-type', 'traceparent', 'x-api-version'])"
    "#set($found = '')"
    "#foreach($name in $input.params().header.keySet())"
    "#if($name.toLowerCase() == $wanted)"
    "#set($value = $util.urlEncode($input.params().header.get($name)))"
    "#if($value.length() > 200)#set($value = '-')#end"
    '#set($found = "&${wanted}=$value")'
    "#end"
    "#end"
    '#set($attributes = "$attributes$found")'
    "#end"
    f"#set($context.requestOverride.header.{ATTRIBUTES} = $attributes)"
    "$input.body"
)
SUCCESS = f"{REQUEST_ID}#set($context.responseOverride.header.X-Request-Id = $id)$input.body"
# The container's own problem, of which the release is for the header; else it has given no answer.
FAILURE = (
    "#set($said = \"$!input.path('$.OriginalMessage')\")"
    '#set($end = $said.lastIndexOf(\',"release":"\'))'
    "#if($end > 0)"
    "#set($problem = $util.parseJson($said))"
    "#set($context.responseOverride.status = $problem.status)"
    "#set($context.responseOverride.header.X-Request-Id = $problem.request_id)"
    "#set($context.responseOverride.header.X-Model-Release = $problem.release)"
    "#if($problem.status == 503)"
    f"#set($context.responseOverride.header.Retry-After = '{RETRY_SECONDS}')"
    "#end"
    "$said.substring(0, $end)}"
    "#else"
    f"#set($context.responseOverride.status = {UNAVAILABLE.status})"
    f"{problem_in(UNAVAILABLE)}"
    "#end"
)
# Of a call that SageMaker refuses. Where it throttles it says so with 400 too, and no message:
# https://github.com/opensearch-project/ml-commons/issues/2429
# What has one is no fault of the client's either, who sends nothing that SageMaker looks at.
REFUSAL = (
    "#set($said = \"$!input.path('$.message')$!input.path('$.Message')\")"
    "#set($kind = \"$!input.path('$.__type')\")"
    "#if($said == '' || $said == 'Rate exceeded' || $kind.matches('.*Throttling.*'))"
    f"#set($context.responseOverride.status = {OVERLOADED.status})"
    f"#set($context.responseOverride.header.Retry-After = '{RETRY_SECONDS}')"
    f"{problem_in(OVERLOADED)}"
    "#else"
    f"#set($context.responseOverride.status = {UNAVAILABLE.status})"
    f"{problem_in(UNAVAILABLE)}"
    "#end"
)


class Invocation(pulumi.ComponentResource):
    """What the front needs to call the endpoint of one API version."""

    integration: pulumi.Output[dict[str, Any]]

    def __init__(
        self, api_version: str, version: Version, endpoint: ModelEndpoint, stack: Stack
    ) -> None:
        name = f"{stack.prefix}-{api_version}-front"
        super().__init__("infra:invocation:Invocation", name)
        child = pulumi.ResourceOptions(parent=self)
        # Without a condition on the account: API Gateway doesn't say for whom it takes on a role.
        # https://github.com/aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws/pull/479
        trust = trusted_by("apigateway.amazonaws.com")
        role = make_role(name, trust, stack.role, child)
        self._policy = aws.iam.RolePolicy(
            name,
            # Of another endpoint another one: the old one is called until the front has moved.
            name=endpoint.name,
            role=role.name,
            policy=endpoint.arn.apply(lambda arn: json.dumps(_may_invoke(arn))),
            opts=child,
        )
        headers = headers_of(api_version, version)
        limit = version.max_body_bytes
        refusal = too_large(limit) if limit else TOO_LARGE
        self.integration = pulumi.Output.all(endpoint.arn, role.arn).apply(
            lambda arns: integration(arns[0], arns[1], version.timeout_seconds, headers, refusal)
        )
        self.register_outputs({})

    def allow(
        self, _execution_arn: pulumi.Output[str], _routes: Sequence[str]
    ) -> Sequence[pulumi.Resource]:
        """What lets an API call the endpoint: its role, whichever the route."""
        return [self._policy]


def _may_invoke(endpoint_arn: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": endpoint_arn}
    return {"Version": "2012-10-17", "Statement": [statement]}


def integration(
    endpoint_arn: str,
    role_arn: str,
    timeout_seconds: int,
    headers: Mapping[str, str],
    refusal: Problem,
) -> dict[str, Any]:
    """How an API's document says that an endpoint answers.

    headers: what every answer of the version says, beside its own. refusal: what a client gets
    whose body is larger than SageMaker takes.
    """
    _, partition, _, region, _, path = endpoint_arn.split(":")
    service = f"arn:{partition}:apigateway:{region}:runtime.sagemaker"
    name = path.removeprefix("endpoint/")
    said = {f"method.response.header.{name}": f"'{value}'" for name, value in headers.items()}
    said |= _header("X-Request-Id", "context.requestId")
    problem = said | _header("Content-Type", "'application/problem+json'")
    release = _header("X-Model-Release", f"integration.response.header.{ATTRIBUTES}")
    success = said | release | _header("Content-Type", "'application/json'")

    overloaded = problem | _header("Retry-After", f"'{RETRY_SECONDS}'")

    def fixed(answer: Problem, headers: Mapping[str, str] = problem) -> dict[str, Any]:
        return _response(answer.status, headers, problem_in(answer))

    return {
        "type": "aws",
        "httpMethod": "POST",
        "uri": f"{service}:path/endpoints/{name}/invocations",
        "credentials": role_arn,
        "timeoutInMillis": timeout_seconds * 1_000,
        # Of a media type without a template: the body as it is, and no attributes but these.
        "passthroughBehavior": "when_no_match",
        "requestParameters": {f"integration.request.header.{ATTRIBUTES}": "context.requestId"},
        "requestTemplates": dict.fromkeys(MEDIA_TYPES, REQUEST),
        # By the status that SageMaker gives. Of each status for the client there can be one only.
        "responses": {
            "200": _response(200, success, SUCCESS),
            "424": _response(500, problem, FAILURE),
            "400": _response(400, problem, REFUSAL),
            "413": fixed(refusal),
            "429|503": fixed(OVERLOADED, overloaded),
            "default": fixed(UNAVAILABLE),
        },
    }


def _header(name: str, value: str) -> dict[str, str]:
    return {f"method.response.header.{name}": value}


def _response(status: int, parameters: Mapping[str, str], template: str) -> dict[str, Any]:
    return {
        "statusCode": str(status),
        "responseParameters": {**parameters},
        "responseTemplates": {"application/json": template},
    }
