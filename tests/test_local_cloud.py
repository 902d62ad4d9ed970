"""The unchanged program of a rendered project in an emulated AWS, under every versioning scheme.

Each resource is made by real calls, each answer comes through the API from the real zip.
"""

import json
import re
import shutil
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser import Call, page, why_not
from tests.conftest import SCHEMES
from tests.local_cloud.emulator import ACCOUNT, ARCHITECTURE, REGION, emulator
from tests.local_cloud.stack import EXAMPLE, JSON, Answer, Stack, send
from tests.project import QUESTIONS, ROOT, copy_ready, make, render

SLUG = "iris-classifier"
ANSWER = b'{"predictions":[{"species":"setosa","probability":1.0}]}'
DEPRECATED = {
    "state": "deprecated",
    "deprecated_on": "2026-12-01",
    "sunset": "2027-03-31",
    "migration_url": "https://example.com/move#to-v2",
}
SAID_WHEN_DEPRECATED = {
    "deprecation": "@1796083200",
    "sunset": "Wed, 31 Mar 2027 00:00:00 GMT",
    "link": '<https://example.com/move#to-v2>; rel="deprecation"',
}


def version(release: str, **keys: Any) -> dict[str, Any]:
    return {"release": release, "architecture": ARCHITECTURE} | keys


TWO = {"v1": version("0.1.0"), "v2": version("2.0.0")}


@pytest.fixture(scope="session")
def built(prepared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with builds of v1 (0.1.0), v2 (2.0.0 and 2.1.0) and v3, and their contracts."""
    ready = prepared("lambda")
    project = copy_ready(ready, tmp_path_factory.mktemp("built") / ready.name)
    pyproject = project / "pyproject.toml"
    for name, release in (("v1", "0.1.0"), ("v2", "2.0.0"), ("v2", "2.1.0"), ("v3", "3.0.0")):
        text = re.sub(
            '^version = ".*"', f'version = "{release}"', pyproject.read_text(), flags=re.M
        )
        pyproject.write_text(re.sub('api_version = ".*"', f'api_version = "{name}"', text))
        said = make(project, "contract", "build", f"ARCH={ARCHITECTURE}")
        assert said.returncode == 0, said.stdout
    return project


@pytest.fixture(scope="session", params=QUESTIONS["versioning"])
def project(request: Any, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of each scheme, with those builds."""
    folder = tmp_path_factory.mktemp(request.param) / "out"
    project = render(folder, versioning=request.param)
    stack = project / "Pulumi.dev.yaml"
    text = stack.read_text("utf-8")
    # The placeholders, filled in.
    for old, new in (("-dev.example.com", ".example.org"), ("0" * 12, ACCOUNT)):
        text = text.replace(old, new)
    stack.write_text(text.replace("certificate/placeholder", "certificate/own"), "utf-8")
    shutil.copytree(built / "dist", project / "dist")
    shutil.copytree(built / "contracts", project / "contracts", dirs_exist_ok=True)
    return project


def scheme_of(project: Path) -> str:
    return json.loads((project / ".template.json").read_text())["answers"]["versioning"]


@pytest.fixture
def empty(project: Path) -> Iterator[Stack]:
    """A cloud with nothing in it."""
    with emulator() as url:
        yield Stack(url, project, scheme_of(project))


@pytest.fixture
def by_path(built: Path, tmp_path: Path) -> Iterator[Stack]:
    """A cloud with nothing in it, for what is the same under every scheme."""
    project = tmp_path / "by-path"
    shutil.copytree(built, project, symlinks=True)
    with emulator() as url:
        yield Stack(url, project, "path")


@pytest.fixture(scope="session")
def two(project: Path) -> Iterator[Stack]:
    """A cloud with v1 and v2, reached with a key; not to be changed."""
    with emulator() as url:
        stack = Stack(url, project, scheme_of(project))
        stack.up(versions=TWO)
        yield stack


@pytest.fixture(scope="session")
def key(two: Stack) -> dict[str, str]:
    """The headers of a request that may pass."""
    return JSON | two.key()


def golden(project: Path, name: str) -> list[dict[str, Any]]:
    contract = json.loads((project / "contracts" / f"{name}.json").read_text())
    return contract["x-golden-requests"]


def without_id(body: bytes | str) -> dict[str, Any]:
    return json.loads(body) | {"request_id": None}


def promised(stack: Stack, row: str) -> str:
    """What the README's tables say of a request under the stack's scheme."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (cells,) = (line.split(" | ") for line in readme.splitlines() if line.startswith(f"| {row} |"))
    return cells[1 + ["path", "host", "header"].index(stack.scheme)].removesuffix(" |")


def seen(answer: Answer) -> str:
    """An answer as the README's tables put it; the app alone knows the release."""
    who = "app" if "x-model-release" in answer.headers else "front"
    return f"{who} {answer.status}" + (", Sunset" if "sunset" in answer.headers else "")


def test_the_readme_says_who_answers_what(two: Stack, key: dict[str, str]) -> None:
    predict = ("v1", "/predict", EXAMPLE)
    unserved = key | {"X-API-Version": "v99"}
    for row, answer in {
        "`POST /predict` of an API version": two.send(*predict, key),
        "… without the key": two.send(*predict),
        "… with an `X-API-Version` that is not served": two.send(*predict, unserved),
        "… that breaks the contract": two.send("v1", "/predict", b"{}", key),
        "`DELETE /predict`": two.send(*predict, key, "DELETE"),
        "`GET /openapi.json`": two.send("v1", "/openapi.json", b"", key, "GET"),
        "a path that does not exist": two.send("v1", "/nothing", EXAMPLE, key),
    }.items():
        assert seen(answer) == promised(two, row), row


def test_a_prediction_and_the_contract_need_the_key(two: Stack, key: dict[str, str]) -> None:
    for headers in (JSON, JSON | {"X-API-Key": "another"}):
        refused = two.send("v1", "/predict", EXAMPLE, headers)
        assert refused.status == 403
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json["detail"] == "Send a valid API key in the header X-API-Key."
        assert two.send("v1", "/openapi.json", headers=headers, method="GET").status == 403
    answer = two.send("v1", "/predict", EXAMPLE, key)
    assert (answer.status, answer.body) == (200, ANSWER)


def test_two_versions_answer_at_once_each_from_its_own_build(
    two: Stack, key: dict[str, str]
) -> None:
    for name in TWO:
        answer = two.send(name, "/predict", EXAMPLE, key)
        assert answer.status == 200
        assert answer.headers["x-api-version"] == name
        assert answer.headers["x-model-release"] == TWO[name]["release"]


def test_every_golden_request_gets_its_answer(two: Stack, key: dict[str, str]) -> None:
    for each in golden(two.project, "v1"):
        request, promised = each["request"], each["response"]
        path = request["path"].removeprefix("/v1")
        if two.scheme == "path" and request["path"] == "/predict":
            continue  # names no API version
        headers = key | request["headers"]
        answer = two.send("v1", path, request["body"].encode(), headers, request["method"])
        assert answer.status == promised["status"], each["name"]
        if answer.status == 200:
            assert answer.json.keys() == json.loads(promised["body"]).keys()
        else:  # the front's own answers have an id of its own
            assert without_id(answer.body) == without_id(promised["body"]), each["name"]
        for name, value in promised["headers"].items():
            if name != "X-Request-Id":
                assert answer.headers[name.lower()] == value, each["name"]


def test_a_check_finds_what_the_stack_file_says(two: Stack) -> None:
    said = two.check(versions=TWO)
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.splitlines() == [
        "v1: release 0.1.0, as Pulumi.live.yaml says.",
        "v2: release 2.0.0, as Pulumi.live.yaml says.",
    ]


def test_a_check_finds_what_the_stack_file_does_not_say(two: Stack) -> None:
    wanted = {"v1": TWO["v1"] | DEPRECATED, "v2": version("2.1.0"), "v3": version("3.0.0")}
    said = two.check(versions=wanted)
    assert said.returncode == 1, said.stdout
    found = re.findall(r"^(v\d): .*?((?:is not|has) .*?)[,;]", said.stderr, re.MULTILINE)
    assert found == [
        ("v3", "is not deployed: the outputs have no v3_base_url"),
        ("v1", "has no Deprecation"),
        ("v1", "has no Sunset"),
        ("v1", "has no Link"),
        ("v2", "has X-Model-Release 2.0.0"),
    ]


def test_a_body_of_more_than_a_mebibyte_is_too_large(two: Stack, key: dict[str, str]) -> None:
    answer = two.send("v1", "/predict", b" " * 1_048_577, key)
    assert (answer.status, answer.json["title"]) == (413, "Content Too Large")


def test_the_contract_is_served_to_the_byte(two: Stack, key: dict[str, str]) -> None:
    for name in TWO:
        answer = two.send(name, "/openapi.json", headers=key, method="GET")
        assert answer.status == 200
        assert answer.body == (two.project / "contracts" / f"{name}.json").read_bytes()


def test_an_error_has_the_id_of_its_request(two: Stack) -> None:
    answer = two.send("v1", "/predict", method="DELETE")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert answer.json["request_id"] == answer.headers["x-request-id"] != ""


def test_a_clients_key_works_until_it_goes_and_its_plan_has_its_limits(by_path: Stack) -> None:
    limited = {"rate": 10, "burst": 20, "quota_per_day": 100_000}
    by_path.up(versions={"v1": TWO["v1"]}, clients={"acme": limited, "beta": {"keys": ["a", "b"]}})
    gateway = by_path.client("apigateway")
    plans = {each["name"]: each for each in gateway.get_usage_plans()["items"]}
    plan = plans["iris-classifier-dev-client-acme"]
    assert plan["throttle"] == {"rateLimit": 10, "burstLimit": 20}
    assert plan["quota"].items() >= {"limit": 100_000, "period": "DAY"}.items()
    asked = ("v1", "/predict", EXAMPLE)
    keys = [by_path.key(), by_path.key("acme"), by_path.key("beta", "a"), by_path.key("beta", "b")]
    assert len({key["X-API-Key"] for key in keys}) == 4
    assert [by_path.send(*asked, JSON | key).status for key in keys] == [200] * 4
    by_path.up(
        versions={"v1": TWO["v1"]},
        clients={"acme": limited | {"rate": 5}, "beta": {"keys": ["b"]}},
        default_key=False,
    )
    assert [by_path.send(*asked, JSON | key).status for key in keys] == [403, 200, 403, 200]
    plans = {each["name"]: each for each in gateway.get_usage_plans()["items"]}
    assert plans.keys() == {f"iris-classifier-dev-client-{each}" for each in ("acme", "beta")}
    assert plans["iris-classifier-dev-client-acme"]["throttle"]["rateLimit"] == 5
    changed = {"versions": {"v1": TWO["v1"]}, "clients": {"beta": {"keys": ["b"]}}}
    by_path.up(**changed, default_key=False)
    assert by_path.send(*asked, JSON | keys[1]).status == 403
    said = by_path.check(**changed, default_key=False)
    assert said.stdout == "v1: release 0.1.0, as Pulumi.live.yaml says.\n", said.stderr
    printed = by_path.tool("key", "live", "--client", "beta", "--outputs", "outputs.json")
    assert printed.stdout.strip() == keys[3]["X-API-Key"]


@pytest.mark.parametrize("project", ["header"], indirect=True)
def test_the_default_version_answers_what_names_none(two: Stack, key: dict[str, str]) -> None:
    url, headers = two.address("v1", "/predict")
    del headers["X-API-Version"]
    assert send("POST", url, headers | key, EXAMPLE).headers["x-api-version"] == "v1"
    unknown = send("POST", url, headers | key | {"X-API-Version": "v7"}, EXAMPLE)
    assert unknown.status == 404
    assert unknown.json["detail"] == "X-API-Version is not v1, which is served here."


def test_all_versions_are_served_at_a_domain_with_its_records(by_path: Stack) -> None:
    route53 = by_path.client("route53")
    made = route53.create_hosted_zone(Name="example.org", CallerReference="1")["HostedZone"]
    zone = made["Id"].removeprefix("/hostedzone/")
    arn = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/of-the-domain"
    domain = {"name": "api.example.org", "certificate_arn": arn, "hosted_zone_id": zone}
    keys: dict[str, Any] = {"versions": {"v1": TWO["v1"]}, "domain": domain | {"only": True}}
    by_path.up(**keys)
    assert by_path.outputs["v1_url"] == "https://api.example.org/v1/predict"
    headers = JSON | by_path.key() | {"Host": "api.example.org"}
    answer = send("POST", f"{by_path.url}/v1/predict", headers, EXAMPLE)
    assert (answer.status, answer.body) == (200, ANSWER)
    records = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    aliases = {each["Type"]: each["AliasTarget"] for each in records if "AliasTarget" in each}
    assert {kind: alias["DNSName"].rstrip(".") for kind, alias in aliases.items()} == {
        "A": "local-api.example.org",
        "AAAA": "local-api.example.org",
    }
    (api,) = by_path.client("apigateway").get_rest_apis()["items"]
    assert api["disableExecuteApiEndpoint"] is True
    said = by_path.check("--address", by_path.url.removeprefix("http://"), **keys)
    assert said.stdout == "v1: release 0.1.0, as Pulumi.live.yaml says.\n", said.stderr
    by_path.up(**keys | {"domain": domain})
    (api,) = by_path.client("apigateway").get_rest_apis()["items"]
    assert api["disableExecuteApiEndpoint"] is False


@pytest.mark.parametrize("project", ["host"], indirect=True)
def test_a_version_is_served_at_a_domain_of_its_own(empty: Stack) -> None:
    arn = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/of-the-domain"
    domain = {"name": "v1.example.org", "certificate_arn": arn}
    empty.up(versions={"v1": TWO["v1"] | {"domain": domain}})
    assert empty.outputs["v1_url"] == "https://v1.example.org/predict"
    headers = JSON | empty.key() | {"Host": "v1.example.org"}
    answer = send("POST", f"{empty.url}/predict", headers, EXAMPLE)
    assert (answer.status, answer.body) == (200, ANSWER)


@contextmanager
def called_throughout(stack: Stack, name: str, headers: dict[str, str]) -> Iterator[Counter[Any]]:
    """Calls a version all the while; counts statuses with releases."""
    answers: Counter[Any] = Counter()
    stop = threading.Event()

    def call() -> None:
        while not stop.is_set():
            try:
                answer = stack.send(name, "/predict", EXAMPLE, headers)
                answers[answer.status, answer.headers.get("x-model-release")] += 1
            except OSError as error:
                answers[repr(error)] += 1
            time.sleep(0.03)  # the throttle takes 50 a second

    thread = threading.Thread(target=call)
    thread.start()
    try:
        yield answers
    finally:
        stop.set()
        thread.join()


def names(stack: Stack) -> set[str]:
    """What was changed, as "update Function v1"."""
    prefix = f"{SLUG}-dev"
    return {re.sub(rf" {prefix}-?(v\d+)?\S*", r" \1", each).strip() for each in stack.changes}


@pytest.mark.parametrize("project", SCHEMES, indirect=True)
def test_the_life_of_two_versions(empty: Stack) -> None:
    stack = empty
    stack.up(versions=TWO)
    headers = JSON | stack.key()
    front = {"replace RestApiPut v1", "replace Deployment v1", "update Stage v1"}
    if stack.scheme == "path":
        front = {each.removesuffix(" v1") for each in front}

    assert stack.up(versions=TWO) == []  # what is the same changes nothing

    with called_throughout(stack, "v1", headers) as calls:
        stack.up(versions=TWO | {"v2": version("2.1.0")})
        assert names(stack) == {"update Function v2", "update Alias v2"}
        assert stack.send("v2", "/predict", EXAMPLE, headers).headers["x-model-release"] == "2.1.0"

        stack.up(versions=TWO)
        assert stack.send("v2", "/predict", EXAMPLE, headers).headers["x-model-release"] == "2.0.0"

        stack.up(versions=TWO | {"v3": version("3.0.0")})
        touched = {each for each in names(stack) if not each.startswith("create")}
        shared = front if stack.scheme == "path" else {"update UsagePlan"}
        assert touched == shared | {"update Dashboard"}
        assert stack.send("v3", "/predict", EXAMPLE, headers).headers["x-api-version"] == "v3"
    ((said, count),) = calls.items()
    assert said == (200, "0.1.0")
    assert count > 20

    stack.up(versions=TWO | {"v1": TWO["v1"] | DEPRECATED})
    touched = {each for each in names(stack) if not each.endswith("v3")}
    touched -= {"update UsagePlan", "update Dashboard"}  # v3 is gone
    assert touched == front | {"update Function v1", "update Alias v1"}
    for method, path, status in (
        ("POST", "/predict", 200),
        ("DELETE", "/predict", 405),
        ("POST", "/nothing", 404),
        ("GET", "/openapi.json", 200),
    ):
        answer = stack.send("v1", path, EXAMPLE, headers, method)
        assert answer.status == status
        assert SAID_WHEN_DEPRECATED.items() <= answer.headers.items(), path
    live = stack.send("v2", "/predict", EXAMPLE, headers)
    assert {"deprecation", "sunset", "link"}.isdisjoint(live.headers)
    said = stack.check(versions=TWO | {"v1": TWO["v1"] | DEPRECATED})
    assert said.returncode == 0, said.stderr
    for row, answer in {
        "deprecated: a prediction": stack.send("v1", "/predict", EXAMPLE, headers),
        "deprecated: a wrong method": stack.send("v1", "/predict", method="DELETE"),
        # Under the path scheme the front's own errors are of no version.
        "deprecated: no key": stack.send("v1", "/predict", EXAMPLE),
    }.items():
        assert seen(answer) == promised(stack, row), row

    other = {"default_version": "v2"} if stack.scheme == "header" else {}
    retired = TWO | {"v1": TWO["v1"] | DEPRECATED | {"state": "retired"}}
    stack.up(versions=retired, **other)
    said = stack.check(versions=retired, **other)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("v1: retired, as Pulumi.live.yaml says.\n")
    for path in ("/predict", "/openapi.json", "/nothing"):
        gone = stack.send("v1", path, EXAMPLE, headers)
        assert (gone.status, gone.headers["content-type"]) == (410, "application/problem+json")
        assert seen(gone) == promised(stack, "retired: any")
        assert gone.json["detail"] == (
            "v1 was retired on 2027-03-31. How to move on: https://example.com/move#to-v2"
        )
        assert SAID_WHEN_DEPRECATED.items() <= gone.headers.items()
    functions = stack.client("lambda").list_functions()["Functions"]
    assert [each["FunctionName"] for each in functions] == [f"{SLUG}-dev-v2"]
    assert stack.send("v2", "/predict", EXAMPLE, headers).status == 200


def refused(stack: Stack, versions: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError, match=r"Warnings found during import: .* is doubted"):
        stack.up(versions=versions)


def test_a_document_that_is_refused_is_tried_again_and_the_old_one_answers_meanwhile(
    by_path: Stack,
) -> None:
    stack, gateway = by_path, by_path.client("apigateway")
    stack.up(versions={"v1": TWO["v1"]})
    (api,) = gateway.get_rest_apis()["items"]
    deployed, headers = gateway.get_deployments(restApiId=api["id"])["items"], JSON | stack.key()
    new = f"{stack.base_urls['v1'].removesuffix('/v1')}/v2/predict"
    with called_throughout(stack, "v1", headers) as calls:
        stack.doubt("/v2/predict")
        for _ in range(2):
            refused(stack, TWO)
            assert gateway.get_deployments(restApiId=api["id"])["items"] == deployed
            assert send("POST", new, headers, EXAMPLE).status == 404
        stack.doubt("")
        stack.up(versions=TWO)
        assert {"replace RestApiPut", "replace Deployment", "update Stage"} <= names(stack)
        assert send("POST", new, headers, EXAMPLE).status == 200
        assert stack.up(versions=TWO) == []
    assert {*calls} == {(200, "0.1.0")}


def test_a_first_document_that_is_refused_is_imported_by_the_deploy_that_mends_it(
    by_path: Stack,
) -> None:
    by_path.doubt("/v1/predict")
    for _ in range(2):
        refused(by_path, {"v1": TWO["v1"]})
    by_path.doubt("")
    by_path.up(versions={"v1": TWO["v1"]})
    assert by_path.send("v1", "/predict", EXAMPLE, JSON | by_path.key()).status == 200


def test_what_an_import_resets_is_as_the_document_says(by_path: Stack) -> None:
    gateway = by_path.client("apigateway")
    by_path.up(versions={"v1": TWO["v1"]})
    (api,) = gateway.get_rest_apis()["items"]
    by_hand = {"apiKeySource": "AUTHORIZER", "policy": "{}", "name": "by-hand"}
    changes = [{"op": "replace", "path": f"/{k}", "value": v} for k, v in by_hand.items()]
    gateway.update_rest_api(restApiId=api["id"], patchOperations=changes)
    by_path.up(versions=TWO)
    (after,) = gateway.get_rest_apis()["items"]
    assert after == api
    assert (api["name"], api["endpointConfiguration"]) == (f"{SLUG}-dev", {"types": ["REGIONAL"]})


def rebuild(stack: Stack, without: str | tuple[str, ...], **added: str) -> None:
    """Replace the zip of v1 by one without what starts so, and with other files."""
    whole = stack.project / f"dist/{SLUG}-0.1.0-{ARCHITECTURE}.zip"
    changed = whole.with_name("changed.zip")
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            if not entry.startswith(without):
                new.writestr(entry, old.read(entry))
        for name, text in added.items():
            new.writestr(f"serving/{name}.py", text)
    shutil.move(changed, whole)


def test_a_function_that_can_not_start_is_a_502(by_path: Stack) -> None:
    rebuild(by_path, without="model/model.onnx")
    by_path.up(versions={"v1": TWO["v1"]})
    answer = by_path.send("v1", "/predict", EXAMPLE, JSON | by_path.key())
    assert (answer.status, answer.headers["content-type"]) == (502, "application/problem+json")
    assert answer.json["detail"] == (
        "The model failed, or took too long. Send fewer instances at once."
    )
    assert b"onnx" not in answer.body


def test_a_call_that_lambda_has_no_room_for_is_a_503_that_blames_nobody(built: Path) -> None:
    with emulator(LAMBDA_ACCOUNT_CONCURRENCY="1") as url, ThreadPoolExecutor(4) as pool:
        stack = Stack(url, built, "path")
        stack.up(versions={"v1": TWO["v1"]})
        headers = JSON | stack.key()
        calls = [pool.submit(stack.send, "v1", "/predict", EXAMPLE, headers) for _ in range(4)]
        answers = [call.result() for call in calls]
    assert {answer.status for answer in answers} == {200, 503}
    for answer in answers:
        if answer.status == 503:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"] == "1"
            assert answer.json["detail"] == (
                "This request did not reach the model. Send it again a little later."
            )


def test_a_model_that_fails_is_a_500_and_the_log_says_why(by_path: Stack) -> None:
    broken = "class Predictor:\n    def predict(self, instances):\n        return 1 / 0\n"
    rebuild(by_path, "serving/predictor.py", predictor=broken)
    rebuild(by_path, "serving/__pycache__/predictor")
    by_path.up(versions={"v1": TWO["v1"]})
    answer = by_path.send("v1", "/predict", EXAMPLE, JSON | by_path.key())
    assert (answer.status, answer.json["title"]) == (500, "Internal Server Error")
    group = by_path.outputs["v1_log_group"]
    events = by_path.client("logs").filter_log_events(logGroupName=group)
    lines = [each["message"] for each in events["events"] if each["message"].startswith("{")]
    (line,) = map(json.loads, lines)
    assert line["request_id"] == answer.json["request_id"]
    assert "ZeroDivisionError" in line["error"]


def test_who_calls_is_asked_of_the_log(two: Stack, key: dict[str, str]) -> None:
    assert two.send("v1", "/predict", EXAMPLE, JSON | key).status == 200
    said = two.tool("callers", "dev", "v1", "--since", "1h")
    assert said.returncode == 1, said.stdout + said.stderr
    client, *_, share, percent = said.stdout.splitlines()[1].split()
    assert (client, share, percent) == (f"{SLUG}-dev", "100.0", "%")
    gone = two.tool("callers", "dev", "v3")
    assert gone.returncode == 2
    assert "VERSION is 'v3'; Pulumi.dev.yaml has" in gone.stderr


def test_who_signs_may_call_what_a_policy_allows(project: Path) -> None:
    with emulator(AUTH="true") as url:
        stack = Stack(url, project, scheme_of(project))
        stack.up(versions={"v1": TWO["v1"]}, auth="iam")
        iam = stack.client("iam")
        keys = {}
        for user in ("caller", "stranger"):
            iam.create_user(UserName=user)
            made = iam.create_access_key(UserName=user)["AccessKey"]
            keys[user] = made["AccessKeyId"], made["SecretAccessKey"]
        allow = {"Effect": "Allow", "Action": "execute-api:Invoke"}
        statement = allow | {"Resource": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:*/live/POST/*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="caller", PolicyName="call", PolicyDocument=document)
        answer = stack.signed("v1", "/predict", EXAMPLE, keys["caller"])
        assert (answer.status, answer.body) == (200, ANSWER)
        said = stack.check(key=keys["caller"], versions={"v1": TWO["v1"]}, auth="iam")
        assert said.returncode == 0, said.stderr
        said = stack.check(key=keys["stranger"], versions={"v1": TWO["v1"]}, auth="iam")
        assert "has status 403, not 200; see “On a bad night” in README.md." in said.stderr
        for key in (keys["stranger"], (keys["caller"][0], "wrong")):
            assert stack.signed("v1", "/predict", EXAMPLE, key).status == 403
        for method, path in (("POST", "/predict"), ("GET", "/openapi.json")):
            unsigned = stack.send("v1", path, EXAMPLE, method=method)
            assert unsigned.status == 403
            assert unsigned.headers["content-type"] == "application/problem+json"
            assert unsigned.json["detail"] == "This request is not allowed."
        assert stack.send("v1", "/nothing").status == 404


def test_every_option_is_applied(by_path: Stack) -> None:
    topic = "arn:aws:sns:eu-central-1:123456789012:bad-nights"
    options = {"tracing": True, "manage_account_logging": True, "alarm_topic": topic}
    by_path.up(versions={"v1": TWO["v1"] | {"reserved_concurrency": 5}}, **options)
    (api,) = by_path.client("apigateway").get_rest_apis()["items"]
    key = {"restApiId": api["id"], "stageName": "live"}
    stage = by_path.client("apigateway").get_stage(**key)
    assert stage["tracingEnabled"]
    assert stage["methodSettings"]["*/*"]["loggingLevel"] == "ERROR"
    groups = by_path.client("logs").describe_log_groups()["logGroups"]
    kept = {each["logGroupName"]: each["retentionInDays"] for each in groups}
    own = kept[by_path.outputs["v1_log_group"]]
    assert kept[f"API-Gateway-Execution-Logs_{api['id']}/live"] == own
    assert json.loads(stage["accessLogSettings"]["format"])["status"] == "$context.status"
    alarms = by_path.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert [alarm["AlarmActions"] for alarm in alarms] == [[topic]] * 5
    by_path.up(versions={"v1": TWO["v1"]})
    stage = by_path.client("apigateway").get_stage(**key)
    assert stage["methodSettings"]["*/*"]["loggingLevel"] == "OFF"
    assert by_path.send("v1", "/predict", EXAMPLE, JSON | by_path.key()).status == 200


SHARED = """
import os

from serving.contract import Prediction


class Predictor:
    def predict(self, instances):
        share = float(os.environ["SHARE"])
        return [Prediction(species="setosa", probability=share) for _ in instances]
"""


def test_a_secret_is_read_at_the_start_and_a_rotated_one_at_the_next(by_path: Stack) -> None:
    rebuild(by_path, "serving/predictor.py", predictor=SHARED)
    rebuild(by_path, "serving/__pycache__/predictor")
    manager = by_path.client("secretsmanager")
    arn = manager.create_secret(Name=f"{SLUG}/share", SecretString="0.25")["ARN"]
    v1 = TWO["v1"] | {"secrets": {"SHARE": arn}}

    def share() -> float:
        answer = by_path.send("v1", "/predict", EXAMPLE, JSON | by_path.key())
        return answer.json["predictions"][0]["probability"]

    by_path.up(versions={"v1": v1})
    assert share() == 0.25
    name = by_path.outputs["v1_function"]
    told = by_path.client("lambda").get_function_configuration(FunctionName=name)
    assert told["Environment"]["Variables"]["SECRETS"] == json.dumps(
        {"SHARE": arn}, separators=(",", ":")
    )
    manager.put_secret_value(SecretId=arn, SecretString="0.5")
    assert share() == 0.25
    by_path.up(versions={"v1": v1 | {"env": {"ROTATED": "2026-12-01"}}})
    assert share() == 0.5


def test_a_secret_that_is_missing_starts_nothing_and_lambda_is_told_which(by_path: Stack) -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{SLUG}/gone-a1B2c3"
    by_path.up(versions={"v1": TWO["v1"] | {"secrets": {"SHARE": arn}}})
    assert by_path.send("v1", "/predict", EXAMPLE, JSON | by_path.key()).status == 502
    name = by_path.outputs["v1_function"]
    failed = by_path.client("lambda").invoke(FunctionName=name, Qualifier="live", Payload=b"{}")
    said = f"SHARE: there is no secret {arn}; make it, or correct secrets.SHARE."
    assert said in failed["Payload"].read().decode()


def test_what_an_account_asks_for_is_applied_and_taken_back(by_path: Stack) -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"
    policy = by_path.project / "reads.json"
    statement = {"Effect": "Allow", "Action": ["s3:GetObject"]}
    statement["Resource"] = ["arn:aws:s3:::features/*"]
    written = {"Version": "2012-10-17", "Statement": [statement]}
    policy.write_text(json.dumps(written), "utf-8")
    vpc = {"subnets": ["subnet-0a1b2c3d"], "security_groups": ["sg-01234567"]}
    ruled = {"policy": policy.name, "vpc": vpc, "provisioned_concurrency": 1}
    by_path.up(versions={"v1": TWO["v1"] | ruled}, kms_key=key)
    name = by_path.outputs["v1_function"]
    lambda_, iam = by_path.client("lambda"), by_path.client("iam")
    found = lambda_.get_function_configuration(FunctionName=name)
    assert found["KMSKeyArn"] == key
    assert found["VpcConfig"]["SubnetIds"] == vpc["subnets"]
    kept = {"FunctionName": name, "Qualifier": "live"}
    assert (
        lambda_.get_provisioned_concurrency_config(**kept)[
            "RequestedProvisionedConcurrentExecutions"
        ]
        == 1
    )
    (own,) = (
        each for each in iam.list_role_policies(RoleName=name)["PolicyNames"] if "own" in each
    )
    assert iam.get_role_policy(RoleName=name, PolicyName=own)["PolicyDocument"] == written
    assert by_path.send("v1", "/predict", EXAMPLE, JSON | by_path.key()).status == 200
    by_path.up(versions={"v1": TWO["v1"] | {"snap_start": True}})
    found = lambda_.get_function_configuration(FunctionName=name)
    assert found["SnapStart"]["ApplyOn"] == "PublishedVersions"
    assert not found["KMSKeyArn"]
    assert not found["VpcConfig"]["SubnetIds"]
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["writes"]
    with pytest.raises(lambda_.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        lambda_.get_provisioned_concurrency_config(**kept)
    assert by_path.send("v1", "/predict", EXAMPLE, JSON | by_path.key()).status == 200


def test_a_throttled_request_is_told_to_come_back(by_path: Stack) -> None:
    by_path.up(versions={"v1": TWO["v1"]}, auth="none", throttle={"rate": 1, "burst": 1})
    answers = [by_path.send("v1", "/predict", EXAMPLE) for _ in range(5)]
    assert answers[0].status == 200
    throttled = [answer for answer in answers if answer.status == 429]
    assert throttled
    assert throttled[0].json["title"] == "Too Many Requests"


@pytest.fixture
def browser() -> None:
    """A browser; where none runs, a test that needs one says why it is skipped."""
    if reason := why_not():
        pytest.skip(reason)


def called(
    stack: Stack, path: str, headers: dict[str, str] = JSON, method: str = "POST"
) -> Callable[[bytes | None], Call]:
    """How a page calls a path of v1 with a body."""
    port = urlsplit(stack.url).port
    url = stack.base_urls["v1"].replace("https://", "http://") + path
    if stack.scheme == "header":
        headers = headers | {"X-API-Version": "v1"}
        url = url.replace(path, f":{port}{path}")
    return lambda body: (
        url,
        {"method": method, "headers": headers} | ({"body": body.decode()} if body else {}),
    )


def elsewhere(stack: Stack) -> str:
    """Where the stack's domain is, for a browser."""
    host = urlsplit(stack.base_urls["v1"]).hostname
    return f"MAP {host} 127.0.0.1" if stack.scheme == "header" else ""


# A browser sees no difference between the path and the host scheme.
PAGES = ["path", "header", pytest.param("host", marks=pytest.mark.full)]


@pytest.mark.usefixtures("browser")
@pytest.mark.parametrize("project", PAGES, indirect=True)
def test_a_page_of_another_origin_predicts_and_reads_what_went_wrong(empty: Stack) -> None:
    with page() as own:
        # Before a call a browser asks the default version, whichever is called then.
        default = {"default_version": "v2"} if empty.scheme == "header" else {}
        empty.up(versions=TWO, cors={"origin": own.origin}, **default)
        key = JSON | empty.key()
        found = own.fetches(
            called(empty, "/predict", key)(EXAMPLE),
            called(empty, "/predict", key)(b"{}"),
            called(empty, "/predict", key)(b" " * 1_048_577),
            called(empty, "/predict")(EXAMPLE),
            called(empty, "/openapi.json", key, "GET")(None),
            called(empty, "/openapi.json", key)(b"{}"),
            called(empty, "/nothing", key)(b"{}"),
            called(empty, "/predict", key, "DELETE")(None),
            called(empty, "/predict", key | {"X-Strange": "a"})(EXAMPLE),
            hosts=elsewhere(empty),
        )
    prediction, *problems, undeclared, strange = found
    assert (prediction["status"], prediction["body"]) == (200, ANSWER.decode())
    assert prediction["headers"]["x-model-release"] == "0.1.0"
    assert prediction["headers"]["x-request-id"]
    contract = problems.pop(3)
    assert (contract["status"], json.loads(contract["body"])["openapi"]) == (200, "3.1.0")
    assert [each["status"] for each in problems] == [422, 413, 403, 405, 404]
    read = [json.loads(each["body"])["detail"] for each in problems]
    assert read[0] == "Object missing required field `instances`."
    assert read[2] == "Send a valid API key in the header X-API-Key."
    assert problems[3]["headers"]["allow"] == "GET"
    # What the browser was not told before that it may send.
    assert undeclared == strange == {"refused": "TypeError"}


@pytest.mark.usefixtures("browser")
def test_a_page_that_the_stack_file_does_not_name_reads_nothing(by_path: Stack) -> None:
    with page() as own:
        for cors in ({}, {"cors": {"origin": "https://app.example.org"}}):
            by_path.up(versions={"v1": TWO["v1"]}, **cors)
            key = JSON | by_path.key()
            found = own.fetches(
                called(by_path, "/predict", key)(EXAMPLE),
                called(by_path, "/predict")(EXAMPLE),
                called(by_path, "/predict", {})(EXAMPLE),  # without a question before it
                called(by_path, "/nothing", {})(b"{}"),
            )
            assert found == [{"refused": "TypeError"}] * 4
        by_path.up(versions={"v1": TWO["v1"]}, cors={"origin": "*"})
        (answer,) = own.fetches(called(by_path, "/predict", key)(EXAMPLE))
        assert answer["status"] == 200


@pytest.mark.usefixtures("browser")
def test_of_several_origins_each_page_may_call_and_others_read_only_what_says_nothing(
    by_path: Stack,
) -> None:
    with page() as one, page() as another, page() as stranger:
        origins = [one.origin, another.origin]
        by_path.up(versions={"v1": TWO["v1"]}, cors={"origin": origins})
        key = JSON | by_path.key()
        calls = (
            called(by_path, "/predict", key)(EXAMPLE),
            called(by_path, "/predict", key)(b"{}"),
            called(by_path, "/openapi.json", key, "GET")(None),
            called(by_path, "/nothing", {})(b"{}"),
            called(by_path, "/predict", {})(b"{}"),  # without a key, and no question before it
        )
        for own in (one, another):
            statuses = [each["status"] for each in own.fetches(*calls)]
            assert statuses == [200, 422, 200, 404, 403]
        *others, forbidden = stranger.fetches(*calls)
        assert others == [{"refused": "TypeError"}] * 4
        assert forbidden["status"] == 403
        said = by_path.check(versions={"v1": TWO["v1"]}, cors={"origin": origins})
        assert said.returncode == 0, said.stdout + said.stderr


def test_a_release_that_knows_nothing_of_pages_predicts_and_a_check_says_what_to_do(
    by_path: Stack,
) -> None:
    handler = (by_path.project / "serving/lambda_handler.py").read_text("utf-8")
    old = handler.replace('"CORS_ORIGINS" in os.environ', "False")
    assert old != handler
    without = ("serving/lambda_handler.py", "serving/__pycache__/lambda_handler.")
    rebuild(by_path, without, lambda_handler=old)
    keys = {"versions": {"v1": TWO["v1"]}, "cors": {"origin": "https://app.example.org"}}
    by_path.up(**keys)
    answer = by_path.send("v1", "/predict", EXAMPLE, JSON | by_path.key())
    assert answer.status == 200
    assert "access-control-allow-origin" not in answer.headers
    said = by_path.check(**keys)
    assert said.returncode == 1
    (sentence,) = said.stderr.splitlines()
    assert sentence.startswith(
        "v1: the answer to “a prediction for a page of https://app.example.org” has no"
        " Access-Control-Allow-Origin, which is https://app.example.org; roll out a release that"
        " has serving/cors.py"
    )
