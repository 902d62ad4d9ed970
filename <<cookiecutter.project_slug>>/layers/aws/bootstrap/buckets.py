"""The buckets of an account: one for releases, one for what Pulumi knows of the stacks."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from bootstrap.place import Place
from bootstrap.policy import Statement, allow, deny, of, policy
from bootstrap.settings import Settings
from bootstrap.storage import READS

EVERYBODY = "*"
DELETES = ("s3:DeleteObject", "s3:DeleteObjectVersion")


class PrivateBucket(pulumi.ComponentResource):
    """A bucket that keeps every version of what is in it, for whom policies name, over TLS only.

    Pulumi refuses to delete it while it is protected, and AWS while anything is in it.
    """

    name: pulumi.Output[str]

    def __init__(self, name: str, place: Place, statements: Sequence[Statement]) -> None:
        super().__init__("bootstrap:buckets:PrivateBucket", name)
        child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            name, bucket=name, opts=pulumi.ResourceOptions(parent=self, protect=True)
        )
        aws.s3.BucketVersioning(
            name,
            bucket=bucket.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.bucket,
            # A key of one's own would have to be shared with every account that reads.
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=child,
        )
        # Without lists of who may: the bucket's owner owns what others put there.
        owned = aws.s3.BucketOwnershipControls(
            name,
            bucket=bucket.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=child,
        )
        closed = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketPolicy(
            name,
            bucket=bucket.bucket,
            policy=policy([_over_tls(place.bucket(name)), *statements]),
            # Each of the three changes the bucket, and AWS refuses two changes at once.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[owned, closed]),
        )
        self.name = bucket.bucket
        self.register_outputs({"name": self.name})


def releases(settings: Settings) -> pulumi.Input[str]:
    """The name of the bucket for releases, which is made unless the settings name one."""
    if settings.bucket:
        return settings.bucket
    return PrivateBucket(settings.releases, settings.place, releases_policy(settings)).name


def state(place: Place) -> pulumi.Output[str]:
    """Where Pulumi keeps what it knows of the stacks; the URL for PULUMI_BACKEND_URL."""
    bucket = PrivateBucket(place.named("state"), place, [])
    aws.s3.BucketObjectv2(
        place.named("state"),
        bucket=bucket.name,
        # Pulumi writes this into an empty bucket, which no role of CI may.
        # https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/meta.go
        key=".pulumi/meta.yaml",
        content="version: 1\n",
        opts=pulumi.ResourceOptions(parent=bucket),
    )
    return pulumi.Output.concat("s3://", bucket.name, f"?region={place.region}&awssdk=v2")


def releases_policy(settings: Settings) -> list[Statement]:
    """What the bucket for releases says: nothing is overwritten, and CI deletes nothing."""
    place, bucket = settings.place, settings.place.bucket(settings.releases)
    own = place.of_account("iam", f"role/{place.project}-*")
    statements = [
        # What is there already is refused then. Parts of an upload can't say it, its end has to:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
        of(
            deny(
                ["s3:PutObject"],
                f"{bucket}/*",
                {
                    "Null": {"s3:if-none-match": "true"},
                    "Bool": {"s3:ObjectCreationOperation": "true"},
                },
            ),
            EVERYBODY,
        ),
        of(deny(DELETES, f"{bucket}/*", {"ArnLike": {"aws:PrincipalArn": own}}), EVERYBODY),
    ]
    if settings.readers:
        accounts = [f"arn:{place.partition}:iam::{reader}:root" for reader in settings.readers]
        roles = [
            f"arn:{place.partition}:iam::{reader}:role/{name}"
            for reader in settings.readers
            for name in (place.deploy_role("*"), place.preview_role)
        ]
        condition = {"ArnLike": {"aws:PrincipalArn": roles}}
        statements += [
            of(allow(READS, f"{bucket}/{place.project}/*", condition), {"AWS": accounts}),
            of(allow(["s3:ListBucket"], bucket, condition), {"AWS": accounts}),
        ]
    return statements


def _over_tls(bucket: str) -> Statement:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    return of(deny(["s3:*"], [bucket, f"{bucket}/*"], condition), EVERYBODY)
