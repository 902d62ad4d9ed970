"""The document that API Gateway imports: which paths there are, and who answers them.

OpenAPI 3.0 with Amazon's extensions, from config and contracts alone; no call of Pulumi here.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html

A path belongs to one API version or to none, so a further version only adds to the document.
Only predictions reach a function; what else the app would answer, the front answers alike.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from infra.config import ApiVersion
from serving.problem import Problem, not_found, wrong_method
from serving.release import Build, Release

type Document = dict[str, Any]
type Auth = Literal["api_key", "none"]

ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
# The most that API Gateway waits for a function.
TIMEOUT_MS = 29_000
API_KEY = {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}
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
UNAVAILABLE = Problem(502, "The model gave no answer. The log says why, if it was reached.")
GATEWAY_RESPONSES = {
    "ACCESS_DENIED": REFUSED,
    "API_CONFIGURATION_ERROR": UNAVAILABLE,
    "BAD_REQUEST_BODY": INVALID,
    "BAD_REQUEST_PARAMETERS": INVALID,
    "DEFAULT_4XX": INVALID,
    "DEFAULT_5XX": UNAVAILABLE,
    "EXPIRED_TOKEN": REFUSED,
    "INTEGRATION_FAILURE": UNAVAILABLE,
    "INTEGRATION_TIMEOUT": Problem(504, "The model took too long. Send fewer instances at once."),
    "INVALID_API_KEY": KEY,
    "INVALID_SIGNATURE": REFUSED,
    "MISSING_AUTHENTICATION_TOKEN": REFUSED,
    "QUOTA_EXCEEDED": OVERLOADED,
    "REQUEST_TOO_LARGE": Problem(413, "The request is larger than 10 MB."),
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
    invoke_arns: Mapping[str, str],
    auth: Auth,
) -> Document:
    """The document of a front for all `versions` under one address, told apart by path.

    contracts: the text of each contract. invoke_arns: where each function is called. Both by API
    version, of the versions that are served.
    """
    paths: Document = {"/": {ANY: _problem(not_found())}, "/{proxy+}": _proxy(not_found())}
    parts: list[Document] = []
    for api_version, version in versions.items():
        headers = _headers(api_version, version)
        if version.state == "retired":
            gone = _gone(api_version, version)
            paths[f"/{api_version}"] = {ANY: _problem(gone, headers)}
            paths[f"/{api_version}/{{proxy+}}"] = _proxy(gone, headers)
        else:
            contract = contracts[api_version]
            paths[f"/{api_version}"] = {ANY: _problem(not_found(), headers)}
            paths[f"/{api_version}/{{proxy+}}"] = _proxy(not_found(), headers)
            paths[f"/{api_version}/predict"] = {
                "post": _predict(invoke_arns[api_version], auth),
                ANY: _problem(wrong_method("POST"), headers),
            }
            paths[f"/{api_version}/openapi.json"] = {
                "get": _fixed(200, velocity(contract), "application/json", headers, auth),
                ANY: _problem(wrong_method("GET"), headers),
            }
            parts += _documentation(json.loads(contract))
    return {
        "openapi": "3.0.1",
        "info": {"title": name, "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": API_KEY} if auth == "api_key" else {},
        "x-amazon-apigateway-api-key-source": "HEADER",
        "x-amazon-apigateway-documentation": {"documentationParts": parts},
        "x-amazon-apigateway-gateway-responses": {
            kind: _gateway_response(problem) for kind, problem in GATEWAY_RESPONSES.items()
        },
    }


def velocity(text: str) -> str:
    """A Velocity template that gives `text`, which is JSON."""
    # A backslash would escape the reference behind it; within JSON it can be spelt without one.
    safe = re.sub(r"(\\\\)+(?=[$#])", lambda found: found[0].replace("\\\\", r"\u005c"), text)
    references = {"$": "${dollar}", "#": "${hash}"}
    template = re.sub(r"[$#]", lambda found: references[found[0]], safe)
    return "#set($dollar = '$')#set($hash = '#')" + template


def _predict(invoke_arn: str, auth: Auth) -> Document:
    return {
        "security": _security(auth),
        "responses": {"default": {"description": "The app's answer."}},
        INTEGRATION: {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "uri": invoke_arn,
            "timeoutInMillis": TIMEOUT_MS,
        },
    }


def _proxy(problem: Problem, headers: Mapping[str, str] | None = None) -> Document:
    """Every method and every path below."""
    path = {"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}
    return {ANY: _problem(problem, headers) | {"parameters": [path]}}


def _problem(problem: Problem, headers: Mapping[str, str] | None = None) -> Document:
    """An operation that always answers with this problem; it needs no key and says nothing new."""
    template = _with_request_id(velocity(problem.body(REQUEST_ID).decode()))
    every = {**(headers or {}), **dict(problem.headers)}
    return _fixed(problem.status, template, "application/problem+json", every, "none")


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


def _gateway_response(problem: Problem) -> Document:
    """An answer of API Gateway's own; its template replaces variables and knows no Velocity."""
    return {
        "statusCode": str(problem.status),
        "responseParameters": {
            "gatewayresponse.header.Content-Type": "'application/problem+json'",
        },
        "responseTemplates": {
            "application/json": _with_request_id(problem.body(REQUEST_ID).decode())
        },
    }


def _with_request_id(body: str) -> str:
    return body.replace(REQUEST_ID, "$context.requestId")


def _security(auth: Auth) -> list[Document]:
    return [{"api_key": []}] if auth == "api_key" else []


def _headers(api_version: str, version: ApiVersion) -> dict[str, str]:
    """What the app says of the version on every response; a release must not change the front."""
    build = Build("", api_version, version.release)
    release = Release(build, version.deprecated_on, version.sunset, version.migration_url)
    return {name: value for name, value in release.headers() if name != "X-Model-Release"}


def _gone(api_version: str, version: ApiVersion) -> Problem:
    since = f" on {version.sunset}" if version.sunset else ""
    how = f" How to move on: {version.migration_url}" if version.migration_url else ""
    return Problem(410, f"{api_version} was retired{since}.{how}")


def _documentation(contract: Document) -> list[Document]:
    """What a contract says of its paths, as API Gateway's documentation parts."""
    parts: list[Document] = []
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            place = {"path": path, "method": method.upper()}
            parts.append(
                {
                    "location": {"type": "METHOD", **place},
                    "properties": {"summary": operation["summary"]},
                }
            )
            for status, response in operation["responses"].items():
                location = {"type": "RESPONSE", **place, "statusCode": status}
                parts.append(
                    {"location": location, "properties": {"description": response["description"]}}
                )
    return parts
