"""A rendered project on a real Kubernetes: every scheme, and every change while clients call.

Needs KUBECONFIG, a Gateway `public` in the namespace `gateways`, and its address in GATEWAY_URL.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.client import ask, release_of, wait_for
from tests.cluster.load import Target, load
from tests.cluster.pulumi import Deploys, recipe, row, shell
from tests.cluster.releases import name_build
from tests.cluster.stack import NO_CLUSTER, QUICK, Object, Stack, kubectl
from tests.conftest import baker

pytestmark = pytest.mark.skipif(
    bool(NO_CLUSTER), reason=f"no cluster: {' and '.join(NO_CLUSTER)} not set"
)
DEPRECATED = {
    "state": "deprecated",
    "deprecated_on": "2026-12-01",
    "sunset": "2027-03-31",
    "migration_url": "https://example.com/move",
}


@pytest.fixture
def stack(
    prepared: Callable[[str], Path],
    repository: str,
    cookies_session: Any,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> Iterator[Stack]:
    """A stack of the scheme that the test asks for, path where it asks for none."""
    scheme = getattr(request, "param", "path")
    project = baker(cookies_session)(target="kubernetes", versioning=scheme, project_slug="iris")
    python = prepared("kubernetes") / ".venv/bin/python"
    stack = Stack(project, python, tmp_path, scheme, repository)
    yield stack
    stack.down()


def host(stack: Stack) -> str:
    """A host name that no other test uses."""
    return f"{stack.folder.name.replace('_', '-')}.example.org"


def deploy(stack: Stack, edit: Callable[[Object], None] | None = None, **versions: Any) -> None:
    """Deploy API versions with settings that are quick."""
    stack.up(edit=edit, **keys(stack, **versions))


def keys(stack: Stack, **versions: Any) -> dict[str, Any]:
    """What a stack file says of API versions, with settings that are quick."""
    served = {name: QUICK | own for name, own in versions.items()}
    if stack.scheme == "host":
        served = {name: {"host": f"{name}.{host(stack)}"} | own for name, own in served.items()}
    shared = {"host": host(stack)}
    own = {"path": shared, "host": {}, "header": shared | {"default_version": "v1"}}
    return own[stack.scheme] | {
        "versions": served,
        "image": {"repository": stack.repository},
        "gateway": {"name": "public", "namespace": "gateways", "https": False},
        "namespace": {"name": stack.folder.name.replace("_", "-")},
    }


def target(stack: Stack, version: str, path: str = "/predict") -> Target:
    """How a client names a version under the scheme of a stack."""
    url = os.environ["GATEWAY_URL"]
    match stack.scheme:
        case "path":
            return Target(url, f"/{version}{path}", {"Host": host(stack)})
        case "host":
            return Target(url, path, {"Host": f"{version}.{host(stack)}"})
        case _:
            return Target(url, path, {"Host": host(stack), "X-API-Version": version})


def serve(stack: Stack, edit: Callable[[Object], None] | None = None, **versions: Any) -> None:
    """Deploy, and wait until clients get the releases that were deployed."""
    deploy(stack, edit, **versions)
    answered(stack, **versions)


def answered(stack: Stack, **versions: Any) -> None:
    """Wait until clients get the releases of these versions."""
    for name, own in versions.items():
        if own.get("state") != "retired":
            stack.rolled_out(name)
            release = own["release"]
            wait_for(lambda n=name, r=release: release_of(ask(target(stack, n))) == r)


V1, V2 = {"release": "1.0.0"}, {"release": "2.0.0"}


@pytest.mark.parametrize("stack", ["path", "host", "header"], indirect=True)
def test_each_version_answers_its_golden_requests_under_each_scheme(stack: Stack) -> None:
    serve(stack, v1=V1, v2=V2)
    contract = json.loads((stack.project / "contracts/v1.json").read_text("utf-8"))
    own, other = target(stack, "v1", ""), target(stack, "v2")
    for each in contract["x-golden-requests"]:
        request, promised = each["request"], each["response"]
        if stack.scheme == "path" and not request["path"].startswith("/v1/"):
            continue  # the path names no version that is served
        where = Target(own.url, request["path"], own.headers)
        answer = ask(where, request["body"].encode(), request["method"], **request["headers"])
        assert answer.status == promised["status"], each["name"]
        if answer.status != 200 and answer.headers["x-api-version"] == "v1":
            assert answer.body.decode() == promised["body"], each["name"]
    assert ask(other).headers["x-model-release"] == "2.0.0"


@pytest.mark.parametrize("stack", ["path", "host", "header"], indirect=True)
def test_a_check_finds_what_is_as_the_stack_file_says_and_what_is_not(stack: Stack) -> None:
    name_build(stack.project, "v2", V2["release"])
    subprocess.run([stack.python, "-m", "tools.contract"], cwd=stack.project, check=True)
    serve(stack, v1=V1, v2=V2)
    said = stack.check(**keys(stack, v1=V1, v2=V2))
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.splitlines() == [
        f"{name}: release {own['release']}, as Pulumi.live.yaml says."
        for name, own in (("v1", V1), ("v2", V2))
    ]
    said = stack.check(**keys(stack, v1={"release": "1.0.1"}, v2=V2 | DEPRECATED))
    assert said.returncode == 1
    assert "has X-Model-Release 1.0.0, not 1.0.1" in said.stderr
    assert "has no Deprecation, which is @" in said.stderr
    retired = {"state": "retired", "sunset": "2027-03-31"}
    said = stack.check(**keys(stack, v1=V1, v2=V2 | retired))
    assert said.returncode == (0 if stack.scheme == "host" else 1), said.stdout
    assert ("status 422, not 404" in said.stderr) is (stack.scheme != "host")


@pytest.mark.parametrize("stack", ["header"], indirect=True)
def test_a_call_that_names_no_version_gets_the_default_one(stack: Stack) -> None:
    serve(stack, v1=V1, v2=V2)
    unnamed = Target(os.environ["GATEWAY_URL"], "/predict", {"Host": host(stack)})
    assert ask(unnamed).headers["x-api-version"] == "v1"
    unknown = ask(target(stack, "v3"))
    assert (unknown.status, unknown.headers["x-api-version"]) == (404, "v1")


def test_rollouts_lose_no_request(stack: Stack, many: int) -> None:
    serve(stack, v1=V1)
    with load(target(stack, "v1")) as clients:
        for release in ("1.1.0", "1.2.0", "1.3.0"):
            serve(stack, v1={"release": release})
        wait_for(lambda: clients.answers.total() >= many)
    assert clients.failures == []
    assert clients.answers.keys() == {"1.0.0", "1.1.0", "1.2.0", "1.3.0"}


def test_without_pre_stop_requests_are_lost(stack: Stack) -> None:
    def edit(wanted: Object) -> None:
        if wanted["kind"] == "Deployment":
            (container,) = wanted["spec"]["template"]["spec"]["containers"]
            del container["lifecycle"]

    serve(stack, edit, v1=V1)
    with load(target(stack, "v1")) as clients:
        for release in ("1.1.0", "1.2.0", "1.3.0", "1.0.0"):
            serve(stack, edit, v1={"release": release})
            if clients.failures:
                break
    assert clients.failures


def test_an_image_that_can_not_start_leaves_the_old_pods_answering(stack: Stack) -> None:
    serve(stack, v1=V1)
    with load(target(stack, "v1"), 2) as clients:
        for release, reason in (("1.9.9", "ErrImagePull"), ("2.0.0", "CrashLoopBackOff")):
            deploy(stack, v1={"release": release})
            wait_for(lambda r=reason: r in reasons(stack))
            deploy(stack, v1=V1)
            stack.rolled_out("v1")
    assert clients.failures == []
    assert clients.answers.keys() == {"1.0.0"}


def reasons(stack: Stack) -> set[str]:
    """Why containers of a stack wait."""
    statuses = [
        status for pod in stack.get("pods") for status in pod["status"].get("containerStatuses", [])
    ]
    waiting = [status["state"].get("waiting", {}).get("reason", "") for status in statuses]
    return {"ErrImagePull" if "ImagePull" in reason else reason for reason in waiting}


def test_scaling_up_and_down_loses_no_request(stack: Stack) -> None:
    serve(stack, v1=V1)
    with load(target(stack, "v1")) as clients:
        for replicas in (4, 1, 2):
            serve(stack, v1=V1 | {"replicas": replicas})
            wait_for(lambda n=replicas: len(stack.get("pods")) == n)
    assert clients.failures == []


def test_v1_comes_to_its_end_while_v2_is_called(stack: Stack) -> None:
    serve(stack, v1=V1)
    with load(target(stack, "v1"), 2) as v1:
        serve(stack, v1=V1, v2=V2)
        with load(target(stack, "v2"), 4) as v2:
            serve(stack, v1=V1 | DEPRECATED, v2=V2)
            wait_for(lambda: "sunset" in ask(target(stack, "v1"), b"").headers)
    assert v1.failures == []
    with load(target(stack, "v2"), 4) as after:
        serve(stack, v1=V1 | DEPRECATED | {"state": "retired"}, v2=V2)
        wait_for(lambda: "x-api-version" not in ask(target(stack, "v1")).headers)
    assert v2.failures == after.failures == []
    left = stack.get("deployments,services")
    assert {each["metadata"]["name"] for each in left} == {"iris-v2"}


@pytest.fixture
def deploys(stack: Stack, prepared: Callable[[str], Path]) -> Deploys:
    """`make deploy` of that stack, beside a CLI that does with kubectl what Pulumi would do."""
    return Deploys(stack, prepared("kubernetes") / ".venv")


def make_deploy(
    deploys: Deploys, stack: Stack, line: str = "make deploy", **versions: Any
) -> tuple[int, str]:
    """What a person gets who types this: exit status, text."""
    wanted = keys(stack, **versions)
    commands = stack.commands(**wanted)
    done = [["kubectl", *arguments] for arguments in (*commands, *stack.rollouts())]
    return deploys(wanted["versions"], done, line)


# Seconds from what can't heal to the end of make.
SOON = 30


def seconds_since(stack: Stack, reason: str) -> float:
    """For how long something has been so, by the first event of the stack that says it."""
    events = [each for each in stack.get("events") if each["reason"] == reason]
    first = max(each["firstTimestamp"] for each in events)  # of the object that failed last
    return (datetime.now(UTC) - datetime.fromisoformat(first)).total_seconds()


TEAM = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: NAME}
spec:
  matchConstraints:
    resourceRules:
      - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}
  validations:
    - expression: "has(object.metadata.labels) && 'team' in object.metadata.labels"
      message: name a team
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: NAME}
spec:
  policyName: NAME
  validationActions: [Deny]
  matchResources:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAME}}
"""


def test_a_deploy_fails_as_soon_as_that_is_known_and_says_why(
    stack: Stack, deploys: Deploys
) -> None:
    serve(stack, v1=V1, v2=V2)
    where = f"--namespace={stack.namespace}"
    with load(target(stack, "v1"), 2) as v1, load(target(stack, "v2"), 2) as v2:
        status, said = make_deploy(deploys, stack, v1={"release": "1.9.9"}, v2=V2)
        assert (status, deploys.told[-1]) == (2, "SIGINT")
        assert deploys.told.count("SIGINT") == 1
        assert seconds_since(stack, "Failed") < SOON
        assert "ImagePull" in said[said.index("What is wrong with iris-v1:") :]
        assert "iris-v2" not in said[said.index("What is wrong with iris-v1:") :]
        # What is left of that fails no other deploy.
        status, said = make_deploy(deploys, stack, v1={"release": "1.1.0"}, v2=V2)
        assert (status, "SIGINT" in deploys.told) == (0, False), said

        kubectl("create", "quota", "few", "--hard=pods=4", where)
        status, said = make_deploy(deploys, stack, v1=V1, v2=V2)
        assert (status, deploys.told[-1]) == (2, "SIGINT"), said
        assert seconds_since(stack, "FailedCreate") < SOON
        assert "exceeded quota: few" in said
        assert "exceeded quota" in shell(stack, row(stack, "a deploy that goes on"))
        kubectl("delete", "quota", "few", where)
        # Its controller tries again later each time: after half a minute of failures, in a minute.
        wait_for(lambda: updated(stack, "iris-v1") == 2, 120)
        status, said = make_deploy(deploys, stack, v1=V1, v2=V2)
        assert status == 0, said
    assert v1.failures == v2.failures == []


def updated(stack: Stack, name: str) -> int:
    """How many pods of a Deployment are of its newest template."""
    (own,) = [each for each in stack.get("deployments") if each["metadata"]["name"] == name]
    return own["status"].get("updatedReplicas", 0)


def test_a_policy_that_refuses_the_pods_is_named(stack: Stack, deploys: Deploys) -> None:
    serve(stack, v1=V1)
    policy = TEAM.replace("NAME", stack.namespace)
    kubectl("apply", "-f", "-", given=policy)
    try:
        wait_for(lambda: refused(stack))
        status, said = make_deploy(deploys, stack, v1={"release": "1.1.0"})
    finally:
        kubectl("delete", "-f", "-", given=policy)
    assert (status, deploys.told.count("SIGINT")) == (2, 1)
    assert "name a team" in said[said.index("What is wrong with iris-v1:") :]


# What the namespace asks of every pod.
RESTRICTED: Object = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "any",
            "image": "any",
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
        }
    ],
}


def refused(stack: Stack) -> bool:
    """Whether a pod is refused by a policy of the test."""
    own = ["--image=any", "--dry-run=server", f"--namespace={stack.namespace}"]
    own += [f"--overrides={json.dumps({'spec': RESTRICTED})}"]
    try:
        kubectl("run", "any", *own)
    except RuntimeError as error:
        return "name a team" in str(error)
    return False


@pytest.mark.full
def test_a_rollout_without_progress_ends_a_deploy(stack: Stack, deploys: Deploys) -> None:
    serve(stack, v1=V1)
    # This image is another version than v1, and refuses to start as that.
    status, said = make_deploy(deploys, stack, v1={"release": "2.0.0", "startup_seconds": 5})
    # Once, or not at all: kubectl, unlike Pulumi, ends at the deadline too.
    assert (status, deploys.told.count("SIGINT") <= 1) == (2, True)
    assert "ProgressDeadlineExceeded" in said
    assert "CrashLoopBackOff" in said
    (deployment,) = stack.get("deployments")
    (since,) = (
        each["lastUpdateTime"]
        for each in deployment["status"]["conditions"]
        if each["type"] == "Progressing"
    )
    assert (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds() < SOON


KILLED = "A deploy was killed"


def test_a_deploy_that_is_killed_harms_nobody_and_is_made_good_by_the_readme(
    stack: Stack, deploys: Deploys, many: int
) -> None:
    serve(stack, v1=V1)
    (again,) = recipe(stack, KILLED)

    def kill(after: str, **versions: Any) -> None:
        stack.killed(after, **keys(stack, **versions))
        status, said = make_deploy(deploys, stack, again, **versions)
        assert status == 0, said
        answered(stack, **versions)

    with load(target(stack, "v1")) as v1:
        kill("service/iris-v2", v1=V1, v2=V2)
    with load(target(stack, "v2")) as v2:
        with load(target(stack, "v1"), 2) as own:
            kill("deployment.apps/iris-v1", v1={"release": "1.1.0"}, v2=V2)
            kill("deployment.apps/iris-v1", v1=V1 | DEPRECATED, v2=V2)
        wait_for(lambda: "sunset" in ask(target(stack, "v1"), b"").headers)
        kill('deployment.apps "iris-v1"', v1=V1 | DEPRECATED | {"state": "retired"}, v2=V2)
        wait_for(lambda: "x-api-version" not in ask(target(stack, "v1")).headers)
        wait_for(lambda: v2.answers.total() >= many)
    assert v1.failures == v2.failures == own.failures == []
    left = stack.get("deployments,services,horizontalpodautoscalers")
    assert {each["metadata"]["name"] for each in left} == {"iris-v2"}


def test_what_was_done_by_hand_is_set_back_by_the_next_deploy(stack: Stack) -> None:
    serve(stack, v1=V1)
    with load(target(stack, "v1"), 2) as clients:
        serve(stack, v1={"release": "1.1.0"})
        shell(stack, row(stack, "a bad release"))
        stack.rolled_out("v1")
        wait_for(lambda: release_of(ask(target(stack, "v1"))) == "1.0.0")
        kubectl("scale", "deployment/iris-v1", "--replicas=3", f"--namespace={stack.namespace}")
        serve(stack, v1={"release": "1.2.0"})
        wait_for(lambda: len(stack.get("pods")) == 2)
    assert clients.failures == []


def test_an_autoscaler_that_was_edited_by_hand_is_set_back_by_the_next_deploy(
    stack: Stack,
) -> None:
    scaled = {"min_replicas": 2, "max_replicas": 4}
    serve(stack, v1=V1 | {"autoscaling": scaled})
    patch = '{"spec": {"maxReplicas": 50}}'
    kubectl("patch", "hpa/iris-v1", "--patch", patch, f"--namespace={stack.namespace}")
    serve(stack, v1=V1 | {"autoscaling": scaled | {"max_replicas": 6}})
    (hpa,) = stack.get("horizontalpodautoscalers")
    assert hpa["spec"]["maxReplicas"] == 6


# Under the rules of others


def admission(name: str, space: str, resource: str, rule: str) -> Callable[[], None]:
    """Have the cluster refuse what breaks a rule in a namespace; returns what ends that.

    resource: as `deployments.apps`. rule: an expression over `object`.
    """
    kind, _, group = resource.partition(".")
    every = {"apiGroups": [group], "apiVersions": ["*"], "resources": [kind]}
    matched = {"resourceRules": [every | {"operations": ["CREATE", "UPDATE"]}]}
    where = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": space}}}
    message = f"{name} is the rule here"
    policy = {
        "matchConstraints": matched,
        "validations": [{"expression": rule, "message": message}],
    }
    bound = {"policyName": name, "validationActions": ["Deny"], "matchResources": where}
    api = "admissionregistration.k8s.io/v1"
    for each, spec in (("Policy", policy), ("PolicyBinding", bound)):
        own = {"apiVersion": api, "kind": f"ValidatingAdmission{each}", "metadata": {"name": name}}
        kubectl("apply", "-f", "-", given=json.dumps(own | {"spec": spec}))
    names = [f"validatingadmission{each}/{name}" for each in ("policy", "policybinding")]
    return lambda: kubectl("delete", *names, "--ignore-not-found") and None


@pytest.fixture
def rule(stack: Stack) -> Iterator[Callable[[str, str], None]]:
    """Makes a rule of the namespace of a stack: `rule("deployments.apps", "has(object.spec)")`."""
    ends: list[Callable[[], None]] = []
    space = stack.folder.name.replace("_", "-")

    def make(resource: str, expression: str) -> None:
        name = f"{space}-{len(ends)}"
        ends.append(admission(name, space, resource, expression))

    yield make
    for end in ends:
        end()


def make_namespace(name: str) -> None:
    """Make a namespace before a stack does, whose rules are then there first."""
    own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    kubectl("apply", "-f", "-", given=json.dumps(own))


def says(stack: Stack, because: str) -> bool:
    """Whether the cluster refuses pods of a stack, and says this of it."""
    events = kubectl(
        *("get", "events", f"--namespace={stack.namespace}", "--output=json"),
        "--field-selector=reason=FailedCreate",
    )
    return any(because in each["message"] for each in json.loads(events)["items"])


def test_where_a_policy_demands_labels_every_object_and_pod_has_them(
    stack: Stack, rule: Callable[[str, str], None]
) -> None:
    objects = ("deployments.apps", "services.", "serviceaccounts.", "pods.")
    more = ("networkpolicies.networking.k8s.io", "poddisruptionbudgets.policy")
    for resource in (*objects, *more, "httproutes.gateway.networking.k8s.io"):
        labelled = "has(object.metadata.labels) && 'team' in object.metadata.labels"
        # What every namespace has by itself.
        rule(resource, f"object.metadata.name == 'default' || ({labelled})")
    own = keys(stack, v1=V1)
    space = own["namespace"]["name"]
    make_namespace(space)
    trial = ("create", "service", "externalname", "trial", "--external-name=a.example.org")
    wait_for(lambda: not_allowed(*trial, f"--namespace={space}", "--dry-run=server"))
    with pytest.raises(RuntimeError, match="is the rule here"):
        stack.up(**own)
    stack.up(**own | {"labels": {"team": "pricing"}})
    answered(stack, v1=V1)


def not_allowed(*arguments: str) -> bool:
    """Whether kubectl is refused this because of a rule."""
    try:
        kubectl(*arguments)
    except RuntimeError as said:
        return "is the rule here" in str(said)
    return False


def test_where_users_come_from_a_range_the_server_runs_as_one_of_them(
    stack: Stack, rule: Callable[[str, str], None]
) -> None:
    user = "object.spec.?securityContext.?runAsUser.orValue(0)"
    rule("pods.", f"{user} >= 1000660000 && {user} <= 1000669999")
    deploy(stack, v1=V1)
    wait_for(lambda: says(stack, "is the rule here"))
    serve(stack, v1=V1 | {"run_as_user": 1000660000})
    (pod, *_) = stack.get("pods")
    assert pod["spec"]["securityContext"]["runAsUser"] == 1000660000


QUOTA = {"hard": {"limits.cpu": "8", "limits.memory": "8Gi"}}
RANGE = {"limits": [{"type": "Container", "default": {"cpu": "100m"}}]}


@pytest.mark.parametrize(
    ("kind", "spec", "said"),
    [
        ("ResourceQuota", QUOTA, "must specify limits.cpu"),
        ("LimitRange", RANGE, "must be less than or equal to cpu limit"),
    ],
)
def test_where_a_namespace_wants_limits_pods_have_them(
    stack: Stack, kind: str, spec: Object, said: str
) -> None:
    own = keys(stack, v1=V1)
    space = own["namespace"]["name"]
    make_namespace(space)
    rules = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": space}}
    kubectl("apply", "-f", "-", given=json.dumps(rules | {"spec": spec}))
    stack.up(**own)
    wait_for(lambda: says(stack, said))
    serve(stack, v1=V1 | {"resources": {"cpu_limit": "1"}})


def test_a_route_hangs_on_two_gateways(stack: Stack) -> None:
    own = keys(stack, v1=V1)
    space = own["namespace"]["name"]
    first = json.loads(kubectl("get", "gateway", "public", "-n", "gateways", "-o", "json"))
    second = {
        "apiVersion": first["apiVersion"],
        "kind": "Gateway",
        "metadata": {"name": "internal", "namespace": space},
        "spec": {key: first["spec"][key] for key in ("gatewayClassName", "listeners")},
    }
    make_namespace(space)
    kubectl("apply", "-f", "-", given=json.dumps(second))
    gateways = [own["gateway"], {"name": "internal", "namespace": space, "https": False}]
    several = [host(stack), f"other.{host(stack)}"]
    one = {"gateway": None, "host": None}
    stack.up(**own | one | {"gateways": gateways, "hosts": several})
    answered(stack, v1=V1)
    other = Target(os.environ["GATEWAY_URL"], "/v1/predict", {"Host": several[1]})
    wait_for(lambda: release_of(ask(other)) == "1.0.0")
    wait_for(lambda: accepted(stack) == {"public", "internal"})


def accepted(stack: Stack) -> set[str]:
    """The Gateways that have taken the route of a stack."""
    (route,) = stack.get("httproutes")
    return {
        each["parentRef"]["name"]
        for each in route.get("status", {}).get("parents", [])
        if {"Accepted": "True"}.items()
        <= {said["type"]: said["status"] for said in each["conditions"]}.items()
    }


def test_a_scaler_of_others_keeps_the_number_of_pods_through_a_deploy(stack: Stack) -> None:
    external = {"replicas": "external"}
    serve(stack, v1=V1 | external)
    name = stack.exports["v1_deployment"]
    kubectl(
        *("patch", "deployment", name, f"--namespace={stack.namespace}", "--subresource=scale"),
        *("--field-manager=keda", "--type=merge", '--patch={"spec":{"replicas":3}}'),
    )
    with load(target(stack, "v1"), 2) as clients:
        serve(stack, v1={"release": "1.1.0"} | external)
    assert clients.failures == []
    where = f"--namespace={stack.namespace}"
    found = json.loads(
        kubectl("get", "deployment", name, where, "--output=json", "--show-managed-fields")
    )
    assert found["spec"]["replicas"] == 3
    owners = {
        each["manager"]
        for each in found["metadata"]["managedFields"]
        if "f:replicas" in each["fieldsV1"].get("f:spec", {})
    }
    assert "pulumi" not in owners


def test_what_the_way_out_adds_is_taken_by_the_cluster_as_it_stands(stack: Stack) -> None:
    pod = {
        "hostAliases": [{"ip": "10.0.0.7", "hostnames": ["features.internal"]}],
        "volumes": [{"name": "socket", "emptyDir": {}}],
        "server": {"volumeMounts": [{"name": "socket", "mountPath": "/socket"}]},
    }
    serve(
        stack, v1=V1 | {"pod": pod, "mounts": [{"config_map": "kube-root-ca.crt", "path": "/ca"}]}
    )
    (found, *_) = stack.get("pods")
    assert found["spec"]["hostAliases"] == pod["hostAliases"]
    wrong = {"hostAliases": [{"ip": "10.0.0.7", "hostNames": []}]}
    with pytest.raises(RuntimeError, match=r"hostNames"):  # the cluster knows every field
        deploy(stack, v1=V1 | {"pod": wrong})
