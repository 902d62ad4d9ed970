"""The owner's policy of an API version: what is accepted, what is refused, and who gets it."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.problems import Problems
from infra.settings import Settings
from tests.stacks import TWO, Stacks, config

FILE = "policies/features.json"
TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/features"
READS = {"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": TABLE}
NO_KEY = {"Action": ["dynamodb:GetItem"], "Resource": TABLE}


def write(text: str) -> None:
    """The file of a policy in the folder of a stack."""
    Path(FILE).parent.mkdir(exist_ok=True)
    Path(FILE).write_text(text, "utf-8")


def policy(*statements: Any) -> str:
    """A policy with these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def refusal(stacks: Stacks, text: str) -> list[str]:
    """What is said of a file, without what every sentence begins with."""
    write(text)
    begins = f"versions.v1.policy: {FILE}"
    said = stacks.refusal_of_v1(policy=FILE)
    assert all(each.startswith(begins) for each in said)
    return [each.removeprefix(begins).strip(": ") for each in said]


@pytest.mark.parametrize(
    "statement",
    [
        READS,
        READS | {"Sid": "Reads", "Action": "dynamodb:GetItem"},
        READS | {"Resource": [TABLE, f"{TABLE}/index/*"]},
        READS | {"Effect": "Deny"},
        READS | {"Resource": "arn:aws:s3:::features/v1/*"},
        READS | {"Resource": "arn:aws:s3:::features/*"},
        READS | {"Resource": "arn:aws:s3:::features"},
        READS | {"Resource": "arn:aws-cn:sns:cn-north-1:123456789012:features"},
        READS
        | {"Resource": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:iris/token-*"},
        READS | {"Condition": {"StringLike": {"dynamodb:LeadingKeys": ["iris-*"]}}},
    ],
    ids=str,
)
def test_a_statement_that_names_what_it_is_about_is_accepted(
    stacks: Stacks, statement: Any
) -> None:
    write(policy(statement))
    assert stacks.settings({"v1": TWO["v1"] | {"policy": FILE}})


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (READS | {"Action": "*"}, 'Action "*" has a wildcard; write the name of each action.'),
        (
            READS | {"Action": ["dynamodb:GetItem", "dynamodb:*"]},
            'Action "dynamodb:*" has a wildcard; write the name of each action.',
        ),
        (
            READS | {"Action": "dynamodb:Get?tem"},
            'Action "dynamodb:Get?tem" has a wildcard; write the name of each action.',
        ),
        (
            READS | {"Action": "read"},
            'Action "read" is no action; write one such as dynamodb:GetItem.',
        ),
        (READS | {"Action": []}, "Action is []; write a text, or a list of texts."),
        (READS | {"Action": [1]}, "Action is [1]; write a text, or a list of texts."),
        (READS | {"Resource": "*"}, 'Resource "*" is no ARN; write that of what is meant.'),
        (READS | {"Resource": None}, "Resource is null; write a text, or a list of texts."),
        (
            READS | {"Principal": "*"},
            "Principal belongs to a policy of a resource, and a role has none; remove it.",
        ),
        (
            READS | {"NotPrincipal": {"AWS": "123456789012"}},
            "NotPrincipal belongs to a policy of a resource, and a role has none; remove it.",
        ),
        (
            READS | {"NotAction": "iam:*"},
            "NotAction can't stand here; write Effect, Action, Resource, Condition.",
        ),
        (
            READS | {"NotResource": TABLE},
            "NotResource can't stand here; write Effect, Action, Resource, Condition.",
        ),
        (READS | {"Effect": "allow"}, 'Effect is "allow"; write Allow or Deny.'),
        (NO_KEY, "Effect is null; write Allow or Deny."),
        (READS | {"Condition": []}, "Condition is no mapping; correct it, or remove it."),
    ],
    ids=str,
)
def test_a_statement_that_says_more_or_less_is_refused(
    stacks: Stacks, statement: Any, said: str
) -> None:
    assert refusal(stacks, policy(READS, statement)) == [f"Statement 1: {said}"]


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:s3:::*",
        "arn:aws:s3:::features-*/v1",
        "arn:aws:dynamodb:*:123456789012:table/features",
        "arn:aws:dynamodb:eu-central-1:*:table/features",
        "arn:aws:*:eu-central-1:123456789012:table/features",
        "arn:aws:dynamodb:eu-central-1:123456789012:*",
        "arn:aws:dynamodb:eu-central-1:123456789012:table/*",
        "arn:aws:dynamodb:eu-central-1:123456789012:table/?eatures",
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:*",
    ],
)
def test_a_resource_of_anything_is_refused(stacks: Stacks, resource: str) -> None:
    (said,) = refusal(stacks, policy(READS | {"Resource": resource}))
    assert said.startswith(f'Statement 0: Resource "{resource}" is ')
    assert said.endswith((" before a wildcard.", " no ARN; write that of what is meant."))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", 'is not a policy; write {"Version": "2012-10-17", "Statement": […]}.'),
        ("7", 'is not a policy; write {"Version": "2012-10-17", "Statement": […]}.'),
        (
            json.dumps({"Version": "2008-10-17", "Statement": [READS]}),
            'is not a policy; write {"Version": "2012-10-17", "Statement": […]}.',
        ),
        (
            json.dumps({"Version": "2012-10-17", "Statement": [READS], "Principal": "*"}),
            'is not a policy; write {"Version": "2012-10-17", "Statement": […]}.',
        ),
        (policy(), "has no statement; write one, or remove policy."),
    ],
)
def test_what_is_no_policy_is_refused(stacks: Stacks, text: str, said: str) -> None:
    assert refusal(stacks, text) == [said]


@pytest.mark.parametrize("text", ["", "{", "\ud800"])
def test_what_is_no_json_is_refused(stacks: Stacks, text: str) -> None:
    Path(FILE).parent.mkdir(exist_ok=True)
    Path(FILE).write_text(text, "utf-8", "surrogatepass")
    (said,) = stacks.refusal_of_v1(policy=FILE)
    assert f"{FILE} is not JSON (" in said
    assert said.endswith("); correct it.")


def test_all_that_is_wrong_with_a_policy_is_said_at_once(stacks: Stacks) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    assert len(refusal(stacks, policy("text", statement))) == 5


def test_a_policy_that_no_role_takes_is_refused(stacks: Stacks) -> None:
    (said,) = refusal(stacks, policy(*[READS] * 60))
    assert "has 7," in said
    assert said.endswith(" characters, and a role takes 6,144 of them; write fewer statements.")


def test_the_policy_of_a_retired_version_is_not_read(stacks: Stacks) -> None:
    gone = TWO["v1"] | {"state": "retired", "policy": "policies/gone.json"}
    assert stacks.settings({"v1": gone, "v2": TWO["v2"]})


def test_a_policy_is_a_part_of_the_role_of_its_version_alone(stacks: Stacks) -> None:
    before = {each.name for each in stacks.run().of("RolePolicy")}
    write(policy(READS))
    program = stacks.run({"v1": TWO["v1"] | {"policy": FILE}, "v2": TWO["v2"]})
    (own,) = (each for each in program.of("RolePolicy") if each.name not in before)
    assert own.inputs["role"] == "iris-dev-v1"
    assert json.loads(own.inputs["policy"]) == json.loads(policy(READS))
    # What runs the code is made when it may do that.
    (needs,) = (each for each in program.resources if f"{own.type}::{own.name}" in each.depends_on)
    assert needs.name == "iris-dev-v1"


def test_a_key_of_another_region_or_of_nobody_is_refused(stacks: Stacks) -> None:
    stacks.make("iris", TWO)
    key = "arn:aws:kms:us-east-1:000000000000:key/1234"
    given = config("iris", TWO, kms_key=key) | {"aws:region": "eu-central-1"}
    with pytest.raises(Problems) as refused:
        Settings.read("iris", "dev", given, deploying=True)
    said = str(refused.value).splitlines()
    assert (
        "kms_key: is in us-east-1, and the stack in eu-central-1; write one in eu-central-1."
        in said
    )
    assert f"kms_key: {key} has a placeholder for an account; write your own." in said
    with pytest.raises(Problems) as refused:
        Settings.read("iris", "dev", given)
    assert "placeholder" not in str(refused.value)
