"""API Gateway and SageMaker between a client and a container, as their documentation has them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-data-transformations.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

import functools
import json
import re
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple, override
from urllib.parse import quote_plus

import airspeed
from airspeed import operators

# What a client sends with JSON, and what API Gateway calls a request.
JSON = ("Content-Type", "application/json")
FRONTS_ID = "8d1c6c1f-4a53-4a63-9d3c-3f4c0f6f7a2e"
ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"

# What Java's strings have and airspeed's lack.
operators.__additional_methods__[str] |= {"toLowerCase": str.lower, "lastIndexOf": str.rfind}

type Headers = Sequence[tuple[str, str]]


class Answer(NamedTuple):
    """A response: header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


# A container: what it says to `POST /invocations`, or None where it says nothing.
type Container = Callable[[Headers, bytes], Answer | None]
# An endpoint, to whom may invoke it.
type Endpoint = Callable[[dict[str, str], bytes], Answer]


def endpoint(container: Container) -> Endpoint:
    """SageMaker in front of a container."""

    def invoke(headers: dict[str, str], body: bytes) -> Answer:
        attributes = headers.get(ATTRIBUTES, "")
        if not re.fullmatch(r"[!-~]{0,1024}", attributes):
            return refusal(400, "ValidationError")
        names = ("content-type", "accept", ATTRIBUTES)
        passed_on = [(name, headers[name]) for name in names if name in headers]
        said = container(passed_on, body)
        if said is None:
            return failed(0, "Your invocation timed out while waiting for a response.")
        if said.status not in range(200, 300):
            return failed(said.status, said.body.decode(errors="replace"))
        kept = ("content-type", ATTRIBUTES)
        return Answer(200, {k: v for k, v in said.headers.items() if k in kept}, said.body)

    return invoke


def refusal(status: int, kind: str) -> Answer:
    """An error of SageMaker's own."""
    body = json.dumps({"__type": kind, "Message": "Something <b>else</b>."}).encode()
    return Answer(status, {"content-type": "application/json", "x-amzn-errortype": kind}, body)


def failed(status: int, message: str | None) -> Answer:
    """ModelError: what SageMaker says for a container's answer that is none of 2xx, or is none."""
    side = "CLIENT_ERROR" if 400 <= status < 500 else "INTERNAL_FAILURE"
    said = {
        "ErrorCode": f"{side}_FROM_MODEL",
        "LogStreamArn": "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/sagemaker/iris",
        "Message": f'Received error ({status}) from primary with message "{message}".',
        "OriginalMessage": message,
        "OriginalStatusCode": status,
    }
    if message is None:
        del said["OriginalMessage"]
    return Answer(424, {"content-type": "application/json"}, json.dumps(said).encode())


class Once(dict[str, Any]):
    """What a template may set, each but once: else API Gateway answers with an error of its own."""

    @override
    def __setitem__(self, name: str, value: object) -> None:
        assert name not in self, f"{name} is overridden twice"
        super().__setitem__(name, value)


def input_of(body: str, headers: dict[str, str]) -> SimpleNamespace:
    """`$input`: a body, and the headers of the client's request."""
    # https://github.com/localstack/localstack/pull/12413, which has asked AWS.
    body = body or "{}"

    def path(expression: str) -> Any:
        found = re.fullmatch(r"\$\.(\w+)", expression)
        assert found, expression
        return json.loads(body).get(found[1])

    # Java's map, of which only the methods are used: a header may be called as they are.
    header = SimpleNamespace(keySet=headers.keys, get=headers.get)
    return SimpleNamespace(body=body, params=lambda: {"header": header}, path=path)


# `$util`: Java's URLEncoder; JSON as maps and lists.
UTIL = SimpleNamespace(
    urlEncode=lambda text: quote_plus(text, safe="*").replace("~", "%7E"), parseJson=json.loads
)


class Gateway:
    """A method of API Gateway with an integration of type `aws`, from the document it imports."""

    def __init__(self, operation: dict[str, Any], invoke: Endpoint) -> None:
        self.promised = operation["responses"]
        self.integration = operation["x-amazon-apigateway-integration"]
        self.invoke = invoke
        assert (self.integration["type"], self.integration["httpMethod"]) == ("aws", "POST")
        assert self.integration["passthroughBehavior"] == "when_no_match"

    def __call__(self, sent: Headers, body: bytes, request_id: str) -> Answer:
        """What a client gets."""
        given = dict(sent)
        lower = {name.lower(): value for name, value in sent}
        content_type = lower.get("content-type", "application/json")
        headers = {"content-type": content_type, "accept": "application/json"}
        for parameter, value in self.integration.get("requestParameters", {}).items():
            headers[header_in(parameter, "integration.request")] = self.value(value, request_id, {})
        media_type = content_type.partition(";")[0].strip()
        template = self.integration["requestTemplates"].get(media_type)
        if template is not None:
            # No media type is binary here, so every body is text.
            text = body.decode(errors="replace")
            said, context = rendered(template, input_of(text, given), request_id)
            body = said.encode()
            override = context["requestOverride"]["header"]
            headers |= {name.lower(): value for name, value in override.items()}
        return self.answer(self.invoke(headers, body), given, request_id)

    def answer(self, said: Answer, given: dict[str, str], request_id: str) -> Answer:
        """What the client gets where the integration has said this."""
        response = self.response(said.status)
        declared = {name.lower() for name in self.promised[response["statusCode"]]["headers"]}
        headers: dict[str, str] = {}
        for parameter, value in response["responseParameters"].items():
            name = header_in(parameter, "method.response")
            assert name in declared, f"{name} is mapped, and {response['statusCode']} has none"
            if (found := self.value(value, request_id, said.headers)) is not None:
                headers[name] = found
        # The only one, so whatever the client accepts.
        ((_, template),) = response["responseTemplates"].items()
        text, context = rendered(template, input_of(said.body.decode(), given), request_id)
        override = context["responseOverride"]
        headers |= {name.lower(): value for name, value in override["header"].items()}
        status = override.get("status", int(response["statusCode"]))
        assert isinstance(status, int), status
        return Answer(status, headers, text.encode())

    def response(self, status: int) -> dict[str, Any]:
        """The one whose pattern is the whole status; the first of several."""
        responses: dict[str, Any] = self.integration["responses"]
        for pattern, response in responses.items():
            if pattern != "default" and re.fullmatch(pattern, str(status)):
                return response
        return responses["default"]

    def value(self, mapped: str, request_id: str, headers: dict[str, str]) -> str | None:
        """What a parameter's mapping gives."""
        if mapped == "context.requestId":
            return request_id
        if static := re.fullmatch("'(.*)'", mapped):
            return static[1]
        return headers.get(header_in(mapped, "integration.response"))


def header_in(parameter: str, place: str) -> str:
    """The header that a mapping means, in lower case."""
    assert parameter.startswith(f"{place}.header."), parameter
    return parameter.removeprefix(f"{place}.header.").lower()


def rendered(template: str, given: object, request_id: str) -> tuple[str, dict[str, Any]]:
    """What a template gives, and `$context` with what it has overridden."""
    context = {
        "requestId": request_id,
        "requestOverride": {"header": Once()},
        "responseOverride": Once(header=Once()),
    }
    namespace = {"input": given, "context": context, "util": UTIL}
    return parsed(template).merge(namespace), context


@functools.cache
def parsed(template: str) -> airspeed.Template:
    """A template, parsed once."""
    return airspeed.Template(template)
