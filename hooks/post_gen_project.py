"""Lay the layers of the chosen target over the base, keep a record, say what comes next."""

import hashlib
import json
import os
import shutil
import sys
from urllib.parse import urlsplit, urlunsplit

# Data, never code: see the other hook.
CONTEXT = json.loads(r"""[<< cookiecutter | tojson >>]""")[0]
TARGETS = json.loads(r"""[<< targets | tojson >>]""")[0]
COMMIT = json.loads(r"""[<< template_commit() | tojson >>]""")[0]
RECORD = ".template.json"
# Says in a folder where this hook did not run that it did not.
UNFINISHED = "GNUmakefile"


def files_in(folder):
    """Every file below a folder, relative to it, in order; Git's own apart."""
    paths = (
        os.path.relpath(os.path.join(parent, name), folder)
        for parent, _, names in os.walk(folder)
        for name in names
    )
    # In a submodule and in a worktree, .git is a file.
    return sorted(path for path in paths if path.split(os.sep)[0] != ".git")


def lay_layers():
    """Move the files of the chosen layers to where they belong, or fail before anything moved."""
    sources = {}
    problems = []
    layers = TARGETS[CONTEXT["target"]]["layers"][CONTEXT["versioning"]]
    # What an organisation adds to its own copy of the template, on every target.
    own = ["organisation"] if os.path.isdir("layers/organisation") else []
    for layer in [*layers, *own]:
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
    os.remove(UNFINISHED)


def origin():
    """Where the template came from, as it was given, without a password, token or query in it."""
    given = CONTEXT["_template"]
    url = urlsplit(given)
    if not url.netloc:
        return given
    user, _, host = url.netloc.rpartition("@")
    # The user of SSH is no secret, and nobody gets in without.
    kept = f"{user.partition(':')[0]}@{host}" if user and url.scheme.endswith("ssh") else host
    return urlunsplit((url.scheme, kept, url.path, "", ""))


def digest():
    """One sha256 for all files as rendered: of a line each, path NUL mode in Git NUL sha256."""
    whole = hashlib.sha256()
    for path in sorted(files_in("."), key=os.fsencode):
        mode = "100755" if os.stat(path).st_mode & 0o100 else "100644"
        with open(path, "rb") as file:
            own = hashlib.sha256(file.read()).hexdigest()
        whole.update(os.fsencode(f"{path}\0{mode}\0{own}\n"))
    return whole.hexdigest()


def main():
    """Finish the project in the working directory."""
    lay_layers()
    record = {
        "template": origin(),
        "commit": COMMIT,
        "version": CONTEXT["_version"],
        "answers": {name: CONTEXT[name] for name in CONTEXT if name[0] != "_"},
        "digest": digest(),
    }
    with open(RECORD, "w", encoding="utf-8") as file:
        file.write(json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    name, target, scheme = (CONTEXT[key] for key in ("project_name", "target", "versioning"))
    sys.stdout.reconfigure(errors="backslashreplace")  # not every terminal can show every name
    made = f"{name}, on {target}, API versions by {scheme}"
    print(f"\n{CONTEXT['project_slug']}/ is ready: {made}. Next:\n")
    print(f"  cd {CONTEXT['project_slug']}\n  make setup model test\n  make serve\n")


main()
