"""A server of the tests in the place of AWS."""

import pytest


def answers_as_aws(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have boto3 ask the server at this port, with credentials of nobody."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
