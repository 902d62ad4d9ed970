"""The front: what answers on the public URLs."""

from collections.abc import Mapping
from typing import Any

import pulumi

from infra.access import restrict
from infra.api import Backend
from infra.apis import api_per_version
from infra.at_domain import at_domain
from infra.settings import Settings


class Front(pulumi.ComponentResource):
    """An API of its own for each API version, at an address of its own."""

    base_urls: Mapping[str, pulumi.Output[str]]
    exports: Mapping[str, pulumi.Output[Any]]

    def __init__(self, backends: Mapping[str, Backend], settings: Settings) -> None:
        name = settings.stack.prefix
        super().__init__("infra:front:Front", name)
        child = pulumi.ResourceOptions(parent=self)
        closed = {
            version for version, own in settings.versions.items() if own.domain and own.domain.only
        }
        apis = api_per_version(backends, settings, closed, child)
        urls = {version: api.url for version, api in apis.items()}
        exports = dict(restrict(name, settings, [*apis.values()], child))
        for version, own in settings.versions.items():
            if own.domain:
                made = at_domain(
                    f"{name}-{version}",
                    own.domain,
                    apis[version],
                    child,
                    protect=settings.protect,
                )
                exports[f"{version}_dns_target"] = made.regional_domain_name
                exports[f"{version}_dns_zone_id"] = made.regional_zone_id
                urls[version] = pulumi.Output.from_input(f"https://{own.domain.name}")
        self.base_urls, self.exports = urls, exports
        self.register_outputs({"base_urls": urls})
