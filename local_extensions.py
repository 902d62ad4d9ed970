"""The two filters of this template: `slug` and `quoted`."""

import json
import re
import unicodedata

from cookiecutter.utils import simple_filter

MAX_SLUG = 32
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


Slug = simple_filter(slug)
Quoted = simple_filter(quoted)
