"""Pages of other origins: browsers are told which may call the API and read its answers.

https://fetch.spec.whatwg.org/#http-cors-protocol

API Gateway tells it by itself, of all that it answers and of what it makes of an endpoint's
answers. What a function answers it hands on as it is: `serving/cors.py`, where there is one, is the
other end. No origin is repeated to whoever sends it, and none may send a browser's credentials.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast, override

from pydantic import BeforeValidator, Field

from infra.config import Example, Section, spelt
from infra.openapi import ERRORS, INTEGRATION, Document, empty

ALL = "*"
EXAMPLE = "https://app.example.org"
MOST_ORIGINS = 20
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = rf"(?=.{{1,253}}$)({LABEL}\.)*{LABEL}|\[[0-9a-f:.]+\]"
DEFAULT_PORTS = {"http": "80", "https": "443"}

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
# What the API reads, and what a signature of AWS's is in.
READ = (
    "Authorization",
    "Content-Type",
    "X-API-Key",
    "X-API-Version",
    "X-Amz-Content-Sha256",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "X-Request-Id",
    "traceparent",
)
# What the API says beside the media type, which every page may read.
SAID = (
    "Allow",
    "Deprecation",
    "Link",
    "Retry-After",
    "Sunset",
    "X-API-Version",
    "X-Model-Release",
    "X-Request-Id",
)


def _shape(value: Any) -> Any:
    """One origin, or several; what is wrong with each has a sentence of its own."""
    several = cast("list[Any]", value) if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in several):
        raise ValueError(f'is {spelt(value)}; write {EXAMPLE}, a list of such origins, or "*"')
    return tuple(several) if isinstance(value, list) else value


class Cors(Section):
    """Pages of other origins that may call the API."""

    origin: Annotated[
        str | tuple[str, ...],
        BeforeValidator(_shape),
        Field(examples=[EXAMPLE]),
        Example(EXAMPLE),
    ]
    """The origin of the pages, as browsers send it: scheme, host, and a port that is not the
    usual one. A list of at most 20, or "*" for all pages that there are."""

    max_age: Annotated[int, Field(ge=0, le=86_400)] = 600
    """Seconds for which a browser may remember what it was told. Chrome and Edge take 7,200 at
    most."""

    @property
    def origins(self) -> tuple[str, ...]:
        """All of them; "*" alone means that each is one."""
        return (self.origin,) if isinstance(self.origin, str) else self.origin

    @override
    def between_keys(self) -> Iterator[str]:
        if isinstance(self.origin, str):
            if self.origin != ALL:
                yield from _problems("origin", self.origin)
            return
        if not self.origin:
            yield f'origin: is empty; write {EXAMPLE}, or "*", or remove cors.'
        if len(self.origin) > MOST_ORIGINS:
            yield f"origin: has {len(self.origin)}; write at most {MOST_ORIGINS}."
        for place, each in enumerate(self.origin):
            if each == ALL:
                yield f'origin.{place}: "*" stands beside others; write origin: "*", or remove it.'
            elif each in self.origin[:place]:
                yield f"origin.{place}: {spelt(each)} stands there twice; remove one of the two."
            else:
                yield from _problems(f"origin.{place}", each)


def _problems(place: str, origin: str) -> Iterator[str]:
    """Why no browser ever sends this, and what to write."""
    if origin == "null":
        remedy = "pages without one all send it, anybody's too; serve yours from a site"
    elif "*" in origin:
        remedy = "browsers know no patterns; list each origin"
    elif not origin.isascii():
        remedy = "write its host as browsers do, in Punycode (xn--…)"
    elif (usual := _usual(origin)) is None:
        remedy = f"write one such as {EXAMPLE}"
    elif usual == origin:
        return
    else:
        remedy = f"write {usual}"
    yield f"{place}: {spelt(origin)} is not the origin of a page; {remedy}."


def _usual(text: str) -> str | None:
    """The origin that a text means, as browsers send it; None where it means none."""
    url = text.lower() if "://" in text else f"https://{text.lower()}"
    found = re.fullmatch(r"(https?)://(\[[^]]*\]|[^/?#:]*)(?::([1-9]\d{0,4}))?([/?#].*)?", url)
    if not found or not re.fullmatch(HOST, found[2]) or int(found[3] or 1) > 65_535:
        return None
    port = f":{found[3]}" if found[3] not in (None, DEFAULT_PORTS[found[1]]) else ""
    return f"{found[1]}://{found[2]}{port}"


def may_send(max_age: int) -> dict[str, str]:
    """What a browser is told, beside whose pages may call, that asks before a call."""
    return {
        "Access-Control-Allow-Headers": ", ".join(READ),
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Max-Age": str(max_age),
    }


def shared(document: Document, cors: Cors | None) -> Document:
    """The document of an API, all of whose answers the pages may read that the stack file names.

    Every path has OPTIONS too, without a key: before a call a browser asks whether it may be made,
    and under the header scheme asks the default version of a path that another one has.
    """
    if cors is None:
        return document
    readable = {"Access-Control-Expose-Headers": ", ".join(SAID)}
    question = _answered(empty(), cors, may_send(cors.max_age))
    paths = {
        path: {method: _answered(each, cors, readable) for method, each in item.items()}
        | {"options": _with_parameters(question, item)}
        for path, item in document["paths"].items()
    }
    # They know no Velocity, so they can't tell several origins apart. They say nothing of anybody.
    whose = cors.origins[0] if len(cors.origins) == 1 else ALL
    errors = {
        kind: _with(each, "gatewayresponse", {ALLOW_ORIGIN: whose} | readable)
        for kind, each in document[ERRORS].items()
    }
    return document | {"paths": paths, ERRORS: errors}


def _answered(operation: Document, cors: Cors, headers: Mapping[str, str]) -> Document:
    """An operation whose answers have these headers, and say which pages may read them."""
    integration = operation[INTEGRATION]
    if "responses" not in integration:  # the function's own
        return operation
    several = len(cors.origins) > 1
    # A cache must not show a page what another one was told.
    every = {**headers, **({"Vary": "Origin"} if several else {ALLOW_ORIGIN: cors.origins[0]})}
    script = _of_several(cors.origins) if several else ""
    answers = {
        pattern: _with(answer, "method.response", every)
        | {"responseTemplates": _before(script, answer["responseTemplates"])}
        for pattern, answer in integration["responses"].items()
    }
    declared = {name: {"schema": {"type": "string"}} for name in (*every, ALLOW_ORIGIN)}
    responses = {
        status: response | {"headers": response.get("headers", {}) | declared}
        for status, response in operation["responses"].items()
    }
    own = integration | {"responses": answers}
    return operation | {INTEGRATION: own, "responses": responses}


def _with(answer: Document, place: str, headers: Mapping[str, str]) -> Document:
    """An answer with these headers too."""
    said = {f"{place}.header.{name}": f"'{value}'" for name, value in headers.items()}
    return answer | {"responseParameters": answer["responseParameters"] | said}


def _with_parameters(operation: Document, item: Document) -> Document:
    """An operation of a path, with what is variable in that."""
    found = [each["parameters"] for each in item.values() if "parameters" in each]
    return operation | {"parameters": found[0]} if found else operation


def _before(script: str, templates: Mapping[str, str]) -> dict[str, str]:
    return {media_type: script + template for media_type, template in templates.items()}


def _of_several(origins: tuple[str, ...]) -> str:
    """A Velocity template that gives nothing, and names the page's origin if it is one of these.

    What it says is out of the list, never out of the request. HTTP/2 spells headers in small
    letters, and API Gateway looks for them by their letters.
    """
    listed = ", ".join(f"'{origin}'" for origin in origins)
    return (
        "#set($origin = '')"
        "#foreach($header in $input.params().header.keySet())"
        "#if($header.toLowerCase() == 'origin')"
        "#set($origin = $input.params().header.get($header))"
        "#end"
        "#end"
        f"#foreach($allowed in [{listed}])"
        "#if($allowed == $origin)"
        f"#set($context.responseOverride.header.{ALLOW_ORIGIN} = $allowed)"
        "#end"
        "#end"
    )
