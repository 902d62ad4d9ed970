"""Where the artefacts of releases are, beside the bucket for releases."""

import pulumi

from bootstrap.settings import Settings


def artefacts(_settings: Settings) -> dict[str, pulumi.Output[str]]:
    """What to export of it: nothing, since zips are in the bucket."""
    return {}
