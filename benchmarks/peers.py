"""Measure the inference server of a rendered project beside others, as `benchmarks.server` does.

Each is what PyPI has, in an environment of its own, with one worker and the same model file, set up
as its documentation says and without its log of requests. `python -m benchmarks.peers`.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.load import (
    APPS,
    Server,
    check_machine,
    environment,
    print_table,
    ratio,
    rounds,
    rows,
)
from benchmarks.server import MODEL, ours, rendered

ROUNDS = 5


def tensor(number: int) -> dict:
    """The rows in the Open Inference Protocol, which MLServer speaks."""
    data = [value for row in rows(number) for value in row]
    shape = [number, len(data) // number]
    return {"inputs": [{"name": "X", "shape": shape, "datatype": "FP32", "data": data}]}


def named(answer: dict) -> list[str]:
    """The species of each row, in that protocol."""
    return answer["outputs"][0]["data"]


class Peers:
    """The other servers, for the model of a project. `folder`: what they write goes there."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.project, self.folder = project, folder

    def litserve(self) -> Server:
        """https://lightning.ai/docs/litserve."""
        python = self._python("litserve==0.2.19", "3.13")
        return self._server("LitServe", [python, APPS / "litserve_app.py"], ready="/health")

    def bentoml(self) -> Server:
        """https://docs.bentoml.com."""
        python = self._python("bentoml==1.4.39", "3.13")
        command = [python, "-m", "bentoml", "serve", "bentoml_app:Iris", "--working-dir", APPS]
        return self._server("BentoML", [*command, "--host", "127.0.0.1", "--port", "{port}"])

    def mlserver(self) -> Server:
        """https://docs.seldon.ai/mlserver, in one process: with workers beside it, it is slower."""
        python = self._python("mlserver==1.7.1", "3.12")
        return self._server(
            "MLServer",
            ["env", "MLSERVER_HTTP_PORT={port}", python.parent / "mlserver", "start", self.folder],
            path="/v2/models/iris/infer",
            ready="/v2/models/iris/ready",
            request=tensor,
            species=named,
        )

    def kserve(self) -> Server:
        """https://kserve.github.io/website, by its protocol V1, the faster one."""
        python = self._python("kserve==0.21.0", "3.12")
        command = [python, APPS / "kserve_app.py"]
        path, ready = "/v1/models/iris:predict", "/v2/models/iris/ready"
        return self._server("KServe", command, path=path, ready=ready)

    def _python(self, package: str, version: str) -> Path:
        name = package.partition("==")[0]
        return environment(name, version, [package, *MODEL], self.project)

    def _server(self, name: str, command: Sequence[str | Path], **more: object) -> Server:
        environ = {
            "MODEL": str(self.project / "model" / "model.onnx"),
            "PYTHONPATH": str(APPS),
            "BENTOML_DO_NOT_TRACK": "true",
            "BENTOML_HOME": str(self.folder / "bentoml"),
            "MLSERVER_DEBUG": "false",
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_GRPC_PORT": "0",
            "MLSERVER_METRICS_PORT": "0",
            "MLSERVER_PARALLEL_WORKERS": "0",
            "MLSERVER_MODEL_NAME": "iris",
            "MLSERVER_MODEL_IMPLEMENTATION": "mlserver_app.Iris",
        }
        return Server(name, command, environ, self.folder, **more)


def main() -> None:
    """Measure and print."""
    check_machine()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        project = rendered(folder)
        (folder / "written").mkdir()
        peers = Peers(project, folder / "written")
        others = [peers.litserve(), peers.bentoml(), peers.mlserver(), peers.kserve()]
        seen = rounds([ours(project), *others], ROUNDS)
    print_table(seen)
    many = (32, 1)
    times, name = min((ratio(seen["ours"], seen[other.name], many), other.name) for other in others)
    print("\n| | measured | target |\n| --- | --- | --- |")
    beside = f"requests beside the fastest of them, {name}"
    print(f"| 32 connections, 1 row, {beside} | {times:.1f} | at least 14 |")


if __name__ == "__main__":
    main()
