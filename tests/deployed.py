"""What the program of a project on SageMaker registers for its own build."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import yaml

DEPRECATED = {
    "deprecated_on": "2026-12-01",
    "sunset": "2027-03-31",
    "migration_url": "https://example.com/move",
}

# In place of the one that has to be filled in.
REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/iris-classifier"


class Deployed:
    """One API version, `v1`, of a rendered project: run with the template's own environment.

    cors: that key of the stack. environ: what its container is told. paths: those of the document
    that API Gateway imports.
    """

    def __init__(self, project: Path, cors: dict[str, Any] | None = None, **keys: str) -> None:
        own = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
        stack = yaml.safe_load((project / "Pulumi.dev.yaml").read_text("utf-8"))["config"]
        stack[f"{own['name']}:versions"] = {"v1": {"release": own["version"], **keys}}
        stack[f"{own['name']}:image"] = {"repository": REPOSITORY}
        if cors:
            stack[f"{own['name']}:cors"] = cors
        config = {k: v if isinstance(v, str) else json.dumps(v) for k, v in stack.items()}
        said = subprocess.run(
            [sys.executable, "-P", "tests/program.py", own["name"], "dev", json.dumps(config)],
            cwd=project,
            check=True,
            capture_output=True,
            text=True,
        )
        resources = json.loads(said.stdout)["resources"]
        inputs = {each["type"].rpartition(":")[2]: each["inputs"] for each in resources}
        self.environ: dict[str, str] = inputs["Model"]["primaryContainer"]["environment"]
        self.paths: dict[str, Any] = json.loads(inputs["RestApiPut"]["body"])["paths"]
        self.operation: dict[str, Any] = self.paths["/v1/predict"]["post"]
        self.integration: dict[str, Any] = self.operation["x-amazon-apigateway-integration"]
