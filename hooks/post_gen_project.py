"""Lay the layers of the chosen target over the base, keep the answers, say what comes next."""

import json
import os
import shutil
import sys

# Data, never code: see the other hook.
CONTEXT = json.loads(r"""[<< cookiecutter | tojson >>]""")[0]

# The one place that says which layers a target has, by versioning scheme.
LAYERS = {
    ("lambda", "path"): ("aws", "aws-path", "lambda"),
    ("lambda", "host"): ("aws", "aws-domain", "aws-host", "lambda"),
    ("lambda", "header"): ("aws", "aws-domain", "aws-header", "lambda"),
    ("sagemaker", "path"): ("aws", "aws-path", "container", "sagemaker"),
    ("sagemaker", "host"): ("aws", "aws-domain", "aws-host", "container", "sagemaker"),
    ("sagemaker", "header"): ("aws", "aws-domain", "aws-header", "container", "sagemaker"),
    ("kubernetes", "path"): ("container", "cluster", "cluster-path", "kubernetes"),
    ("kubernetes", "host"): ("container", "cluster", "cluster-host", "kubernetes"),
    ("kubernetes", "header"): ("container", "cluster", "cluster-header", "kubernetes"),
    ("helm", "path"): ("container", "cluster", "cluster-path", "helm"),
    ("helm", "host"): ("container", "cluster", "cluster-host", "helm"),
    ("helm", "header"): ("container", "cluster", "cluster-header", "helm"),
}


def files_in(folder):
    """Every file below a folder, relative to it, in order."""
    return sorted(
        os.path.relpath(os.path.join(parent, name), folder)
        for parent, _, names in os.walk(folder)
        for name in names
    )


def main():
    """Finish the project in the working directory, or fail before anything moved."""
    sources = {}
    problems = []
    for layer in LAYERS[CONTEXT["target"], CONTEXT["versioning"]]:
        folder = f"layers/{layer}"
        if not os.path.isdir(folder):
            problems.append(f"{folder} is missing")
        for target in files_in(folder):
            if target in sources or os.path.exists(target):
                other = sources.get(target, "the base")
                problems.append(f"{target} stands in {other} and {folder}/{target}")
            sources[target] = f"{folder}/{target}"
    if problems:
        sys.exit("The template is broken:\n  " + "\n  ".join(problems))
    for target, source in sources.items():
        os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
        os.rename(source, target)
    shutil.rmtree("layers")
    record = {
        "template": "ml-serving-template",
        "version": CONTEXT["_version"],
        "answers": {name: CONTEXT[name] for name in CONTEXT if name[0] != "_"},
    }
    with open(".template.json", "w", encoding="utf-8") as file:
        file.write(json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    print(f"\n{CONTEXT['project_slug']}/ is ready. Next:\n")
    print(f"  cd {CONTEXT['project_slug']}\n  make setup model test\n  make serve\n")


main()
