"""Write what follows from chart/values.yaml: the table in chart/README.md, and the defaults again.

Templates have the defaults a second time, because Helm has not: `--reuse-values` takes those of
the chart that was installed before, and null deletes one. They also have what only this project
sets, from infra/ours.yaml, because a chart can't read what stands outside of it; so too what is in
infra/alerts.yaml, infra/fields.yaml and infra/dashboard.json.

`python -m tools.chart`; run by `make chart-lint`.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic.alias_generators import to_camel

from infra import dashboard, way_out
from infra.alerts import ALERTS
from infra.ours import OURS

CHART = Path(__file__).parent.parent / "chart"
TABLE = re.compile(r"(?<=\| --- \| --- \| --- \|\n)(\|.*\n)+")
COMMENT = "{{/* The defaults of values.yaml, from which make chart-lint writes them. */}}"
BEGIN, END = '{{- define "model.defaults" -}}', "{{- end }}"
OURS_COMMENT = (
    "{{/* What only the chart sets: infra/ours.yaml, from which make chart-lint writes it. */}}"
)
ALERTS_COMMENT = "{{/* What a Prometheus warns of: infra/alerts.yaml, by make chart-lint. */}}"
FIELDS_COMMENT = "{{/* The fields of a pod: infra/fields.yaml, by make chart-lint. */}}"
# How the chart calls it.
CALLED = {"release": "image.tag"} | {
    key: f"deprecation.{to_camel(key)}" for key in ("deprecated_on", "sunset", "migration_url")
}
LINE = re.compile(r"(?P<indent> *)(?P<key>\w+):(?: (?P<default>.+))?")


def values(text: str) -> Iterator[tuple[str, str, str]]:
    """Each value that has a sentence (`# -- …`): its name with dots, its default, the sentence."""
    place: list[str] = []
    sentence = ""
    for line in text.splitlines():
        if said := re.match(r" *# -- (.*)", line):
            sentence = said[1]
        elif found := LINE.match(line):
            place = [*place[: len(found["indent"]) // 2], found["key"]]
            if sentence:
                yield ".".join(place), found["default"] or "", sentence
            sentence = ""


def table(text: str) -> str:
    """The rows of the README's table."""
    rows = [(f"`{name}`", f"`{default}`", said) for name, default, said in values(text)]
    return "".join(f"| {' | '.join(cell.replace('|', '\\|') for cell in row)} |\n" for row in rows)


def again(text: str) -> str:
    """The template that has the defaults."""
    own = yaml.safe_dump(yaml.safe_load(text), sort_keys=False)
    return f"{COMMENT}\n{BEGIN}\n{own}{END}\n"


def in_chart(key: str) -> str:
    """How the chart calls a key of a stack file."""
    return CALLED.get(key, ".".join(to_camel(each) for each in key.split(".")))


def ours() -> str:
    """The template that has what nobody else may set."""
    called = {
        kind: {name: in_chart(own[name] or "") for name in own} if isinstance(own, dict) else own
        for kind, own in OURS.items()
    }
    own = yaml.safe_dump(called, sort_keys=False)
    return f'{OURS_COMMENT}\n{{{{- define "model.ours" -}}}}\n{own}{END}\n'


def alerts() -> str:
    """The template that has what a Prometheus warns of."""
    own = yaml.safe_dump(ALERTS, sort_keys=False, width=1_000)
    return f'{ALERTS_COMMENT}\n{{{{- define "model.alerts" -}}}}\n{own}{END}\n'


def fields() -> str:
    """The template that has the fields of a pod."""
    own = way_out.FIELDS.read_text(encoding="utf-8")
    return f'{FIELDS_COMMENT}\n{{{{- define "model.fields" -}}}}\n{own}{END}\n'


def main() -> None:
    """Write the files."""
    path = CHART / "README.md"
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    if "{{" in str(yaml.safe_load(text)):
        sys.exit("chart/values.yaml: a default has {{, which templates would execute; remove it.")
    (CHART / "templates/_defaults.tpl").write_text(again(text), encoding="utf-8")
    (CHART / "templates/_ours.tpl").write_text(ours(), encoding="utf-8")
    (CHART / "templates/_alerts.tpl").write_text(alerts(), encoding="utf-8")
    (CHART / "templates/_fields.tpl").write_text(fields(), encoding="utf-8")
    own = dashboard.FILE.read_text(encoding="utf-8")
    (CHART / "dashboard.json").write_text(own, encoding="utf-8")
    rows = table(text)
    readme = TABLE.sub(lambda _: rows, path.read_text(encoding="utf-8"))
    path.write_text(readme, encoding="utf-8")


if __name__ == "__main__":
    main()
