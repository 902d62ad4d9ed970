"""The config of a stack: what is accepted, and what is said of the rest."""

from typing import Any

import pytest

from infra.instances import UPDATE_SECONDS, Canary, Rolling, Rollout
from infra.problems import Problems
from infra.settings import Settings
from tests.artefacts import REPOSITORY
from tests.stacks import DEPRECATED, TWO, Stacks, config

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
LIVE = {"release": "1.4.2"}


def test_a_release_alone_is_enough(stacks: Stacks) -> None:
    settings = stacks.settings({"v1": LIVE})
    assert (settings.auth, settings.front, settings.log_retention_days) == (
        "api_key",
        "api_gateway",
        30,
    )
    version = settings.versions["v1"]
    assert (version.instance_type, version.initial_instance_count) == ("ml.c5.large", 1)
    assert (version.scaling, version.rollout, version.timeout_seconds) == (None, Rollout(), 10)
    assert (version.digest, version.model_data) == (None, None)


def test_every_key_is_read(stacks: Stacks) -> None:
    scaling = {"min_instances": 2, "max_instances": 8, "invocations_per_instance": 500}
    own = {"digest": DIGEST, "model_data": "s3://models/iris/a.tar.gz", "timeout_seconds": 28}
    sized = {"instance_type": "ml.m5.xlarge", "initial_instance_count": 4, "scaling": scaling}
    settings = stacks.settings({"v1": LIVE | DEPRECATED | own | sized}, front="none")
    version = settings.versions["v1"]
    assert settings.front == "none"
    assert (version.digest, version.model_data, version.timeout_seconds) == (*own.values(),)
    assert (version.instance_type, version.initial_instance_count) == ("ml.m5.xlarge", 4)
    assert version.scaling
    assert version.scaling.model_dump() == scaling


@pytest.mark.parametrize(
    ("rollout", "expected"),
    [
        ("all_at_once", Rollout()),
        ({"canary": {"percent": 50}}, Rollout(canary=Canary(percent=50))),
        ({"rolling": {"wait_seconds": 400}}, Rollout(rolling=Rolling(wait_seconds=400))),
    ],
    ids=str,
)
def test_a_release_takes_over_in_one_of_three_ways(
    stacks: Stacks, rollout: Any, expected: Rollout
) -> None:
    settings = stacks.settings({"v1": LIVE | {"initial_instance_count": 2, "rollout": rollout}})
    assert settings.versions["v1"].rollout == expected


TWO_INSTANCES = {"initial_instance_count": 2}


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        (
            {"instance_type": "c5.large"},
            'instance_type: "c5.large" is no instance type; write one such as ml.c5.large.',
        ),
        ({"initial_instance_count": 0}, "initial_instance_count: is 0; write 1 or more."),
        ({"timeout_seconds": 29}, "timeout_seconds: is 29; write 28 or less."),
        ({"digest": "latest"}, 'digest: "latest" is not a digest; write sha256: and 64 of'),
        ({"model_data": "s3://models/model.zip"}, 'model_data: "s3://models/model.zip" is no'),
        (
            {"model_data": "s3://models/model.tar.gz"},
            'model_data: "s3://models/model.tar.gz" is no',
        ),
        ({"model_data": "s3://models/*/a.tar.gz"}, 'model_data: "s3://models/*/a.tar.gz" is no'),
        (
            {"rollout": "linear"},
            'rollout: is "linear"; write all_at_once, {canary: …} or {rolling: …}.',
        ),
        ({"rollout": {}}, "rollout: is {}; write all_at_once, {canary: …} or {rolling: …}."),
        ({"rollout": {"canary": {}, "rolling": {}}}, 'rollout: is {"canary": {}, "rolling": {}};'),
        (
            TWO_INSTANCES | {"rollout": {"canary": {"percent": 51}}},
            "rollout.canary.percent: is 51; write 50 or less.",
        ),
        (
            TWO_INSTANCES | {"rollout": {"rolling": {"percent": 4}}},
            "rollout.rolling.percent: is 4; write 5 or more.",
        ),
        (
            TWO_INSTANCES | {"rollout": {"canary": {"percents": 4}}},
            "rollout.canary.percents: is not a key here; write percent.",
        ),
        (
            {"rollout": {"canary": {}}},
            "rollout: is canary, which needs 2 instances, and there may be 1; write all_at_once, or"
            " raise initial_instance_count.",
        ),
        (
            TWO_INSTANCES | {"rollout": {"rolling": {}}, "scaling": {}},
            "rollout: is rolling, which needs 2 instances, and there may be 1; write all_at_once,"
            " or raise scaling.min_instances.",
        ),
        (
            {"rollout": {"rolling": {"percent": 5}}, "initial_instance_count": 20},
            "rollout: would take some 12,000 seconds, and Pulumi waits for an hour; write a larger"
            " percent, or fewer wait_seconds.",
        ),
        (
            TWO_INSTANCES | {"rollout": {"canary": {"wait_seconds": 1_001}}},
            "rollout.canary.wait_seconds: is 1001; write 1000 or less.",
        ),
        (
            {"scaling": {"min_instances": 3, "max_instances": 2}},
            "scaling.max_instances: is 2; write min_instances, 3, or more.",
        ),
        (
            {"scaling": {"min_instances": 2}},
            "initial_instance_count: is 1, outside of scaling; write 2 to 4.",
        ),
        (
            {"scaling": {"max_instances": 4}, "initial_instance_count": 5},
            "initial_instance_count: is 5, outside of scaling; write 1 to 4.",
        ),
        (
            {"scaling": {}, "instance_type": "ml.t2.medium"},
            "scaling: is set, and instances of ml.t2.medium can't be scaled; remove it, or write"
            " another instance_type.",
        ),
        (
            {"release": "1.4.2+gpu"},
            "release: 1.4.2+gpu can't be the tag of an image; write at most 128 of 0-9, A-Z, a-z,"
            " -, _ and ., or add a digest.",
        ),
        ({"instance": "ml.c5.large"}, "instance: is not a key here; write instance_type."),
    ],
    ids=str,
)
def test_a_wrong_value_is_refused_with_its_remedy(
    stacks: Stacks, keys: dict[str, Any], sentence: str
) -> None:
    (said,) = stacks.refusal_of_v1(**keys)
    assert said.startswith(f"versions.v1.{sentence}")
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"front": "alb"}, "front: is \"alb\"; write 'api_gateway' or 'none'."),
        (
            {"image": {"repository": "ghcr.io/you/iris"}},
            'image.repository: "ghcr.io/you/iris" is not a repository in ECR; write one without a'
            f" tag, such as {REPOSITORY}.",
        ),
        (
            {"image": {"repository": f"{REPOSITORY}:1.4.2"}},
            f'image.repository: "{REPOSITORY}:1.4.2" is not a repository in ECR; write one',
        ),
        ({"image": {}}, f'image.repository: is missing; add one such as "{REPOSITORY}".'),
    ],
    ids=str,
)
def test_a_wrong_key_of_the_stack_is_refused_with_its_remedy(
    stacks: Stacks, keys: dict[str, Any], sentence: str
) -> None:
    (said,) = stacks.refusal(**keys)
    assert said.startswith(sentence)
    assert said.endswith(".")


def test_a_retired_version_may_say_what_it_wants(stacks: Stacks) -> None:
    retired = LIVE | {"state": "retired", "rollout": {"canary": {}}}
    assert stacks.settings({"v1": retired, "v2": TWO["v2"]})


def test_an_image_of_another_region_is_refused(stacks: Stacks) -> None:
    stacks.make("iris", TWO)
    given = config("iris", TWO)
    assert Settings.read("iris", "dev", given | {"aws:region": "eu-central-1"})
    with pytest.raises(
        Problems,
        match=r"^image.repository: is in eu-central-1, and the stack in us-east-1; write one in us",
    ):
        Settings.read("iris", "dev", given | {"aws:region": "us-east-1"})


def test_a_placeholder_is_refused_where_something_would_be_made(stacks: Stacks) -> None:
    stacks.make("iris", TWO)
    repository = REPOSITORY.replace("123456789012", "000000000000")
    given = config("iris", TWO, front="none", image={"repository": repository})
    assert Settings.read("iris", "dev", given)
    with pytest.raises(Problems) as refused:
        Settings.read("iris", "dev", given, previewing=True)
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
