"""What AWS would add to the inputs of what the program in bootstrap/ registers."""

from collections.abc import Callable
from typing import Any

type Inputs = dict[str, Any]

REGION = "eu-central-1"
ACCOUNT = "123456789012"
OUTPUTS: dict[str, Callable[[Inputs], Inputs]] = {
    "aws:ecr/repository:Repository": lambda i: {
        "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{i['name']}"
    },
    "aws:ecr/repositoryPolicy:RepositoryPolicy": lambda i: {},
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": lambda i: {
        "arn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{i['url'].removeprefix('https://')}"
    },
    "aws:iam/policy:Policy": lambda i: {"arn": f"arn:aws:iam::{ACCOUNT}:policy/{i['name']}"},
    "aws:kms/alias:Alias": lambda i: {},
    "aws:kms/key:Key": lambda i: {
        "keyId": f"key-of-{i['description'].split()[4]}",
        "arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/key-of-{i['description'].split()[4]}",
    },
    "aws:s3/bucket:Bucket": lambda i: {"arn": f"arn:aws:s3:::{i['bucket']}"},
    "aws:s3/bucketObjectv2:BucketObjectv2": lambda i: {},
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": lambda i: {},
    "aws:s3/bucketPolicy:BucketPolicy": lambda i: {},
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": lambda i: {},
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        lambda i: {}
    ),
    "aws:s3/bucketVersioning:BucketVersioning": lambda i: {},
}
