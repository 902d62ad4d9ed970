"""ministack, and what AWS does that it lacks. Runs in ministack's own environment, as a program.

- Routing rules of custom domains: the operations of apigatewayv2, and requests routed by header.
- The answers of mock methods are Velocity templates: they may name the request's id, read its
  headers, and override those of the answer. What has no content has none.
- A function that fails, or that is throttled, is answered by a gateway response.
- PutRestApi in overwrite mode: it resets what the document doesn't say, or refuses as told to be.
- Events have the id of the API key that let a request in.
- Queries of logs count lines by a field, and say when the last one was.
- Stages are added to usage plans, and taken out; limits of plans change.
"""

import json
import re
import uuid
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import airspeed
import ministack.app
from airspeed import operators
from ministack.core.responses import request_scope
from ministack.services import apigateway_v1, cloudwatch_logs

type Scope = dict[str, Any]
type App = Callable[[Scope, Receive, Send], Awaitable[None]]
type Receive = Callable[[], Awaitable[Scope]]
type Send = Callable[[Scope], Awaitable[None]]

IMPORT = re.compile(r"/restapis/([^/]+)")
# Where a test says of which path of a document AWS would warn: PUT, with the path as its body.
DOUBTED = "/_more/doubted"
RULES = re.compile(r"/v2/domainnames/([^/]+)/routingrules(?:/([^/]+))?")
EXTENSION = "x-amazon-apigateway-"
# What an import sets of an API: where the document says it, and what it resets it to elsewhere. The
# type of its endpoint is not among them: Terraform's provider sets all these again, and not that.
RESET = {
    "apiKeySource": ("api-key-source", "HEADER"),
    "binaryMediaTypes": ("binary-media-types", []),
    "minimumCompressionSize": ("minimum-compression-size", None),
    "policy": ("policy", None),
}
# Of the request that is being answered.
HEADERS: ContextVar[dict[str, str]] = ContextVar("HEADERS")
plain_mock = apigateway_v1._invoke_mock_v1
plain_proxy = apigateway_v1._invoke_lambda_proxy_v1
plain_event = apigateway_v1._build_lambda_event_v1
plain_query = cloudwatch_logs._start_query
COUNTED = re.compile(
    r'filter ispresent\((?P<has>\w+)\) and request_id != "(?P<but>\w+)" \| '
    r"stats count\(\*\) as calls, max\(@timestamp\) as last_seen by (?P<by>\w+) \|.*"
)


def mock(integration: Scope) -> tuple[int, dict[str, str], bytes]:
    """A mock's answer, its template filled in."""
    status, headers, template = plain_mock(integration)
    request_id = str(uuid.uuid4())
    headers = {k: request_id if v == "context.requestId" else v for k, v in headers.items()}
    sent = HEADERS.get()
    # Java's map, of which only the methods are used.
    header = SimpleNamespace(keySet=sent.keys, get=sent.get)
    overridden: dict[str, str] = {}
    context = {"requestId": request_id, "responseOverride": {"header": overridden}}
    given = SimpleNamespace(params=lambda: {"header": header})
    text = "" if status == 204 else template.decode()
    if template != b"{}":  # ministack's own, where there is no template
        text = airspeed.Template(template.decode()).merge({"context": context, "input": given})
    return status, headers | overridden, text.encode()


def update_usage_plan(plan_id: str, data: Scope) -> Any:
    """A usage plan with other limits, stages added and removed: `add /apiStages <api>:<stage>`."""
    plan = apigateway_v1._usage_plans[plan_id]
    for change in data["patchOperations"]:
        if change["path"] != "/apiStages":
            _, place, limit = change["path"].split("/")
            value = change["value"]
            plan.setdefault(place, {})[limit] = int(value) if value.isdecimal() else value
            continue
        api, stage = change["value"].split(":")
        own = {"apiId": api, "stage": stage}
        others = [each for each in plan["apiStages"] if each != own]
        plan["apiStages"] = [*others, own] if change["op"] == "add" else others
    return apigateway_v1._v1_response(plan)


async def proxy(*args: Any, **named: Any) -> Any:
    """A function's answer; what it raised is not for the client, nor that Lambda had no room."""
    answer = await plain_proxy(*args, **named)
    if isinstance(answer, tuple) and answer[0] == 502 and answer[2].startswith(b'{"message"'):
        return apigateway_v1._gw_error("DEFAULT_5XX", "error")
    if isinstance(answer, tuple) and answer[0] == 429 and b'"Reason"' in answer[2]:
        # https://repost.aws/questions/QUL-z6rJbmR4meafB7MzYXxw
        return apigateway_v1._gw_error("INTEGRATION_FAILURE", "error")
    return answer


def event(*args: Any, **named: Any) -> Scope:
    """What a function is called with; the key's id is `identity.apiKeyId`."""
    made = plain_event(*args, **named)
    value = {name.lower(): value for name, value in made["headers"].items()}.get("x-api-key")
    known = (each["id"] for each in apigateway_v1._api_keys.values() if each["value"] == value)
    made["requestContext"]["identity"]["apiKeyId"] = next(known, None)
    return made


def query(data: Scope) -> Any:
    """A query of logs that counts lines of JSON by a field; any other as it was."""
    counted = COUNTED.fullmatch(data["queryString"])
    if counted is None:
        return plain_query(data)
    answer = plain_query(data | {"queryString": "fields @timestamp, @message | limit 10000"})
    if answer[0] != 200:
        return answer
    found: dict[str | None, list[str]] = {}
    own = cloudwatch_logs._queries[json.loads(answer[2])["queryId"]]
    for row in own["results"]:
        cells = {cell["field"]: cell["value"] for cell in row}
        line = json.loads(cells["@message"]) if cells["@message"].startswith("{") else {}
        if counted["has"] in line and line["request_id"] != counted["but"]:
            found.setdefault(line.get(counted["by"]), []).append(cells["@timestamp"])
    own["results"] = [
        [
            *([{"field": counted["by"], "value": value}] if value else []),
            {"field": "calls", "value": str(len(times))},
            {"field": "last_seen", "value": max(times)},
        ]
        for value, times in found.items()
    ]
    return answer


async def body_of(receive: Receive) -> bytes:
    """The body of a request."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


async def respond(send: Send, status: int, answer: Any) -> None:
    """Answer with JSON."""
    content = b"" if status == 204 else json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json")]
    if status >= 400:
        headers.append((b"x-amzn-errortype", b"BadRequestException"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


class Requests:
    """An ASGI application around another one: it remembers what a request's headers are."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send on, whatever it is."""
        if scope["type"] == "http":
            HEADERS.set({name.decode(): value.decode() for name, value in scope["headers"]})
        await self.app(scope, receive, send)


class Imports:
    """An ASGI application around another one: it answers PutRestApi.

    The methods of an accepted document are made by whoever asked, one by one (importing.py).
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.doubted = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is about imports; send the rest on."""
        if scope["type"] == "http" and scope["method"] == "PUT":
            if scope["path"] == DOUBTED:
                self.doubted = (await body_of(receive)).decode()
                await respond(send, 204, None)
                return
            if found := IMPORT.fullmatch(scope["path"]):
                query = parse_qs(scope["query_string"].decode())
                document = json.loads(await body_of(receive))
                await respond(send, *self.imported(found[1], query, document))
                return
        await self.app(scope, receive, send)

    def imported(
        self, api_id: str, query: dict[str, list[str]], document: Scope
    ) -> tuple[int, Scope]:
        """Put a document over an API, or refuse it."""
        if query.get("mode") != ["overwrite"]:
            return 400, {"message": "only the mode overwrite is known here"}
        if self.doubted in document["paths"] and query.get("failonwarnings") == ["true"]:
            return 400, {"message": f"Warnings found during import: {self.doubted} is doubted"}
        said = {
            name: document.get(f"{EXTENSION}{key}", default)
            for name, (key, default) in RESET.items()
        }
        endpoint = document.get("servers", [{}])[0].get(f"{EXTENSION}endpoint-configuration", {})
        with request_scope(*apigateway_v1.find_api_scope(api_id)):
            api = apigateway_v1._rest_apis[api_id]
            api |= said
            api["disableExecuteApiEndpoint"] = endpoint.get("disableExecuteApiEndpoint", False)
            api |= {"name": document["info"]["title"], "version": document["info"]["version"]}
            api["description"] = document["info"].get("description", "")
            return 200, {**api}


class RoutingRules:
    """An ASGI application around another one: the rules of custom domains."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.rules: dict[str, dict[str, Scope]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is about rules; send the rest on."""
        if scope["type"] == "http":
            if found := RULES.fullmatch(scope["path"]):
                await self.control(found[1], found[2], scope["method"], receive, send)
                return
            scope = self.routed(scope)
        await self.app(scope, receive, send)

    def routed(self, scope: Scope) -> Scope:
        """The request, sent to the API of the first rule that it matches, by priority."""
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        rules = self.rules.get(headers.get("host", "").partition(":")[0], {})
        for rule in sorted(rules.values(), key=lambda rule: rule["priority"]):
            if all(matches(condition, headers) for condition in rule["conditions"]):
                to = rule["actions"][0]["invokeApi"]
                # `raw_path` stays what the client signed.
                path = f"/_aws/execute-api/{to['apiId']}/{to['stage']}{scope['path']}"
                return scope | {"path": path}
        return scope

    async def control(
        self, domain: str, rule: str | None, method: str, receive: Receive, send: Send
    ) -> None:
        """Create, replace, list and delete the rules of a domain."""
        rules, body = self.rules.setdefault(domain, {}), await body_of(receive)
        status, answer = 200, {"routingRules": [*rules.values()]}
        if method in ("POST", "PUT"):
            rule, status = rule or uuid.uuid4().hex[:8], 201 if method == "POST" else 200
            arn = f"arn:aws:apigateway:::/domainnames/{domain}/routingrules/{rule}"
            own = {"routingRuleId": rule, "routingRuleArn": arn}
            answer = rules[rule] = json.loads(body) | own
        elif method == "DELETE":
            status, answer = 204, rules.pop(rule or "", {})
        await respond(send, status, answer)


def matches(condition: Scope, headers: dict[str, str]) -> bool:
    """Whether one of a condition's headers has a value that fits its pattern."""
    return any(
        fnmatchcase(headers.get(each["header"].lower(), ""), each["valueGlob"])
        for each in condition["matchHeaders"]["anyOf"]
    )


if __name__ == "__main__":
    apigateway_v1._invoke_mock_v1 = mock
    apigateway_v1._update_usage_plan = update_usage_plan
    apigateway_v1._invoke_lambda_proxy_v1 = proxy
    apigateway_v1._build_lambda_event_v1 = event
    cloudwatch_logs._start_query = query
    # What Java's strings have and airspeed's lack.
    operators.__additional_methods__[str]["toLowerCase"] = str.lower
    ministack.app.app = Requests(Imports(RoutingRules(ministack.app.app)))
    ministack.app.main()
