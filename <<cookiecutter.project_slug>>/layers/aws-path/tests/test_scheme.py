"""The path scheme: one document for all API versions, each under a path of its own."""

import random
import re

import pytest

from infra.config import ApiVersion
from tests.support import Adapter
from tests.test_openapi import DEPRECATED, front, operations, said, version


@pytest.mark.parametrize("path", ["/", "/{proxy+}"])
def test_what_no_version_owns_is_not_found_and_names_no_version(app: Adapter, path: str) -> None:
    answer = said(operations(front(v1=version()))[f"ANY {path}"])
    assert answer.body == app("GET", "/nothing", (), b"").body
    assert answer.headers.keys() == {"content-type", "x-request-id"}


def test_a_retired_version_leaves_the_others_their_paths() -> None:
    paths = front(v1=version(state="retired"), v2=version())["paths"]
    assert [path for path in paths if path.startswith("/v1")] == ["/v1", "/v1/{proxy+}"]
    assert paths["/v2/predict"] == front(v2=version())["paths"]["/v2/predict"]


def test_the_gateways_own_errors_are_of_no_version() -> None:
    for response in front(v1=version(**DEPRECATED))[
        "x-amazon-apigateway-gateway-responses"
    ].values():
        own = {"gatewayresponse.header.Content-Type", "gatewayresponse.header.Retry-After"}
        assert response["responseParameters"].keys() <= own


def random_versions(source: random.Random) -> dict[str, ApiVersion]:
    states = ({}, DEPRECATED, DEPRECATED | {"state": "retired"}, {"state": "retired"})
    names = source.sample(range(1, 1_000), source.randrange(1, 6))
    return {f"v{number}": version(**source.choice(states)) for number in names}


def test_a_further_version_only_adds_to_the_document() -> None:
    for seed in range(100):
        source = random.Random(seed)
        versions = random_versions(source)
        *others, last = versions
        auth = source.choice(["api_key", "iam", "none"])
        after = front(auth, **versions)
        before = front(auth, **{name: versions[name] for name in others})
        for key in before:
            if key == "paths":
                own = {path for path in after["paths"] if re.match(rf"/{last}(/|$)", path)}
                assert after["paths"].keys() - before["paths"].keys() == own
                assert all(
                    after["paths"][path] == before["paths"][path] for path in before["paths"]
                )
            elif key != "x-amazon-apigateway-documentation":
                assert after[key] == before[key]
