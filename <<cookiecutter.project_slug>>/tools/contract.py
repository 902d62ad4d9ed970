"""Write this API version's contract, `contracts/<api version>.json`, from `serving/contract.py`.

The contract is an OpenAPI 3.1 document. Its `x-golden-requests` are requests, byte for byte, each
with its response; the tests send them through every adapter. An error must be answered exactly so;
a golden 200 must fit its schema, and its stored answer is an example. Run by `make contract`.
"""

import json
import sys
import tomllib
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec

from serving.app import App, Request, Response
from serving.contract import (
    EXAMPLE_REQUEST,
    EXAMPLE_RESPONSE,
    Prediction,
    PredictRequest,
    PredictResponse,
)
from serving.problem import TITLES
from serving.release import PYPROJECT, Build, Release
from tools.compatibility import breaking_changes, frozen
from tools.golden import golden_requests
from tools.promises import unkept
from tools.refused import Refused
from tools.working_tree import own_build

ROOT = Path(__file__).parent.parent
HEADERS = {
    "X-Request-Id": "The request's own X-Request-Id where that is valid, else one made for it.",
    "X-API-Version": "The API version that answered.",
    "X-Model-Release": "The release of the model that answered.",
    "Deprecation": "Since when this API version is deprecated (RFC 9745); absent while it is live.",
    "Sunset": "The first moment without this API version (RFC 8594); absent while it is live.",
    "Link": "Where the move to the next API version is described; absent while it is live.",
}


class ProblemDetails(msgspec.Struct):
    """An error as application/problem+json (RFC 9457).

    `pointer` says where in the body the fault is (RFC 6901); null: not in the body.
    """

    type: str
    title: str
    status: int
    detail: str
    pointer: str | None
    request_id: str


class ExampleModel:
    """Stands in for the model, which no contract needs: answers each instance with the example."""

    def predict(self, instances: list[object], *_: object) -> list[Prediction]:
        """The example's first prediction for every instance."""
        return EXAMPLE_RESPONSE.predictions[:1] * len(instances)


def document(build: Build) -> dict[str, Any]:
    """The contract of `build` as the code in this working tree keeps it.

    Raises:
        ValueError: the types, the example or the predictor break what a contract needs.
    """
    if problems := unkept():
        raise ValueError("\n".join(problems))
    for name, example in (("REQUEST", EXAMPLE_REQUEST), ("RESPONSE", EXAMPLE_RESPONSE)):
        try:
            msgspec.json.decode(msgspec.json.encode(example), type=type(example))
        except msgspec.ValidationError as error:
            raise ValueError(f"EXAMPLE_{name} in serving/contract.py: {error}") from None
    pyproject = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    types = [PredictRequest, PredictResponse, ProblemDetails]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": pyproject["tool"]["serving"]["title"],
            "description": pyproject["project"]["description"],
            "version": build.api_version,
        },
        "paths": {
            f"/{build.api_version}/predict": {"post": _predict_operation()},
            f"/{build.api_version}/openapi.json": {"get": _openapi_operation()},
        },
        "components": {
            "schemas": schemas,
            "headers": {
                name: {"description": text, "schema": {"type": "string"}}
                for name, text in HEADERS.items()
            },
        },
        "x-golden-requests": [
            {"name": name, "request": request, "response": _golden(build, name, success, request)}
            for name, success, request in golden_requests(build.api_version)
        ],
    }


def _predict_operation() -> dict[str, Any]:
    request = {
        "schema": _reference(PredictRequest),
        "example": msgspec.to_builtins(EXAMPLE_REQUEST),
    }
    response = {
        "schema": _reference(PredictResponse),
        "example": msgspec.to_builtins(EXAMPLE_RESPONSE),
    }
    return {
        "operationId": "predict",
        "summary": "Predict a batch of instances.",
        "requestBody": {"required": True, "content": {"application/json": request}},
        "responses": {"200": _response("One prediction per instance.", response)}
        | _problems(400, 404, 413, 415, 422, 500),
    }


def _openapi_operation() -> dict[str, Any]:
    return {
        "operationId": "openapi",
        "summary": "This document.",
        "responses": {"200": _response("This document.", {"schema": {"type": "object"}})}
        | _problems(404, 500),
    }


def _problems(*statuses: int) -> dict[str, Any]:
    content = {"schema": _reference(ProblemDetails)}
    return {
        str(status): _response(TITLES[status], content, "application/problem+json")
        for status in statuses
    }


def _response(
    description: str, content: dict[str, Any], media_type: str = "application/json"
) -> dict[str, Any]:
    return {
        "description": description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS},
        "content": {media_type: content},
    }


def _reference(type_: type) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{type_.__name__}"}


def _golden(build: Build, name: str, success: bool, request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a golden request, which is no failure, and a success where it must be.

    Raises:
        ValueError: it isn't.
    """
    response = _response_to(build, request)
    if response.status == HTTPStatus.OK or not (success or response.status >= 500):
        return _stored(response)
    reason = response.error.strip().splitlines()[-1] if response.error else response.body.decode()
    raise ValueError(
        f"golden request “{name}”: serving/contract.py leads to {response.status}, because {reason}"
    )


def answer(build: Build, request: dict[str, Any]) -> dict[str, Any]:
    """How the app answers a golden request: all that no release, state or model changes."""
    return _stored(_response_to(build, request))


def _response_to(build: Build, request: dict[str, Any]) -> Response:
    app = App(Release(build), ExampleModel(), openapi=b"{}")
    headers = {name.lower(): value for name, value in request["headers"].items()}
    body = request["body"].encode()
    return app(Request(request["method"], request["path"], headers, body, "fallback"))


def _stored(response: Response) -> dict[str, Any]:
    return {
        "status": response.status,
        "headers": {k: v for k, v in response.headers if k != "X-Model-Release"},
        "body": response.body.decode(),
    }


def broken_promises(build: Build, old: dict[str, Any]) -> list[str]:
    """What a client of the contract `old` would notice if this working tree answered."""
    changes = breaking_changes(old, document(build))
    for golden in old["x-golden-requests"]:
        was, now = golden["response"], answer(build, golden["request"])
        parts = [part for part in was if was[part] != now[part]]
        if was["status"] == now["status"] == HTTPStatus.OK:
            # The stored answer is an example: new weights change answers.
            parts = [part for part in parts if part != "body"]
        if parts:
            differ = f"status was {was['status']}, is {now['status']}"
            if "status" not in parts:
                differ = f"another {' and other '.join(reversed(parts))}"
            changes.append(f"golden request “{golden['name']}”: {differ}.")
    return changes


def refusal(build: Build, contracts: Path, stacks: Path) -> str | None:
    """Why the contract may not be written, with what to do; None where it may."""
    path = contracts / f"{build.api_version}.json"
    reasons = frozen(stacks).get(build.api_version)
    if not reasons:
        return None
    if not path.exists():
        changes = [f"contracts/{path.name} is missing: get it back from git."]
    else:
        changes = broken_promises(build, json.loads(path.read_text(encoding="utf-8")))
    if not changes:
        return None
    following = 1 + max(int(other.stem[1:]) for other in (*contracts.glob("v*.json"), path))
    return "\n".join(
        [
            f"The contract of {build.api_version} is frozen, because {' and '.join(reasons)}.",
            "Old clients would notice:",
            *(f"  - {change}" for change in changes),
            f'Take that back, or make it v{following}: set api_version = "v{following}" under'
            " [tool.serving] in pyproject.toml, raise the release, run `make contract`, and add"
            f" v{following} beside {build.api_version} in the stack files.",
        ]
    )


def text(contract: dict[str, Any]) -> str:
    """The contract as it stands in its file."""
    return json.dumps(contract, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the contract, unless it is frozen and old clients would notice."""
    try:
        build = own_build()
    except Refused as problem:
        problem.end()
    path = ROOT / "contracts" / f"{build.api_version}.json"
    try:
        contract = document(build)
        problem = refusal(build, path.parent, ROOT)
    except ValueError as error:
        sys.exit(str(error))
    if problem:
        sys.exit(problem)
    path.write_text(text(contract), encoding="utf-8")
    print(f"wrote contracts/{path.name}")


if __name__ == "__main__":
    main()
