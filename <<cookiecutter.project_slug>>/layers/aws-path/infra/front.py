"""The front: what answers on the public URL."""

from collections.abc import Mapping
from typing import Any

import pulumi

from infra.access import restrict
from infra.account import account_logging
from infra.api import Api, Backend
from infra.settings import Settings


class Front(pulumi.ComponentResource):
    """One API for all API versions, told apart by path."""

    base_urls: Mapping[str, pulumi.Output[str]]
    exports: Mapping[str, pulumi.Output[Any]]

    def __init__(self, backends: Mapping[str, Backend], settings: Settings) -> None:
        name = settings.stack.prefix
        super().__init__("infra:front:Front", name)
        child = pulumi.ResourceOptions(parent=self)
        logging = account_logging(name, settings.manage_account_logging, settings.role, child)
        api = Api(name, settings.versions, backends, settings, logging, child)
        self.base_urls = {
            version: pulumi.Output.concat(api.url, "/", version) for version in settings.versions
        }
        self.exports = restrict(name, settings, [api], child)
        self.register_outputs({"base_urls": self.base_urls})
