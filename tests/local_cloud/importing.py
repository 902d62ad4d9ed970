"""What API Gateway does with an imported OpenAPI document, as calls: ministack ignores documents.

Methods that did not change since the document before are left alone, so that a version in service
goes on answering through an update.
"""

import json
from typing import Any

type Document = dict[str, Any]

ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
# All that a document may hold here; anything else would be dropped in silence.
KEYS = {
    "openapi",
    "info",
    "servers",  # which wants no operation: the import itself has set what it says
    "paths",
    "components",
    "x-amazon-apigateway-api-key-source",
    "x-amazon-apigateway-documentation",
    "x-amazon-apigateway-gateway-responses",
}
INTEGRATION_INPUTS = {
    "type": "type",
    "uri": "uri",
    "credentials": "credentials",
    "requestParameters": "requestParameters",
    "httpMethod": "integrationHttpMethod",
    "requestTemplates": "requestTemplates",
    "timeoutInMillis": "timeoutInMillis",
    "passthroughBehavior": "passthroughBehavior",
}


def import_document(gateway: Any, api: str, document: Document, old: Document) -> None:
    """Bring an API from the document `old` ({}: none yet) to `document`.

    Raises:
        NotImplementedError: the document holds what nothing here applies.
    """
    if unknown := document.keys() - KEYS:
        raise NotImplementedError(f"in the document: {', '.join(sorted(unknown))}")
    responses = "x-amazon-apigateway-gateway-responses"
    for kind, response in document[responses].items():
        if response != old.get(responses, {}).get(kind):
            gateway.put_gateway_response(restApiId=api, responseType=kind, **response)
    found = gateway.get_resources(restApiId=api, limit=500)["items"]
    resources = {each["path"]: each["id"] for each in found}
    for path, item in document["paths"].items():
        resource = _resource(gateway, api, path, resources)
        for method, operation in item.items():
            if operation != old.get("paths", {}).get(path, {}).get(method):
                key = _key(api, resource, method)
                _put_method(gateway, key, operation, document)
    for path, item in old.get("paths", {}).items():
        for method in item:
            if method not in document["paths"].get(path, {}):
                gateway.delete_method(**_key(api, resources[path], method))
    _document_parts(gateway, api, document, old)


def _resource(gateway: Any, api: str, path: str, resources: dict[str, str]) -> str:
    """The id of a path, made with its parents where it is new."""
    at = "/"
    for part in filter(None, path.split("/")):
        parent, at = at, f"{at.rstrip('/')}/{part}"
        if at not in resources:
            made = gateway.create_resource(restApiId=api, parentId=resources[parent], pathPart=part)
            resources[at] = made["id"]
    return resources[at]


def _key(api: str, resource: str, method: str) -> dict[str, str]:
    name = "ANY" if method == ANY else method.upper()
    return {"restApiId": api, "resourceId": resource, "httpMethod": name}


def _put_method(gateway: Any, key: dict[str, str], operation: Document, document: Document) -> None:
    schemes = document["components"].get("securitySchemes", {})
    wanted = [schemes[name] for needed in operation["security"] for name in needed]
    signed = any(scheme.get("x-amazon-apigateway-authtype") == "awsSigv4" for scheme in wanted)
    gateway.put_method(
        **key,
        authorizationType="AWS_IAM" if signed else "NONE",
        apiKeyRequired=any(scheme["name"] == "x-api-key" for scheme in wanted),
        requestParameters={
            f"method.request.path.{each['name']}": True for each in operation.get("parameters", [])
        },
    )
    for status, response in operation["responses"].items():
        headers = response.get("headers", {})
        gateway.put_method_response(
            **key,
            statusCode=status,
            responseParameters={f"method.response.header.{name}": False for name in headers},
        )
    integration = operation[INTEGRATION]
    given = {new: integration[old] for old, new in INTEGRATION_INPUTS.items() if old in integration}
    if unknown := integration.keys() - INTEGRATION_INPUTS.keys() - {"responses"}:
        raise NotImplementedError(f"in an integration: {', '.join(sorted(unknown))}")
    for name in given.keys() & {"type", "passthroughBehavior"}:
        given[name] = given[name].upper()
    gateway.put_integration(**key, **given)
    responses = integration.get("responses", {})
    if len({each["statusCode"] for each in responses.values()}) < len(responses):
        raise ValueError(f"{key}: a status has one response, and the last would replace the others")
    for pattern, response in responses.items():
        chosen = "" if pattern == "default" else pattern
        gateway.put_integration_response(**key, selectionPattern=chosen, **response)


def _document_parts(gateway: Any, api: str, document: Document, old: Document) -> None:
    extension = "x-amazon-apigateway-documentation"
    if document[extension] != old.get(extension):
        for part in gateway.get_documentation_parts(restApiId=api, limit=500)["items"]:
            gateway.delete_documentation_part(restApiId=api, documentationPartId=part["id"])
        for part in document[extension]["documentationParts"]:
            gateway.create_documentation_part(
                restApiId=api,
                location=part["location"],
                properties=json.dumps(part["properties"]),
            )
