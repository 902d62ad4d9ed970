"""Check every answer before anything is written; say all problems at once, and the way out."""

import json
import os
import re
import sys
import unicodedata

# Data, never code. In JSON made by `tojson` no apostrophe stands, nor three quotes in a row,
# and in a list it neither starts nor ends with a quote: no answer can end these strings.
CONTEXT = json.loads(r"""[<< cookiecutter | tojson >>]""")[0]
CORRECTED_SLUG = json.loads(r"""[<< cookiecutter.project_slug | slug | tojson >>]""")[0]
TARGETS = json.loads(r"""[<< targets | tojson >>]""")[0]
ANSWERS = {name: value for name, value in CONTEXT.items() if not name.startswith("_")}

NO_CHARACTERS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
JOINERS = "\u200c\u200d"  # emoji and Persian need them


def refused(character):
    """Whether a character has no place in one line of text."""
    category = unicodedata.category(character)
    if category == "Zs":
        return character != " "
    return category in NO_CHARACTERS and character not in JOINERS


def is_one_line(text):
    """Whether every character of a text is visible or a plain space."""
    return not any(map(refused, text))


def is_slug(text):
    """Whether a text can stand in folders, URLs and cloud resources."""
    return re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", text)


def is_free(text):
    """Whether a slug is none of the reserved names, which the filter `slug` would change."""
    return not is_slug(text) or len(text) > 32 or text == CORRECTED_SLUG


def is_empty():
    """Whether the project's folder holds nothing yet, but for a repository that waits for it."""
    return {*os.listdir()} <= {".git"}


def listed(words):
    """Words as people read them: a, b or c."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def nearest(word, words):
    """A word as it is where it is one of several, else the one most like it, else the first."""
    from difflib import get_close_matches  # only a refusal waits for it

    return [*get_close_matches(word, words, 1), *words][0]


# What targets.json says of a target.
ENTRY = ("layers", "lock", "artefact", "provider", "judges")
LACKING = [
    f"targets.json: {target} has no {key}"
    for target, entry in TARGETS.items()
    for key in ENTRY
    if not entry.get(key)
]
if LACKING:
    sys.exit("The template is broken:\n  " + "\n  ".join(LACKING))
# A wrapper, a replay file or a configuration can bring in a choice that no prompt offers.
CHOSEN = [entry for target, entry in TARGETS.items() if target == CONTEXT["target"]]
SCHEMES = list(
    dict.fromkeys(scheme for each in CHOSEN or TARGETS.values() for scheme in each["layers"])
)
NOT_ONE_LINE = (
    "holds a line break, an invisible character, or one that this Python does not know:"
    " type it anew without"
)
OUTER_SPACES = "starts or ends with a space: leave that out"
CHECKS = (
    ("project_name", lambda text: text.strip(JOINERS), "is empty: type a name"),
    ("project_name", lambda text: len(text) <= 60, "is longer than 60 characters: shorten it"),
    ("project_name", is_one_line, NOT_ONE_LINE),
    ("project_name", lambda text: text == text.strip(" "), OUTER_SPACES),
    (
        "project_slug",
        is_slug,
        "is not lower-case letters, digits and single hyphens with a letter first: change it",
    ),
    ("project_slug", lambda text: len(text) <= 32, "is longer than 32 characters: shorten it"),
    (
        "project_slug",
        is_free,
        "is a name that Pulumi reads as a provider's configuration: choose another",
    ),
    (
        "project_slug",
        lambda _: is_empty(),
        "is a folder that holds something already: choose another name",
    ),
    ("description", lambda text: len(text) <= 200, "is longer than 200 characters: shorten it"),
    ("description", is_one_line, NOT_ONE_LINE),
    ("description", lambda text: text == text.strip(" "), OUTER_SPACES),
    ("target", lambda text: text in TARGETS, f"is not a target: choose {listed(TARGETS)}"),
    (
        "versioning",
        lambda text: text in SCHEMES,
        f"is not a versioning scheme of this target: choose {listed(SCHEMES)}",
    ),
)


def shown(text):
    """A text in quotes; where it holds what can't be seen, in ASCII."""
    return json.dumps(text, ensure_ascii=not is_one_line(text))


def corrected(text, limit):
    """The nearest text that passes the checks of a name or a description."""
    visible = "".join(" " if refused(character) else character for character in text)
    return visible.strip(" ")[:limit].strip(" ")


def corrected_slug():
    """The nearest slug that passes, and names no folder that holds something."""
    if not is_empty():
        return f"{CORRECTED_SLUG[:30].rstrip('-')}-2"
    return CORRECTED_SLUG


def command(answers):
    """The call of cookiecutter that gives these answers, ready to paste into a shell."""
    import shlex  # only a refusal waits for it

    words = ["cookiecutter", "--no-input", CONTEXT["_template"]]
    if CONTEXT["_checkout"]:
        words += ["--checkout", CONTEXT["_checkout"]]
    if CONTEXT["_output_dir"] != os.environ.get("PWD"):
        words += ["--output-dir", CONTEXT["_output_dir"]]
    # On its command line cookiecutter evaluates template marks; written as a text they survive.
    mark = re.compile("<(?=[%#<])")
    literal = "<" * 2 + ' "<" ' + ">" * 2
    words += [
        f"{name}={mark.sub(literal, str(value))}"
        for name, value in answers.items()
        if not isinstance(value, dict)  # which no command line can give
    ]
    return shlex.join(words)


def corrected_answers():
    """All answers, those that were refused replaced by the nearest that pass."""
    name = corrected(CONTEXT["project_name"], 60)
    target = nearest(CONTEXT["target"], TARGETS)
    return ANSWERS | {
        "project_name": name if name.strip(JOINERS) else "Model",
        "project_slug": corrected_slug(),
        "description": corrected(CONTEXT["description"], 200),
        "target": target,
        "versioning": nearest(CONTEXT["versioning"], TARGETS[target]["layers"]),
    }


def main():
    """Exit with 1 and every problem, or in silence."""
    # What a wrapper asks beside our questions may be of any kind.
    ours = dict.fromkeys(name for name, _, _ in CHECKS)
    not_text = [name for name in ours if not isinstance(CONTEXT[name], str)]
    if not_text:
        sys.exit(f"Not text, so put it in quotes in your configuration: {', '.join(not_text)}.")
    problems = [
        f"  {name} {shown(CONTEXT[name])} {sentence}."
        for name, passes, sentence in CHECKS
        if not passes(CONTEXT[name])
    ]
    if not problems:
        return
    problems = "\n".join(problems)
    print(f"No project was made:\n\n{problems}\n\nWith these answers it is:\n", file=sys.stderr)
    print(f"  {command(corrected_answers())}\n", file=sys.stderr)
    if "/" in CONTEXT["project_slug"]:
        remove_folders()
    sys.exit(1)


def remove_folders():
    """Remove every folder that a slug with a slash made; cookiecutter removes the last one only."""
    from pathlib import Path

    output = Path(CONTEXT["_output_dir"]).resolve()
    project = Path.cwd().resolve()
    depth = len([part for part in Path(CONTEXT["project_slug"]).parts if part not in ("/", "..")])
    for folder in (project, *project.parents)[:depth]:
        if folder == output or folder in output.parents:
            break
        try:
            folder.rmdir()
        except OSError:  # not empty, so it was there before
            break


main()
