"""What the pods of one API version find in their file system beside the image."""

import pulumi_kubernetes as k8s

from infra.mounts import Mount
from infra.version import Version


def volumes(version: Version) -> list[k8s.core.v1.VolumeArgsDict]:
    """Where it comes from."""
    own: list[k8s.core.v1.VolumeArgsDict] = [
        # The one place where the server, or your model, may write.
        {"name": "tmp", "empty_dir": {"size_limit": version.tmp_size}}
    ]
    if version.shm_size:
        memory: k8s.core.v1.EmptyDirVolumeSourceArgsDict = {
            "medium": "Memory",
            "size_limit": version.shm_size,
        }
        own.append({"name": "shm", "empty_dir": memory})
    return [*own, *(_volume(place, each) for place, each in enumerate(version.mounts))]


def volume_mounts(version: Version) -> list[k8s.core.v1.VolumeMountArgsDict]:
    """Where they find it."""
    own: list[k8s.core.v1.VolumeMountArgsDict] = [
        {"name": "tmp", "mount_path": "/tmp"}  # noqa: S108 (of the pod alone)
    ]
    if version.shm_size:
        own.append({"name": "shm", "mount_path": "/dev/shm"})  # noqa: S108 (likewise)
    for place, each in enumerate(version.mounts):
        mount: k8s.core.v1.VolumeMountArgsDict = {"name": _name(place), "mount_path": each.path}
        own.append({**mount, "read_only": True} if each.is_read_only else mount)
    return own


def _volume(place: int, mount: Mount) -> k8s.core.v1.VolumeArgsDict:
    own: k8s.core.v1.VolumeArgsDict = {"name": _name(place)}
    if mount.secret:
        return {**own, "secret": {"secret_name": mount.secret}}
    if mount.config_map:
        return {**own, "config_map": {"name": mount.config_map}}
    return {**own, "persistent_volume_claim": {"claim_name": mount.claim or ""}}


def _name(place: int) -> str:
    """By its place: what is mounted may have a name that no volume can have."""
    return f"mount-{place}"
