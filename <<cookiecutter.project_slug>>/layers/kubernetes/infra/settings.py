"""The config of a stack, typed: `Pulumi.<stack>.yaml` as everything else in `infra` sees it."""

from infra.cluster import ClusterSettings, Version


class Settings(ClusterSettings[Version]):
    """The config of a stack on Kubernetes."""
