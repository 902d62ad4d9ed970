"""What this template adds to Jinja: two filters, and what its hooks can't find out by themselves.

Filters: `slug` and `quoted`. Globals: `targets`, the content of targets.json, and
`template_commit()`. A hook is run from a copy, in the project's folder; this module is imported
from where the template is.
"""

import json
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import cookiecutter
from cookiecutter.utils import simple_filter
from jinja2 import Environment
from jinja2.ext import Extension

HERE = Path(__file__).resolve().parent
TARGETS = json.loads((HERE / "targets.json").read_text(encoding="utf-8"))
MAX_SLUG = 32
# An older one looks for the project's folder by a mark that this template does not have.
OLDEST = (2, 6)
if tuple(map(int, cookiecutter.__version__.split(".")[:2])) < OLDEST:
    sys.exit(
        f"This is cookiecutter {cookiecutter.__version__}, and the template needs 2.6 or newer:"
        " uvx cookiecutter@latest, or pipx run cookiecutter."
    )
# Pulumi reads configuration under these names as that of a provider.
RESERVED = ("aws", "pulumi", "kubernetes", "random", "docker")


def slug(text: object) -> str:
    """A name for folders and cloud resources: `[a-z][a-z0-9]*(-[a-z0-9]+)*`, at most 32 long.

    >>> slug("Überwachung 2.0"), slug("3D Scans"), slug("AWS"), slug("مدل")
    ('uberwachung-2-0', 'm-3d-scans', 'm-aws', 'model')
    """
    plain = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "model"
    if name[0].isdigit() or name in RESERVED:
        name = f"m-{name}"
    return name[:MAX_SLUG].rstrip("-")


def quoted(text: str, language: str = "json") -> str:
    """The text as a value in "json", which TOML and YAML read too, or as text in "markdown".

    >>> quoted('say "hi"'), quoted("*2 [x]", "markdown")
    ('"say \\\\"hi\\\\""', '\\\\*2 \\\\[x\\\\]')
    """
    if language == "json":
        return json.dumps(text, ensure_ascii=False)
    # What Markdown reads as markup anywhere, and what it does only at the start of a line.
    escaped = re.sub(r"([\\`*_\[\]<>#~|&!$@:]|(?<=www)\.)", r"\\\1", text)
    escaped = re.sub(r"^([-+=])", r"\\\1", escaped)
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", escaped)


def template_commit() -> str | None:
    """The commit of which this template is a checkout; None without Git, and with changes to it."""
    # Of the folder's own repository, whatever the one is that this process was started for.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    known = ["ls-files", "--error-unmatch", "targets.json"]
    named = ["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        for words in (known, named):
            said = subprocess.run(
                ["git", *words], cwd=HERE, env=environ, check=True, capture_output=True, text=True
            ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    return None if said.endswith("-dirty") else said


class Globals(Extension):
    """The names that templates and hooks can use beside cookiecutter's."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals |= {"targets": TARGETS, "template_commit": template_commit}
        # Questions and targets stay in the order in which they are written down.
        environment.policies["json.dumps_kwargs"] = {"sort_keys": False}


Slug = simple_filter(slug)
Quoted = simple_filter(quoted)
