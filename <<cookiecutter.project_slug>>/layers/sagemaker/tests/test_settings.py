"""The config of a stack: what is accepted, and what is said of the rest."""

from typing import Any

import pytest

from infra.instances import UPDATE_SECONDS
from infra.problems import Problems
from infra.settings import Settings
from tests.artefacts import REPOSITORY
from tests.stacks import TWO, Stacks, config

LIVE = {"release": "1.4.2"}


def test_a_release_alone_is_enough(stacks: Stacks) -> None:
    read = stacks.settings({"v1": LIVE}).model_dump()
    shared = {"auth": "api_key", "front": "api_gateway", "log_retention_days": 30}
    assert shared.items() <= read.items()
    own = {"instance_type": "ml.c5.large", "initial_instance_count": 1, "timeout_seconds": 10}
    own |= dict.fromkeys(("digest", "model_data", "scaling"))
    assert own.items() <= read["versions"]["v1"].items()


def test_a_release_takes_over_all_at_once_unless_something_else_is_said(stacks: Stacks) -> None:
    versions = stacks.settings({"v1": LIVE | {"rollout": "all_at_once"}, "v2": TWO["v2"]}).versions
    for version in versions.values():
        assert version.rollout.model_dump() == {"canary": None, "rolling": None}


def test_an_image_of_another_region_is_refused(stacks: Stacks) -> None:
    stacks.make("iris", TWO)
    given = config("iris", TWO)
    assert Settings.read("iris", "dev", given | {"aws:region": "eu-central-1"})
    with pytest.raises(Problems) as refused:
        Settings.read("iris", "dev", given | {"aws:region": "us-east-1"})
    assert (
        "image.repository: is in eu-central-1, and the stack in us-east-1; write one in us-east-1."
        in str(refused.value).splitlines()
    )


def test_a_placeholder_is_refused_where_something_would_be_made(stacks: Stacks) -> None:
    stacks.make("iris", TWO)
    repository = REPOSITORY.replace("123456789012", "000000000000")
    given = config("iris", TWO, front="none", image={"repository": repository})
    assert Settings.read("iris", "dev", given)
    with pytest.raises(Problems) as refused:
        Settings.read("iris", "dev", given, deploying=True)
    assert str(refused.value) == (
        f"image.repository: {repository} has a placeholder for an account; write your own."
    )


def test_a_stack_whose_name_endpoints_can_not_have_is_refused(stacks: Stacks) -> None:
    with pytest.raises(Problems, match=r"^stack: 'my_dev' would make invalid names of endpoints;"):
        stacks.settings(stack="my_dev")


@pytest.mark.parametrize(
    ("instances", "rollout", "seconds"),
    [
        # Start, watch, keep the old ones.
        (1, "all_at_once", 300 + 600 + 600),
        # Start, watch the first, watch all, keep the old ones.
        (2, {"canary": {"wait_seconds": 1_000}}, 300 + 3 * 1_000),
        # A step is an instance at least, and whole ones always.
        (2, {"rolling": {"percent": 5}}, 2 * (300 + 300)),
        (10, {"rolling": {"percent": 25}}, 5 * (300 + 300)),
        (11, {"rolling": {"percent": 20}}, None),
        (10, {"rolling": {"percent": 20}}, 5 * (300 + 300)),
        (2, {"rolling": {"percent": 50, "wait_seconds": 1_350}}, 2 * (300 + 1_350)),
        (2, {"rolling": {"percent": 50, "wait_seconds": 1_351}}, None),
    ],
    ids=str,
)
def test_a_rollout_that_is_accepted_ends_in_time(
    stacks: Stacks, instances: int, rollout: Any, seconds: int | None
) -> None:
    versions = {"v1": LIVE | {"initial_instance_count": instances, "rollout": rollout}}
    if seconds:
        assert seconds <= UPDATE_SECONDS
        assert stacks.settings(versions).versions["v1"].rollout_seconds == seconds
    else:
        with pytest.raises(Problems, match=r"^versions.v1.rollout: would take some "):
            stacks.settings(versions)


def test_an_instance_that_starts_slowly_makes_a_rollout_longer(stacks: Stacks) -> None:
    slow = {"model_data": "s3://models/iris/a.tar.gz"}
    slow |= {"startup_seconds": 600, "download_seconds": 900}
    (version,) = stacks.settings({"v1": LIVE | slow}).versions.values()
    assert version.rollout_seconds == 600 + 900 + 2 * 600
    (version,) = stacks.settings({"v1": LIVE | {"startup_seconds": 60}}).versions.values()
    assert version.rollout_seconds == 300 + 2 * 600


def test_the_arn_of_a_repository_is_of_its_account_and_region(stacks: Stacks) -> None:
    for repository, partition, arn in (
        (REPOSITORY, "aws", "arn:aws:ecr:eu-central-1:123456789012:repository/iris"),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/ml/iris",
            "aws-cn",
            "arn:aws-cn:ecr:cn-north-1:123456789012:repository/ml/iris",
        ),
    ):
        assert stacks.settings(image={"repository": repository}).image.arn(partition) == arn


def test_variables_that_sagemaker_does_not_take_are_refused(stacks: Stacks) -> None:
    many = {f"N{each}": "" for each in range(99)}
    with pytest.raises(Problems) as refused:
        stacks.settings({"v1": LIVE | {"env": many | {"LONG": "a" * 1_025, "N0": "a" * 1_024}}})
    assert str(refused.value).splitlines() == [
        "versions.v1.env: makes 102 variables with the project's own, and SageMaker takes 100;"
        " write fewer.",
        "versions.v1.env.LONG: has 1,025 characters, and SageMaker takes 1,024; write fewer.",
    ]
