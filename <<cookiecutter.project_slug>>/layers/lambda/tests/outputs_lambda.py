"""What Lambda would add to the inputs of what the program registers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

type Inputs = dict[str, Any]

REGION = "eu-central-1"
ARN = f"arn:aws:{{}}:{REGION}:123456789012:{{}}"
INVOKE = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{{}}/invocations"
OUTPUTS: dict[str, Callable[[Inputs], Inputs]] = {
    "aws:cloudwatch/dashboard:Dashboard": lambda i: {},
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": lambda i: {},
    "aws:lambda/alias:Alias": lambda i: {
        "arn": f"{ARN.format('lambda', 'function:')}{i['functionName']}:{i['name']}",
        "invokeArn": INVOKE.format(f"{i['functionName']}:{i['name']}"),
    },
    "aws:lambda/function:Function": lambda i: {
        "arn": ARN.format("lambda", f"function:{i['name']}"),
        "version": "1",
    },
    "aws:lambda/permission:Permission": lambda i: {},
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": lambda i: {},
}


def _object(asked: Inputs) -> Inputs:
    """What S3 says of an object: what a file says in the folder that the program runs in.

    Raises:
        RuntimeError: it says an error.
    """
    path = Path("buckets", asked["bucket"], f"{asked['key']}.json")
    missing = {"error": "couldn't find resource"}
    said = json.loads(path.read_text("utf-8")) if path.exists() else missing
    if "error" in said:
        raise RuntimeError(f"reading S3 Bucket ({asked['bucket']}): {said['error']}")
    return said


CALLS: dict[str, Callable[[Inputs], Inputs]] = {"aws:s3/getObject:getObject": _object}
