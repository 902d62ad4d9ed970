"""The shared libraries of a zip: those that Lambda lacks, and those that its wheels bring along."""

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools import elf

# What Amazon Linux 2023 has as Lambda runs it: glibc, the compiler's runtime and zlib. Should a
# function of yours have found another one there, add its name.
RUNTIME = frozenset(
    {
        *("ld-linux-aarch64.so.1", "ld-linux-x86-64.so.2"),
        *("libc.so.6", "libdl.so.2", "libm.so.6", "libmvec.so.1", "libpthread.so.0"),
        *("libresolv.so.2", "librt.so.1", "libutil.so.1"),
        *("libgcc_s.so.1", "libstdc++.so.6", "libz.so.1"),
    }
)
# The package whose wheel brings it.
BROUGHT_BY = {"libgomp.so.1": "scikit-learn"}
# How a wheel names a library that it brings for itself alone: https://github.com/pypa/auditwheel
_OWN = re.compile(r"(?P<name>.+)-[0-9a-f]{8}(?P<version>\.so[.\d]*)")


def share(folder: Path, processor: str) -> None:
    """Copy into `lib/` what a file needs and another wheel brings under a name of its own.

    So LightGBM finds the `libgomp.so.1` that scikit-learn brings.
    """
    brought = {
        f"{own['name']}{own['version']}": path
        for path in sorted(folder.glob("*.libs/*"))
        if (own := _OWN.fullmatch(path.name))
    }
    for name in _lacking(folder, processor):
        for whole, path in brought.items():
            if f"{whole}.".startswith(f"{name}."):
                (folder / "lib").mkdir(exist_ok=True)
                shutil.copyfile(path, folder / "lib" / name)


def path(folder: Path) -> str:
    """Where Lambda's loader looks in an unpacked zip, as its variable LD_LIBRARY_PATH says."""
    return f"{folder}:{folder / 'lib'}"


def missing(folder: Path, processor: str, left_out: Mapping[str, str]) -> Iterator[str]:
    """Each shared library that a file asks for, and that Lambda would not find, as a sentence."""
    for name, (first, *others) in _lacking(folder, processor).items():
        more = f", as {len(others)} others do" if others else ""
        yield (
            f"{first} needs {name}{more}, and neither the zip nor Lambda's runtime has it. Use a"
            " build of that package that brings the library along, or one that doesn't need it, or"
            " export the model to ONNX."
        )
        if name in BROUGHT_BY:
            yield (
                f"{BROUGHT_BY[name]} brings {name}: write it into `dependencies` in pyproject.toml,"
                " and run `make lock setup`."
            )
        for path, pattern in left_out.items():
            if Path(path).name == name:
                yield f"NOT_NEEDED in tools/limit.py leaves {path} out: delete {pattern!r} there."


def _lacking(folder: Path, processor: str) -> dict[str, list[str]]:
    """The files that ask for each library that neither the folder nor Lambda has."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    known = RUNTIME | {path.name for path in files}
    wanted: dict[str, list[str]] = {}
    for path in files:
        for name in elf.needed(path, processor):
            if name not in known:
                wanted.setdefault(name, []).append(path.relative_to(folder).as_posix())
    return wanted
