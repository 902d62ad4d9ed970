"""What the roles of bootstrap/ may do: what a deploy needs, and nothing that would make it more."""

import functools
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import parliament
import pytest

from tests.conftest import baker
from tests.iam import Policy, Request, allowed
from tests.judges import RULED, TABLES
from tests.local_cloud.emulator import ACCOUNT, REGION
from tests.programs import programs
from tests.project import COMBINATIONS, judged_by, table

TABLE = table("permissions")
ESCALATIONS = table("escalations")
ON_AWS = judged_by("aws")
JUDGED = [each for each in COMBINATIONS if each["target"] in ON_AWS]
JUDGE = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:judge"
CONFIG = {
    "aws:region": REGION,
    "aws:allowedAccountIds": json.dumps([ACCOUNT]),
    "iris-bootstrap:repository": "you/iris",
    "iris-bootstrap:stacks": json.dumps(["dev", "prod"]),
    "iris-bootstrap:previewed": json.dumps(["dev"]),
    "iris-bootstrap:hosted_zones": json.dumps(["Z0123456789ABCDEFGHIJ"]),
    "iris-bootstrap:authorizers": json.dumps([JUDGE]),
    "iris-bootstrap:web_acls": json.dumps([TABLES["ruled"]["web_acl"]]),
}
# What is known of what an ordinary deploy asks for.
ORDINARY = {
    "aws:RequestTag/service": "iris",
    "aws:RequestTag/stack": "dev",
    "aws:ResourceTag/service": "iris",
    "aws:ResourceTag/stack": "dev",
    "aws:SecureTransport": "true",
    "application-autoscaling:service-namespace": "sagemaker",
    "lambda:Principal": "apigateway.amazonaws.com",
    "iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com",
    "iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/iris-boundary",
    "s3:ObjectCreationOperation": "true",
    "s3:if-none-match": "*",
    "s3:prefix": "iris/v1/1.4.2-arm64.zip",
    "route53:ChangeResourceRecordSetsRecordTypes": "AAAA",
}


DOMAIN = {
    "name": "api.example.org",
    "certificate_arn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/of-the-domain",
    "hosted_zone_id": "Z0123456789ABCDEFGHIJ",
    "only": True,
}


class Account:
    """All policies that a project's bootstrap gives an account, by who or what has them."""

    def __init__(self, target: str, resources: list[dict[str, Any]]) -> None:
        self.target, self.resources = target, resources

    def policy(self, kind: str, name: str) -> Policy | None:
        """The policy of a resource, by its kind and its name."""
        for each in self.resources:
            if each["type"].endswith(f":{kind}") and each["name"] == name:
                return json.loads(each["inputs"]["policy"])
        return None

    def policies(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """All of them, each with its kind and name."""
        for each in self.resources:
            if "policy" in each["inputs"]:
                yield f"{each['type']} {each['name']}", json.loads(each["inputs"]["policy"])

    def lets(self, role: str, action: str, resource: str, **context: str) -> bool:
        """Whether a role may do something; a path is one of API Gateway."""
        arn = f"arn:aws:apigateway:{REGION}::{resource}" if resource[0] == "/" else resource
        who = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        context |= {"aws:PrincipalArn": who}
        identity = self.policy("RolePolicy", role)
        assert identity
        if used := self.policy("Policy", f"{role}-uses"):
            identity = {"Statement": [*identity["Statement"], *used["Statement"]]}
        own = self._of(arn)
        return allowed(Request(action, arn, who, context), identity, None, own)

    def _of(self, arn: str) -> Policy | None:
        """The policy that a bucket or a key has itself."""
        if arn.startswith("arn:aws:s3:::"):
            return self.policy("BucketPolicy", arn.removeprefix("arn:aws:s3:::").partition("/")[0])
        if "key/key-of-" in arn:
            return self.policy("Key", f"iris-{arn.rpartition('-')[2]}")
        return None


@pytest.fixture(scope="module")
def account_of(prepared: Callable[[str], Path]) -> Callable[[str], Account]:
    """The account of a target; not to be changed."""

    @functools.cache
    def bootstrapped(target: str) -> Account:
        project = prepared(target)
        program = [project / ".venv/bin/python", "-P", project / "tests/program.py"]
        said = subprocess.run(
            [*program, "iris-bootstrap", "account", json.dumps(CONFIG)],
            cwd=project / "bootstrap",
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return Account(target, json.loads(said)["resources"])

    return bootstrapped


@pytest.fixture(params=ON_AWS)
def account(request: pytest.FixtureRequest, account_of: Callable[[str], Account]) -> Account:
    """The account of each target on AWS."""
    return account_of(request.param)


@pytest.mark.parametrize("combination", JUDGED, ids=lambda each: "-".join(each.values()))
def test_a_role_may_do_all_that_the_program_of_its_stack_needs(
    combination: dict[str, str],
    account_of: Callable[[str], Account],
    cookies_session: Any,
    prepared: Callable[[str], Path],
) -> None:
    target = combination["target"]
    account, project = account_of(target), baker(cookies_session)(**combination)
    options = {"tracing": True, "manage_account_logging": True, "access_logs": True}
    keys = at_a_domain(RULED[target], combination["versioning"]) | options
    python = prepared(target) / ".venv/bin/python"
    judged = {key: keys[key] for key in keys.keys() - {"clients"}} | {"auth": {"authorizer": JUDGE}}
    said = programs(project, python, {"all": keys, "judged": judged})
    resources = said["all"]["resources"] + [
        each for each in said["judged"]["resources"] if each["name"].endswith("-authorizer")
    ]
    refused = [
        f"{each['name']}: {step}"
        for each in resources
        if each["type"].startswith("aws:") and not of_the_account(each)
        for step, context in steps(each, target)
        if not account.lets("iris-deploy-dev", *step.split(" "), **context)
    ]
    assert refused == []


def at_a_domain(keys: dict[str, Any], versioning: str) -> dict[str, Any]:
    """A stack's keys with a domain: of the stack, or of a version where each has its own."""
    if versioning != "host":
        return keys | {"domain": DOMAIN}
    versions = keys["versions"]
    return keys | {"versions": versions | {"v3": versions["v3"] | {"domain": DOMAIN}}}


def of_the_account(resource: dict[str, Any]) -> bool:
    """Whether it is for all APIs of the account, and no deploy of CI makes it."""
    kind = resource["type"].removeprefix("aws:")
    short = f"{kind.rpartition(':')[2]} {resource['name']}"
    return bool({kind, short} & {*TABLE["of_the_account"]})


def steps(resource: dict[str, Any], target: str) -> Iterator[tuple[str, dict[str, str]]]:
    """What the provider does with a resource, each an action and what it is about."""
    row = TABLE["types"][resource["type"].removeprefix("aws:")]
    inputs = {"name": resource["name"]} | resource["inputs"]
    if resource["type"].endswith(":Permission"):
        own = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{inputs['function']}"
        of = inputs["function"] if inputs["function"].startswith("arn:") else own
        inputs["arn"] = f"{of}:{inputs['qualifier']}" if "qualifier" in inputs else of
    context = ORDINARY | {"iam:PassedToService": row.get("passes", "")}
    for verb in ("create", "read", "update", "delete", f"create_on_{target}"):
        for step in row.get(verb, ()):
            action, _, place = step.partition(" ")
            yield f"{action} {(place or row['about']).format(**inputs)}", context


def test_a_role_may_do_what_every_deploy_does_beside(account: Account) -> None:
    own = [*TABLE["always"]["both"], *TABLE["always"][account.target]]
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/key-of-dev"
    own += [f"kms:Decrypt {key}", f"kms:Encrypt {key}"]
    assert [
        step for step in own if not account.lets("iris-deploy-dev", *step.split(" "), **ORDINARY)
    ] == []


@pytest.mark.parametrize("row", ESCALATIONS, ids=lambda row: row["name"])
@pytest.mark.parametrize("role", ["deploy-dev", "preview"])
def test_no_role_of_ci_is_able(account: Account, role: str, row: dict[str, Any]) -> None:
    actions = row.get("preview", row["do"]) if role == "preview" else row["do"]
    # What one can say of oneself: of releases, that there is none.
    tried = {"aws:SecureTransport": "true", "s3:prefix": "iris/"} | row.get("with", {})
    assert [
        f"{action} {resource}"
        for action in actions
        for resource in row["about"]
        if account.lets(f"iris-{role}", action, resource, **tried)
    ] == []


def test_a_preview_reads_no_value_of_a_key_whatever_it_is_given(account: Account) -> None:
    own = account.policy("RolePolicy", "iris-preview")
    assert own
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    given = {**own, "Statement": [*own["Statement"], everything]}
    gateway = f"arn:aws:apigateway:{REGION}::"
    for action, resource in (
        ("apigateway:GET", f"{gateway}/apikeys"),
        ("apigateway:GET", f"{gateway}/apikeys/k1"),
        ("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/key-of-prod"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db"),
        ("ssm:GetParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/db"),
    ):
        assert not allowed(Request(action, resource), given), action
    assert allowed(Request("s3:GetObject", "arn:aws:s3:::any/object"), given)


def test_the_boundary_limits_a_role_that_is_given_everything(account: Account) -> None:
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    limit = account.policy("Policy", "iris-boundary")
    logs = {"lambda": "lambda", "sagemaker": "sagemaker/Endpoints"}[account.target]
    own = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/{logs}/iris-dev-v1:log-stream:1"
    assert allowed(Request("logs:PutLogEvents", own), everything, limit)
    state = f"arn:aws:s3:::iris-state-{ACCOUNT}-{REGION}/.pulumi/stacks/iris/prod.json"
    for action, resource in (
        ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/me"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/iris-dev-v1"),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/admin"),
        ("s3:GetObject", state),
        ("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/key-of-dev"),
        ("logs:PutLogEvents", own.replace("iris-dev", "other")),
    ):
        assert not allowed(Request(action, resource), everything, limit), action


@pytest.mark.parametrize("target", ON_AWS)
def test_what_a_program_gives_a_role_is_within_the_boundary(
    target: str, account_of: Callable[[str], Account], prepared: Callable[[str], Path]
) -> None:
    limit, project = account_of(target).policy("Policy", "iris-boundary"), prepared(target)
    bucket = f"s3://iris-releases-{ACCOUNT}-{REGION}/"
    ruled = json.loads(json.dumps(RULED[target]).replace("s3://models/", bucket))
    image = {"image": {"repository": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/iris"}}
    keys = ruled | {"tracing": True} | (image if target == "sagemaker" else {})
    said = programs(project, project / ".venv/bin/python", {"all": keys})["all"]["resources"]
    policies = [each["inputs"]["policy"] for each in said if each["type"].endswith(":RolePolicy")]
    assert policies
    service = {"lambda": "lambda", "sagemaker": "s3"}[target]
    context = {"cloudwatch:namespace": "AWS/SageMaker"}
    context["kms:ViaService"] = f"{service}.{REGION}.amazonaws.com"
    statements = [each for text in policies for each in json.loads(text)["Statement"]]
    for statement in (each for each in statements if each["Effect"] == "Allow"):
        for action in several(statement["Action"]):
            for resource in several(statement["Resource"]):
                asked = Request(action, resource.replace("*", "x"), "", context)
                assert allowed(asked, {"Statement": [statement]}, limit), (action, resource)


def several(value: str | list[str]) -> list[str]:
    """One or several, as several."""
    return [value] if isinstance(value, str) else value


def test_parliament_finds_nothing_that_is_not_meant(account: Account) -> None:
    for name, policy in account.policies():
        if "Principal" in policy["Statement"][0]:
            continue  # of a resource, which parliament takes for broken
        for found in parliament.analyze_policy_string(json.dumps(policy)).findings:
            assert str(found.detail) in TABLE["unknown"].get(found.issue, []), f"{name}: {found}"


def test_what_is_allowed_beyond_the_project_has_a_reason_and_every_reason_is_needed(
    account_of: Callable[[str], Account],
) -> None:
    reasons = {
        actions: where for where, several in TABLE["exceptions"].items() for actions in several
    }
    needed = set[str]()
    for account in map(account_of, ON_AWS):
        for name, policy in account.policies():
            for statement in policy["Statement"]:
                resources = several(statement.get("Resource", []))
                if statement["Effect"] == "Deny" or all("iris" in each for each in resources):
                    continue
                actions = " ".join(statement["Action"])
                assert actions in reasons, f"{name}: {actions}"
                assert ("*" in resources) == (reasons[actions] == "*"), actions
                needed.add(actions)
    assert needed | {"kms:*"} == {*reasons} | {"kms:*"}


def test_the_simulator_knows_the_language_of_policies() -> None:
    statement = {
        "Effect": "Allow",
        "Action": ["s3:Get*"],
        "Resource": "arn:aws:s3:::a?c/*",
        "Condition": {
            "StringEquals": {"k": ["1", "2"]},
            "StringLike": {"l": "a*"},
            "Bool": {"b": "true"},
            "Null": {"n": "true"},
            "StringNotEquals": {"m": "3"},
            "ForAllValues:StringEquals": {"o": ["5", "6"]},
        },
    }
    fits = {"k": "2", "l": "abc", "b": "true", "m": "4", "o": "6"}
    for action, resource, context, expected in (
        ("s3:GetObject", "arn:aws:s3:::abc/x/y", fits, True),
        ("S3:getobject", "arn:aws:s3:::abc/x/y", fits, True),
        ("s3:PutObject", "arn:aws:s3:::abc/x/y", fits, False),
        ("s3:GetObject", "arn:aws:s3:::abbc/x", fits, False),
        ("s3:GetObject", "arn:aws:s3:::abc/x", fits | {"k": "3"}, False),
        ("s3:GetObject", "arn:aws:s3:::abc/x", fits | {"l": "b"}, False),
        ("s3:GetObject", "arn:aws:s3:::abc/x", fits | {"b": "false"}, False),
        ("s3:GetObject", "arn:aws:s3:::abc/x", fits | {"n": ""}, False),
        ("s3:GetObject", "arn:aws:s3:::abc/x", fits | {"o": ["6", "7"]}, False),
        ("s3:GetObject", "arn:aws:s3:::abc/x", fits | {"o": ()}, True),
        ("s3:GetObject", "arn:aws:s3:::abc/x", fits | {"m": "3"}, False),
        ("s3:GetObject", "arn:aws:s3:::abc/x", {"k": "1"}, False),
    ):
        asked = Request(action, resource, "", context)
        assert allowed(asked, {"Statement": [statement]}) is expected, (action, resource, context)
        denied = {
            "Statement": [
                {"Effect": "Allow", "Action": "*", "Resource": "*"},
                statement | {"Effect": "Deny"},
            ]
        }
        assert allowed(asked, denied) is not expected
