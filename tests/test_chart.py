"""The chart: what Helm's engine renders of it, and that the other target registers the same."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import pod_fields
from tests.conftest import SAME_EACH_TIME, baker
from tests.judges import TABLES, UNDER_RULES, checkov
from tests.programs import charted, exposures_of, programs
from tests.project import QUESTIONS, TEMPLATE, table
from tests.test_judges_kubernetes import NEWEST, OLDEST, judged

type Object = dict[str, Any]
type Values = dict[str, Any]

SOURCE = TEMPLATE / "layers/helm/chart"
SCHEMA: dict[str, Any] = json.loads((SOURCE / "values.schema.json").read_text("utf-8"))
GATEWAY, INGRESS, BALANCER = table("chart/exposed").values()
# Kinds of which no judge has the schema.
CUSTOM = ("HTTPRoute", "PodMonitor", "PrometheusRule")
# Keys that are for one exposure alone.
EXPOSURE_OF = {each: each for each in ("gateway", "ingress", "load_balancer")}
EXPOSURE_OF["gateways"] = "gateway"
# Without one the chart is refused.
IMAGE: Values = {"image": {"repository": "ghcr.io/you/iris"}}


@pytest.fixture(scope="session")
def chart(cookies_session: Any) -> Path:
    """The chart of a project, as rendered."""
    project = baker(cookies_session)(target="helm", versioning="path", project_slug="iris")
    return project / "chart"


def rendered(
    chart: Path, values: Values, name: str = "iris-v1", namespace: str = "iris-dev"
) -> list[Object]:
    """The objects that Helm's engine makes of values and an image, those of `helm test` last.

    Raises:
        HelmError: it refused; the text says why.
    """
    own = over(IMAGE, values)
    texts = charted(chart, {"values": own, "name": name, "namespace": namespace})
    manifests = [texts[path] for path in sorted(texts) if path.endswith(".yaml")]
    return [each for text in manifests for each in yaml.safe_load_all(text) if each]


def over(base: Any, values: Any) -> Any:
    """Values, and of the base what they leave out."""
    if not isinstance(base, dict) or values is None:
        return values
    return base | {key: over(base.get(key), value) for key, value in values.items()}


def of(kind: str, objects: list[Object]) -> Object:
    """The only object of a kind."""
    (found,) = (each for each in objects if each["kind"] == kind)
    return found


def released(chart: Path, release: dict[str, Any]) -> list[Object]:
    """The objects of a Helm release, of whose inputs these are."""
    return rendered(chart, release["values"], release["name"], release["namespace"])


def installed(objects: list[Object]) -> list[Object]:
    """Those that `helm install` makes; hooks apart."""
    return [each for each in objects if "helm.sh/hook" not in annotations(each)]


def annotations(each: Object) -> dict[str, str]:
    return each["metadata"].get("annotations") or {}


def refusal(chart: Path, values: Values, name: str = "iris-v1") -> str:
    """What the chart says of values that can't work."""
    with pytest.raises(helm_python.HelmError) as refused:
        rendered(chart, values, name)
    return str(refused.value)


def reasons(refusal: str) -> list[str]:
    """The sentences of a chart that refuses values which its schema takes."""
    return refusal.partition("these values can't work:\n")[2].strip().splitlines()


@pytest.mark.parametrize("scheme", QUESTIONS["versioning"])
def test_a_project_has_the_chart_as_it_stands_in_the_template(
    cookies_session: Any, scheme: str
) -> None:
    own = baker(cookies_session)(target="helm", versioning=scheme) / "chart"
    for path in (*SOURCE.glob("values*"), *SOURCE.glob("templates/**/*.*")):
        assert (own / path.relative_to(SOURCE)).read_bytes() == path.read_bytes()


# What the two targets register


def stacks(exposures: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The stacks of the table for each exposure, each a name and the keys of its file."""
    for expose, keys in exposures.items():
        for name, stack in table("chart/stacks").items():
            own = {k: v for k, v in stack.items() if EXPOSURE_OF.get(k, expose) == expose}
            own["network"] = keys.get("network", {}) | own["network"]
            if name == "every option":
                own = UNDER_RULES | own
                own["versions"] = UNDER_RULES["versions"] | own["versions"]
            yield f"{expose}, {name}", keys | own


@pytest.fixture(scope="session", params=QUESTIONS["versioning"])
def both(
    request: pytest.FixtureRequest, cookies_session: Any, prepared: Callable[[str], Path]
) -> dict[str, Any]:
    """What each of the two targets registers, by stack."""
    python, made = prepared("helm") / ".venv/bin/python", {}
    for target in ("helm", "kubernetes"):
        answers = {"target": target, "versioning": request.param, "project_slug": "iris"}
        project = baker(cookies_session)(**answers)
        made[target] = programs(project, python, dict(stacks(exposures_of(project, python))))
    return made


def helm_releases(program: Any) -> Iterator[dict[str, Any]]:
    """The inputs of each Helm release."""
    for each in program["resources"]:
        if each["type"].endswith(":Release"):
            yield each["inputs"]


def without_who_manages_it(each: Object) -> None:
    """Pulumi or Helm, which say so in labels; Pulumi also how long it waits, Helm has --timeout."""
    pods = each.get("spec", {}).get("template", {}).get("metadata", {})
    for labels in (each["metadata"]["labels"], pods.get("labels", {})):
        labels.pop("app.kubernetes.io/managed-by", None)
        labels.pop("helm.sh/chart", None)
    own = annotations(each)
    for name in [name for name in own if name.startswith("pulumi.com/")]:
        del own[name]


def without_what_is_empty(each: Any) -> Any:
    """An empty list or mapping, which Pulumi sends, says what its absence says."""
    if isinstance(each, list):
        return [without_what_is_empty(item) for item in each]
    if isinstance(each, dict):
        pairs = ((key, without_what_is_empty(value)) for key, value in each.items())
        return {key: value for key, value in pairs if value not in ([], {})}
    return each


def comparable(objects: list[Object]) -> dict[str, Object]:
    """Objects by kind and name, without the only differences that there may be."""
    for each in objects:
        without_who_manages_it(each)
    return {f"{o['kind']} {o['metadata']['name']}": without_what_is_empty(o) for o in objects}


def test_the_chart_makes_what_the_kubernetes_target_registers(
    chart: Path, both: dict[str, Any]
) -> None:
    assert both["helm"].keys() == both["kubernetes"].keys()
    for stack, program in both["helm"].items():
        ours = [
            each
            for release in helm_releases(program)
            for each in installed(released(chart, release))
        ]
        others = [
            each["inputs"]
            for each in both["kubernetes"][stack]["resources"]
            if each["type"].startswith("kubernetes:") and not each["type"].endswith(":Namespace")
        ]
        mine, theirs = comparable(ours), comparable(others)
        assert mine.keys() == theirs.keys(), stack
        for name, each in mine.items():
            assert each == theirs[name], f"{stack}: {name}"


def test_both_targets_make_the_same_namespace_and_say_the_same_addresses(
    both: dict[str, Any],
) -> None:
    for stack, program in both["helm"].items():
        other = both["kubernetes"][stack]
        spaces = [
            [each for each in one["resources"] if each["type"].endswith(":Namespace")]
            for one in (program, other)
        ]
        assert spaces[0] == spaces[1]
        if "load_balancer" not in stack:
            said = {key: url for key, url in program["exports"].items() if key.endswith("url")}
            assert said.items() <= other["exports"].items()


def test_the_notes_name_the_address_that_the_program_exports(
    chart: Path, both: dict[str, Any]
) -> None:
    for stack, program in both["helm"].items():
        for release in helm_releases(program):
            texts = charted(chart, release)
            (notes,) = (text for path, text in texts.items() if path.endswith("NOTES.txt"))
            version = release["values"]["apiVersion"]
            if stack.startswith(("gateway", "ingress")):
                assert f"POST {program['exports'][f'{version}_url']}\n" in notes


def test_values_of_the_program_pass_a_strict_lint(chart: Path, both: dict[str, Any]) -> None:
    for program in both["helm"].values():
        for release in helm_releases(program):
            report = helm_python.lint(chart, release["values"], strict=True)
            assert report["errors"] == []
            assert [each["error"] for each in report["messages"]] == ["icon is recommended"]


def test_a_new_release_or_chart_changes_nothing_that_can_not_be_changed(chart: Path) -> None:
    before, after = (
        {each["kind"]: each for each in installed(rendered(chart, {"image": {"tag": tag}}))}
        for tag in ("1.0.0", "2.0.0")
    )
    assert {kind for kind in before if before[kind] != after[kind]} == {"Deployment"}
    chosen = {
        "app.kubernetes.io/name": "iris",
        "app.kubernetes.io/instance": "iris-v1",
        "api-version": "v1",
    }
    for each in (before, after):
        assert each["Deployment"]["spec"]["selector"] == {"matchLabels": chosen}
        assert each["Service"]["spec"]["selector"] == chosen
        pods = each["Deployment"]["spec"]["template"]["metadata"]["labels"]
        assert "helm.sh/chart" not in pods  # a new chart alone would replace every pod


def pod(chart: Path, values: Values) -> tuple[Object, Object]:
    """A pod's spec, and its only container."""
    own = of("Deployment", rendered(chart, values))["spec"]["template"]["spec"]
    (server,) = own["containers"]
    return own, server


def test_a_pod_that_goes_is_given_the_time_that_its_requests_need(chart: Path) -> None:
    for before, after in ((3, 1), (5, 20), (120, 600)):
        drain = {"preStopSeconds": before, "timeoutSeconds": after}
        own, server = pod(chart, {"drain": drain})
        assert server["lifecycle"] == {"preStop": {"sleep": {"seconds": before}}}
        assert {"name": "SHUTDOWN_SECONDS", "value": str(after)} in server["env"]
        assert own["terminationGracePeriodSeconds"] == before + after + 5


@pytest.mark.parametrize("most", [1_024, 2_000_000, 100_000_000])
def test_the_server_is_told_a_limit_of_bodies_that_it_understands(chart: Path, most: int) -> None:
    _, server = pod(chart, {"maxBodyBytes": most})
    assert {"name": "MAX_BODY_BYTES", "value": str(most)} in server["env"]


@pytest.mark.parametrize("values", [{}, {"maxBodyBytes": 0}, {"maxBodyBytes": None}], ids=str)
def test_without_a_limit_of_bodies_the_server_is_told_none(chart: Path, values: Values) -> None:
    _, server = pod(chart, values)
    assert "MAX_BODY_BYTES" not in {each["name"] for each in server["env"]}


def test_a_model_that_loads_or_is_busy_is_not_killed(chart: Path) -> None:
    _, server = pod(chart, {"startupSeconds": 300})
    startup = server["startupProbe"]
    assert startup["failureThreshold"] * startup["periodSeconds"] == 300
    paths = {name: server[name]["httpGet"]["path"] for name in server if name.endswith("Probe")}
    assert paths == {
        "startupProbe": "/readyz",
        "readinessProbe": "/readyz",
        "livenessProbe": "/livez",
    }


def test_nothing_essential_is_a_hook(chart: Path) -> None:
    scaled = {"autoscaling": {"enabled": True}}
    monitored = {
        "metrics": {"podMonitor": {"enabled": True}, "rules": True, "dashboard": True},
        "network": {"metricsFrom": ["a"]},
    }
    objects = rendered(chart, GATEWAY | scaled | monitored)
    hooks = [each for each in objects if each not in installed(objects)]
    assert {each["kind"] for each in installed(objects)} == {*TABLES["kinds"], *CUSTOM}
    assert {annotations(each)["helm.sh/hook"] for each in hooks} == {"test"}


def test_the_pod_of_helm_test_is_let_in_and_is_none_of_the_services(chart: Path) -> None:
    objects = rendered(chart, GATEWAY)
    service, pod = of("Service", objects), of("Pod", objects)
    _, policy = (each for each in objects if each["kind"] == "NetworkPolicy")
    labels = pod["metadata"]["labels"]
    assert not service["spec"]["selector"].items() <= labels.items()
    (rule,) = policy["spec"]["ingress"]
    (peer,) = rule["from"]
    assert peer["podSelector"]["matchLabels"].items() <= labels.items()
    assert policy["spec"]["podSelector"]["matchLabels"] == service["spec"]["selector"]


def test_the_pod_of_helm_test_follows_the_rules_of_the_pods(chart: Path) -> None:
    rules = {
        "labels": {"team": "pricing"},
        "annotations": {"example.org/owner": "ml"},
        "resources": {"cpuLimit": "1", "ephemeralStorage": "1Gi"},
        "nodeSelector": {"kubernetes.io/arch": "arm64"},
        "tolerations": [{"key": "models"}],
        "runtimeClass": "nvidia",
        "priorityClass": "serving",
        "runAsUser": "assigned",
        "image": {"pullSecrets": ["registry"]},
    }
    objects = rendered(chart, rules)
    own, test = of("Deployment", objects)["spec"]["template"], of("Pod", objects)
    assert rules["labels"].items() <= test["metadata"]["labels"].items()
    assert rules["annotations"].items() <= annotations(test).items()
    shared = {"imagePullSecrets", "securityContext", "runtimeClassName", "priorityClassName"}
    for key in shared | {"nodeSelector", "tolerations"}:
        assert test["spec"][key] == own["spec"][key]
    (predict,) = test["spec"]["containers"]
    assert predict["resources"]["limits"].keys() == {"memory", "cpu", "ephemeral-storage"}
    assert judged(test, NEWEST) == ""


def test_replicas_are_left_to_the_autoscaler(chart: Path) -> None:
    objects = rendered(chart, {"replicas": 4, "autoscaling": {"enabled": True}})
    assert "replicas" not in of("Deployment", objects)["spec"]
    scaler = of("HorizontalPodAutoscaler", objects)["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 10)
    alone = rendered(chart, {"replicas": "external"})
    assert "replicas" not in of("Deployment", alone)["spec"]
    alone = rendered(chart, {"replicas": 4})
    assert "HorizontalPodAutoscaler" not in {each["kind"] for each in alone}
    assert of("Deployment", alone)["spec"]["replicas"] == 4


@pytest.mark.parametrize("default", [False, True])
def test_one_version_alone_takes_what_names_none(chart: Path, default: bool) -> None:
    routing = {"host": "iris.example.org", "by": "header", "default": default}
    objects = rendered(chart, GATEWAY | {"routing": routing})
    own, named, *others = of("HTTPRoute", objects)["spec"]["rules"][0]["matches"]
    assert own["headers"] == [{"type": "Exact", "name": "X-API-Version", "value": "v1"}]
    assert named == {"path": {"type": "PathPrefix", "value": "/v1"}}
    assert others == ([{"path": {"type": "PathPrefix", "value": "/"}}] if default else [])


def test_no_tag_means_the_charts_own_release(chart: Path) -> None:
    release = yaml.safe_load((chart / "Chart.yaml").read_text("utf-8"))["appVersion"]
    _, server = pod(chart, {})
    assert server["image"] == f"ghcr.io/you/iris:{release}"
    assert {"name": "RELEASE", "value": release} in server["env"]


@pytest.mark.parametrize("word", ["1", "1e3", "true", "no", "null"])
def test_a_name_that_yaml_takes_for_something_else_stays_a_name(chart: Path, word: str) -> None:
    own = {
        "image": {"pullSecrets": [word]},
        "envFrom": {"secrets": [word], "configMaps": [word]},
        "nodeSelector": {word: word},
        "labels": {word: word},
        "annotations": {word: word},
        "env": {f"_{word.replace('-', '')}": word},
        "serviceAccount": {"annotations": {word: word}},
        "runtimeClass": word,
        "priorityClass": word,
        "mounts": [{"secret": word, "path": f"/{word}"}],
        "tolerations": [{"key": word, "value": word}],
        "gateway": {"name": word, "namespace": word},
        "ingress": {"className": word, "tlsSecret": word, "annotations": {word: word}},
        "loadBalancer": {"class": word, "annotations": {word: word}},
        "network": {
            "allowFrom": [word],
            "metricsFrom": [word],
            "call": [{"namespace": word, "ports": [53]}],
        },
    }
    for values in (GATEWAY | own, INGRESS | own, own | BALANCER | {"network": {}}):
        for each in rendered(chart, values, namespace=word):
            assert each["metadata"]["namespace"] == word
            if each["kind"] == "HTTPRoute":
                assert each["spec"]["parentRefs"] == [{"name": word, "namespace": word}]
            else:
                assert judged(each, NEWEST) == ""


def test_a_large_user_is_a_whole_number(chart: Path) -> None:
    own, _ = pod(chart, {"runAsUser": 1_000_660_000})
    assert repr(own["securityContext"]["runAsUser"]) == "1000660000"  # 1.00066e+09 is another type


def test_two_long_names_stay_two(chart: Path) -> None:
    names = [f"{'i' * 51}-{i}" for i in range(2)]  # 53 characters, Helm's limit
    made = [{each["metadata"]["name"] for each in rendered(chart, {}, name)} for name in names]
    assert not made[0] & made[1]


OURS = yaml.safe_load((TEMPLATE / "layers/cluster/infra/ours.yaml").read_text("utf-8"))


def test_every_field_of_a_pod_is_ours_or_free_and_what_is_ours_is_set(chart: Path) -> None:
    listed = {*OURS["pod"], *OURS["free"], *OURS["added"]}
    every = {
        "image": {"pullSecrets": ["a"]},
        "nodeSelector": {"a": "b"},
        "priorityClass": "a",
        "runtimeClass": "a",
        "shmSize": "1Gi",
    }
    own, server = pod(chart, every)
    left = {"activeDeadlineSeconds", "hostIPC", "hostNetwork", "hostPID", "restartPolicy"}
    left.add("serviceAccount")  # its old name
    assert own.keys() - OURS["added"] == OURS["pod"].keys() - left
    assert {each["name"] for each in own["volumes"]} == OURS["volumes"].keys()
    deprecation = {"deprecatedOn": "2026-12-01", "sunset": "2027-03-31"}
    deprecation["migrationUrl"] = "https://example.com"
    told = {"clientHeader": "X-Client", "clients": ["acme"]}
    _, server = pod(chart, {"deprecation": deprecation, "maxBodyBytes": 2048, **told})
    assert {each["name"] for each in server["env"]} == OURS["env"].keys()
    for field in sorted(listed):
        wrong = judged(over(of("Deployment", rendered(chart, {})), specified(field)), NEWEST)
        assert "unexpected" not in wrong, field
    assert "unexpected" in judged(
        over(of("Deployment", rendered(chart, {})), specified("hostAlias")), NEWEST
    )


def test_the_fields_that_a_pod_may_have_are_those_of_kubernetes() -> None:
    assert pod_fields.PATH.read_text("utf-8") == pod_fields.text()
    kinds = yaml.safe_load(pod_fields.text())
    assert {*OURS["free"], *OURS["added"]} <= kinds["PodSpec"].keys()


def specified(field: str) -> Values:
    """A Deployment whose pods have a field that holds nothing."""
    return {"spec": {"template": {"spec": {field: None}}}}


def test_the_values_for_argo_cd_make_objects_that_a_cluster_takes(chart: Path) -> None:
    page = (chart.parent / "docs/clusters.md").read_text("utf-8")
    blocks = [yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    (own,) = (each["spec"] for each in blocks if each.get("kind") == "Application")
    values, name = own["source"]["helm"]["valuesObject"], own["source"]["helm"]["releaseName"]
    for each in rendered(chart, values, name, own["destination"]["namespace"]):
        assert judged(each, NEWEST) == ""


# What is refused


def groups(node: dict[str, Any], *place: str) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Each mapping of values: its place, and its keys."""
    yield place, node["properties"]
    for key, each in node["properties"].items():
        if each.get("properties"):
            yield from groups(each, *place, key)


GROUPS = dict(groups(SCHEMA))
LEAVES = [
    (*place, key)
    for place, keys in GROUPS.items()
    for key, each in keys.items()
    if not each.get("properties")
]


PLACEHOLDER = ("image", "repository")


def at(place: tuple[str, ...], value: object) -> Values:
    """Values with one alone."""
    for key in reversed(place):
        value = {key: value}
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("place", LEAVES, ids=".".join)
def test_a_value_of_another_type_is_refused_by_name(chart: Path, place: tuple[str, ...]) -> None:
    for wrong in (-3.5, [{}], {"a": 1}):
        said = refusal(chart, at(place, wrong))
        own = [line for line in reasons(said) if line.startswith(".".join(place))]
        assert own or f"- at '/{'/'.join(place)}" in said


HAVE_DEFAULTS = [each for each in (*LEAVES, *GROUPS) if each not in ((), ("image",), PLACEHOLDER)]


@pytest.mark.parametrize("place", HAVE_DEFAULTS, ids=".".join)
def test_null_is_the_default(chart: Path, place: tuple[str, ...]) -> None:
    assert rendered(chart, at(place, None)) == rendered(chart, {})


def test_values_of_a_chart_that_knew_fewer_mean_the_defaults(chart: Path, tmp_path: Path) -> None:
    older = shutil.copytree(chart, tmp_path / "chart")
    # What `helm upgrade --reuse-values` knows.
    (older / "values.yaml").write_text("apiVersion: v1\nrollout: {maxSurge: 25%}\n", "utf-8")
    assert rendered(older, GATEWAY) == rendered(chart, GATEWAY)


@pytest.mark.parametrize("place", [*GROUPS], ids=".".join)
def test_a_key_that_there_is_not_is_refused_with_those_that_there_are(
    chart: Path, place: tuple[str, ...]
) -> None:
    (said,) = reasons(refusal(chart, at((*place, "colour"), "red")))
    known = ", ".join(sorted(GROUPS[place], key=str.encode))
    where = ".".join((*place, "colour"))
    assert said == (
        f"{where}: is not a value here; write one of {known}, or run make chart-lint if it is"
        " new in values.yaml."
    )


@pytest.mark.parametrize("shared", [None, {"region": "eu"}])
@pytest.mark.parametrize("condition", ["enabled", "installed"])
def test_the_chart_of_a_product_may_hold_this_one_twice(
    chart: Path, tmp_path: Path, condition: str, shared: Any
) -> None:
    product = tmp_path / "product"
    shutil.copytree(chart, product / "charts/iris")
    one = {"name": "iris", "version": "0.1.0"}
    twice = [one | {"alias": each, "condition": f"{each}.{condition}"} for each in ("v1", "v2")]
    whole = {"apiVersion": "v2", "name": "product", "version": "0.1.0", "dependencies": twice}
    (product / "Chart.yaml").write_text(yaml.safe_dump(whole), "utf-8")
    own = {alias: IMAGE | {"apiVersion": alias, condition: True} for alias in ("v1", "v2")}
    own["v1"]["global"] = shared
    release = {"name": "iris", "namespace": "iris-dev"}
    values = own | {"global": shared}
    texts = charted(product, release | {"values": values})
    manifests = [text for path, text in texts.items() if path.endswith(".yaml")]
    made = [each for text in manifests for each in yaml.safe_load_all(text) if each]
    names = [(each["kind"], each["metadata"]["name"]) for each in made]
    assert len({*names}) == len(names)
    assert {name for kind, name in names if kind == "Service"} == {"iris-v1", "iris-v2"}


def test_a_name_of_ones_own_is_that_of_every_object(chart: Path) -> None:
    objects = installed(rendered(chart, GATEWAY | {"fullnameOverride": "flowers"}))
    assert {each["metadata"]["name"] for each in objects} == {"flowers"}
    assert of("Service", objects)["spec"]["selector"]["app.kubernetes.io/instance"] == "flowers"


def test_the_placeholder_of_an_image_is_refused(chart: Path) -> None:
    said = "image.repository: registry.example.com/model is a placeholder; write your own."
    for values in (
        {"image": None},
        at(PLACEHOLDER, None),
        at(PLACEHOLDER, "registry.example.com/model"),
    ):
        assert reasons(refusal(chart, values)) == [said]


def test_the_repository_for_a_try_on_this_machine_is_taken(chart: Path) -> None:
    readme = (chart.parent / "README.md").read_text("utf-8")
    (named,) = re.findall(r"placeholder in `repository` with `(.+?)`", readme)
    _, server = pod(chart, at(PLACEHOLDER, named))
    assert server["image"] == "local/iris:0.1.0"


@pytest.mark.parametrize("case", table("chart/alone"), ids=lambda case: case["said"])
def test_a_value_that_can_not_work_is_refused_with_a_remedy(
    chart: Path, case: dict[str, Any]
) -> None:
    assert reasons(refusal(chart, case["values"])) == [case["said"]]
    with helm_python.Chart.load(chart) as loaded, pytest.raises(helm_python.HelmError) as upgrade:
        loaded.render(over(IMAGE, case["values"]), name="iris-v1", is_upgrade=True)
    assert reasons(str(upgrade.value)) == [case["said"]]


DAY = """
import sys
import helm_python

days = {"deprecatedOn": "2026-03-08", "sunset": "2026-03-29"}
with helm_python.Chart.load(sys.argv[1]) as chart:
    chart.render({"image": {"repository": "a/b"}, "deprecation": days})
"""


@pytest.mark.parametrize("zone", ["America/Havana", "Asia/Beirut", "Pacific/Kiritimati"])
def test_a_day_is_one_where_the_clock_skips_its_midnight(chart: Path, zone: str) -> None:
    command = [sys.executable, "-c", DAY, chart]
    said = subprocess.run(command, env=os.environ | {"TZ": zone}, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr


def test_a_toleration_without_a_value_is_one_of_any(chart: Path) -> None:
    own, _ = pod(chart, {"tolerations": [{"key": "gpu", "value": None, "effect": None}]})
    assert own["tolerations"][0] == {"key": "gpu", "operator": "Exists"}


@pytest.mark.parametrize("values", table("chart/right"), ids=str)
def test_what_kubernetes_takes_is_taken(chart: Path, values: Values) -> None:
    assert judged(of("Deployment", rendered(chart, values)), NEWEST) == ""


WRONG = [(place, wrong) for place, several in table("chart/wrong").items() for wrong in several]


@pytest.mark.parametrize(("place", "wrong"), WRONG, ids=str)
def test_a_wrong_value_is_refused_by_name(chart: Path, place: str, wrong: object) -> None:
    assert f"- at '/{place.replace('.', '/')}" in refusal(chart, at(tuple(place.split(".")), wrong))


@pytest.mark.parametrize("case", table("chart/together"), ids=lambda case: case["said"])
def test_values_that_can_not_work_together_are_refused_with_a_remedy(
    chart: Path, case: dict[str, Any]
) -> None:
    assert reasons(refusal(chart, case["values"])) == [case["said"]]


def test_several_gateways_and_host_names_are_those_of_the_route(chart: Path) -> None:
    gateways = [{"name": "a", "namespace": "x", "https": False}, {"name": "b", "namespace": "y"}]
    hosts = ["iris.example.org", "iris.internal"]
    values = {"expose": "gateway", "routing": {"hosts": hosts}, "gateways": gateways}
    objects = rendered(chart, values)
    route = of("HTTPRoute", objects)["spec"]
    assert route["hostnames"] == hosts
    assert [each["name"] for each in route["parentRefs"]] == ["a", "b"]
    policy, _ = (each["spec"] for each in objects if each["kind"] == "NetworkPolicy")
    (peer,) = policy["ingress"][0]["from"]
    assert peer["namespaceSelector"]["matchExpressions"][0]["values"] == ["x", "y"]
    texts = charted(chart, {"values": over(IMAGE, values), "name": "iris-v1", "namespace": "n"})
    assert "POST http://iris.example.org/v1/predict" in texts["iris/templates/NOTES.txt"]


def test_where_nothing_is_enforced_the_test_has_no_policy_either(chart: Path) -> None:
    kinds = {each["kind"] for each in rendered(chart, {"network": {"enforce": False}})}
    assert "NetworkPolicy" not in kinds


@pytest.mark.parametrize("internal", [False, True])
def test_the_notes_say_whether_a_load_balancer_is_open_to_everybody(
    chart: Path, internal: bool
) -> None:
    values = over(IMAGE, BALANCER | {"loadBalancer": {"internal": internal}})
    texts = charted(chart, {"values": values, "name": "iris-v1", "namespace": "n"})
    said = "is open to everybody, without TLS" in texts["iris/templates/NOTES.txt"]
    assert said is not internal


def test_all_reasons_are_said_at_once(chart: Path) -> None:
    values = {"expose": "gateway", "rollout": {"maxSurge": 0}, "gatway": {}}
    values |= {"image": {"tag": "latest"}, "resources": {"memory": "1G"}}
    said = reasons(refusal(chart, values, "1.x"))
    assert [line.partition(":")[0] for line in said] == [
        "gatway",
        "image.tag",
        "resources.memory",
        "the Helm release's name",
        "routing.host",
        "gateway",
        "rollout.maxSurge",
    ]


# Whatever schema and rules take


RULES: dict[str, Any] = yaml.safe_load(
    (SOURCE / "templates/_rules.tpl")
    .read_text("utf-8")
    .partition('{{- define "model.rules" -}}\n')[2]
    .partition("{{- end }}")[0]
)
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def values_of(node: dict[str, Any], *place: str) -> st.SearchStrategy[Any]:
    """Values that the schema and the rules take; a key that is left out keeps its default."""
    if properties := node.get("properties"):
        own = {key: values_of(each, *place, key) for key, each in properties.items()}
        return st.fixed_dictionaries({}, optional=own)
    if rule := RULES.get(".".join(place)):
        return ruled(rule)
    match place[-1]:
        case "tolerations":
            more = {"value": names(), "effect": st.sampled_from(EFFECTS)}
            taint = st.fixed_dictionaries({"key": names()}, optional=more)
            ends = {"effect": st.just("NoExecute"), "seconds": st.integers(0, 86_400)}
            ending = st.fixed_dictionaries({"key": names(), **ends})
            return st.lists(taint | ending, max_size=2)
        case "pod":
            return st.sampled_from([{}, {"schedulerName": "mine"}, {"containers": "none"}])
        case "maxBodyBytes":
            return st.just(0) | st.integers(1_024, 100_000_000)
    if "enum" in node:
        return st.sampled_from([each for each in node["enum"] if each])
    if "boolean" in node["type"]:
        return st.booleans()
    return st.integers(node["minimum"], node["maximum"])


def ruled(rule: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a rule takes."""
    if "each" in rule:
        one = ruled({key: each for key, each in rule.items() if key != "each"})
        return st.lists(one, max_size=2)
    if "map" in rule:
        one = ruled({key: each for key, each in rule.items() if key != "map"})
        keys = names() if "keyWrong" not in rule else like(rule["key"])
        return st.dictionaries(keys, one, max_size=2)
    if "fields" in rule:
        fields = {key: ruled(each) for key, each in rule["fields"].items()}
        needed = {key: fields[key] for key in rule["needs"]}
        one = {*rule.get("one", ())}
        others = {key: fields[key] for key in fields.keys() - needed.keys() - one}
        return st.one_of(
            st.fixed_dictionaries(needed | ({key: fields[key]} if key else {}), optional=others)
            for key in sorted(one) or [""]
        )
    if "bool" in rule:
        return st.booleans()
    if "greatest" in rule:
        return st.integers(1, rule["greatest"])
    if "day" in rule:
        return st.dates().map(str)
    right = like(rule["text"]).filter(
        lambda value: (
            len(value) <= rule.get("most", 253)
            and re.search(rule.get("also", ""), value)
            and not re.search(rule.get("not", "(?!)"), value)
        )
    )
    return st.integers(0, 1_000) | right if rule.get("wrong") == "a number of pods" else right


def like(pattern: str) -> st.SearchStrategy[str]:
    """Text that a pattern takes; any text is text that YAML could take for something else."""
    if pattern == "(?s)^.*$":
        return names()
    return st.from_regex(pattern.removeprefix("^").removesuffix("$"), fullmatch=True)


def names() -> st.SearchStrategy[str]:
    """Text that may be a label, and that YAML could take for something else."""
    return st.sampled_from(["1", "0x1", "1e3", "true", "no", "on", "null", "a", "a-b.c"])


# By chance alone few values would be whole.
WHOLE: list[Values] = [
    {},
    GATEWAY | {"autoscaling": {"enabled": True}},
    INGRESS | {"deprecation": {"deprecatedOn": "2026-12-01", "sunset": "2027-03-31"}},
    BALANCER,
]


def test_what_the_rules_take_is_refused_in_a_sentence_or_is_valid_in_a_cluster(
    chart: Path,
) -> None:
    seen: set[str] = set()

    @settings(SAME_EACH_TIME, max_examples=120)
    @given(values_of(SCHEMA), st.sampled_from(WHOLE), names(), st.sampled_from([OLDEST, NEWEST]))
    def holds(values: Values, base: Values, namespace: str, minor: str) -> None:
        given = over(base, values) | {"expose": base.get("expose", "none")}
        try:
            objects = rendered(chart, given, "iris-v1", namespace)
        except helm_python.HelmRenderError as error:
            said = reasons(str(error))
            assert said
            for sentence in said:
                assert re.fullmatch(r"[\w.]+: .+; .+\.", sentence)
            seen.add("refused")
        else:
            for each in objects:
                assert each["metadata"]["namespace"] == namespace
                if each["kind"] not in CUSTOM:
                    assert judged(each, minor) == ""
                seen.add(each["kind"])

    holds()
    assert seen > {"refused", "Deployment", "HorizontalPodAutoscaler", "HTTPRoute", "Ingress"}


def test_a_weakness_has_a_reason_and_every_reason_is_needed(chart: Path, tmp_path: Path) -> None:
    path, secrets = tmp_path / "objects.yaml", {"envFrom": {"secrets": ["tokens"]}}
    objects = [*rendered(chart, GATEWAY | secrets, "gateway"), *rendered(chart, INGRESS)]
    path.write_text(yaml.safe_dump_all(objects), "utf-8")
    weaknesses = checkov(path, "kubernetes")
    own, of_the_test = (TABLES["without"][name] for name in ("cluster", "the pod of helm test"))
    for check, where in weaknesses:
        assert check in (own | of_the_test if where.endswith("-test") else own), where
    assert {check for check, _ in weaknesses} == own.keys() | of_the_test.keys()
