"""The config of a stack, as far as every target on AWS has it: what is said of what is wrong."""

from pathlib import Path

import pytest

from infra.given import Given
from infra.problems import Problems
from infra.settings import Settings
from infra.web_acl import problems
from tests.stacks import THREE, TWO, Stacks, config


def test_a_missing_contract_says_where_it_comes_from(stacks: Stacks) -> None:
    stacks.make("iris", THREE)
    Path("contracts/v3.json").unlink()
    with pytest.raises(Problems) as refused:
        Settings.read("iris", "dev", config("iris", THREE))
    assert str(refused.value) == (
        "versions.v3: contracts/v3.json is missing; write it with `make contract` while"
        " api_version in pyproject.toml is v3, or get it from the commit that made v3."
    )


def test_stacks_that_differ_only_in_case_are_refused(stacks: Stacks) -> None:
    stacks.make("iris", TWO)
    for name in ("dev", "prod"):
        Path(f"Pulumi.{name}.yaml").touch()
    with pytest.raises(Problems) as refused:
        Settings.read("iris", "Dev", config("iris", TWO))
    assert str(refused.value) == (
        "stack: 'Dev' and 'dev', of Pulumi.dev.yaml, differ only in case, and to AWS the names of"
        " their roles are the same; rename one of them."
    )
    assert Settings.read("iris", "dev", config("iris", TWO)).stack.prefix == "iris-dev"


@pytest.mark.parametrize("text", ["{}", "=======", "[]", '{"paths": {"/v9/predict": {}}}'])
def test_what_is_no_contract_of_the_version_is_refused(stacks: Stacks, text: str) -> None:
    stacks.make("iris", TWO)
    Path("contracts/v2.json").write_text(text)
    with pytest.raises(
        Problems, match=r"^versions.v2: contracts/v2.json is no contract of v2; write"
    ):
        Settings.read("iris", "dev", config("iris", TWO))


def test_a_web_acl_that_is_elsewhere_or_nobodys_is_refused() -> None:
    def said(web_acl: str) -> list[str]:
        own = {"iris:web_acl": web_acl, "aws:region": "eu-central-1"}
        return [*problems(Given("iris", "dev", own, deploying=True))]

    arn = "arn:aws:wafv2:{}:{}:regional/webacl/iris/01234567-89ab"
    nobodys = arn.format("eu-central-1", "0" * 12)
    assert said(arn.format("eu-central-1", "123456789012")) == []
    assert said(arn.format("us-east-1", "123456789012")) == [
        "web_acl: is in us-east-1, and the stack in eu-central-1; write one in eu-central-1."
    ]
    assert said(nobodys) == [
        f"web_acl: {nobodys} has a placeholder for an account; write your own."
    ]
