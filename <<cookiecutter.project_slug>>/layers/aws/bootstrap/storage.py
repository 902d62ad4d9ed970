"""What roles may do with what is stored: releases, and what Pulumi knows of stacks."""

from bootstrap.place import Place
from bootstrap.policy import Statement, allow
from bootstrap.settings import Settings

READS = ("s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion")


def may_read_releases(place: Place, *names: str) -> list[Statement]:
    """Releases of this project in buckets of these names."""
    buckets = [place.bucket(name) for name in names]
    own = {"StringLike": {"s3:prefix": f"{place.project}/*"}}
    return [
        allow(READS, [f"{bucket}/{place.project}/*" for bucket in buckets]),
        # What is not there is then said to be missing, and not to be forbidden.
        allow(["s3:ListBucket"], buckets, own),
    ]


def may_publish(settings: Settings) -> list[Statement]:
    """Reading releases, and adding to them."""
    bucket = settings.place.bucket(settings.releases)
    return [
        *may_read_releases(settings.place, settings.releases),
        allow(["s3:PutObject"], f"{bucket}/{settings.place.project}/*"),
    ]


def may_read_state(place: Place, stack: str) -> list[Statement]:
    """What Pulumi knows of a stack; or of each, for "*"."""
    bucket = place.bucket(place.named("state"))
    return [
        allow(["s3:GetObject"], [f"{bucket}/.pulumi/meta.yaml", *state_of(place, stack)]),
        # Names of stacks and locks, of which Pulumi lists all.
        allow(["s3:ListBucket"], bucket),
    ]


def may_keep_state(stack: str, place: Place) -> list[Statement]:
    """Reading what Pulumi knows of a stack, and writing it."""
    writes = ("s3:DeleteObject", "s3:PutObject")
    return [*may_read_state(place, stack), allow(writes, state_of(place, stack))]


def state_of(place: Place, stack: str) -> list[str]:
    """The objects that Pulumi has of a stack.

    https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/store.go
    """
    root, own = place.bucket(f"{place.named('state')}/.pulumi"), f"{place.project}/{stack}"
    return [
        f"{root}/stacks/{own}.*",
        *(f"{root}/{folder}/{own}/*" for folder in ("backups", "history", "journal")),
        f"{root}/locks/organization/{own}/*",
    ]
