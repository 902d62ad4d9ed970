"""Everything this stack deploys: a Helm release per API version, in one namespace."""

import pulumi

from infra import transform
from infra.namespace import namespace
from infra.release import ModelRelease
from infra.settings import Settings

settings = Settings.load()
transform.register()
where = namespace(settings.stack)
for name, version in settings.served.items():
    release = ModelRelease(name, version, settings.stack, settings.chart, where)
    pulumi.export(f"{name}_base_url", release.base_url)
    pulumi.export(f"{name}_url", pulumi.Output.concat(release.base_url, "/predict"))
    pulumi.export(f"{name}_helm_release", release.name)
    pulumi.export(f"{name}_status", release.status)
    pulumi.export(f"{name}_chart_version", release.chart_version)
    pulumi.export(f"{name}_service", release.name)
pulumi.export("namespace", where)
