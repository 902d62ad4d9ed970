"""Build the zip that Lambda runs: the code, the model and the libraries, compiled, and no more.

`python -m tools.build ARCHITECTURE` writes dist/<name>-<release>-<architecture>.zip. `--of STACK`
takes the architecture that Pulumi.<stack>.yaml says for this API version. "host" runs on this
machine and is never deployed. The same tree gives the same bytes. What Lambda would refuse, or what
doesn't answer the contract's example on this machine, is not written. Run by `make build`.
"""

import contextlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from infra.archive import MAX_UPLOAD_BYTES, NOT_OURS, Archive
from serving.contract import EXAMPLE_REQUEST
from serving.release import Build
from tools import libraries, model, stack_file
from tools.limit import MAX_UNPACKED_BYTES, NOT_NEEDED
from tools.refused import Refused
from tools.source import digest
from tools.working_tree import own_build

ROOT = Path(__file__).parent.parent
# What make says; without make the one from the PATH, else the one that `make setup` fetched.
UV = os.environ.get("UV") or shutil.which("uv") or ROOT / ".uv/bin/uv"
PLATFORMS = {
    # The oldest system that onnxruntime publishes wheels for.
    "arm64": ("--python-platform", "aarch64-manylinux_2_28"),
    "x86_64": ("--python-platform", "x86_64-manylinux_2_28"),
    "host": (),
}
# What is too large for a zip or needs what Lambda lacks, and the package that does the same there.
LEAN = {
    "opencv-contrib-python": "opencv-contrib-python-headless",
    "opencv-python": "opencv-python-headless",
    "xgboost": "xgboost-cpu",
}
# What Lambda's processors are called by Linux.
PROCESSORS = {"arm64": "aarch64", "x86_64": "x86_64"}
TRIAL = """
import json, os, sys
from types import SimpleNamespace
sys.path.insert(0, os.getcwd())
from serving.lambda_handler import handler
result = handler(json.load(sys.stdin), SimpleNamespace(aws_request_id="trial"))
if result["statusCode"] != 200:
    sys.exit(f"{result['statusCode']} {result['body']}")
"""


def main(architecture: str) -> None:
    """Build one zip; say what is being done and how long it took.

    Raises:
        Refused: pyproject.toml doesn't say what this is.
    """
    if architecture not in PLATFORMS:
        sys.exit(f"ARCH={architecture} is none of {', '.join(PLATFORMS)}.")
    build = own_build()
    target = ROOT / Archive(build.service, build.release, architecture).path
    target.parent.mkdir(exist_ok=True)
    check_before(target, build)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as temporary:
        folder, packed = Path(temporary, "unpacked"), Path(temporary, target.name)
        with _step(f"libraries for {architecture}"):
            left_out = install_libraries(folder, architecture)
        with _step("code, contract and model"):
            copy_project(folder, build, architecture)
        with _step("bytecode"):
            compile_bytecode(folder)
        unpacked = sum(_sizes(folder).values())
        with _step("zip"):
            pack(folder, packed, level=1 if architecture == "host" else 6)
        size = packed.stat().st_size
        if architecture != "host":
            lacking = libraries.missing(folder, PROCESSORS[architecture], left_out)
            refuse([*lacking, *too_large(folder)])
        if not runs_here(architecture):
            folder = Path(temporary, "host")
            with _step("the same libraries for this machine"):
                left_out = install_libraries(folder, "host")
                copy_project(folder, build, "host")
        with _step("the contract's example"):
            answer_example(folder, left_out)
        packed.replace(target)
    sizes = f"{size / 1e6:.1f} MB, {unpacked / 1e6:.1f} MB unpacked"
    print(f"dist/{target.name}: {build.api_version}, {sizes}")
    if architecture != "host" and size > MAX_UPLOAD_BYTES:
        print(
            f"Packed this is more than {MAX_UPLOAD_BYTES:,} bytes: Lambda takes it from a bucket"
            " alone. Write `releases` into the stack file, and run `make publish`."
        )


def wanted_by(stack: str) -> str:
    """The architecture of this working tree's API version in a stack.

    Raises:
        Refused: there is no such stack, or pyproject.toml names no build.
    """
    keys = stack_file.of_version(ROOT, stack, own_build().api_version)
    return str(keys.get("architecture", "arm64"))


def check_before(target: Path, build: Build) -> None:
    """End the program where something is missing, or another API version's zip would be lost."""
    contract = f"contracts/{build.api_version}.json"
    if not (ROOT / contract).exists():
        sys.exit(f"{contract} is missing: run `make contract`.")
    # A broken one is replaced.
    with contextlib.suppress(*NOT_OURS), zipfile.ZipFile(target) as archive:
        other = json.loads(archive.read("serving/build.json"))["api_version"]
        if other != build.api_version:
            sys.exit(
                f"dist/{target.name} is a build of {other}. Two API versions can't share a release:"
                f" raise version in pyproject.toml before you build {build.api_version}."
            )


def install_libraries(folder: Path, architecture: str) -> dict[str, str]:
    """Put the wheels of requirements/runtime.txt into `folder`, without what is not needed.

    What a wheel brings for itself alone is then found by the others too, where they lack it.

    Returns: the pattern of `NOT_NEEDED` for each file and folder that it left out.
    """
    subprocess.run(
        [UV, "pip", "install", "--quiet", "--target", folder]
        + ["--python", sys.executable, "--python-version", _python_version()]
        + [*PLATFORMS[architecture]]
        + ["--only-binary", ":all:", "--no-deps", "--require-hashes"]
        + ["--link-mode", "copy", "--no-compile-bytecode"]
        + ["--requirement", ROOT / "requirements" / "runtime.txt"],
        check=True,
    )
    left_out = leave_out(folder)
    libraries.share(folder, PROCESSORS.get(architecture, platform.machine()))
    return left_out


def leave_out(folder: Path) -> dict[str, str]:
    """Delete what is not needed, and return the pattern for each file and folder."""
    left_out: dict[str, str] = {}
    for pattern in NOT_NEEDED:
        for path in sorted(folder.glob(pattern)):
            if not path.exists():  # it was in a folder that is gone by now
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            left_out[path.relative_to(folder).as_posix()] = pattern
    return left_out


def source(build: Build, architecture: str) -> str:
    """A digest of all that a zip is made of, built or not."""
    return digest(
        [*_project(build), ROOT / "requirements" / "runtime.txt"],
        root=ROOT,
        **msgspec.to_builtins(build),
        architecture=architecture,
        python=_python_version(),
        left_out=" ".join(NOT_NEEDED),
    )


def copy_project(folder: Path, build: Build, architecture: str) -> None:
    """Add `serving/`, the contract, the model with its own code, and build.json."""
    for path in _project(build):
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    # The deployment reads it too: a build keeps its Python when .python-version moves on.
    runs_on = {"architecture": architecture, "python": _python_version()}
    facts = msgspec.to_builtins(build) | runs_on
    facts["model_sha256"] = model.sha256(ROOT / "model")
    facts["source"] = source(build, architecture)
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


def pack(folder: Path, target: Path, level: int) -> None:
    """Zip `folder`, sorted, every time the same.

    level: of zlib; 1 is four times as fast as 6, for a zip that is an eighth larger.
    """
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            entry.external_attr = 0o100644 * 2**16  # Unix mode, in the upper half
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, level)


def too_large(folder: Path) -> Iterator[str]:
    """A sentence where Lambda would refuse what is unpacked."""
    sizes = _sizes(folder)
    if sizes.total() > MAX_UNPACKED_BYTES:
        yield (
            f"Unpacked this is {sizes.total():,} bytes, and Lambda takes {MAX_UNPACKED_BYTES:,}."
            " The largest are "
            + ", ".join(f"{name} ({size / 1e6:.0f} MB)" for name, size in sizes.most_common(3))
            + "."
        )


def refuse(problems: list[str]) -> None:
    """End the program where there is a problem, with what helps against it."""
    if not problems:
        return
    requirements = ROOT.joinpath("requirements/runtime.txt").read_text("utf-8")
    locked = re.findall(r"^[\w.-]+(?===)", requirements, re.MULTILINE)
    remedies = [
        f"{LEAN[name]} is {name} without what Lambda can't use: write it into `dependencies` in"
        " pyproject.toml in its place, and run `make lock setup`."
        for name in locked
        if name in LEAN
    ]
    if any("Lambda takes" in problem for problem in problems):
        remedies.append(
            "Remove dependencies that no prediction needs, add their unused parts to NOT_NEEDED in"
            " tools/limit.py, or make the model smaller."
        )
    sys.exit("\n".join(["This can't be deployed, so it was not built.", *problems, *remedies]))


def runs_here(architecture: str) -> bool:
    """Whether this machine is one that the zip is for."""
    here = (platform.system(), platform.machine(), platform.libc_ver()[0])
    return architecture == "host" or here == ("Linux", PROCESSORS[architecture], "glibc")


def answer_example(folder: Path, left_out: Mapping[str, str]) -> None:
    """End the program unless the handler, with nothing but `folder`, answers the example.

    left_out: what `leave_out` returned, to say which of it was needed.
    """
    event = {
        "resource": "/predict",
        "path": "/predict",
        "httpMethod": "POST",
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "requestContext": {"requestId": "trial"},
        "body": msgspec.json.encode(EXAMPLE_REQUEST).decode(),
        "isBase64Encoded": False,
    }
    result = subprocess.run(
        # -I -S: nothing but what is in the folder and in Python itself. -B: nothing is added.
        # -u: what is printed and what goes wrong in the order of their time.
        [sys.executable, "-I", "-S", "-B", "-u", "-c", TRIAL],
        cwd=folder,
        env={"ORT_DISABLE_TELEMETRY": "1", "LD_LIBRARY_PATH": libraries.path(folder)},
        input=json.dumps(event),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        said = result.stdout
        remedies = [
            f"NOT_NEEDED in tools/limit.py leaves {path} out: delete {pattern!r} there."
            for path, pattern in left_out.items()
            if _names(said, path, folder)
        ]
        if not remedies:
            remedies = [
                "It ran with serving/, model/, the contract and the libraries of `dependencies` in"
                " pyproject.toml alone. Write what else it needs there, and run `make lock setup`."
            ]
        verdict = "This doesn't answer the contract's example, so it was not built."
        sys.exit("\n".join([said.rstrip(), verdict, *remedies]))


def _names(said: str, path: str, folder: Path) -> bool:
    """Whether an error names what was left out: a file or folder, or a module there."""
    missing = [*re.findall(r"No module named '([\w.]+)'", said)]
    missing += [f"{b}.{a}" for a, b in re.findall(r"import name '(\w+)' from '([\w.]+)'", said)]
    module = path.removesuffix(".py").replace("/", ".")
    imported = any(f"{name}.".startswith(f"{module}.") for name in missing)
    return imported or re.search(rf"{re.escape(f'{folder}/{path}')}\b", said) is not None


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    print(f"  {what} …", end="", flush=True)
    started = time.perf_counter()
    try:
        yield
    finally:
        print(f" {time.perf_counter() - started:.1f} s", flush=True)


def _project(build: Build) -> list[Path]:
    """The files of this project that go into a zip."""
    code = [path for path in _files(ROOT / "serving") if path.name != "build.json"]
    return [*code, ROOT / f"contracts/{build.api_version}.json", *model.files(ROOT / "model")]


def _files(folder: Path) -> list[Path]:
    """All but what is hidden, and bytecode."""
    every = folder.rglob("*", recurse_symlinks=True)
    return sorted(
        path
        for path in every
        if path.is_file() and not model.stays_out(path.relative_to(folder).parts)
    )


def _sizes(folder: Path) -> Counter[str]:
    """The bytes of each file and folder at the top."""
    sizes = Counter[str]()
    for path in folder.rglob("*"):
        if path.is_file():
            sizes[path.relative_to(folder).parts[0]] += path.stat().st_size
    return sizes


def _python_version() -> str:
    return (ROOT / ".python-version").read_text(encoding="utf-8").strip()


if __name__ == "__main__":
    try:
        main(wanted_by(sys.argv[2]) if sys.argv[1] == "--of" else sys.argv[1])
    except Refused as problem:
        problem.end()
