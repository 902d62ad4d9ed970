"""Contracts to test with."""

from pathlib import Path

from tests.support import ROOT, VERSION


def write_contract(folder: Path, name: str) -> None:
    """Write a contract into the folder of a stack: this project's own, for another API version."""
    own = (ROOT / f"contracts/{VERSION}.json").read_text("utf-8")
    path = folder / f"contracts/{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(own.replace(f"/{VERSION}/", f"/{name}/"), "utf-8")
