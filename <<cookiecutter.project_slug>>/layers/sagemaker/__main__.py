"""What this stack deploys: per API version an endpoint with its alarms; front, dashboard."""

import pulumi

from infra import transform
from infra.dashboard import Dashboard
from infra.endpoint import ModelEndpoint
from infra.front import Front
from infra.invocation import Invocation
from infra.settings import Settings

settings = Settings.load()
transform.register()
stack, endpoints = settings.stack, dict[str, ModelEndpoint]()
for name, version in settings.served.items():
    endpoints[name] = ModelEndpoint(name, version, stack, settings.image)
    pulumi.export(f"{name}_endpoint", endpoints[name].name)
    pulumi.export(f"{name}_log_group", endpoints[name].log_group)

if settings.dashboard:
    Dashboard(endpoints, stack)

if settings.front == "api_gateway":
    front = Front(
        {
            name: Invocation(name, version, endpoints[name], stack)
            for name, version in settings.served.items()
        },
        settings,
    )
    for name, url in front.base_urls.items():
        pulumi.export(f"{name}_base_url", url)
    for name in endpoints:
        pulumi.export(f"{name}_url", pulumi.Output.concat(front.base_urls[name], "/predict"))
    for name, value in front.exports.items():
        pulumi.export(name, value)
