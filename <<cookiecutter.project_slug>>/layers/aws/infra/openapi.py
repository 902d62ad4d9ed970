"""The document that API Gateway imports: which paths there are, and who answers them.

OpenAPI 3.0 with Amazon's extensions, from config and contracts alone; no call of Pulumi here.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html

A path belongs to one API version or to none: a further version changes nothing of the others.
Only predictions reach a model; what else the app would answer, the front answers alike.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from infra import sign_in
from infra.config import ApiVersion
from infra.scheme import prefixes
from infra.sign_in import Auth, SignIn
from serving.problem import MAX_BODY_BYTES, Problem, not_found, wrong_method
from serving.release import Build, Release

type Document = dict[str, Any]

ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
ERRORS = "x-amazon-apigateway-gateway-responses"
SECURITY = {
    "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
    "iam": {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
}
# A mock answers where the request's media type has a template, else API Gateway says 415.
MEDIA_TYPES = (
    "application/json",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "application/xml",
    "multipart/form-data",
    "text/plain",
)
# Stands for the request's id until a body is a template.
REQUEST_ID = "00000000-request-id-00000000"
# What API Gateway itself answers:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
KEY = Problem(403, "Send a valid API key in the header X-API-Key.")
REFUSED = Problem(403, "This request is not allowed.")
INVALID = Problem(400, "API Gateway could not read this request.")
OVERLOADED = Problem(429, "Too many requests at once. Send this one again a little later.")
# A body that never gets to a model: no API version takes one so large.
TOO_LARGE = Problem(
    413, f"The body is larger than {MAX_BODY_BYTES} bytes. Send fewer instances at once."
)
UNAVAILABLE = Problem(502, "The model failed, or took too long. Send fewer instances at once.")
# The service behind did not take the call. Lambda says so too where too many are at once: a new
# account may have ten. Nobody failed then.
NOT_REACHED = Problem(
    503,
    "This request did not reach the model. Send it again a little later.",
    headers=(("Retry-After", "1"),),
)
GATEWAY_RESPONSES = {
    "ACCESS_DENIED": REFUSED,
    "API_CONFIGURATION_ERROR": UNAVAILABLE,
    "BAD_REQUEST_BODY": INVALID,
    "BAD_REQUEST_PARAMETERS": INVALID,
    "DEFAULT_4XX": INVALID,
    "DEFAULT_5XX": UNAVAILABLE,
    "EXPIRED_TOKEN": REFUSED,
    "INTEGRATION_FAILURE": NOT_REACHED,
    "INTEGRATION_TIMEOUT": Problem(504, "The model took too long. Send fewer instances at once."),
    "INVALID_API_KEY": KEY,
    "INVALID_SIGNATURE": REFUSED,
    "MISSING_AUTHENTICATION_TOKEN": REFUSED,
    "QUOTA_EXCEEDED": OVERLOADED,
    "REQUEST_TOO_LARGE": TOO_LARGE,
    "RESOURCE_NOT_FOUND": not_found(),
    "THROTTLED": OVERLOADED,
    "UNAUTHORIZED": REFUSED,
    "UNSUPPORTED_MEDIA_TYPE": Problem(
        415, "Send JSON, with the header Content-Type: application/json."
    ),
    "WAF_FILTERED": REFUSED,
}


def document(
    name: str,
    versions: Mapping[str, ApiVersion],
    contracts: Mapping[str, str],
    integrations: Mapping[str, Document],
    auth: Auth,
) -> Document:
    """The document of an API that serves `versions`, each under the prefixes of the scheme.

    contracts: the text of each contract. integrations: who answers predictions. Both by API
    version, of the versions that are served.
    """
    paths = _everything("", not_found(), {})
    parts: list[Document] = []
    own_headers: dict[str, str] = {}
    for api_version, version in versions.items():
        headers = headers_of(api_version, version)
        if version.state == "retired":
            rest, served = gone(api_version, version), {}
        else:
            rest, text = not_found(), contracts[api_version]
            contract = json.loads(text)
            promised = contract["paths"][f"/{api_version}/predict"]["post"]["responses"]
            responses = {status: _described(each) for status, each in promised.items()}
            served = _served(text, responses, integrations[api_version], headers, auth)
            parts += _documentation(contract, responses)
        for prefix in prefixes(api_version):
            paths |= _everything(prefix, rest, headers)
            paths |= {f"{prefix}/{name}": item for name, item in served.items()}
            if not prefix:  # the API is this version's alone, and so are its own errors
                own_headers = headers
    return {
        "openapi": "3.0.1",
        "info": {"title": name, "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": schemes} if (schemes := _schemes(auth)) else {},
        "x-amazon-apigateway-api-key-source": "HEADER",
        "x-amazon-apigateway-documentation": {"documentationParts": parts},
        ERRORS: {
            kind: _gateway_response(problem, own_headers)
            for kind, problem in gateway_responses(auth).items()
        },
    }


def velocity(text: str) -> str:
    """A Velocity template that gives `text`, which is JSON."""
    # A backslash would escape the reference behind it; within JSON it can be spelt without one.
    safe = re.sub(r"(\\\\)+(?=[$#])", lambda found: found[0].replace("\\\\", r"\u005c"), text)
    references = {"$": "${dollar}", "#": "${hash}"}
    template = re.sub(r"[$#]", lambda found: references[found[0]], safe)
    return "#set($dollar = '$')#set($hash = '#')" + template


def problem_in(problem: Problem) -> str:
    """A Velocity template that gives a problem with the request's id."""
    return _with_request_id(velocity(problem.body(REQUEST_ID).decode()))


def headers_of(api_version: str, version: ApiVersion) -> dict[str, str]:
    """What the app says of the version on every response; a release must not change the front."""
    build = Build("", api_version, version.release)
    release = Release(build, version.deprecated_on, version.sunset, version.migration_url)
    return {name: value for name, value in release.headers() if name != "X-Model-Release"}


def empty() -> Document:
    """An operation that needs no key, and answers with nothing but headers."""
    return _fixed(204, "", "application/json", {}, "none")


def _served(
    contract: str,
    responses: Document,
    integration: Document,
    headers: Mapping[str, str],
    auth: Auth,
) -> Document:
    """What an API version answers, by the last part of the path."""
    return {
        "predict": {
            "post": {
                "security": _security(auth),
                "responses": _declared(responses, integration),
                INTEGRATION: integration,
            },
            ANY: _problem(wrong_method("POST"), headers),
        },
        "openapi.json": {
            "get": _fixed(200, velocity(contract), "application/json", headers, auth),
            ANY: _problem(wrong_method("GET"), headers),
        },
    }


def _declared(responses: Document, integration: Document) -> Document:
    """The responses that the contract promises or the integration gives, with what that maps."""
    given = [*integration.get("responses", {}).values()]
    mapped = {name for each in given for name in each["responseParameters"]}
    names = sorted(name.removeprefix("method.response.header.") for name in mapped)
    headers = {"headers": {name: {"schema": {"type": "string"}} for name in names}} if names else {}
    every = {each["statusCode"]: {"description": "Of the front."} for each in given} | responses
    return {status: response | headers for status, response in every.items()}


def _everything(prefix: str, problem: Problem, headers: Mapping[str, str]) -> Document:
    """Every method of every path from a prefix on, apart from paths of their own."""
    rest = {"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        prefix or "/": {ANY: _problem(problem, headers)},
        f"{prefix}/{{proxy+}}": {ANY: _problem(problem, headers) | {"parameters": [rest]}},
    }


def _problem(problem: Problem, headers: Mapping[str, str]) -> Document:
    """An operation that always answers with this problem; it needs no key and says nothing new."""
    every = {**headers, **dict(problem.headers)}
    return _fixed(problem.status, problem_in(problem), "application/problem+json", every, "none")


def _fixed(
    status: int, template: str, media_type: str, headers: Mapping[str, str], auth: Auth
) -> Document:
    """An operation that API Gateway answers by itself, always the same."""
    values = {name: f"'{value}'" for name, value in headers.items()}
    values |= {"Content-Type": f"'{media_type}'", "X-Request-Id": "context.requestId"}
    declared = {header: {"schema": {"type": "string"}} for header in values}
    status_line = json.dumps({"statusCode": status})
    return {
        "security": _security(auth),
        "responses": {str(status): {"description": "Always.", "headers": declared}},
        INTEGRATION: {
            "type": "mock",
            "passthroughBehavior": "when_no_templates",
            "requestTemplates": dict.fromkeys(MEDIA_TYPES, status_line),
            "responses": {
                "default": {
                    "statusCode": str(status),
                    "responseParameters": {
                        f"method.response.header.{name}": value for name, value in values.items()
                    },
                    "responseTemplates": {"application/json": template},
                }
            },
        },
    }


def _gateway_response(problem: Problem, headers: Mapping[str, str]) -> Document:
    """An answer of API Gateway's own; its template replaces variables and knows no Velocity."""
    values = {**headers, **dict(problem.headers), "Content-Type": "application/problem+json"}
    template = _with_request_id(problem.body(REQUEST_ID).decode())
    return {
        "statusCode": str(problem.status),
        "responseParameters": {
            f"gatewayresponse.header.{name}": f"'{value}'" for name, value in values.items()
        },
        "responseTemplates": {"application/json": template},
    }


def _with_request_id(body: str) -> str:
    return body.replace(REQUEST_ID, "$context.requestId")


def gateway_responses(auth: Auth) -> dict[str, Problem]:
    """What API Gateway itself answers, by its own names."""
    return GATEWAY_RESPONSES | (sign_in.GATEWAY_RESPONSES if isinstance(auth, SignIn) else {})


def _schemes(auth: Auth) -> Document:
    if isinstance(auth, SignIn):
        return {"token": auth.scheme}
    return {auth: SECURITY[auth]} if auth != "none" else {}


def _security(auth: Auth) -> list[Document]:
    return [{name: []} for name in _schemes(auth)]


def gone(api_version: str, version: ApiVersion) -> Problem:
    """What every path of a retired version answers."""
    since = f" on {version.sunset}" if version.sunset else ""
    how = f" How to move on: {version.migration_url}" if version.migration_url else ""
    return Problem(410, f"{api_version} was retired{since}.{how}")


def _described(response: Document) -> Document:
    """All of a contract's response that API Gateway needs; its schemas are of another OpenAPI."""
    return {"description": response["description"]}


def _documentation(contract: Document, responses: Document) -> list[Document]:
    """What a contract says of its methods and their answers, as API Gateway's documentation."""
    parts: list[Document] = []
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            place = {"type": "METHOD", "path": path, "method": method.upper()}
            parts.append({"location": place, "properties": {"summary": operation["summary"]}})
            if path.endswith("/predict"):
                parts += [
                    {
                        "location": place | {"type": "RESPONSE", "statusCode": status},
                        "properties": response,
                    }
                    for status, response in responses.items()
                ]
    return parts
