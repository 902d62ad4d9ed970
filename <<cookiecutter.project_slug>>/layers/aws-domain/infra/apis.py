"""An API of its own for each API version, retired ones too: they still have to say so."""

from collections.abc import Collection, Mapping

import pulumi

from infra.account import account_logging
from infra.api import Api, Backend
from infra.scheme import api_name
from infra.settings import Settings


def api_per_version(
    backends: Mapping[str, Backend],
    settings: Settings,
    closed: Collection[str],
    opts: pulumi.ResourceOptions,
) -> dict[str, Api]:
    """The APIs by API version. closed: those whose own address is."""
    name = settings.stack.prefix
    logging = account_logging(name, settings.manage_account_logging, settings.role, opts)
    return {
        version: Api(
            api_name(name, version),
            {version: own},
            backends,
            settings,
            logging,
            opts,
            closed=version in closed,
        )
        for version, own in settings.versions.items()
    }
