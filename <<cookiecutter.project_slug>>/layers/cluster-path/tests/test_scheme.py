"""The path scheme: one host name, and the path says which API version is meant."""

from infra.scheme import path


def test_a_path_is_one_whole_segment() -> None:
    assert path("v1") == "/v1"
