"""What SageMaker would add to the inputs of what the program registers."""

import hashlib
from collections.abc import Callable
from typing import Any

type Inputs = dict[str, Any]

REGION = "eu-central-1"
ARN = f"arn:aws:{{}}:{REGION}:123456789012:{{}}"
OUTPUTS: dict[str, Callable[[Inputs], Inputs]] = {
    "aws:appautoscaling/policy:Policy": lambda i: {},
    "aws:appautoscaling/target:Target": lambda i: {},
    "aws:cloudwatch/dashboard:Dashboard": lambda i: {},
    # Auto-named, as everything is that has no name.
    "aws:sagemaker/endpoint:Endpoint": lambda i: {
        "arn": ARN.format("sagemaker", f"endpoint/{i['name']}")
    },
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": lambda i: {
        "name": f"{i['productionVariants'][0]['modelName']}-configuration"
    },
    "aws:sagemaker/model:Model": lambda i: {
        "name": i["primaryContainer"]["environment"]["API_VERSION"] + "-made-up"
    },
}


def digest(tag: str) -> str:
    """That of an image in ECR."""
    return f"sha256:{hashlib.sha256(tag.encode()).hexdigest()}"


# Every release is published.
CALLS: dict[str, Callable[[Inputs], Inputs]] = {
    "aws:ecr/getImage:getImage": lambda i: {"imageDigest": digest(i["imageTag"])},
    "aws:ecr/getRepository:getRepository": lambda i: {},
}
