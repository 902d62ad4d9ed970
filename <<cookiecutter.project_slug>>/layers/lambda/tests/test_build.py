"""The zip: what is in it, that it runs alone, that it is the same wherever it is built."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from pathlib import Path

import msgspec
import pytest

from tests.support import BUILD, EXAMPLE, ROOT, VERSION
from tools import build, gateway


def made(folder: Path, architecture: str, *, odd: bool = False) -> Path:
    """The zip that a copy of this working tree in `folder` builds."""
    ignored = shutil.ignore_patterns(".venv", ".git", "dist", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, folder, ignore=ignored)
    command = [sys.executable, "-m", "tools.build", architecture]
    # Settings of whoever builds must not reach the build.
    settings = {"PYTHONPYCACHEPREFIX": "elsewhere", "PYTHONOPTIMIZE": "1"} if odd else {}
    environ = os.environ | settings
    subprocess.run(command, cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)
    (result,) = folder.joinpath("dist").iterdir()
    return result


@pytest.fixture(scope="session")
def host_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("build") / "host", "host")


@pytest.fixture(scope="session")
def arm64_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("build") / "arm64", "arm64")


def names(path: Path) -> list[str]:
    """The entries of a zip without platform tags and hashes of bundled libraries."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.namelist()
    entries = [re.sub(r"\.cpython-\d+-[\w-]+\.so$", ".so", entry) for entry in entries]
    return [re.sub(r"-[0-9a-f]{8,}(\.[\d.]+)?\.so[\d.]*$", ".so", entry) for entry in entries]


def test_it_is_named_after_service_release_and_architecture(host_zip: Path) -> None:
    assert host_zip.name == f"{BUILD.service}-{BUILD.release}-host.zip"


def test_two_builds_in_two_folders_have_one_sha256(host_zip: Path, tmp_path: Path) -> None:
    again = made(tmp_path / "another folder", "host", odd=True)
    assert (
        hashlib.sha256(again.read_bytes()).digest()
        == hashlib.sha256(host_zip.read_bytes()).digest()
    )


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
    assert said == msgspec.to_builtins(BUILD) | runs_on


def test_it_holds_only_what_runs(host_zip: Path) -> None:
    artefacts = [
        path for path in ROOT.joinpath("model").iterdir() if path.is_file() and path.suffix != ".py"
    ]
    own = ("contracts", "model", "serving", "__pycache__")
    with zipfile.ZipFile(host_zip) as archive:
        top = {entry.split("/")[0] for entry in archive.namelist()}
        ours = {n for n in archive.namelist() if n.startswith(own) and not n.endswith(".pyc")}
    assert top >= {"contracts", "model", "serving", "msgspec"}
    assert not top & {"tests", "tools", "infra", "pytest", ".lock"}
    assert ours == {
        f"contracts/{VERSION}.json",
        "serving/build.json",
        *(f"model/{path.name}" for path in artefacts),
        *(f"serving/{path.name}" for path in ROOT.joinpath("serving").glob("*.py")),
    }


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


def test_it_answers_alone_in_an_empty_folder(host_zip: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(host_zip) as archive:
        archive.extractall(tmp_path)
    program = (
        "import sys, json; sys.path.insert(0, '.');"
        "from types import SimpleNamespace as Context;"
        "from serving.lambda_handler import handler;"
        "result = handler(json.load(sys.stdin), Context(aws_request_id='id'));"
        "print(json.dumps(result))"
    )
    event = {
        "resource": "/predict",
        "path": "/predict",
        "httpMethod": "POST",
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "requestContext": {"requestId": "id"},
        "body": EXAMPLE.decode(),
        "isBase64Encoded": False,
    }
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        cwd=tmp_path,
        env={},
        input=json.dumps(event),
        check=True,
        capture_output=True,
        text=True,
    )
    log, response = map(json.loads, result.stdout.splitlines())
    assert (log["status"], response["statusCode"]) == (200, 200)
    assert log["cold_start"]


def test_every_architecture_gets_the_same_files(
    host_zip: Path, arm64_zip: Path, tmp_path: Path
) -> None:
    builds = [arm64_zip, made(tmp_path / "x86_64", "x86_64")]
    if sys.platform == "linux":  # elsewhere the libraries of "host" are packed in another way
        builds.append(host_zip)
    assert len({tuple(names(path)) for path in builds}) == 1


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


def test_over_lambdas_limit_it_ends_with_the_remedies() -> None:
    build.size_report(build.MAX_UNPACKED_BYTES, 1)
    with pytest.raises(SystemExit, match="Unpacked this is 262,144,001 bytes") as error:
        build.size_report(build.MAX_UNPACKED_BYTES + 1, 1)
    assert "make the model smaller" in str(error.value)


def test_over_the_limit_of_a_direct_upload_it_names_s3() -> None:
    assert "deployed" not in build.size_report(1, build.MAX_UPLOAD_BYTES)
    assert "can't be deployed" in build.size_report(1, build.MAX_UPLOAD_BYTES + 1)


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(SystemExit, match=r"ARCH=arm is none of arm64, x86_64, host\."):
        build.main("arm")
