"""What a cluster would add to the inputs of what the program registers."""

from collections.abc import Callable
from typing import Any

type Inputs = dict[str, Any]

ADDRESS = {"hostname": "lb.example.com"}
# A type that is not here can't be registered.
OUTPUTS: dict[str, Callable[[Inputs], Inputs]] = {
    "kubernetes:core/v1:Namespace": lambda i: {},
    "kubernetes:core/v1:Service": lambda i: {"status": {"loadBalancer": {"ingress": [ADDRESS]}}},
    "kubernetes:helm.sh/v3:Release": lambda i: {
        "status": {"name": i["name"], "status": "deployed", "version": i.get("version", "0.1.0")}
    },
}
