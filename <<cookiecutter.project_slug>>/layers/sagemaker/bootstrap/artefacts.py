"""Where the artefacts of releases are: images in a repository of ECR."""

import pulumi
import pulumi_aws as aws

from bootstrap.permissions import LISTS, PULLS
from bootstrap.policy import Statement, allow, of, policy
from bootstrap.settings import Settings


class Images(pulumi.ComponentResource):
    """The repository of all releases; an image in it never changes, and is scanned."""

    url: pulumi.Output[str]

    def __init__(self, settings: Settings) -> None:
        name = settings.place.project
        super().__init__("bootstrap:artefacts:Images", name)
        repository = aws.ecr.Repository(
            name,
            name=name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        if settings.readers:
            aws.ecr.RepositoryPolicy(
                name,
                repository=repository.name,
                policy=readers_policy(settings),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.url = repository.repository_url
        self.register_outputs({"url": self.url})


def readers_policy(settings: Settings) -> str:
    """What the repository says: other accounts may pull."""
    accounts = [f"arn:{settings.place.partition}:iam::{reader}:root" for reader in settings.readers]
    # A repository's policy is about itself, and names no resource.
    statement: Statement = allow((*PULLS, *LISTS), "*")
    del statement["Resource"]
    return policy([of(statement, {"AWS": accounts})])


def artefacts(settings: Settings) -> dict[str, pulumi.Output[str]]:
    """What to export of it."""
    return {"image_repository": Images(settings).url}
