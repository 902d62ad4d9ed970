"""Everything this stack deploys: a service and its route per API version, in one namespace."""

import pulumi

from infra import transform
from infra.namespace import namespace
from infra.route import Route
from infra.service import ModelService
from infra.settings import Settings

settings = Settings.load()
transform.register()
where = namespace(settings.stack)
for name, version in settings.served.items():
    service = ModelService(name, version, settings.stack, where)
    route = Route(name, version, settings.stack, service)
    pulumi.export(f"{name}_base_url", route.base_url)
    pulumi.export(f"{name}_url", pulumi.Output.concat(route.base_url, "/predict"))
    pulumi.export(f"{name}_deployment", service.deployment)
    pulumi.export(f"{name}_service", service.name)
pulumi.export("namespace", where)
