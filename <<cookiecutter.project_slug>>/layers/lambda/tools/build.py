"""Build the zip that Lambda runs: the code, the model and the libraries, compiled, and no more.

`python -m tools.build ARCHITECTURE` writes dist/<name>-<release>-<architecture>.zip. "host" runs on
this machine and is never deployed. The same tree gives the same bytes. Run by `make build`.
"""

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from infra.archive import MAX_UPLOAD_BYTES, Archive
from serving.release import Build

ROOT = Path(__file__).parent.parent
# What make says; without make the one from the PATH, else the one that `make setup` fetched.
UV = os.environ.get("UV") or shutil.which("uv") or ROOT / ".uv/bin/uv"
PLATFORMS = {
    # The oldest system that onnxruntime publishes wheels for.
    "arm64": ("--python-platform", "aarch64-manylinux_2_28"),
    "x86_64": ("--python-platform", "x86_64-manylinux_2_28"),
    "host": (),
}
# What no prediction of the sample imports. Should your model need one of these, delete its line.
NOT_NEEDED = (
    ".lock",
    "**/*.a",
    "bin",
    "google",
    "flatbuffers",
    "packaging",
    "*.dist-info",
    "**/tests",
    "**/*.pyi",
    "**/*.pxd",
    "**/include",
    "numpy/f2py",
    "numpy/random/_examples",
    "onnxruntime/capi/libonnxruntime.so*",  # for programs in C; Python's module holds its own
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "onnxruntime/quantization",
    "onnxruntime/datasets",
)
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_UNPACKED_BYTES = 262_144_000


def main(architecture: str) -> None:
    """Build one zip; say what is being done and how long it took."""
    if architecture not in PLATFORMS:
        sys.exit(f"ARCH={architecture} is none of {', '.join(PLATFORMS)}.")
    try:
        build = Build.load()
    except msgspec.ValidationError as error:
        sys.exit(
            f'pyproject.toml: write a version such as "1.4.2", an api_version such as "v1": {error}'
        )
    target = ROOT / Archive(build.service, build.release, architecture).path
    target.parent.mkdir(exist_ok=True)
    check_before(target, build)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as temporary:
        folder, packed = Path(temporary, "unpacked"), Path(temporary, target.name)
        with _step(f"libraries for {architecture}"):
            install_libraries(folder, PLATFORMS[architecture])
        with _step("code, contract and model"):
            copy_project(folder, build, architecture)
        with _step("bytecode"):
            compile_bytecode(folder)
        with _step("zip"):
            pack(folder, packed)
        report = size_report(_size(folder), packed.stat().st_size)
        packed.replace(target)
    print(f"dist/{target.name}: {build.api_version}, {report}")


def check_before(target: Path, build: Build) -> None:
    """End the program where something is missing, or another API version's zip would be lost."""
    contract = f"contracts/{build.api_version}.json"
    if not (ROOT / contract).exists():
        sys.exit(f"{contract} is missing: run `make contract`.")
    with contextlib.suppress(FileNotFoundError), zipfile.ZipFile(target) as archive:
        other = json.loads(archive.read("serving/build.json"))["api_version"]
        if other != build.api_version:
            sys.exit(
                f"dist/{target.name} is a build of {other}. Two API versions can't share a release:"
                f" raise version in pyproject.toml before you build {build.api_version}."
            )


def install_libraries(folder: Path, platform: tuple[str, ...]) -> None:
    """Put the wheels of requirements/runtime.txt into `folder`, without what is not needed."""
    subprocess.run(
        [UV, "pip", "install", "--quiet", "--target", folder]
        + ["--python", sys.executable, *platform, "--python-version", _python_version()]
        + ["--only-binary", ":all:", "--no-deps", "--require-hashes"]
        + ["--link-mode", "copy", "--no-compile-bytecode"]
        + ["--requirement", ROOT / "requirements" / "runtime.txt"],
        check=True,
    )
    for pattern in NOT_NEEDED:
        for path in [*folder.glob(pattern)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def copy_project(folder: Path, build: Build, architecture: str) -> None:
    """Add `serving/`, the contract, what stands beside the code in `model/`, and build.json."""
    contract = f"contracts/{build.api_version}.json"
    code = [path for path in _files(ROOT / "serving") if path.name != "build.json"]
    artefacts = [path for path in _files(ROOT / "model") if path.suffix != ".py"]
    if not artefacts:
        sys.exit("model/ holds no model: run `make model`.")
    for path in [*code, ROOT / contract, *artefacts]:
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    # The deployment reads it too: a build keeps its Python when .python-version moves on.
    runs_on = {"architecture": architecture, "python": _python_version()}
    facts = msgspec.to_builtins(build) | runs_on
    (folder / "serving" / "build.json").write_bytes(msgspec.json.encode(facts))


def compile_bytecode(folder: Path) -> None:
    """Compile every module, for the interpreter and the folder that it will run in.

    Without bytecode a cold start takes two to three times as long. Unchecked, because a zip keeps
    times to two seconds only, and Python would hold the bytecode of ordinary .pyc files for stale.
    """
    running, wanted = f"{sys.version_info.major}.{sys.version_info.minor}", _python_version()
    if running != wanted:
        sys.exit(f"This is Python {running}, .python-version says {wanted}: run `make setup`.")
    # One process, a fresh one: what else is in memory would change the bytes.
    subprocess.run(
        [sys.executable, "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
        + ["-s", folder, "-p", "/var/task", folder],
        check=True,
    )
    check_bytecode(folder)


def check_bytecode(folder: Path) -> None:
    """End the program where a .pyc is not this Python's, or is not marked as unchecked."""
    # https://peps.python.org/pep-0552/: the interpreter's magic number, then 1 for "unchecked".
    expected = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
    for path in folder.rglob("*.py"):
        if not [*path.parent.glob(f"__pycache__/{path.stem}.*.pyc")]:
            sys.exit(f"{path.relative_to(folder)} was not compiled.")
    for path in folder.rglob("*.pyc"):
        if not path.read_bytes().startswith(expected):
            name = path.relative_to(folder)
            sys.exit(f"{name} is not unchecked bytecode of Python {_python_version()}.")


def pack(folder: Path, target: Path) -> None:
    """Zip `folder`, sorted, every time the same."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            entry.external_attr = 0o100644 * 2**16  # Unix mode, in the upper half
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())


def size_report(unpacked: int, packed: int) -> str:
    """The two sizes in bytes as a sentence; ends the program where Lambda refuses them."""
    if unpacked > MAX_UNPACKED_BYTES:
        sys.exit(
            f"Unpacked this is {unpacked:,} bytes, and Lambda takes {MAX_UNPACKED_BYTES:,}. Remove"
            " dependencies that no prediction needs, add their unused parts to NOT_NEEDED in"
            " tools/build.py, or make the model smaller."
        )
    report = f"{packed / 1e6:.1f} MB, {unpacked / 1e6:.1f} MB unpacked"
    if packed > MAX_UPLOAD_BYTES:
        report += (
            f"\nLambda takes {MAX_UPLOAD_BYTES:,} bytes, so this can't be deployed: make the"
            " model or the dependencies smaller."
        )
    return report


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    print(f"  {what} …", end="", flush=True)
    started = time.perf_counter()
    yield
    print(f" {time.perf_counter() - started:.1f} s", flush=True)


def _files(folder: Path) -> list[Path]:
    every = folder.rglob("*", recurse_symlinks=True)
    return sorted(path for path in every if path.is_file() and path.suffix != ".pyc")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _python_version() -> str:
    return (ROOT / ".python-version").read_text(encoding="utf-8").strip()


if __name__ == "__main__":
    main(sys.argv[1])
