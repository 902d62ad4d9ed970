"""The program in bootstrap/, which runs once per account: what it makes, and for whom."""

import contextlib
import json
import subprocess
import sys
from typing import Any

import pulumi
import pytest
import yaml

from bootstrap.permissions import PASSED_TO
from bootstrap.place import Place
from bootstrap.settings import Settings
from infra.problems import Problems
from tests.artefacts import COPIED, COPIES
from tests.program import Program, run
from tests.support import ROOT
from tools.stack_file import config, handed_over

FOLDER = ROOT / "bootstrap"
ACCOUNT, OTHER = "123456789012", "210987654321"
AWS = {"aws:region": "eu-central-1", "aws:allowedAccountIds": [ACCOUNT]}
KEYS: dict[str, Any] = {
    "repository": "you@12/iris@345",
    "stacks": ["dev", "prod"],
    "previewed": ["dev"],
}
RELEASES = f"iris-releases-{ACCOUNT}-eu-central-1"
STATE = f"iris-state-{ACCOUNT}-eu-central-1"
ISSUER = "token.actions.githubusercontent.com"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/iris-boundary"


def given(**keys: Any) -> dict[str, str]:
    """The config of an account as Pulumi hands it over; a key is left out where it is None."""
    whole = AWS | KEYS | {key.replace("__", ":"): value for key, value in keys.items()}
    left = {key: value for key, value in whole.items() if value is not None}
    return handed_over(left, "iris-bootstrap")


def bootstrap(**keys: Any) -> Program:
    """What the program registers, in the folder where Pulumi runs it."""
    with contextlib.chdir(FOLDER):
        return run("iris-bootstrap", "account", given(**keys))


@pytest.fixture(scope="module")
def made() -> Program:
    """What it makes for an account with two stacks; not to be changed."""
    return bootstrap(readers=[OTHER])


def refusal(**keys: Any) -> list[str]:
    """What is said of an account's config."""
    with pytest.raises(Problems) as refused:
        Settings.read("iris-bootstrap", "account", given(**keys), deploying=True)
    return str(refused.value).splitlines()


def statements(program: Program, kind: str, name: str) -> list[dict[str, Any]]:
    """What a policy says."""
    return json.loads(program.one(kind, name).inputs["policy"])["Statement"]


def test_it_runs_as_pulumi_runs_it() -> None:
    command = [sys.executable, "-P", ROOT / "tests/program.py", "iris-bootstrap", "account"]
    said = subprocess.run(
        [*command, json.dumps(given())], cwd=FOLDER, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["exports"]["boundary"] == BOUNDARY


def test_its_own_stack_file_is_right_but_for_its_placeholders() -> None:
    project = yaml.safe_load((FOLDER / "Pulumi.yaml").read_text("utf-8"))["name"]
    keys = handed_over(config(FOLDER / "Pulumi.account.yaml"), project)
    assert Settings.read(project, "account", keys).stacks == ("dev", "prod")
    with pytest.raises(Problems) as refused:
        Settings.read(project, "account", keys, deploying=True)
    assert str(refused.value).splitlines() == [
        "aws:allowedAccountIds: 000000000000 is a placeholder; write your account.",
        "repository: owner/repository is a placeholder; write your own.",
    ]


def test_it_belongs_to_this_project() -> None:
    own, main = (
        yaml.safe_load((folder / "Pulumi.yaml").read_text("utf-8"))["name"]
        for folder in (FOLDER, ROOT)
    )
    assert own == f"{main}-bootstrap"


def test_every_bucket_is_versioned_encrypted_private_and_kept(made: Program) -> None:
    for name in (RELEASES, STATE):
        assert made.one("Bucket", name).protect
        versioned = made.one("BucketVersioning", name).inputs["versioningConfiguration"]
        assert versioned == {"status": "Enabled"}
        (rule,) = made.one("BucketServerSideEncryptionConfiguration", name).inputs["rules"]
        assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
        owned = made.one("BucketOwnershipControls", name).inputs["rule"]
        assert owned == {"objectOwnership": "BucketOwnerEnforced"}
        block = made.one("BucketPublicAccessBlock", name).inputs
        closed = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls")
        assert all(block[each] is True for each in (*closed, "restrictPublicBuckets"))
        assert statements(made, "BucketPolicy", name)[0] == {
            "Principal": "*",
            "Effect": "Deny",
            "Action": ["s3:*"],
            "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    assert [each.name for each in made.of("Bucket")] == [RELEASES, STATE]


def test_a_release_is_never_overwritten_and_ci_deletes_none(made: Program) -> None:
    _, writes, deletes, *_ = statements(made, "BucketPolicy", RELEASES)
    objects = f"arn:aws:s3:::{RELEASES}/*"
    assert writes == {
        "Principal": "*",
        "Effect": "Deny",
        "Action": ["s3:PutObject"],
        "Resource": objects,
        "Condition": {
            "Null": {"s3:if-none-match": "true"},
            "Bool": {"s3:ObjectCreationOperation": "true"},
        },
    }
    assert deletes == {
        "Principal": "*",
        "Effect": "Deny",
        "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
        "Resource": objects,
        "Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/iris-*"}},
    }


def test_the_roles_of_a_reader_may_read_releases_and_nobody_else_of_its_account(
    made: Program,
) -> None:
    reads, lists = statements(made, "BucketPolicy", RELEASES)[3:]
    for each, resource in ((reads, f"{RELEASES}/iris/*"), (lists, RELEASES)):
        assert each["Principal"] == {"AWS": [f"arn:aws:iam::{OTHER}:root"]}
        assert each["Resource"] == f"arn:aws:s3:::{resource}"
        assert each["Condition"]["ArnLike"]["aws:PrincipalArn"] == [
            f"arn:aws:iam::{OTHER}:role/iris-deploy-*",
            f"arn:aws:iam::{OTHER}:role/iris-preview",
        ]
    actions = {*reads["Action"], *lists["Action"]}
    assert {each.partition(":")[2][:3] for each in actions} == {"Get", "Lis"}
    assert len(statements(bootstrap(), "BucketPolicy", RELEASES)) == 3


@pytest.mark.parametrize(
    ("role", "environment"),
    [("deploy-dev", "dev"), ("deploy-prod", "prod"), ("preview", "preview")],
)
def test_a_role_believes_jobs_of_one_environment_alone(
    made: Program, role: str, environment: str
) -> None:
    trust = json.loads(made.one("Role", f"iris-{role}").inputs["assumeRolePolicy"])
    assert trust["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"},
            "Condition": {
                "StringEquals": {
                    f"{ISSUER}:aud": "sts.amazonaws.com",
                    f"{ISSUER}:sub": f"repo:you@12/iris@345:environment:{environment}",
                }
            },
        }
    ]


def test_the_issuer_stays_for_others(made: Program) -> None:
    issuer = made.one("OpenIdConnectProvider")
    assert issuer.inputs == {"url": f"https://{ISSUER}", "clientIdLists": ["sts.amazonaws.com"]}
    assert issuer.options == ("retainOnDelete",)


def test_the_key_of_a_stack_is_for_its_role_and_kept(made: Program) -> None:
    for stack in ("dev", "prod"):
        key = made.one("Key", f"iris-{stack}")
        assert key.protect
        assert key.inputs["enableKeyRotation"] is True
        account, role = json.loads(key.inputs["policy"])["Statement"]
        assert account["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        assert role["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:role/iris-deploy-{stack}"}
        assert role["Action"] == ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"]
        assert made.one("Alias", f"iris-{stack}").inputs["name"] == f"alias/iris-{stack}"


def test_a_role_of_a_stack_is_made_and_filled_within_the_boundary_alone(made: Program) -> None:
    for stack in ("dev", "prod"):
        bound, own, passed, *denied = statements(made, "RolePolicy", f"iris-deploy-{stack}")[:5]
        roles = f"arn:aws:iam::{ACCOUNT}:role/iris-{stack}-*"
        assert {each["Resource"] for each in (bound, own, passed)} == {roles}
        assert bound["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}
        assert {"iam:CreateRole", "iam:PutRolePolicy"} <= {*bound["Action"]}
        assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": [*PASSED_TO]}}
        assert {each["Effect"] for each in denied} == {"Deny"}
        assert denied[0]["Resource"] == BOUNDARY


def test_the_roles_of_stacks_may_have_a_path() -> None:
    statement, *_ = statements(bootstrap(role_path="/models/"), "RolePolicy", "iris-deploy-dev")
    assert statement["Resource"] == f"arn:aws:iam::{ACCOUNT}:role/models/iris-dev-*"


def test_a_preview_reads_no_secrets_but_those_it_is_given(made: Program) -> None:
    said = statements(made, "RolePolicy", "iris-preview")
    key = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/key-of-dev"
    elsewhere, values, secrets = said[-3:]
    assert elsewhere == {"Effect": "Deny", "Action": ["kms:Decrypt"], "NotResource": [key]}
    gateway = "arn:aws:apigateway:eu-central-1::/apikeys"
    assert (values["Effect"], values["Resource"]) == ("Deny", [gateway, f"{gateway}/*"])
    assert (secrets["Effect"], secrets["Resource"]) == ("Deny", "*")
    assert {"secretsmanager:GetSecretValue", "ssm:GetParameter"} <= {*secrets["Action"]}
    none = statements(bootstrap(previewed=[]), "RolePolicy", "iris-preview")
    assert none[-3] == {"Effect": "Deny", "Action": ["kms:Decrypt"], "Resource": "*"}
    assert "kms:Decrypt" not in [
        action for each in none if each["Effect"] == "Allow" for action in each["Action"]
    ]


def test_a_preview_changes_nothing(made: Program) -> None:
    allowed = [
        action.partition(":")[2]
        for each in statements(made, "RolePolicy", "iris-preview")
        if each["Effect"] == "Allow"
        for action in each["Action"]
    ]
    reads = ("Get", "List", "Describe", "BatchGet", "BatchCheck", "Decrypt")
    assert [action for action in allowed if not action.startswith(reads)] == []


def test_what_there_is_already_is_not_made() -> None:
    issuer = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/team/boundary"
    program = bootstrap(bucket="theirs", oidc_provider=issuer, boundary=boundary)
    assert [each.name for each in program.of("Bucket")] == [STATE]
    assert program.of("OpenIdConnectProvider") == program.of("Policy") == []
    assert program.exports["releases_bucket"] == "theirs"
    assert program.exports["boundary"] == boundary
    said = program.one("RolePolicy", "iris-deploy-dev").inputs["policy"]
    assert "arn:aws:s3:::theirs/iris/*" in said
    assert BOUNDARY not in said


def test_releases_are_copied_from_where_it_is_named() -> None:
    source, arn = COPIED
    program = bootstrap(copies_from=[source.replace(ACCOUNT, OTHER)])
    reads = {
        name: [
            each["Action"]
            for each in statements(program, "RolePolicy", f"iris-{name}")
            if arn.replace(ACCOUNT, OTHER) in each.get("Resource", ())
        ]
        for name in ("deploy-prod", "preview")
    }
    assert reads == {"deploy-prod": [COPIES], "preview": []}
    assert refusal(copies_from=["A place"])[0].startswith('copies_from.0: "A place" is not ')


def test_it_says_what_the_stacks_and_github_need(made: Program) -> None:
    assert {key: made.exports[key] for key in made.exports if key != "image_repository"} == {
        "releases_bucket": RELEASES,
        "backend_url": f"s3://{STATE}?region=eu-central-1&awssdk=v2",
        "boundary": BOUNDARY,
        "preview_role": f"arn:aws:iam::{ACCOUNT}:role/iris-preview",
        "dev_deploy_role": f"arn:aws:iam::{ACCOUNT}:role/iris-deploy-dev",
        "dev_secrets_provider": "awskms://alias/iris-dev?region=eu-central-1",
        "prod_deploy_role": f"arn:aws:iam::{ACCOUNT}:role/iris-deploy-prod",
        "prod_secrets_provider": "awskms://alias/iris-prod?region=eu-central-1",
    }


def test_policies_are_as_long_as_aws_takes_them_for_the_longest_names() -> None:
    keys = given(stacks=["s" * 16], previewed=[], copies_from=[COPIED[0]])
    project = "i" * 32
    renamed = {key.replace("iris-bootstrap", f"{project}-bootstrap"): keys[key] for key in keys}
    with contextlib.chdir(FOLDER):
        program = run(f"{project}-bootstrap", "account", renamed)
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    for most, kind in ((10_240, "RolePolicy"), (6_144, "Policy")):
        for each in program.of(kind):
            assert len(each.inputs["policy"]) <= most, each.name
    for each in program.of("Bucket"):
        assert len(each.inputs["bucket"]) <= 63


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-central-1", "aws"),
        ("mx-central-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_names_are_of_the_part_of_aws_where_the_region_is(region: str, partition: str) -> None:
    assert Place("iris", ACCOUNT, region).arn("lambda", "function:iris").split(":")[1] == partition


def test_all_that_is_wrong_is_said_at_once() -> None:
    said = refusal(
        repositry="you/iris",
        repository="https://github.com/you/iris",
        readers=["12345"],
        boundary="iris-boundary",
        aws__allowedAccountIds=["12345"],
    )
    assert said == [
        'repository: "https://github.com/you/iris" is not a repository on GitHub; write its owner'
        " and its name, such as you@1234/iris@5678, or you/iris.",
        'readers.0: "12345" is not an account; write 12 digits in quotes.',
        'boundary: "iris-boundary" is not a policy of IAM; write its ARN.',
        "repositry: is not a key here; write repository.",
        'aws:allowedAccountIds: is ["12345"]; write the one account that this is for, as'
        ' ["123456789012"].',
    ]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"repository": None}, 'repository: is missing; add one such as "you@1234/iris@5678".'),
        ({"stacks": []}, "stacks: is empty; list at least one stack."),
        (
            {"boundary": f"arn:aws:iam::{OTHER}:policy/b"},
            f"boundary: arn:aws:iam::{OTHER}:policy/b is of another account; write one of"
            f" {ACCOUNT}.",
        ),
        (
            {"oidc_provider": f"arn:aws-cn:iam::{ACCOUNT}:oidc-provider/{ISSUER}"},
            f"oidc_provider: arn:aws-cn:iam::{ACCOUNT}:oidc-provider/{ISSUER} is of another"
            f" account; write one of {ACCOUNT}.",
        ),
        (
            {"readers": ["000000000000"]},
            "readers: 000000000000 is a placeholder; write your own, or remove it.",
        ),
        (
            {"stacks": ["dev", "Dev"]},
            "stacks: names a stack twice, since upper case does not count; rename one of them.",
        ),
        (
            {"stacks": ["dev", "Preview"]},
            "stacks: Preview is the environment of pull requests, which would get its deploy role;"
            " rename the stack.",
        ),
        (
            {"stacks": ["dev", "dev-eu"]},
            "stacks: the role of dev could change what dev-eu has, since its names start with"
            " dev-; rename one of them.",
        ),
        (
            {"stacks": ["dev", "deploy"]},
            "stacks: deploy is how names of bootstrap's own start; rename the stack.",
        ),
        (
            {"previewed": ["test"]},
            "previewed: test is not one of stacks; add it there, or remove it here.",
        ),
        (
            {"stacks": ["dev", "a/b"]},
            "stacks.1: 'a/b' would make invalid names in the cloud; name the stack with at most 16"
            " of a-z, A-Z, 0-9, _ and -.",
        ),
        (
            {"oidc_provider": "github"},
            'oidc_provider: "github" is not an OIDC provider; write its ARN.',
        ),
        ({"bucket": "B"}, 'bucket: "B" is not the name of a bucket; write one such as releases.'),
        (
            {"role_path": "models"},
            'role_path: "models" is not the path of a role; write one such as /models/.',
        ),
        ({"aws__region": None}, "aws:region: is missing; write one such as eu-central-1."),
        ({"aws__region": "here"}, 'aws:region: is "here"; write one such as eu-central-1.'),
        (
            {"aws__allowedAccountIds": None},
            "aws:allowedAccountIds: is missing; write the one account that this is for, as"
            ' ["123456789012"].',
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_remedy(keys: dict[str, Any], said: str) -> None:
    if "stacks" in keys:
        keys = {"previewed": []} | keys
    assert refusal(**keys) == [said]


def test_nothing_is_registered_where_anything_is_wrong() -> None:
    with pytest.raises(pulumi.RunError, match=r"^bootstrap/Pulumi.account.yaml can't be used:\n"):
        bootstrap(repository="iris")
