"""The front: what answers on the public URL."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.access import restrict
from infra.api import Backend
from infra.apis import api_per_version
from infra.at_domain import at_domain
from infra.settings import Settings


class Front(pulumi.ComponentResource):
    """An API of its own for each API version, behind one domain that routes by X-API-Version.

    A request that names no API version, or one that has no rule, goes to the default version,
    whose app answers 404 to the latter.
    """

    base_urls: Mapping[str, pulumi.Output[str]]
    exports: Mapping[str, pulumi.Output[Any]]

    def __init__(self, backends: Mapping[str, Backend], settings: Settings) -> None:
        name = settings.stack.prefix
        super().__init__("infra:front:Front", name)
        child = pulumi.ResourceOptions(parent=self)
        closed = settings.versions if settings.domain.only else ()
        apis = api_per_version(backends, settings, closed, child)
        default = apis[settings.default_version]
        domain = at_domain(
            name, settings.domain, default, child, protect=settings.protect, routes=True
        )
        for version, api in apis.items():
            aws.apigatewayv2.RoutingRule(
                f"{name}-{version}",
                domain_name=domain.domain_name,
                # From the version's own number: a further version moves no other.
                priority=1_000 * int(version[1:]),
                conditions=[
                    {
                        "match_headers": {
                            "any_of": {"header": "X-API-Version", "value_glob": version}
                        }
                    }
                ],
                actions=[{"invoke_api": {"api_id": api.id, "stage": api.stage}}],
                opts=child,
            )
        url = pulumi.Output.from_input(f"https://{settings.domain.name}")
        self.base_urls = dict.fromkeys(settings.versions, url)
        self.exports = {
            **restrict(name, settings, [*apis.values()], child),
            "dns_target": domain.regional_domain_name,
            "dns_zone_id": domain.regional_zone_id,
        }
        self.register_outputs({"base_urls": self.base_urls})
