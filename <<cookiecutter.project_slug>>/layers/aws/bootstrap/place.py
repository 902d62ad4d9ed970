"""Where this is: a project, an account, a region; and the names of what is there."""

from dataclasses import dataclass

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
MOST_OF_A_BUCKET = 63
# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
OF_REGIONS = {
    "cn": "aws-cn",
    "eu-isoe": "aws-iso-e",
    "eusc-de": "aws-eusc",
    "us-gov": "aws-us-gov",
    "us-iso": "aws-iso",
    "us-isob": "aws-iso-b",
    "us-isof": "aws-iso-f",
}
ISSUER = "token.actions.githubusercontent.com"


@dataclass(frozen=True)
class Place:
    """What belongs to a project in a region of an account."""

    project: str
    account: str
    region: str

    @property
    def partition(self) -> str:
        """The part of AWS, with whose name every ARN starts."""
        return OF_REGIONS.get(self.region.rpartition("-")[0].rpartition("-")[0], "aws")

    def arn(self, service: str, resource: str) -> str:
        """The name in IAM of what a service has in this region of the account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def of_account(self, service: str, resource: str) -> str:
        """The same of what a service has in the account, whatever the region."""
        return f"arn:{self.partition}:{service}::{self.account}:{resource}"

    def bucket(self, name: str) -> str:
        """The same of a bucket, or of objects in one."""
        return f"arn:{self.partition}:s3:::{name}"

    def named(self, what: str) -> str:
        """How a bucket is called: in all accounts there is one of a name, which is cut to fit."""
        own = f"-{what}-{self.account}-{self.region}"
        return self.project[: MOST_OF_A_BUCKET - len(own)].rstrip("-") + own

    def deploy_role(self, stack: str) -> str:
        """How the role is called that deploys a stack."""
        return f"{self.project}-deploy-{stack}"

    @property
    def preview_role(self) -> str:
        """How the role is called that shows what a deploy would change."""
        return f"{self.project}-preview"

    @property
    def boundary(self) -> str:
        """How the policy is called that no role of a stack can go beyond."""
        return f"{self.project}-boundary"

    @property
    def issuer(self) -> str:
        """The name in IAM of who says which workflow asks."""
        return self.of_account("iam", f"oidc-provider/{ISSUER}")
