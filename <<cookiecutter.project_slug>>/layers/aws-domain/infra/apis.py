"""An API of its own for each API version, retired ones too: they still have to say so."""

from collections.abc import Mapping

import pulumi

from infra.account import account_logging
from infra.api import Api, Backend
from infra.scheme import api_name
from infra.settings import Settings


def api_per_version(
    backends: Mapping[str, Backend], settings: Settings, opts: pulumi.ResourceOptions
) -> dict[str, Api]:
    """The APIs by API version."""
    name = settings.stack.prefix
    logging = account_logging(name, settings.manage_account_logging, settings.role, opts)
    return {
        version: Api(api_name(name, version), {version: own}, backends, settings, logging, opts)
        for version, own in settings.versions.items()
    }
