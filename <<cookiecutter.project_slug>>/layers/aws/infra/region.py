"""Where the stack is, and what it names of AWS's."""

from collections.abc import Iterator

from infra.given import Given


def problems(given: Given, key: str, region: str) -> Iterator[str]:
    """Something that a key names, and that is in another region than the stack."""
    own = given.config.get("aws:region", region)
    if region != own:
        yield f"{key}: is in {region}, and the stack in {own}; write one in {own}."
