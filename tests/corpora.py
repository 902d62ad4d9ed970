"""Requests of other projects' tests, and whether those accept them: read as data, never run.

They are found where their tests hand bytes to a parser of requests. What isn't written out there,
but made in a loop or a function, is not found.
"""

import ast
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# What holds the tests, of PyPI's source distributions.
H11 = "h11==0.16.0 --hash=sha256:4e35b956cf45792e4caa5885e69fba00bdbc6ffafbfa020300e549b208ee5ff1"
HTTPTOOLS = (
    "httptools==0.9.0 "
    "--hash=sha256:d484ebb7e3a3f3597b0f645fbd1b85633674ca808c1f5ba11c2caf7c66f5c8b6"
)

type Names = dict[str, Any]


def fetch(folder: Path) -> None:
    """Unpack both distributions into a folder."""
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{H11}\n{HTTPTOOLS}\n")
    options = ["--quiet", "--no-deps", "--require-hashes", "--no-binary", "h11,httptools"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", folder, "-r", wanted]
    subprocess.run(command, check=True)
    for archive in folder.glob("*.tar.gz"):
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")


def h11_messages(folder: Path) -> Iterator[tuple[bytes, bool]]:
    """Requests that h11 reads whole, and whether it accepts them."""
    tree = ast.parse((folder / "h11-0.16.0/h11/tests/test_io.py").read_text())
    for node in ast.walk(tree):
        match node:
            case ast.Tuple([ast.Tuple([ast.Name("CLIENT"), ast.Name("IDLE")]), _, data]):
                yield _bytes(data), True
            case ast.Call(
                ast.Name("tr"),
                [ast.Subscript(_, ast.Tuple([ast.Name("CLIENT"), _])), ast.Constant(data), event],
            ):
                yield data, not isinstance(event, ast.Constant)


def h11_chunks(folder: Path) -> Iterator[tuple[bytes, bool]]:
    """Bodies in chunks that h11 reads, and whether it accepts them."""
    tree = ast.parse((folder / "h11-0.16.0/h11/tests/test_io.py").read_text())
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name("t_body_reader"), [ast.Name("ChunkedReader"), data, expected]):
                yield _bytes(data), "LocalProtocolError" not in ast.unparse(expected)


def h11_connections(folder: Path) -> Iterator[tuple[bytes, bool]]:
    """What h11's servers receive, all pieces of a connection, and whether they accept it all."""
    tree = ast.parse((folder / "h11-0.16.0/h11/tests/test_connection.py").read_text())
    for function in _functions(tree):
        for names in _parameters(function):
            for connection in _connections(function):
                received, accepted = _received(connection, _constants(function) | names)
                if received:
                    yield received, accepted


def httptools_requests(folder: Path) -> Iterator[tuple[bytes, bool]]:
    """What httptools' parser of requests is fed, and whether it accepts it."""
    tree = ast.parse((folder / "httptools-0.9.0/tests/test_parser.py").read_text())
    constants = _constants(tree)
    (tests,) = [
        each
        for each in tree.body
        if isinstance(each, ast.ClassDef) and each.name == "TestRequestParser"
    ]
    for function in _functions(tests):
        names, fed = constants | _constants(function), b""
        for node in _in_order(function):
            match node:
                case ast.Call(ast.Attribute(_, "feed_data"), [data]):
                    fed += _bytes(data, names)
        if fed and "Error" not in ast.unparse(function).replace("HttpParserUpgrade", ""):
            yield fed, True
        elif fed and "assertRaises(httptools" in ast.unparse(function):
            yield fed, False


def _functions(tree: ast.Module | ast.ClassDef) -> list[ast.FunctionDef]:
    return [each for each in tree.body if isinstance(each, ast.FunctionDef)]


def _connections(function: ast.FunctionDef) -> Iterator[list[ast.AST]]:
    """What a test does with each connection of a server, in order."""
    nodes: list[ast.AST] | None = None
    for node in _in_order(function):
        match node:
            case ast.Assign(_, ast.Call(ast.Name("Connection")) as call):
                if nodes:
                    yield nodes
                nodes = [] if "SERVER" in ast.unparse(call) else None
        if nodes is not None:
            nodes.append(node)
    if nodes:
        yield nodes


def _received(nodes: list[ast.AST], names: Names) -> tuple[bytes, bool]:
    """What a connection gets until it refuses it, and whether it accepts it all."""
    received = b""
    for node in nodes:
        match node:
            case ast.Call(ast.Attribute(_, "receive_data"), [data]) | ast.Call(
                ast.Name("receive_and_get"), [_, data]
            ):
                received += _bytes(data, names)
            case ast.With([raised]) if received and "RemoteProtocolError" in ast.unparse(raised):
                return received, False
    return received, True


def _parameters(function: ast.FunctionDef) -> list[Names]:
    """What a function is called with, by its decorator."""
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(_, [ast.Constant(str(name)), ast.List(values)]):
                return [{name: ast.literal_eval(each)} for each in values]
    return [{}]


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """Each node before those in it, as they are written."""
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)


def _constants(tree: ast.Module | ast.FunctionDef) -> Names:
    """The values of names that are written out."""
    names: Names = {}
    for node in tree.body:
        match node:
            case ast.Assign([ast.Name(name)], ast.Constant() | ast.Tuple() as value):
                names[name] = ast.literal_eval(value)
    return names


def _bytes(node: ast.expr, names: Names | None = None) -> bytes:
    """What an expression of literals and names is; nothing where it is something else."""
    names = names or {}
    match node:
        case ast.Constant(bytes(value)):
            return value
        case ast.Name(name) | ast.Subscript(ast.Name(name), ast.Slice()):  # a loop over all of it
            value = names.get(name)
            return value if isinstance(value, bytes) else b""
        case ast.Subscript(ast.Name(name), ast.Constant(int(index))):
            return names[name][index]
        case ast.BinOp(left, ast.Mult(), ast.Constant(int(times))):
            return _bytes(left, names) * times
        case ast.BinOp(left, ast.Add(), right):
            parts = [_bytes(left, names), _bytes(right, names)]
            return b"".join(parts) if all(parts) else b""
    return b""
