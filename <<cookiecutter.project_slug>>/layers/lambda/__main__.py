"""Everything this stack deploys: a function and its alarms per API version, front, dashboard."""

import pulumi

from infra import transform
from infra.alarms import Alarms
from infra.code import find_code
from infra.dashboard import Dashboard
from infra.front import Front
from infra.function import ModelFunction
from infra.settings import Settings

settings = Settings.load()
transform.register()
code = find_code(settings)
functions = {
    name: ModelFunction(name, version, code[name], settings.stack)
    for name, version in settings.served.items()
}
front = Front(functions, settings)
for name, version in settings.served.items():
    Alarms(name, version, functions[name], settings.stack)
Dashboard(functions, settings.stack)

for name, url in front.base_urls.items():
    pulumi.export(f"{name}_base_url", url)
for name, function in functions.items():
    pulumi.export(f"{name}_url", pulumi.Output.concat(front.base_urls[name], "/predict"))
    pulumi.export(f"{name}_function", function.name)
    pulumi.export(f"{name}_log_group", function.log_group)
for name, value in front.exports.items():
    pulumi.export(name, value)
