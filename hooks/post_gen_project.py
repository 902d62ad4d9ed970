"""Lay the layers of the chosen target over the base, keep the answers, say what comes next."""

import json
import shutil
import sys
from pathlib import Path

# Data, never code: see the other hook.
CONTEXT = json.loads(r"""[<< cookiecutter | tojson >>]""")[0]

# The one place that says what a target consists of.
TARGETS = {"lambda": ("lambda",)}


def main():
    """Finish the project in the working directory, or fail before anything moved."""
    layers = Path("layers")
    files = {}
    problems = []
    for layer in TARGETS[CONTEXT["target"]]:
        if not (layers / layer).is_dir():
            problems.append(f"layers/{layer} is missing")
        for source in sorted(path for path in (layers / layer).rglob("*") if path.is_file()):
            target = source.relative_to(layers / layer)
            if target.exists() or target in files:
                problems.append(f"{target} stands in {files.get(target, 'the base')} and {source}")
            files[target] = source
    if problems:
        sys.exit("The template is broken:\n  " + "\n  ".join(problems))
    for target, source in files.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
    shutil.rmtree(layers)
    names = ("project_name", "project_slug", "description", "target", "versioning")
    record = {
        "template": "ml-serving-template",
        "version": CONTEXT["_version"],
        "answers": {name: CONTEXT[name] for name in names},
    }
    text = json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False)
    Path(".template.json").write_text(text + "\n", encoding="utf-8")
    print(f"\n{CONTEXT['project_slug']}/ is ready. Next:\n")
    print(f"  cd {CONTEXT['project_slug']}\n  make setup model test\n  make serve\n")


main()
