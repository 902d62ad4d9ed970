"""The config of a stack, as far as every target on AWS has it: what is said of what is wrong."""

from pathlib import Path
from typing import Any

import pytest

from infra.problems import Problems
from infra.settings import Settings
from tests.stacks import THREE, TWO, Stacks, config


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"auth": "apikey"}, "auth: is \"apikey\"; write 'api_key', 'iam' or 'none'."),
        ({"log_retention_days": 31}, "log_retention_days: is 31; write 1, 3, 5, 7, 14, 30"),
        ({"protect": "yes"}, 'protect: is "yes"; write true or false.'),
        ({"throttle": {"rate": 0}}, "throttle.rate: is 0; write 1 or more."),
        ({"throttle": {"bursts": 5}}, "throttle.bursts: is not a key here; write burst."),
        ({"throttle": 5}, 'throttle: is 5; write one such as {"burst": 100, "rate": 50}.'),
        ({"alarm_topic": "me"}, 'alarm_topic: "me" is not an SNS topic; write its ARN.'),
        ({"log_retention": 30}, "log_retention: is not a key here; write log_retention_days."),
    ],
    ids=str,
)
def test_a_wrong_key_of_the_stack_is_refused_with_its_remedy(
    stacks: Stacks, keys: dict[str, Any], sentence: str
) -> None:
    (said,) = stacks.refusal(**keys)
    assert said.startswith(sentence)
    assert said.endswith(".")


def test_a_missing_contract_says_where_it_comes_from(stacks: Stacks) -> None:
    stacks.make("iris", THREE)
    Path("contracts/v3.json").unlink()
    with pytest.raises(Problems) as refused:
        Settings.read("iris", "dev", config("iris", THREE))
    assert str(refused.value) == (
        "versions.v3: contracts/v3.json is missing; get it from the commit that made v3, or run"
        " `make contract` there."
    )


@pytest.mark.parametrize("text", ["{}", "=======", "[]", '{"paths": {"/v9/predict": {}}}'])
def test_what_is_no_contract_of_the_version_is_refused(stacks: Stacks, text: str) -> None:
    stacks.make("iris", TWO)
    Path("contracts/v2.json").write_text(text)
    with pytest.raises(
        Problems, match=r"^versions.v2: contracts/v2.json is no contract of v2; get"
    ):
        Settings.read("iris", "dev", config("iris", TWO))
