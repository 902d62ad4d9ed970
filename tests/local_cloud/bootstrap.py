"""`python -P -m tests.local_cloud.bootstrap URL FOLDER STACK CONFIG`: `make bootstrap`, once.

Runs the program in FOLDER, a project's bootstrap/, as `python -m tests.local_cloud` runs another.
"""

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import override

from tests.local_cloud.emulator import ACCOUNT, REGION
from tests.local_cloud.engine import Cloud, Inputs, Properties, up, upper
from tests.local_cloud.resources import Apply, Kind


@dataclass(frozen=True)
class Once(Kind):
    """A type of which no test changes a resource; the first that does, adds it here."""

    make: Apply = field(kw_only=True)

    @override
    def apply(self, cloud: Cloud, inputs: Inputs, old: Properties | None) -> Properties:
        if old:
            raise NotImplementedError(f"no test changes a {self.name}")
        return self.make(cloud, inputs, old)


def bucket(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """A bucket."""
    place = {"LocationConstraint": REGION}
    cloud.do("s3.create_bucket", inputs, CreateBucketConfiguration=place)
    return {"id": inputs["bucket"]}


def versioning(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """Every version of an object stays."""
    cloud.do("s3.put_bucket_versioning", inputs)
    return {"id": inputs["bucket"]}


def encryption(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """How a bucket is encrypted."""
    (rule,) = inputs["rules"]
    (said,) = rule.values()
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": said["sseAlgorithm"]}}]
    told = {"Rules": rules}
    cloud.do("s3.put_bucket_encryption", inputs, ServerSideEncryptionConfiguration=told)
    return {"id": inputs["bucket"]}


def ownership(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """Who owns what is put into a bucket."""
    rules = {"Rules": [upper(inputs["rule"])]}
    cloud.do("s3.put_bucket_ownership_controls", inputs, OwnershipControls=rules)
    return {"id": inputs["bucket"]}


def closed(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """Nothing of a bucket is public."""
    names = [each for each in inputs if each.startswith(("block", "ignore", "restrict"))]
    told = {each[0].upper() + each[1:]: inputs[each] for each in names}
    cloud.do("s3.put_public_access_block", inputs, PublicAccessBlockConfiguration=told)
    return {"id": inputs["bucket"]}


def bucket_policy(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """What a bucket says."""
    cloud.do("s3.put_bucket_policy", inputs)
    return {"id": inputs["bucket"]}


def stored(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """An object in a bucket."""
    cloud.do("s3.put_object", inputs, Body=inputs["content"].encode())
    return {"id": inputs["key"]}


def key(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """A key, which rotates."""
    made = cloud.do("kms.create_key", inputs)["KeyMetadata"]
    if inputs["enableKeyRotation"]:
        cloud.kms.enable_key_rotation(KeyId=made["KeyId"])
    return {"id": made["KeyId"], "keyId": made["KeyId"], "arn": made["Arn"]}


def alias(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """The name of a key."""
    cloud.kms.create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
    return {"id": inputs["name"]}


def policy(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """A policy that roles can have."""
    made = cloud.do("iam.create_policy", inputs, PolicyName=inputs["name"])["Policy"]
    return {"id": made["Arn"], "arn": made["Arn"]}


def issuer(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """Who is believed."""
    made = cloud.iam.create_open_id_connect_provider(
        Url=inputs["url"], ClientIDList=inputs["clientIdLists"]
    )["OpenIDConnectProviderArn"]
    return {"id": made, "arn": made}


def role(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """A role."""
    name, trust = inputs["name"], inputs["assumeRolePolicy"]
    cloud.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    return {"id": name, "name": name, "arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"}


def role_policy(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """What a role may do."""
    own = {"RoleName": inputs["role"], "PolicyName": inputs["name"]}
    cloud.iam.put_role_policy(**own, PolicyDocument=inputs["policy"])
    return {"id": ":".join(own.values())}


def repository(cloud: Cloud, inputs: Inputs, _old: Properties | None) -> Properties:
    """A place for images."""
    told = cloud.do("ecr.create_repository", inputs, repositoryName=inputs["name"])["repository"]
    return {"id": inputs["name"], "name": inputs["name"], "repositoryUrl": told["repositoryUri"]}


MADE: Mapping[str, Apply] = {
    "ecr/repository:Repository": repository,
    "iam/openIdConnectProvider:OpenIdConnectProvider": issuer,
    "iam/policy:Policy": policy,
    "iam/role:Role": role,
    "iam/rolePolicy:RolePolicy": role_policy,
    "kms/alias:Alias": alias,
    "kms/key:Key": key,
    "s3/bucket:Bucket": bucket,
    "s3/bucketObjectv2:BucketObjectv2": stored,
    "s3/bucketOwnershipControls:BucketOwnershipControls": ownership,
    "s3/bucketPolicy:BucketPolicy": bucket_policy,
    "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": closed,
    "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        encryption
    ),
    "s3/bucketVersioning:BucketVersioning": versioning,
}
NAMES = {
    "iam/policy:Policy": {"policy": "PolicyDocument"},
    "ecr/repository:Repository": {"name": "repositoryName"},
}
KINDS = {
    f"aws:{token}": Once(token.rpartition(":")[2], names=NAMES.get(token, {}), make=make)
    for token, make in MADE.items()
}


if __name__ == "__main__":
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # one traceback is enough
    url, folder, stack, over = sys.argv[1:]
    cloud = Cloud(url, {}, KINDS, "bootstrap")
    outputs = up(cloud, Path(folder), stack, json.loads(over))
    if cloud.problems:
        sys.exit("\n".join(sorted(cloud.problems)))
    print(json.dumps({"outputs": outputs, "changes": sorted(cloud.changes)}))
