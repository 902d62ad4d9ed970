"""What a project needs once per account: buckets, a boundary, roles for CI and their keys."""

import sys
from pathlib import Path

# Pulumi runs this in bootstrap/, and what it shares with the stacks is beside that folder.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pulumi

from bootstrap.artefacts import artefacts
from bootstrap.boundary import boundary
from bootstrap.buckets import releases, state
from bootstrap.github import provider
from bootstrap.keys import StackKey
from bootstrap.roles import DeployRole, preview_role
from bootstrap.settings import Settings

settings = Settings.load()
place, issuer = settings.place, provider(settings)
roles = {stack: DeployRole(stack, settings, issuer) for stack in settings.stacks}
keys = {stack: StackKey(stack, place, role.arn) for stack, role in roles.items()}

pulumi.export("releases_bucket", releases(settings))
pulumi.export("backend_url", state(place))
pulumi.export("boundary", boundary(settings))
pulumi.export("preview_role", preview_role(settings, issuer, keys))
for stack, role in roles.items():
    pulumi.export(f"{stack}_deploy_role", role.arn)
    pulumi.export(f"{stack}_secrets_provider", keys[stack].url)
for name, value in artefacts(settings).items():
    pulumi.export(name, value)
