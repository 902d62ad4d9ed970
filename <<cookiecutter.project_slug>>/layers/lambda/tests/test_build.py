"""The zip: what is in it, that it runs alone, that it is the same wherever it is built."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from pathlib import Path

import msgspec
import pytest

from tests.support import BUILD, EXAMPLE, ROOT, VERSION
from tools import build, elf, gateway, libraries, model
from tools.refused import Refused

OURS = ("contracts/", "model/", "serving/")


def copied(folder: Path) -> Path:
    """A copy of this working tree."""
    ignored = shutil.ignore_patterns(".venv", ".git", "dist", "__pycache__", ".*_cache")
    return shutil.copytree(ROOT, folder, ignore=ignored)


def made(folder: Path, settings: Mapping[str, str]) -> Path:
    """The zip for this machine that a copy of this working tree in `folder` builds."""
    copied(folder)
    command = [sys.executable, "-m", "tools.build", "host"]
    environ = os.environ | settings
    subprocess.run(command, cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)
    (result,) = folder.joinpath("dist").iterdir()
    return result


@pytest.fixture(scope="session")
def two_zips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same, built in two folders, the second under settings that must not reach a build."""
    folder = tmp_path_factory.mktemp("build")
    odd = {"PYTHONPYCACHEPREFIX": "elsewhere", "PYTHONOPTIMIZE": "1"}
    # At once, because a build takes as long as a hundred other tests.
    with ThreadPoolExecutor() as threads:
        return [*threads.map(made, (folder / "one", folder / "another folder"), ({}, odd))]


@pytest.fixture(scope="session")
def host_zip(two_zips: list[Path]) -> Path:
    return two_zips[0]


@pytest.fixture(scope="session")
def alone(host_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of what is in the zip, and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    with zipfile.ZipFile(host_zip) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session", params=["arm64", "x86_64"])
def unpacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What goes into the zip for one of Lambda's processors, however large it is."""
    folder = tmp_path_factory.mktemp("build") / request.param
    build.install_libraries(folder, request.param)
    build.copy_project(folder, BUILD, request.param)
    return folder


def elf_file(path: Path, *libraries: str, processor: str = "x86_64") -> None:
    """Write a file that asks Linux's loader for shared libraries."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in libraries)
    at = [strings.index(name.encode() + b"\0") for name in libraries]
    # In the file: header, two segments, the dynamic entries, the strings; in memory: 4096 later.
    entries = [(1, each) for each in at] + [(5, 4096 + 64 + 112 + 16 * (len(at) + 2)), (0, 0)]
    dynamic = b"".join(struct.pack("<2Q", *entry) for entry in entries)
    size = 64 + 112 + len(dynamic) + len(strings)
    machine = elf.MACHINES[processor]
    header = struct.pack(
        "<16s2HI3QI6H", b"\x7fELF\2\1\1", 3, machine, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0
    )
    load = struct.pack("<2I6Q", 1, 5, 0, 4096, 4096, size, size, 4096)
    where = (176, 176 + 4096, 176 + 4096, len(dynamic), len(dynamic), 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + load + struct.pack("<2I6Q", 2, 6, *where) + dynamic + strings)


def file(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_it_is_named_after_service_release_and_architecture(host_zip: Path) -> None:
    assert host_zip.name == f"{BUILD.service}-{BUILD.release}-host.zip"


def test_two_builds_in_two_folders_have_one_sha256(two_zips: list[Path]) -> None:
    one, another = (hashlib.sha256(path.read_bytes()).digest() for path in two_zips)
    assert one == another


def test_a_zip_of_another_version_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "dist.zip"
    build.check_before(target, BUILD)
    for api_version, fits in ((VERSION, True), ("v99", False)):
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("serving/build.json", json.dumps({"api_version": api_version}))
        if fits:
            build.check_before(target, BUILD)
            continue
        with pytest.raises(
            SystemExit, match=r"^dist/dist.zip is a build of v99\. Two API versions"
        ):
            build.check_before(target, BUILD)


def test_it_says_of_itself_what_it_is(host_zip: Path) -> None:
    with zipfile.ZipFile(host_zip) as archive:
        said = json.loads(archive.read("serving/build.json"))
    runs_on = {"architecture": "host", "python": "3.13"}
    made_of = {"model_sha256": model.sha256(), "source": build.source(BUILD, "host")}
    assert said == msgspec.to_builtins(BUILD) | runs_on | made_of


@pytest.mark.parametrize(
    ("changed", "other"),
    [
        ("serving/predictor.py", True),
        ("model/train.py", False),
        ("requirements/runtime.txt", True),
        ("requirements/dev.txt", False),
        ("pyproject.toml", False),
        ("README.md", False),
    ],
)
def test_a_source_is_another_where_another_zip_would_be_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, other: bool
) -> None:
    root = copied(tmp_path / "project")
    monkeypatch.setattr(build, "ROOT", root)
    before = build.source(BUILD, "arm64")
    file(root / changed, "something else")
    assert (build.source(BUILD, "arm64") != before) is other
    assert build.source(BUILD, "x86_64") != build.source(BUILD, "arm64")


@pytest.mark.parametrize(
    ("said", "architecture"),
    [
        ('{release: "1.0.0"}', "arm64"),
        ('{release: "1.0.0", architecture: x86_64}', "x86_64"),
        ("[", "arm64"),
    ],
)
def test_it_is_for_what_the_stack_runs_it_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, architecture: str
) -> None:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    file(tmp_path / "Pulumi.yaml", "name: iris")
    with pytest.raises(Refused, match=r"^Pulumi\.dev\.yaml is missing: the stacks here are: \.$"):
        build.wanted_by("dev")
    own = f"config: {{iris:versions: {{v0: {{architecture: x86_64}}, {VERSION}: {said}}}}}"
    file(tmp_path / "Pulumi.dev.yaml", own)
    assert build.wanted_by("dev") == architecture


def test_it_holds_only_what_runs(host_zip: Path) -> None:
    with zipfile.ZipFile(host_zip) as archive:
        top = {entry.split("/")[0] for entry in archive.namelist()}
    assert top >= {"contracts", "model", "serving", "msgspec"}
    assert not top & {"tests", "tools", "infra", "pytest", ".lock"}


def test_it_takes_the_code_the_contract_and_the_model_with_its_own_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, folder = copied(tmp_path / "project"), tmp_path / "unpacked"
    for name in ("features.py", "tokenizer/vocab.txt", ".DS_Store", "__pycache__/features.pyc"):
        file(root / "model" / name)
    for name in (".env", ".cache/words.txt", "__pycache__/app.pyc"):
        file(root / "serving" / name)
    monkeypatch.setattr(build, "ROOT", root)
    build.copy_project(folder, BUILD, "arm64")
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {
        f"contracts/{VERSION}.json",
        "model/features.py",
        "model/tokenizer/vocab.txt",
        *(path.relative_to(ROOT).as_posix() for path in model.files()),
        "serving/build.json",
        *(f"serving/{path.name}" for path in ROOT.joinpath("serving").glob("*.py")),
    }


def test_scipy_finds_in_the_zip_what_it_needs_of_numpy(alone: Path, tmp_path: Path) -> None:
    found = importlib.util.find_spec("scipy")
    if not found or not found.submodule_search_locations:
        pytest.skip("scipy is not installed")
    own = Path(found.submodule_search_locations[0])
    for path in own.parent.glob("scipy*"):
        (tmp_path / path.name).symlink_to(path)
    program = "import sys; sys.path += sys.argv[1:]; import scipy.linalg, scipy.sparse, scipy.stats"
    command = [sys.executable, "-I", "-S", "-B", "-c", program, alone, tmp_path]
    subprocess.run(command, check=True)


def test_every_module_is_compiled_by_the_right_python_and_never_checked(host_zip: Path) -> None:
    version = ROOT.joinpath(".python-version").read_text("utf-8").strip()
    tag = f".cpython-{version.replace('.', '')}.pyc"
    head = importlib.util.MAGIC_NUMBER + b"\x01\x00\x00\x00"
    with zipfile.ZipFile(host_zip) as archive:
        entries = archive.namelist()
        modules = [entry for entry in entries if entry.endswith(".py")]
        for module in modules:
            folder, _, name = module.rpartition("/")
            compiled = f"{folder}/__pycache__/{name.removesuffix('.py')}{tag}".lstrip("/")
            assert archive.read(compiled)[:8] == head, compiled
        assert len(modules) == sum(entry.endswith(".pyc") for entry in entries)


@pytest.mark.parametrize("head", [b"\xa7\r\r\n\x01\0\0\0", importlib.util.MAGIC_NUMBER + bytes(4)])
def test_bytecode_of_another_python_or_kind_is_refused(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "module.cpython-313.pyc").write_bytes(head)
    with pytest.raises(SystemExit, match=r"module\.cpython-313\.pyc is not unchecked bytecode"):
        build.check_bytecode(tmp_path)


def test_a_module_without_bytecode_is_refused(tmp_path: Path) -> None:
    (tmp_path / "module.py").touch()
    with pytest.raises(SystemExit, match=r"module\.py was not compiled\."):
        build.check_bytecode(tmp_path)


def test_it_answers_alone(alone: Path) -> None:
    build.answer_example(alone, {})


def test_every_architecture_gets_the_same_code_model_and_packages(
    host_zip: Path, unpacked: Path
) -> None:
    with zipfile.ZipFile(host_zip) as archive:
        entries = [name for name in archive.namelist() if not name.endswith(".pyc")]
        ours = {name: archive.read(name) for name in entries if name.startswith(OURS)}
    for folder in OURS:
        for path in unpacked.joinpath(folder).rglob("*"):
            name = path.relative_to(unpacked).as_posix()
            if path.is_file() and name != "serving/build.json":  # which says the architecture
                assert ours.pop(name) == path.read_bytes()
    assert [*ours] == ["serving/build.json"]
    # Files of libraries differ, but what is locked for every machine is in every zip.
    locked = (ROOT / "requirements/runtime.txt").read_text("utf-8")
    everywhere = re.findall(r"(?m)^([\w.-]+)==[^ ;]+ \\$", locked)
    assert "msgspec" in everywhere
    for name in everywhere:
        info = re.compile(re.sub(r"[-_.]+", "[-_.]", name) + r"-[^/]*\.dist-info", re.IGNORECASE)
        assert [path for path in unpacked.iterdir() if info.match(path.name)], name
        assert [path for path in entries if info.match(path)], name


def test_what_is_deployed_finds_every_shared_library(unpacked: Path) -> None:
    assert [*libraries.missing(unpacked, build.PROCESSORS[unpacked.name], {})] == []


def test_a_second_build_is_served_beside_the_working_tree(host_zip: Path, tmp_path: Path) -> None:
    other = f"v{int(VERSION[1:]) + 1}"
    path = tmp_path / "other-host.zip"
    with zipfile.ZipFile(host_zip) as old, zipfile.ZipFile(path, "w") as new:
        for name in set(old.namelist()) - {"serving/build.json"}:
            new.writestr(name.replace(f"contracts/{VERSION}", f"contracts/{other}"), old.read(name))
        build_json = {"service": BUILD.service, "api_version": other, "release": "2.0.0"}
        new.writestr("serving/build.json", json.dumps(build_json))
    with gateway.functions({other: str(path)}) as running:
        assert [*running] == [VERSION, other]
        headers = Message()
        headers["Content-Type"] = "application/json"
        event = gateway.proxy_event("POST", f"/{other}/predict", headers, EXAMPLE)
        result = running[other].invoke(event)
        assert result["headers"]["X-Model-Release"] == "2.0.0"
        assert running[VERSION].invoke(event)["statusCode"] == 404


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of zips of a working tree whose libraries are no files at all."""
    root = copied(tmp_path / "project")
    monkeypatch.setattr(build, "ROOT", root)
    monkeypatch.setattr(build, "install_libraries", lambda folder, flags: folder.mkdir() or {})
    return root / "dist"


@pytest.mark.parametrize("architecture", build.PLATFORMS)
def test_what_does_not_answer_the_example_is_not_built(empty: Path, architecture: str) -> None:
    with pytest.raises(SystemExit, match="doesn't answer the contract's example") as error:
        build.main(architecture)
    assert "No module named 'msgspec'" in str(error.value)
    assert [*empty.iterdir()] == []


def test_what_lambda_refuses_is_not_built(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "MAX_UNPACKED_BYTES", 1_000)
    with pytest.raises(SystemExit, match=r"Unpacked this is [\d,]+ bytes, and Lambda takes 1,000"):
        build.main("arm64")
    assert [*empty.iterdir()] == []


def test_what_lambda_takes_from_a_bucket_alone_is_built(
    empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "answer_example", lambda *_: None)
    monkeypatch.setattr(build, "MAX_UPLOAD_BYTES", 1_000)
    build.main("arm64")
    assert [path.suffix for path in empty.iterdir()] == [".zip"]
    said = capsys.readouterr().out
    assert "Packed this is more than 1,000 bytes: Lambda takes it from a bucket alone." in said


def test_a_zip_for_this_machine_may_have_any_size(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "answer_example", lambda *_: None)
    for limit in ("MAX_UPLOAD_BYTES", "MAX_UNPACKED_BYTES"):
        monkeypatch.setattr(build, limit, 1_000)
    build.main("host")
    assert [path.suffix for path in empty.iterdir()] == [".zip"]


def test_too_large_names_the_largest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("small", 10), ("xgboost", 1_600_000), ("nvidia", 3_000_000)):
        file(tmp_path / name / "data", "x" * size)
    monkeypatch.setattr(build, "MAX_UNPACKED_BYTES", 4_600_010)
    assert [*build.too_large(tmp_path)] == []
    file(tmp_path / "one more", "x")
    assert [*build.too_large(tmp_path)] == [
        "Unpacked this is 4,600,011 bytes, and Lambda takes 4,600,010."
        " The largest are nvidia (3 MB), xgboost (2 MB), small (0 MB)."
    ]


def test_what_is_hopeless_in_a_zip_is_named_with_its_lean_sibling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "ROOT", tmp_path)
    file(tmp_path / "requirements/runtime.txt", "xgboost==3.0.0 \\\n    --hash=sha256:00\n")
    with pytest.raises(SystemExit, match="xgboost-cpu is xgboost without what Lambda can't use"):
        build.refuse(["A problem."])
    file(tmp_path / "requirements/runtime.txt", "xgboost-cpu==3.0.0 \\\n    --hash=sha256:00\n")
    with pytest.raises(SystemExit, match=r"was not built\.\nA problem\.$"):
        build.refuse(["A problem."])
    build.refuse([])


def test_a_folder_inside_one_that_is_left_out_is_no_error(tmp_path: Path) -> None:
    for name in ("nvidia/include/nccl/include/nccl.h", "a/tests/include/b.py", "a/kept.py"):
        file(tmp_path / name)
    assert build.leave_out(tmp_path) == {
        "a/tests": "**/tests",
        "nvidia/include": "**/include",
    }
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["kept.py"]


HANDLER = "{}\ndef handler(event, context):\n    return {{'statusCode': {}, 'body': 'a body'}}\n"


@pytest.mark.parametrize(
    ("before", "needed"),
    [
        ("import library.tests", "'**/tests'"),
        ("import library.tests.data", "'**/tests'"),
        ("from library import tests", "'**/tests'"),
        (
            "from pathlib import Path; Path('library/include/x.h').resolve().read_text()",
            "'**/include'",
        ),
    ],
)
def test_what_was_left_out_and_is_needed_is_named(tmp_path: Path, before: str, needed: str) -> None:
    for name in ("library/__init__.py", "library/tests/data.py", "library/include/x.h"):
        file(tmp_path / name)
    file(tmp_path / "serving/lambda_handler.py", HANDLER.format(before, 200))
    build.answer_example(tmp_path, {})
    left_out = build.leave_out(tmp_path)
    with pytest.raises(SystemExit) as error:
        build.answer_example(tmp_path, left_out)
    remedies = [line for line in str(error.value).splitlines() if "NOT_NEEDED" in line]
    assert len(remedies) == 1
    assert remedies[0].endswith(f"delete {needed} there.")


def test_an_example_that_fails_is_shown(tmp_path: Path) -> None:
    file(tmp_path / "serving/lambda_handler.py", HANDLER.format("print('its log')", 500))
    with pytest.raises(SystemExit, match="its log\n500 a body\nThis doesn't answer"):
        build.answer_example(tmp_path, {})


def test_a_shared_library_that_lambda_lacks_is_named_once(tmp_path: Path) -> None:
    for name in ("a.so", "b.so"):
        elf_file(tmp_path / "lightgbm/lib" / name, "libc.so.6", "libgomp.so.1", "libown.so")
    file(tmp_path / "lightgbm.libs/libown.so")
    problem, remedy = libraries.missing(tmp_path, "x86_64", {})
    assert problem.startswith("lightgbm/lib/a.so needs libgomp.so.1, as 1 others do, and neither")
    assert remedy.startswith("scikit-learn brings libgomp.so.1: write it into `dependencies`")
    # What Lambda's processor doesn't load asks for nothing.
    assert [*libraries.missing(tmp_path, "aarch64", {})] == []


def test_a_shared_library_that_another_wheel_brings_is_found(tmp_path: Path) -> None:
    elf_file(tmp_path / "lightgbm/lib/a.so", "libgomp.so.1", "libomp.so.5", "libgom.so.1")
    file(tmp_path / "scikit_learn.libs/libgomp-e985bcbb.so.1.0.0", "its bytes")
    file(tmp_path / "scikit_learn.libs/libomp-e985bcbb.so.50")
    libraries.share(tmp_path, "x86_64")
    assert [path.name for path in tmp_path.glob("lib/*")] == ["libgomp.so.1"]
    assert (tmp_path / "lib/libgomp.so.1").read_text() == "its bytes"
    lacking = [each.split(",")[0] for each in libraries.missing(tmp_path, "x86_64", {})]
    assert lacking == [f"lightgbm/lib/a.so needs {name}" for name in ("libomp.so.5", "libgom.so.1")]


def test_what_lambda_has_or_the_zip_has_is_not_copied(tmp_path: Path) -> None:
    elf_file(tmp_path / "a.so", "libz.so.1", "libown.so")
    for name in ("libz-0a1b2c3d.so.1", "libown-0a1b2c3d.so", "libown.so"):
        file(tmp_path / "a.libs" / name)
    libraries.share(tmp_path, "x86_64")
    assert not (tmp_path / "lib").exists()


def test_a_shared_library_that_was_left_out_is_named_with_its_line(tmp_path: Path) -> None:
    elf_file(tmp_path / "a.so", "libonnxruntime.so.1", processor="aarch64")
    file(tmp_path / "onnxruntime/capi/libonnxruntime.so.1")
    assert [*libraries.missing(tmp_path, "aarch64", {})] == []
    left_out = build.leave_out(tmp_path)
    _, remedy = libraries.missing(tmp_path, "aarch64", left_out)
    assert remedy.endswith("out: delete 'onnxruntime/capi/libonnxruntime.so*' there.")


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"\x7fELF\2\1" + bytes(10), b"\x7fELF\1\1"])
def test_a_file_that_the_loader_refuses_asks_for_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.so").write_bytes(content)
    assert elf.needed(tmp_path / "a.so", "x86_64") == []
    elf_file(tmp_path / "b.so", "libm.so.6")
    assert elf.needed(tmp_path / "b.so", "x86_64") == ["libm.so.6"]
    for length in range(64, 250):
        (tmp_path / "a.so").write_bytes((tmp_path / "b.so").read_bytes()[:length])
        elf.needed(tmp_path / "a.so", "x86_64")


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(SystemExit, match=r"ARCH=arm is none of arm64, x86_64, host\."):
        build.main("arm")
