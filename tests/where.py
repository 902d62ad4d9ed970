"""Which file of the template becomes a file of a project: `python -m tests.where infra/scheme.py`.

Prints each file of the base and the layers that stands there, and the combinations that get it.
"""

import sys
from difflib import get_close_matches
from pathlib import PurePosixPath

from tests.project import COMBINATION_IDS, ROOT, TEMPLATE, layers_with, source_of


def lines(path: str) -> list[str]:
    """A line for each file of the template; ends the program where there is none."""
    path = str(PurePosixPath(path))
    found = layers_with(path)
    if not found:
        folders = [TEMPLATE, *(TEMPLATE / "layers").iterdir()]
        names = {
            str(f.relative_to(each)) for each in folders for f in each.rglob("*") if f.is_file()
        }
        close = get_close_matches(path, names, 3)
        sys.exit(f"no project has {path}" + (f": is it {' or '.join(close)}?" if close else ""))
    return [
        f"{source}  {' '.join(each for each in COMBINATION_IDS if source_of(path, each) == source)}"
        for source in ((TEMPLATE / each / path).relative_to(ROOT).as_posix() for each in found)
    ]


if __name__ == "__main__":
    print(*lines(sys.argv[1]), sep="\n")
