"""The servers of pods on IPv4 and IPv6, in a network of their own, with what a pod tells them."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.stack import OnCluster
from tests.project import make, render, template_at

# Before there was a DUAL_STACK.
BEFORE = "565ae9c"
ALONE = ["unshare", "--net", "--map-root-user"]
# A client and the server, where nobody else is.
SCRIPT = """
import json, socket, subprocess, sys
from urllib.error import URLError
from urllib.request import urlopen

subprocess.run(sys.argv[2:], check=True)
server = subprocess.Popen([sys.argv[1], "-m", "serving.server"], stdout=subprocess.PIPE, text=True)
answering = []
while json.loads(server.stdout.readline())["event"] != "ready":
    pass
for host in ("127.0.0.1", "[::1]"):
    for where in (":8080/readyz", ":9090/metrics"):
        try:
            urlopen(f"http://{host}{where}", timeout=5)
        except URLError:
            continue
        answering.append(f"{host}{where}")
server.terminate()
server.communicate()
print(json.dumps([answering, server.returncode]))
"""
V4 = ["127.0.0.1:8080/readyz", "127.0.0.1:9090/metrics"]
V6 = ["[::1]:8080/readyz", "[::1]:9090/metrics"]
pytestmark = pytest.mark.skipif(
    not shutil.which("unshare")
    or not shutil.which("ip")
    or subprocess.run([*ALONE, "true"], capture_output=True).returncode != 0,
    reason="no network of one's own: unshare or ip is missing, or not allowed",
)


def environ_of_a_pod(project: Path, folder: Path) -> dict[str, str]:
    """What the program tells the server of a pod."""
    versions = {"v1": {"release": "0.1.0"}}
    image = {"repository": "registry.example.org/iris"}
    keys = {"versions": versions, "image": image, "host": "iris.example.org"}
    resources = OnCluster(project, project / ".venv/bin/python", folder).register(**keys)
    (deployment,) = (
        each["inputs"] for each in resources if each["inputs"].get("kind") == "Deployment"
    )
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}


def answering(project: Path, environ: dict[str, str], *before: str) -> list[str]:
    """Where a project's server answers with this environment, after a command."""
    python = str(project / ".venv/bin/python")
    setup = ["sh", "-ec", "; ".join([*before, "ip link set lo up"])]
    said = subprocess.run(
        [*ALONE, python, "-c", SCRIPT, python, *setup],
        cwd=project,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert said.returncode == 0, said.stderr
    where, status = json.loads(said.stdout)
    assert status == 0
    return where


def test_a_pod_answers_in_both_families_or_in_the_one_that_there_is(
    prepared: Callable[[str], Path], tmp_path: Path
) -> None:
    project = prepared("kubernetes")
    environ = environ_of_a_pod(project, tmp_path / "program")
    assert (environ["HOST"], environ["DUAL_STACK"]) == ("0.0.0.0", "1")  # noqa: S104 (only read)
    assert answering(project, environ) == [*V4, *V6]
    without_v6 = "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"
    assert answering(project, environ, without_v6) == V4


@pytest.mark.full
def test_a_release_built_before_runs_on_with_what_a_pod_tells_it_now(
    prepared: Callable[[str], Path], tmp_path: Path
) -> None:
    environ = environ_of_a_pod(prepared("kubernetes"), tmp_path / "program")
    try:
        template = template_at(BEFORE, tmp_path / "template")
    except LookupError as error:
        pytest.skip(f"no {BEFORE} in this clone: {error}")
    old = render(tmp_path / "old", template, target="kubernetes")
    said = make(old, "setup", "model")
    assert said.returncode == 0, said.stdout
    assert answering(old, environ) == V4
