"""An API of its own for each API version: all that it says is that version's."""

import pytest

from tests.support import Adapter
from tests.test_openapi import DEPRECATED, front, operations, said, version


@pytest.mark.parametrize("state", ["live", "deprecated", "retired"])
def test_a_path_is_served_with_and_without_the_name_of_the_version(state: str) -> None:
    own = version() if state == "live" else version(**DEPRECATED | {"state": state})
    paths = front(v1=own)["paths"]
    named = {path for path in paths if path.startswith("/v1")}
    short = {path.removeprefix("/v1") or "/": paths[path] for path in named}
    assert {path: paths[path] for path in paths.keys() - named} == short


@pytest.mark.parametrize("path", ["/", "/{proxy+}"])
def test_what_is_not_found_names_the_version(app: Adapter, path: str) -> None:
    answer = said(operations(front(v1=version(**DEPRECATED)))[f"ANY {path}"])
    assert answer.body == app("GET", "/nothing", (), b"").body
    assert answer.headers["x-api-version"] == "v1"
    assert "sunset" in answer.headers


def test_the_gateways_own_errors_say_what_the_version_says() -> None:
    described = front(v1=version(**DEPRECATED))["x-amazon-apigateway-gateway-responses"]
    for response in described.values():
        assert (
            response["responseParameters"].items()
            >= {
                "gatewayresponse.header.Content-Type": "'application/problem+json'",
                "gatewayresponse.header.X-API-Version": "'v1'",
                "gatewayresponse.header.Deprecation": "'@1796083200'",
                "gatewayresponse.header.Sunset": "'Wed, 31 Mar 2027 00:00:00 GMT'",
                "gatewayresponse.header.Link": (
                    "'<https://example.com/move?from=$v1#to>; rel=\"deprecation\"'"
                ),
            }.items()
        )
