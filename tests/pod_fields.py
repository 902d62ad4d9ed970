"""The fields of a pod, as Kubernetes' own schema has them: infra/fields.yaml of clusters."""

import json
from importlib.resources import files
from typing import Any

import kubernetes_validate
import yaml

from tests.project import TEMPLATE

PATH = TEMPLATE / "layers/cluster/infra/fields.yaml"
SCHEMAS = files("kubernetes_validate") / "kubernetes-json-schema"
CORE = "io.k8s.api.core.v1."
HEAD = """\
# The fields of a pod, by the kind of what has them, as Kubernetes {} has them. Behind each stands
# the kind of what it holds, in brackets that of its entries; behind other fields nothing.
"""


def text() -> str:
    """The file."""
    version = kubernetes_validate.latest_version()
    path = SCHEMAS / f"v{version}-local-strict" / "_definitions.json"
    schemas = json.loads(path.read_text("utf-8"))["$defs"]
    found: dict[str, dict[str, Any]] = {}
    for name in (f"{CORE}PodSpec", f"{CORE}Toleration"):
        _note(name, schemas, found)
    own = [
        # Each kind by itself, so that it is as many lines as it needs.
        f"{kind}: {yaml.safe_dump(found[kind], width=60, default_flow_style=True)}"
        for kind in sorted(found)
    ]
    return HEAD.format(".".join(version.split(".")[:2])) + "".join(own).replace(": null", ": ''")


def _note(name: str, schemas: dict[str, Any], found: dict[str, dict[str, Any]]) -> None:
    """Note the fields of a kind, and of those that these hold."""
    kind = name.rpartition(".")[2]
    if kind not in found:
        found[kind] = {}
        for field, schema in sorted(schemas[name]["properties"].items()):
            found[kind][field] = _held(schema, schemas, found)


def _held(schema: dict[str, Any], schemas: dict[str, Any], found: dict[str, Any]) -> Any:
    if "items" in schema:
        inner = _held(schema["items"], schemas, found)
        return [inner] if inner else None
    name = schema.get("$ref", "").rpartition("/")[2]
    if "properties" not in schemas.get(name, {}):
        return None
    _note(name, schemas, found)
    return name.rpartition(".")[2]
