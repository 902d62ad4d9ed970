"""The project's other files: its dependencies, what Git holds, and what libraries weigh."""

import importlib.metadata
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tools import limit
from tools.compatibility import frozen
from tools.model import FOLDER, file_sha256, read
from tools.refused import Refused
from tools.working_tree import own_build

ROOT = FOLDER.parent
# What Git should not hold: above this, a model belongs to a bucket or to Git LFS.
LARGE = 50_000_000
LIBRARIES = "numpy|onnxruntime|scikit-learn|pandas|joblib|skops|xgboost|xgboost-cpu|lightgbm"
SERVES = re.compile(rf'^  "({LIBRARIES})[<>=][^"]*",\n', re.MULTILINE)
TRAINS = re.compile(r'^  "(scikit-learn|skl2onnx)[>=<][^"]*",\n', re.MULTILINE)
DEPENDENCIES = re.compile(r"^dependencies = \[\n(.*?)^\]", re.MULTILINE | re.DOTALL)


def api_version() -> str:
    """The API version that is written.

    Raises:
        Refused: it is frozen.
    """
    build = own_build()
    try:
        reasons = frozen(ROOT).get(build.api_version)
    except ValueError as error:
        raise Refused(str(error)) from None
    if reasons:
        number = max((int(p.stem[1:]) for p in ROOT.glob("contracts/v*.json")), default=1) + 1
        raise Refused(
            f"{build.api_version} is frozen, because {' and '.join(reasons)}: its clients rely on"
            f' its contract. Set api_version = "v{number}" under [tool.serving] in pyproject.toml,'
            f" raise the release, and run `make adopt` again."
        )
    return build.api_version


def pyproject(text: str, dependencies: Sequence[str]) -> str:
    """The text with these dependencies of the model, and without those of the sample's training."""
    found = DEPENDENCIES.search(text)
    if not found:
        raise Refused("pyproject.toml has no list `dependencies = [` of a line each: write one.")
    before = {match[1]: match[0].rstrip() for match in SERVES.finditer(found[1])}
    needed = [before.get(_named(each), f'  "{each}",') for each in dependencies]
    own = {*SERVES.sub("", found[1]).splitlines(), *needed}
    lines = "".join(f"{each}\n" for each in sorted(own, key=_name))
    text = text[: found.start(1)] + lines + text[found.end(1) :]
    before, group, after = text.partition("[dependency-groups]")
    return before + group + TRAINS.sub("", after)


def requirement(package: str, version: str) -> str:
    """This version of a package or a newer one, of the same major version."""
    major, minor = version.split(".")[:2]
    return f"{package}>={major}.{minor},<{int(major) + 1}"


def _named(requirement: str) -> str:
    """The package of a requirement, where it has bounds and no one version."""
    return re.split("[<>]", requirement, maxsplit=1)[0]


def _name(line: str) -> str:
    return line.strip(' ",')


def large(files: Mapping[str, Path]) -> str | None:
    """What to do where files are too large for Git; None where none is, or each is cared for.

    files: by their paths below `model/`.
    """
    known = elsewhere()
    names = [name for name, path in files.items() if weight([path]) > LARGE]
    names = [name for name in names if name not in known and not _git_lfs(name)]
    if not names:
        return None
    sizes = ", ".join(f"{files[name]} has {weight([files[name]]) / 1e6:.0f} MB" for name in names)
    lines = [f"{file_sha256(files[name])}  s3://your-bucket/{name}  {name}" for name in names]
    return "\n".join(
        [
            f"{sizes}, too much for Git. Put it where an https or s3 URL leads, write this into"
            " model/SOURCE, and run `make adopt` again:",
            *lines,
            f"Or have Git LFS hold it: run `git lfs track {' '.join(f'model/{n}' for n in names)}`"
            " before.",
        ]
    )


def elsewhere() -> set[str]:
    """What `model/SOURCE` fetches, by the paths below `model/`."""
    return {each.name for each in read(FOLDER, [])}


def _git_lfs(name: str) -> bool:
    """Whether Git LFS takes a file, and is there to do so."""
    said = _git("check-attr", "filter", f"model/{name}") or ""
    return said.strip().endswith(": lfs") and _git("lfs", "version") is not None


def uncommitted(paths: Iterable[str]) -> list[str] | None:
    """Those of the paths that Git doesn't hold as they are; None where there is no Git."""
    if _git("rev-parse", "--git-dir") is None or _git("rev-parse", "HEAD") is None:
        return None
    said = _git("status", "--porcelain", "-z", "--untracked-files=no", "--", *paths) or ""
    return [each[3:] for each in said.split("\0") if each]


def unheld(paths: Iterable[str]) -> list[str]:
    """Those of the paths that are there and that Git doesn't hold."""
    held = (_git("ls-files", "-z", "--", *paths) or "").split("\0")
    return [each for each in paths if each not in held and (ROOT / each).is_file()]


def _git(*words: str) -> str | None:
    try:
        said = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return said.stdout if said.returncode == 0 else None


def weight(paths: Iterable[Path]) -> int:
    """The bytes of files and folders."""
    every = (f for path in paths for f in (path.rglob("*") if path.is_dir() else [path]))
    return sum(each.stat().st_size for each in every if each.is_file())


def libraries() -> int:
    """The bytes of the libraries that this environment has of requirements/runtime.txt."""
    text = ROOT.joinpath("requirements/runtime.txt").read_text("utf-8")
    total = 0
    for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE):
        try:
            files = importlib.metadata.files(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        total += weight(Path(str(each.locate())) for each in files if limit.taken(each))
    return total
