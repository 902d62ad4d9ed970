"""What `infra/organisation.py` makes of the resources of a stack, where there is one."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

import infra
from infra.settings import Settings
from tests.program import Program
from tests.stacks import Stacks
from tests.target import BROKEN, PROMISED
from tests.test_resources import at

LABELS = """
import pulumi


def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if not args.custom:
        return None
    more = pulumi.ResourceOptions(protect=True)
    return pulumi.ResourceTransformResult(
        {**args.props, "theirs": args.name}, pulumi.ResourceOptions.merge(args.opts, more)
    )
"""
# It changes what may not change.
CHANGES = """
import pulumi

OURS = ("action", "assumeRolePolicy", "namespace", "policy", "selector")


def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    return pulumi.ResourceTransformResult(changed(args.props), args.opts)


def changed(value):
    if isinstance(value, dict):
        return {key: None if key in OURS else changed(value[key]) for key in value}
    return value
"""

type Write = Callable[[str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Have this for an `infra/organisation.py`, in place of the one that there may be."""
    folder = tmp_path / "organisation"
    folder.mkdir()
    monkeypatch.setattr(infra, "__path__", [str(folder), *infra.__path__])
    monkeypatch.delitem(sys.modules, "infra.organisation", raising=False)

    def written(text: str) -> None:
        (folder / "organisation.py").write_text(text, "utf-8")

    yield written
    sys.modules.pop("infra.organisation", None)


def broken(before: Program, after: Program) -> set[str]:
    """What this template promises, and is no longer so: kinds, and what of them."""
    found, others = set[str](), after.by_id()
    for key, each in before.by_id().items():
        other = others[key]
        if each.protect and not other.protect:
            found.add(f"{each.kind} protect")
        found |= {
            f"{each.kind} {path}"
            for path in PROMISED.get(each.kind, ())
            if at(other.inputs, path) != at(each.inputs, path)
        }
    return found


def test_what_an_organisation_wants_undoes_no_promise(stacks: Stacks) -> None:
    keys: dict[str, Any] = {"protect": True} if "protect" in Settings.model_fields else {}
    assert broken(stacks.run(**keys), stacks.run(transformed=True, **keys)) == set()


def test_it_sees_every_resource(stacks: Stacks, write: Write) -> None:
    write(LABELS)
    seen = [
        each.protect and each.inputs["theirs"] == each.name
        for each in stacks.run(transformed=True).resources
        if not each.type.startswith("infra:")
    ]
    assert seen
    assert all(seen)


def test_a_promise_that_it_breaks_is_found(stacks: Stacks, write: Write) -> None:
    write(CHANGES)
    assert broken(stacks.run(), stacks.run(transformed=True)) == BROKEN


def test_without_a_function_it_is_said(stacks: Stacks, write: Write) -> None:
    write("")
    with pytest.raises(pulumi.RunError, match=r"^infra/organisation\.py has no function `trans"):
        stacks.run()
