"""The config of a stack, typed: `Pulumi.<stack>.yaml` as everything else in `infra` sees it."""

from infra.cluster import ClusterSettings
from infra.version import Version


class Settings(ClusterSettings[Version]):
    """The config of a stack on Kubernetes."""
