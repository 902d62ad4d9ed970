"""What a stack needs beside the keys of its scheme, for each exposure that the scheme allows."""

from typing import Any

from tests import scheme

_KEYS: dict[str, dict[str, Any]] = {
    "gateway": {},
    "ingress": {
        "gateway": None,
        "ingress": {"class_name": "nginx", "tls_secret": "iris-tls"},
        "network": {"allow_from": ["ingress"]},
    },
    "load_balancer": {"gateway": None},
    "none": {"gateway": None, "network": {"allow_from": ["team-a", "team-b"]}},
}
EXPOSURES: dict[str, dict[str, Any]] = {
    name: {"expose": name} | _KEYS[name] for name in scheme.EXPOSURES
}
