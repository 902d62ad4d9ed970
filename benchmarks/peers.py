"""Measure the inference server of a rendered project beside others, as `benchmarks.server` does.

Each is what PyPI has, in an environment of its own, with one worker and the same model file, set up
as its documentation says and without its log of requests. `python -m benchmarks.peers`.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.load import (
    APPS,
    CASES,
    Server,
    check_machine,
    environment,
    print_table,
    ratio,
    rounds,
    row,
    rows,
)
from benchmarks.server import MODEL, ours, rendered

ROUNDS = 3
# What mosec is started with: requests of a batch, and milliseconds that they wait for others.
MOSEC = [(batch, wait) for batch in (1, 16, 32, 64) for wait in (0, 1, 5)]


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

    def mosec(self, batch: int, wait: int) -> Server:
        """https://mosecorg.github.io/mosec, with its default: its log has no line per request."""
        python = self._python("mosec==0.9.8", "3.13")
        options = ["--address", "127.0.0.1", "--port", "{port}", "--log-level", "warning"]
        command = ["env", f"BATCH={batch}", f"WAIT={wait}", python, APPS / "mosec_app.py", *options]
        return self._server(f"mosec, {batch}, {wait} ms", command, path="/inference", ready="/")

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
        mosecs = [peers.mosec(*setting) for setting in MOSEC]
        seen = rounds([ours(project), *others, *mosecs], ROUNDS)
    print_table(seen)

    def beside_fastest(servers: Sequence[Server], case: tuple[int, int]) -> str:
        pairs = [(ratio(seen["ours"], seen[each.name], case), each.name) for each in servers]
        times, name = min(pairs)
        return f"{row(case[0], 'connection')}, {row(case[1], 'row')}, {name} | {times:.1f}"

    print("\n| requests beside the fastest | measured | target |\n| --- | --- | --- |")
    print(f"| {beside_fastest(others, (32, 1))} | at least 14 |")
    for case in CASES:
        print(f"| {beside_fastest(mosecs, case)} | at least 1.1 |")


if __name__ == "__main__":
    main()
