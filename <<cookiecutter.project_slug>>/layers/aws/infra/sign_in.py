"""Who may call: a word, or who judges the token that callers send in the header Authorization."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, override

import pulumi
import pulumi_aws as aws
from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from infra.config import Example, Section, spelt
from infra.given import Given
from infra.problems import mapping
from infra.region import problems as in_region
from serving.problem import Problem

type Document = dict[str, Any]
Word = Literal["api_key", "iam", "none"]

EXAMPLE_POOL = "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_a1B2c3D4e"
EXAMPLE_FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:authorizer"
FUNCTION = r"arn:aws[a-z-]*:lambda:([a-z0-9-]+):(\d{12}):function:[\w-]+(:[\w-]+)?"
# How long API Gateway believes what a function said of a token.
BELIEVED_SECONDS = 300


def _pool(value: str) -> str:
    if not re.fullmatch(r"arn:aws[a-z-]*:cognito-idp:[a-z0-9-]+:\d{12}:userpool/[\w-]+", value):
        raise ValueError(f"{spelt(value)} is not a user pool of Cognito; write its ARN")
    return value


def _function(value: str) -> str:
    if not re.fullmatch(FUNCTION, value):
        raise ValueError(f"{spelt(value)} is not a function of Lambda; write its ARN")
    return value


type FunctionArn = Annotated[str, AfterValidator(_function)]


class SignIn(Section):
    """Who judges tokens: user pools, or a function."""

    cognito: Annotated[
        tuple[Annotated[str, AfterValidator(_pool)], ...] | None, Example([EXAMPLE_POOL])
    ] = None
    """The ARNs of user pools of Cognito, whose ID tokens let in. It stands without authorizer."""

    authorizer: Annotated[FunctionArn | None, Example(EXAMPLE_FUNCTION)] = None
    """The ARN of a function of Lambda, in the stack's account, that is given the token and answers
    with a policy. That is believed for five minutes, for all paths that it names. It stands without
    cognito."""

    @override
    def between_keys(self) -> Iterator[str]:
        if self.cognito is not None and self.authorizer:
            yield "authorizer: is set beside cognito; remove one of the two."
        if self.cognito is None and not self.authorizer:
            yield "cognito: is missing, and so is authorizer; add one of the two."
        if self.cognito == ():
            yield "cognito: is empty; list at least one user pool."

    @property
    def subject(self) -> str:
        """Where API Gateway says whom a token names."""
        return f"$context.authorizer.{'principalId' if self.authorizer else 'claims.sub'}"

    @property
    def scheme(self) -> Document:
        """How an API's document says it.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html
        """
        header = {"type": "apiKey", "name": "Authorization", "in": "header"}
        kind, judge = "cognito_user_pools", "x-amazon-apigateway-authorizer"
        if not self.authorizer:
            own: Document = {"type": kind, "providerARNs": [*(self.cognito or ())]}
            return {**header, "x-amazon-apigateway-authtype": kind, judge: own}
        _, partition, _, region, *_ = self.authorizer.split(":")
        path = f"path/2015-03-31/functions/{self.authorizer}/invocations"
        own = {
            "type": "token",
            "authorizerUri": f"arn:{partition}:apigateway:{region}:lambda:{path}",
            "authorizerResultTtlInSeconds": BELIEVED_SECONDS,
        }
        return {**header, "x-amazon-apigateway-authtype": "custom", judge: own}


def _word_or_section(value: Any, _section: core_schema.ValidatorFunctionWrapHandler) -> Any:
    if value in get_args(Word):
        return value
    if not isinstance(value, dict):
        ways = f"{', '.join(get_args(Word))}, {{cognito: …}} or {{authorizer: …}}"
        raise ValueError(f"is {spelt(value)}; write {ways}")
    return SignIn.model_validate_json(json.dumps(value))  # as JSON, whose lists are tuples


class _WordOrSection:
    """What pydantic says of a mapping alone: of a union it would tell problems of each part."""

    def __get_pydantic_core_schema__(
        self, _source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(
            _word_or_section,
            handler.generate_schema(SignIn),
            serialization=core_schema.plain_serializer_function_ser_schema(_as_given),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        section: Any = schema
        return {"anyOf": [handler(section["schema"]), {"enum": [*get_args(Word)]}]}


def _as_given(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_unset=True) if isinstance(value, SignIn) else value


# No `type`: that would be a step of its own in the JSON Schema, above the keys.
Auth = Annotated[Word | SignIn, _WordOrSection(), Example({"cognito": [EXAMPLE_POOL]})]


def problems(given: Given) -> Iterator[str]:
    """A function that the stack could not let API Gateway call."""
    found = re.fullmatch(FUNCTION, str(mapping(given.raw.get("auth")).get("authorizer")))
    if not found:
        return
    yield from in_region(given, "auth.authorizer", found[1])
    listed = given.config.get("aws:allowedAccountIds", "")
    accounts = re.findall(r"\d{12}", listed)
    if accounts and found[2] not in accounts:
        yield (
            f"auth.authorizer: is in the account {found[2]}, and the stack in"
            f" {' or '.join(accounts)}; write one that is there."
        )


class Unauthorized(Problem):
    """A 401, which the app never answers: it has no title for one."""

    @override
    def body(self, request_id: str) -> bytes:
        like = json.loads(Problem(403, self.detail).body(request_id))
        said = like | {"title": "Unauthorized", "status": self.status}
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


TOKEN = Unauthorized(
    401,
    "Send a valid token in the header Authorization.",
    headers=(("WWW-Authenticate", "Bearer"),),
)
NOT_JUDGED = Problem(502, "Whether the token is valid could not be found out. Send it again later.")
# What API Gateway itself answers where it judges tokens.
GATEWAY_RESPONSES: dict[str, Problem] = {
    "AUTHORIZER_CONFIGURATION_ERROR": NOT_JUDGED,
    "AUTHORIZER_FAILURE": NOT_JUDGED,
    "EXPIRED_TOKEN": TOKEN,
    "UNAUTHORIZED": TOKEN,
}


def let_judge(
    name: str,
    auth: Auth,
    execution_arn: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """What lets an API ask the function that judges tokens, where there is one."""
    if not isinstance(auth, SignIn) or not auth.authorizer:
        return []
    # With an alias or a version, the eighth part: the permission is of that alone.
    *function, last = auth.authorizer.split(":")
    qualified = len(function) == 7
    return [
        aws.lambda_.Permission(
            f"{name}-authorizer",
            action="lambda:InvokeFunction",
            function=":".join(function) if qualified else auth.authorizer,
            qualifier=last if qualified else None,
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(execution_arn, "/authorizers/*"),
            opts=opts,
        )
    ]
