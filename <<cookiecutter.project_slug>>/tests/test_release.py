"""What a build and its deployment say of each other."""

from datetime import date

import pytest

from serving.release import Release, WrongDeployment
from tests.support import BUILD, VERSION

DAYS = {"DEPRECATED_ON": "2026-12-01", "SUNSET": "2027-03-31"}


def test_a_build_alone_is_live() -> None:
    assert Release.load({}) == Release(BUILD)


def test_a_deployment_may_name_the_build() -> None:
    assert Release.load({"API_VERSION": VERSION, "RELEASE": BUILD.release}) == Release(BUILD)


def test_a_deployment_may_deprecate_the_build() -> None:
    url = "https://example.com/move?to=v2"
    release = Release.load(DAYS | {"MIGRATION_URL": url})
    assert release == Release(BUILD, date(2026, 12, 1), date(2027, 3, 31), url)


def test_without_a_migration_url_there_is_no_link() -> None:
    assert "Link" not in dict(Release.load(DAYS).headers())


@pytest.mark.parametrize("limit", [1_024, 100_000_000])
def test_a_deployment_may_say_how_large_a_body_may_be(limit: int) -> None:
    assert Release.load({"MAX_BODY_BYTES": str(limit)}) == Release(BUILD, max_body_bytes=limit)


@pytest.mark.parametrize(
    "text", ["", "0", "1023", "100000001", "1e6", "1_048_576", "-2048", " 2048", "\u0662" * 4]
)
def test_a_limit_of_a_body_that_can_not_be_used_is_refused(text: str) -> None:
    with pytest.raises(WrongDeployment) as error:
        Release.load({"MAX_BODY_BYTES": text, "DEPRECATED_ON": "2026-12-01"})
    assert str(error.value).splitlines() == [
        "DEPRECATED_ON and SUNSET belong together: set both or neither.",
        f"MAX_BODY_BYTES is {text!r}; write a number from 1024 to 100000000.",
    ]


def test_a_build_started_as_another_names_both() -> None:
    with pytest.raises(WrongDeployment) as error:
        Release.load({"API_VERSION": "v99", "RELEASE": "9.9.9"})
    own = f"This build is {VERSION} release {BUILD.release}, but the deployment says"
    remedy = "deploy the build that it names, or correct the deployment."
    assert str(error.value).splitlines() == [
        f"{own} API_VERSION='v99': {remedy}",
        f"{own} RELEASE='9.9.9': {remedy}",
    ]


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"API_VERSION": ""}, "API_VERSION=''"),
        ({"DEPRECATED_ON": "2026-12-01"}, "DEPRECATED_ON and SUNSET belong together"),
        ({"SUNSET": "2026-12-01"}, "DEPRECATED_ON and SUNSET belong together"),
        (DAYS | {"SUNSET": "2026-11-30"}, "SUNSET 2026-11-30 is before DEPRECATED_ON 2026-12-01."),
        (DAYS | {"SUNSET": "31.3.2027"}, "SUNSET '31.3.2027' is not a day"),
        (DAYS | {"SUNSET": "20270331"}, "SUNSET '20270331' is not a day"),
        (DAYS | {"SUNSET": "2027-W13-3"}, "SUNSET '2027-W13-3' is not a day"),
        (DAYS | {"SUNSET": ""}, "SUNSET '' is not a day"),
        ({"MIGRATION_URL": "https://example.com"}, "MIGRATION_URL is set"),
        (DAYS | {"MIGRATION_URL": "example.com"}, "is not an http or https URL"),
        (DAYS | {"MIGRATION_URL": "https://a/\r\nSet-Cookie:x"}, "is not an http or https URL"),
        (DAYS | {"MIGRATION_URL": "https://a/>;rel=x"}, "is not an http or https URL"),
    ],
)
def test_a_contradiction_is_refused(environ: dict[str, str], problem: str) -> None:
    with pytest.raises(WrongDeployment) as error:
        Release.load(environ)
    assert problem in str(error.value)
