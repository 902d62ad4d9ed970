"""Write config.schema.json, by which editors check Pulumi.*.yaml, and docs/settings.md.

`python -m tools.config_schema`, after a change of a key in infra/. Run by `make config-schema`.
"""

import json
import tomllib
from pathlib import Path
from typing import Any

from infra.settings import Settings
from tools.keys import page

ROOT = Path(__file__).parent.parent


def schema(project: str) -> dict[str, Any]:
    """The schema of a stack file: the project's own keys as `Settings` has them, others open."""
    settings = Settings.model_json_schema()
    own = {f"{project}:{key}": value for key, value in settings["properties"].items()}
    config = {
        "type": "object",
        "description": "The config of a stack; keys of providers, such as aws:region, are open.",
        "properties": own,
        "required": [f"{project}:{key}" for key in settings["required"]],
        # A misspelt key of ours.
        "patternProperties": {f"^{project}:(?!({'|'.join(settings['properties'])})$)": False},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"config": config},
        "required": ["config"],
        "$defs": settings["$defs"],
    }


def main() -> None:
    """Write both files."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    text = json.dumps(schema(pyproject["project"]["name"]), indent=2, ensure_ascii=False)
    (ROOT / "config.schema.json").write_text(text + "\n", encoding="utf-8")
    (ROOT / "docs" / "settings.md").write_text(page(Settings.model_json_schema()), encoding="utf-8")
    print("wrote config.schema.json and docs/settings.md")


if __name__ == "__main__":
    main()
