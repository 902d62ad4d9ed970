"""The image of a rendered project: what its Dockerfile puts into it, and how it starts."""

import json
import signal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.image import Image, build, start
from tests.project import judged_by, target_of

# What is started in the image of each target. (Helm's is that of Kubernetes.)
SERVERS = {"kubernetes": "serving.server", "sagemaker": "serving.sagemaker"}
pytestmark = pytest.mark.parametrize("ready", judged_by("image"), indirect=True, scope="session")


@pytest.fixture(scope="session")
def image(ready: Path, tmp_path_factory: Any) -> Image:
    """The file tree that the Dockerfile makes."""
    return build(ready, tmp_path_factory.mktemp("image") / "app")


def test_it_holds_the_code_the_model_and_no_more(image: Image) -> None:
    found = {path.relative_to(image.folder) for path in image.folder.glob("*/*")}
    own = {str(path) for path in found if path.parts[0] != ".venv" and path.suffix}
    serving = {name for name in own if name.startswith("serving/")}
    assert own - serving == {
        "contracts/v1.json",
        "model/model.onnx",
        "requirements/runtime.txt",
    }
    assert {"serving/server.py", "serving/app.py", "serving/predictor.py"} < serving
    libraries = {path.name for path in image.folder.glob(".venv/lib/python*/site-packages/*")}
    assert {"uvicorn", "onnxruntime"} < libraries
    assert not libraries & {"pip", "pulumi", "pytest", "sklearn", "onnx"}


def test_it_does_not_run_as_root_and_its_command_gets_the_signals(
    image: Image, ready: Path
) -> None:
    assert image.user == "10001:10001"
    assert image.command == ["python", "-m", SERVERS[target_of(ready)]]


def test_its_command_serves_the_example_and_ends_with_0(image: Image, ready: Path) -> None:
    contract = json.loads((ready / "contracts/v1.json").read_text("utf-8"))
    request, promised = (contract["x-golden-requests"][0][key] for key in ("request", "response"))
    process = start(image, HOST="127.0.0.1", PORT="0", METRICS_PORT="0", DRAIN_SECONDS="0")
    try:
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        connection = HTTPConnection("127.0.0.1", int(url.rpartition(":")[2]), timeout=10)
        connection.request("POST", request["path"], request["body"], request["headers"])
        response = connection.getresponse()
        assert (response.status, response.read().decode()) == (200, promised["body"])
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()
