"""The front: what answers on the public URL."""

from collections.abc import Mapping
from typing import Any

import pulumi

from infra.access import restrict
from infra.account import account_logging
from infra.api import Api, Backend
from infra.at_domain import at_domain
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
        domain, url = settings.domain, None
        closed = domain is not None and domain.only
        api = Api(name, settings.versions, backends, settings, logging, child, closed=closed)
        exports = dict(restrict(name, settings, [api], child))
        if domain:
            made = at_domain(name, domain, api, child, protect=settings.protect)
            exports["dns_target"] = made.regional_domain_name
            exports["dns_zone_id"] = made.regional_zone_id
            url = f"https://{domain.name}"
        self.base_urls = {
            version: pulumi.Output.concat(url or api.url, "/", version)
            for version in settings.versions
        }
        self.exports = exports
        self.register_outputs({"base_urls": self.base_urls})
