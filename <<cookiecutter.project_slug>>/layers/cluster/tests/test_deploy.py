"""`make deploy`: which rollouts are judged to have failed, and what becomes of Pulumi then."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import ROOT, interruptible
from tools.cluster import Snapshot
from tools.watch import LONGER, MOMENT, Watch

type Object = dict[str, Any]

INSTANCE = {"app.kubernetes.io/instance": "iris-v1"}
EXCEEDED = {
    "type": "Progressing",
    "status": "False",
    "reason": "ProgressDeadlineExceeded",
    "message": 'ReplicaSet "iris-v1-2" has timed out progressing.',
    "lastUpdateTime": "2026-12-01T00:00:00Z",
}
QUOTA = 'pods "iris-v1-2-x" is forbidden: exceeded quota: few, requested: pods=1, used: pods=3'
POLICY = "admission webhook \"labels\" denied the request: label 'team' is missing"
NOT_THERE = (
    'failed to resolve reference "ghcr.io/you/iris:1.0.1": ghcr.io/you/iris:1.0.1: not found'
)


def deployment(revision: int, *conditions: Object, generation: int | None = None) -> Object:
    """The Deployment of v1; its ReplicaSets and pods are named after their revision."""
    number = generation or revision
    own = {"deployment.kubernetes.io/revision": str(revision)}
    metadata = {"name": "iris-v1", "uid": "d", "labels": INSTANCE, "annotations": own}
    status = {"observedGeneration": number, "conditions": [*conditions], "replicas": 1}
    status["updatedReplicas"] = 1
    return {
        "kind": "Deployment",
        "metadata": metadata | {"generation": number},
        "status": status,
    }


def replica_set(revision: int, refusal: str | None = None) -> Object:
    name = f"iris-v1-{revision}"
    own = {"deployment.kubernetes.io/revision": str(revision)}
    metadata = {"name": name, "uid": name, "annotations": own, "ownerReferences": [{"uid": "d"}]}
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
    conditions = [failure | {"message": refusal}] if refusal else []
    return {"kind": "ReplicaSet", "metadata": metadata, "status": {"conditions": conditions}}


def pod(
    revision: int,
    reason: str = "",
    *,
    message: str = "so it is",
    ends: bool = False,
    name: str = "a",
) -> Object:
    owner = f"iris-v1-{revision}"
    own = {"name": f"{owner}-{name}", "uid": f"{owner}-{name}"}
    metadata = own | {"ownerReferences": [{"uid": owner}]}
    if ends:
        metadata["deletionTimestamp"] = "2026-12-01T00:00:00Z"
    waits = {"state": {"waiting": {"reason": reason, "message": message}}}
    return {"kind": "Pod", "metadata": metadata, "status": {"containerStatuses": [waits]}}


OLD = (deployment(1), replica_set(1), pod(1))
NEW = (deployment(2), replica_set(1), pod(1), replica_set(2))


def of_v2(*objects: Object) -> tuple[Object, ...]:
    """The same of v2."""
    text = json.dumps(objects).replace("iris-v1", "iris-v2").replace('"uid": "d"', '"uid": "e"')
    return tuple(json.loads(text))


def failed(
    before: tuple[Object, ...],
    *looks: tuple[Object, ...],
    autoscaled: bool = False,
    every: float = LONGER,
) -> str:
    """Why v1 or v2 has failed after these looks, one each so many seconds; "" where none has."""
    watch = Watch({"iris-v1": autoscaled, "iris-v2": autoscaled}, Snapshot([*before]))
    said = ""
    for i, now in enumerate(looks):
        troubles = watch.look(Snapshot([*now]), i * every)
        said = next((each.reason for each in troubles if each.final), "")
    return said


@pytest.mark.parametrize(
    "reason", ["ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError"]
)
def test_a_pod_that_can_never_start_fails_its_rollout_after_a_moment(reason: str) -> None:
    broken = (*NEW, pod(2, reason))
    assert failed(OLD, broken) == ""
    assert failed(OLD, broken, broken, every=MOMENT) == f"{reason}: so it is"


def pulled(*turns: tuple[str, str]) -> list[tuple[Object, ...]]:
    """Looks at a pod that waits for its image: reasons and messages."""
    return [(*NEW, pod(2, reason, message=message)) for reason, message in turns]


# As containerd and CRI-O say it, with what registries say.
@pytest.mark.parametrize(
    "said",
    [
        NOT_THERE,
        "unexpected status from HEAD request to https://ghcr.io/v2/: 401 Unauthorized",
        "pull access denied, repository does not exist or may require authorization",
        "reading manifest 1.0.1 in quay.io/you/iris: manifest unknown: manifest unknown",
        "reading manifest 1.0.1 in docker.io/you/iris: errors:\ndenied: requested access",
        "initializing source docker://quay.io/you/iris:1.0.1: authentication required",
    ],
)
def test_what_a_registry_answers_is_final(said: str) -> None:
    newer = pulled(
        ("ErrImagePull", said), ("ImagePullBackOff", f"Back-off …: ErrImagePull: {said}")
    )
    assert failed(OLD, *newer[1:]) == ""
    assert said in failed(OLD, *newer, every=MOMENT)
    # Kubernetes 1.30 says the cause once.
    older = pulled(("ErrImagePull", said), ("ImagePullBackOff", 'Back-off pulling image "a/b:1"'))
    assert failed(OLD, *older, every=MOMENT).startswith("ImagePullBackOff")
    assert failed(OLD, *older[1:], *older[1:], every=MOMENT) == ""


@pytest.mark.parametrize(
    "said",
    [
        "unexpected status code https://registry-1.docker.io/v2/…: 429 Too Many Requests",
        'Head "https://ghcr.io/v2/you/claims-denied/manifests/1.0.1": connection reset by peer',
        "unexpected status from HEAD request to https://ghcr.io/v2/you/denied: 503 Unavailable",
        "(Mirrors also failed: [m.example/iris:1: unauthorized]): ghcr.io/you/iris:1: i/o timeout",
    ],
)
def test_a_registry_that_does_not_answer_may_answer_yet(said: str) -> None:
    looks = pulled(("ErrImagePull", said), ("ImagePullBackOff", f"ErrImagePull: {said}"))
    assert failed(OLD, *looks, *looks, *looks) == ""
    assert failed(OLD, *looks, *pulled(("ErrImagePull", NOT_THERE)) * 2) != ""


def test_a_pull_that_came_round_fails_nothing() -> None:
    (broken,), mended = pulled(("ErrImagePull", NOT_THERE)), (*NEW, pod(2))
    assert failed(OLD, broken, mended, broken) == ""


@pytest.mark.parametrize("reason", ["ContainerCreating", "CrashLoopBackOff"])
def test_a_pod_that_may_still_start_is_waited_for(reason: str) -> None:
    now = (*NEW, pod(2, reason))
    assert failed(OLD, now, now, now) == ""


def test_the_first_pods_wait_for_the_secret_that_they_are_to_have() -> None:
    now = (deployment(1), replica_set(1), pod(1, "CreateContainerConfigError"))
    assert failed((), now, now) == ""
    exceeded = (deployment(1, EXCEEDED), replica_set(1), pod(1, "CreateContainerConfigError"))
    assert failed((), exceeded).startswith("ProgressDeadlineExceeded")


def test_what_the_node_does_not_know_yet_is_no_lack_of_a_secret() -> None:
    said = "failed to sync secret cache: timed out waiting for the condition"
    now = (*NEW, pod(2, "CreateContainerConfigError", message=said))
    assert failed(OLD, now, now, now) == ""


def test_a_rollout_without_progress_has_failed_at_once() -> None:
    now = (deployment(2, EXCEEDED), replica_set(2), pod(2, "CrashLoopBackOff"))
    assert failed(OLD, now) == f"ProgressDeadlineExceeded: {EXCEEDED['message']}"


def test_what_was_so_before_is_not_held_against_a_deploy() -> None:
    broken = (deployment(2, EXCEEDED), replica_set(2, POLICY), pod(2, "InvalidImageName"))
    assert failed(broken, broken, broken) == ""
    scaled = (deployment(2, EXCEEDED, generation=3), *broken[1:])
    assert failed(broken, scaled, scaled) == ""


def test_pods_of_another_release_or_version_fail_nothing() -> None:
    now = (*NEW, pod(1, "InvalidImageName", name="b"), pod(2), pod(3, "InvalidImageName"))
    assert failed(OLD, now, now) == ""


def test_what_kubernetes_has_not_seen_yet_is_not_judged() -> None:
    late = deployment(2, EXCEEDED, generation=3)
    late["status"]["observedGeneration"] = 2
    assert failed(OLD, (late, replica_set(2))) == ""


@pytest.mark.parametrize("message", [QUOTA, POLICY])
def test_a_refusal_is_final_after_a_moment(message: str) -> None:
    refused = (deployment(2), replica_set(1), replica_set(2, message))
    assert failed(OLD, refused, refused, every=20) == ""  # when a controller tries again
    assert failed(OLD, refused, refused) == f"FailedCreate: {message}"


@pytest.mark.parametrize(
    "said",
    [
        'Internal error occurred: failed calling webhook "labels": connection refused',
        'pods "a" is forbidden: status unknown for quota: few, resources: pods',
        'pods "a" is forbidden: error looking up service account iris-dev/iris-v1: not found',
        'pods "a" is forbidden: not yet ready to handle request',
    ],
)
def test_who_can_not_be_asked_yet_may_answer_yet(said: str) -> None:
    refused = (deployment(2), replica_set(2, said))
    assert failed(OLD, refused, refused, refused) == ""


def test_a_pod_that_ends_gives_back_its_part_of_a_quota() -> None:
    refused = (deployment(2), replica_set(1), replica_set(2, QUOTA))
    full = (*refused, pod(1, ends=True))
    assert failed(OLD, refused, full, full) == ""
    assert failed(OLD, full, full, refused) == ""
    assert failed(OLD, full, full, refused, refused) == f"FailedCreate: {QUOTA}"
    denied = (deployment(2), replica_set(2, POLICY), pod(1, ends=True))
    assert failed(OLD, denied, denied) == f"FailedCreate: {POLICY}"


def rolls_out(
    new: Object, *, refusal: str | None = None, starts: bool = False
) -> tuple[Object, ...]:
    """A rollout whose old pods are still there: with a new one that starts, or without."""
    new["status"]["updatedReplicas"] = 0
    started = replica_set(2, refusal)
    started["status"] |= {"replicas": int(starts)}
    return (new, replica_set(1), pod(1), started)


def test_a_quota_that_has_room_for_one_rollout_at_a_time_is_waited_for() -> None:
    before = (*OLD, *of_v2(*OLD))
    v1 = rolls_out(deployment(2), starts=True)
    v2 = of_v2(*rolls_out(deployment(2), refusal=QUOTA))
    through = (deployment(2), replica_set(2))
    assert failed(before, *[(*v1, *v2)] * 4) == ""
    assert failed(before, *[(*v1, *v2)] * 2, (*through, *v2)) == ""
    assert failed(before, *[(*v1, *v2)] * 2, *[(*through, *v2)] * 2) == (
        f"FailedCreate: {QUOTA}".replace("v1", "v2")
    )
    denied = of_v2(*rolls_out(deployment(2), refusal=POLICY))
    assert failed(before, *[(*v1, *denied)] * 2) == f"FailedCreate: {POLICY}"


def test_a_rollout_whose_own_new_pod_starts_gives_back_the_part_of_an_old_one() -> None:
    now = rolls_out(deployment(2), refusal=QUOTA, starts=True)
    assert failed(OLD, now, now, now) == ""


def test_two_rollouts_that_a_quota_refuses_do_not_wait_for_each_other() -> None:
    both = rolls_out(deployment(2), refusal=QUOTA)
    both = (*both, *of_v2(*both))
    assert failed((*OLD, *of_v2(*OLD)), both, both) == f"FailedCreate: {QUOTA}"


def test_more_pods_that_a_quota_refuses_fail_a_deploy_but_not_what_an_autoscaler_does() -> None:
    scaled = (deployment(1, generation=2), replica_set(1, QUOTA), pod(1))
    assert failed(OLD, scaled, scaled) == f"FailedCreate: {QUOTA}"
    assert failed(OLD, scaled, scaled, autoscaled=True) == ""


PULUMI = """
import os, signal, sys, time
from pathlib import Path

folder = Path(os.environ["STANDS_IN"])
def end(number, _):
    with (folder / "signals").open("a") as signals:
        print(signal.Signals(number).name, file=signals)
    time.sleep(2.5)  # a second one would come now
    sys.exit(255)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, end)
(folder / "arguments").write_text(" ".join(sys.argv[1:]))
print("Do you want to perform this update?", flush=True)
(folder / "now.json").write_text((folder / "rolled_out.json").read_text())
if status := os.environ.get("STATUS"):
    time.sleep(float(os.environ.get("SECONDS", "0")))
    sys.exit(int(status))
for _ in range(300):  # a signal that comes just before a sleep is seen after it
    time.sleep(0.1)
"""
KUBECTL = """
import os, sys, time
from pathlib import Path

folder = Path(os.environ["STANDS_IN"])
if (folder / "no cluster").exists():
    sys.exit("E1129 something\\nThe connection to the server was refused")
with (folder / "asked").open("a") as asked:
    print(*sys.argv[1:], file=asked)
if "events" in sys.argv and (folder / "no events").exists():
    sys.exit('events is forbidden: User "ci" cannot list resource "events"')
if (folder / "slow").exists():
    time.sleep(30)
print((folder / ("events.json" if "events" in sys.argv else "now.json")).read_text())
"""


class StandIns:
    """A Pulumi and a kubectl that do what files in a folder say, and record what they are told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "bin"
        self.path.mkdir()
        for name, text in {"pulumi": PULUMI, "kubectl": KUBECTL}.items():
            script = folder / f"{name}.py"
            script.write_text(text)
            # The way to a Python may have a space, which a line with #! can't.
            command = shlex.join([sys.executable, str(script)])
            (self.path / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
            (self.path / name).chmod(0o755)
        self.write("events", [])
        self.write("now", OLD)
        # The project, with the stack file that everybody writes.
        self.project = folder / "project"
        self.project.mkdir()
        self.stack_file = self.project / "Pulumi.dev.yaml"
        for name in ("infra", "serving", "tools"):
            (self.project / name).symlink_to(ROOT / name)
        (self.project / "Pulumi.yaml").write_text("name: iris\n")
        config = {"iris:versions": {"v1": {"release": "1.0.0"}}, "kubernetes:context": "there"}
        self.stack_file.write_text(yaml.safe_dump({"config": config}))

    def write(self, name: str, objects: Any) -> None:
        (self.folder / f"{name}.json").write_text(json.dumps({"items": [*objects]}))

    def read(self, name: str) -> str:
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def start(self, **environ: str) -> subprocess.Popen[str]:
        """`make deploy`, in a terminal's foreground group of its own."""
        path = f"{self.path}:{os.environ['PATH']}"
        return subprocess.Popen(
            [*interruptible("tools.deploy"), "dev"],
            cwd=self.project,
            env=os.environ | {"STANDS_IN": str(self.folder), "PATH": path} | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def deploy(self, **environ: str) -> tuple[int, str]:
        """The exit status, and what was said of it."""
        process = self.start(**environ)
        _, said = process.communicate(timeout=30)
        return process.returncode, said


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    return StandIns(tmp_path)


BROKEN = (deployment(2, EXCEEDED), replica_set(1), replica_set(2), pod(2, "ImagePullBackOff"))


def test_pulumi_is_interrupted_once_and_the_reason_stands_last(stand_ins: StandIns) -> None:
    stand_ins.write("rolled_out", BROKEN)
    event = {"reason": "Failed", "message": "no such image", "lastTimestamp": "10:00"}
    of = {"involvedObject": {"name": "iris-v1-2-a", "uid": "iris-v1-2-a"}}
    other = {"involvedObject": {"name": "iris-v9", "uid": "iris-v9"}}
    stand_ins.write("events", [event | of, event | other])
    status, said = stand_ins.deploy()
    assert status == 1
    assert stand_ins.read("signals").split() == ["SIGINT"]
    assert stand_ins.read("arguments") == "up --stack dev"
    assert said.strip().splitlines() == [
        "A rollout has failed: Pulumi is interrupted.",
        "",
        "What is wrong with iris-v1:",
        f"  ProgressDeadlineExceeded: {EXCEEDED['message']}",
        "  ImagePullBackOff: so it is",
        "  pod iris-v1-2-a: ImagePullBackOff",
        "  The last events:",
        "  10:00 iris-v1-2-a Failed: no such image",
    ]
    assert "--context=there --namespace=iris-dev get" in stand_ins.read("asked")


def test_a_failed_rollout_is_told_where_events_can_not_be_read(stand_ins: StandIns) -> None:
    stand_ins.write("rolled_out", BROKEN)
    (stand_ins.folder / "no events").touch()
    status, said = stand_ins.deploy()
    assert (status, stand_ins.read("signals").split()) == (1, ["SIGINT"])
    assert f"  ProgressDeadlineExceeded: {EXCEEDED['message']}\n" in said
    assert "  The last events can't be read: events is forbidden: User" in said


def test_a_stack_file_with_short_keys_is_watched(stand_ins: StandIns) -> None:
    stand_ins.write("rolled_out", BROKEN)
    versions = {"v1": {"release": "1.0.0"}}
    config = {"versions": versions, "namespace": {"name": "models"}}
    stand_ins.stack_file.write_text(yaml.safe_dump({"config": config}))
    status, said = stand_ins.deploy(STATUS="255")
    assert (status, "ProgressDeadlineExceeded" in said) == (255, True)
    assert "--namespace=models get" in stand_ins.read("asked")


@pytest.mark.parametrize(
    "text", ["config: {iris:versions: {v1: {release: 1.0.0, sunset: 2027-02-30}}}", "config: ["]
)
def test_a_stack_file_that_can_not_be_read_is_left_to_pulumi(
    stand_ins: StandIns, text: str
) -> None:
    stand_ins.write("rolled_out", BROKEN)
    stand_ins.stack_file.write_text(text)
    said = "The rollouts are not watched. Pulumi.yaml or Pulumi.dev.yaml can't be read\n"
    assert stand_ins.deploy(STATUS="255") == (255, said)


def kubectl_that_breaks(stand_ins: StandIns, text: str) -> None:
    """From now on kubectl is this."""
    path = stand_ins.path / "kubectl.new"
    path.write_text(text)
    path.chmod(0o755)
    path.rename(stand_ins.path / "kubectl")


@pytest.mark.parametrize("text", ["#!/bin/sh\nprintf '\\377'", "#!/no/such"])
def test_a_kubectl_that_can_not_be_understood_leaves_pulumi_unwatched(
    stand_ins: StandIns, text: str
) -> None:
    stand_ins.write("rolled_out", NEW)
    alone = str(stand_ins.path)  # else the next one of the PATH would do
    process = stand_ins.start(STATUS="7", SECONDS="2.5", PATH=alone)
    assert process.stdout
    process.stdout.readline()
    kubectl_that_breaks(stand_ins, text)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (7, "")
    status, said = stand_ins.deploy(STATUS="0", PATH=alone)
    assert status == 0
    assert re.fullmatch("The rollouts are not watched. kubectl does not .+\n", said)


def test_pulumi_is_waited_for_whatever_becomes_of_the_watch(stand_ins: StandIns) -> None:
    stand_ins.write("rolled_out", [{"kind": "Deployment"}])
    began = time.monotonic()
    process = stand_ins.start(STATUS="0", SECONDS="3")
    status, took = process.wait(30), time.monotonic() - began
    _, said = process.communicate()
    assert (status, took > 3, "KeyError" in said) == (1, True, True)


def test_an_interrupt_before_pulumi_begins_is_an_end_without_a_traceback(
    stand_ins: StandIns,
) -> None:
    (stand_ins.folder / "slow").touch()
    process = stand_ins.start()
    while not stand_ins.read("asked"):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said, stand_ins.read("arguments")) == (130, "", "")


def test_what_was_broken_before_is_said_where_pulumi_fails(stand_ins: StandIns) -> None:
    for name in ("now", "rolled_out"):
        stand_ins.write(name, BROKEN)
    assert stand_ins.deploy(STATUS="0") == (0, "")
    status, said = stand_ins.deploy(STATUS="255", SECONDS="2.5")
    assert (status, stand_ins.read("signals")) == (255, "")
    assert said.strip().startswith("What is wrong with iris-v1:\n  ProgressDeadlineExceeded")


def test_a_rollout_that_goes_well_ends_as_pulumi_does(stand_ins: StandIns) -> None:
    stand_ins.write("rolled_out", (*NEW, pod(2)))
    assert stand_ins.deploy(STATUS="0", SECONDS="3") == (0, "")
    assert stand_ins.deploy(STATUS="7") == (7, "")
    assert not stand_ins.read("signals")


def test_what_was_wrong_while_pulumi_failed_by_itself_is_said_too(stand_ins: StandIns) -> None:
    stand_ins.write("rolled_out", (*NEW, pod(2, "CrashLoopBackOff")))
    status, said = stand_ins.deploy(STATUS="255", SECONDS="4")
    assert (status, "CrashLoopBackOff: so it is" in said) == (255, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_an_interrupt_reaches_pulumi_once(stand_ins: StandIns, number: signal.Signals) -> None:
    stand_ins.write("rolled_out", NEW)
    process = stand_ins.start()
    assert process.stdout
    process.stdout.readline()
    if number == signal.SIGINT:  # as a terminal sends it
        os.killpg(process.pid, number)
    else:  # as make passes it on
        process.send_signal(number)
    stand_ins.write("now", BROKEN)
    process.communicate(timeout=30)
    assert process.returncode == 255
    assert stand_ins.read("signals").split() == [number.name]


def test_without_a_cluster_or_kubectl_pulumi_runs_alone(stand_ins: StandIns) -> None:
    stand_ins.write("rolled_out", BROKEN)
    (stand_ins.folder / "no cluster").touch()
    sentence = "The rollouts are not watched. The connection to the server was refused\n"
    assert stand_ins.deploy(STATUS="0", SECONDS="3") == (0, sentence)
    (stand_ins.path / "kubectl").unlink()
    alone = str(stand_ins.path)
    status, said = stand_ins.deploy(STATUS="0", PATH=alone)
    assert (status, "kubectl is not on the PATH" in said) == (0, True)


def test_make_deploy_watches() -> None:
    recipe = subprocess.run(
        ["make", "--dry-run", "deploy", "STACK=prod"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert '-m tools.deploy "prod"' in recipe
    assert "pulumi up" not in recipe
