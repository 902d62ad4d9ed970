"""What only SageMaker needs: endpoints, their scaling, images."""

from bootstrap.logs import KEEPS_LOGS
from bootstrap.owned import may_decrypt, may_join, may_read_secrets
from bootstrap.policy import Statement, allow
from bootstrap.settings import Settings
from infra.images import Repository
from infra.joins import JOINS, LOOKS

# To whom a deploy may hand a role.
PASSED_TO = ("apigateway.amazonaws.com", "sagemaker.amazonaws.com")

OF_ENDPOINTS = (
    "sagemaker:AddTags",
    "sagemaker:CreateEndpoint",
    "sagemaker:CreateEndpointConfig",
    "sagemaker:CreateModel",
    "sagemaker:DeleteEndpoint",
    "sagemaker:DeleteEndpointConfig",
    "sagemaker:DeleteModel",
    "sagemaker:DeleteTags",
    "sagemaker:DescribeEndpoint",
    "sagemaker:DescribeEndpointConfig",
    "sagemaker:DescribeModel",
    "sagemaker:InvokeEndpoint",
    "sagemaker:ListTags",
    "sagemaker:UpdateEndpoint",
    "sagemaker:UpdateEndpointWeightsAndCapacities",
)
OF_SCALING = (
    "application-autoscaling:DeleteScalingPolicy",
    "application-autoscaling:DeregisterScalableTarget",
    "application-autoscaling:PutScalingPolicy",
    "application-autoscaling:RegisterScalableTarget",
)
TAGS_SCALING = (
    "application-autoscaling:ListTagsForResource",
    "application-autoscaling:TagResource",
    "application-autoscaling:UntagResource",
)
LISTS_SCALING = (
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
)
# The alarms by which it scales, which whoever makes a policy has to be allowed to make:
# https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
OF_ITS_ALARMS = ("cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm")
PULLS = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
PUSHES = (
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
LISTS = ("ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:ListTagsForResource")
SCALES = "sagemaker.application-autoscaling.amazonaws.com"


def may_deploy_own(stack: str, settings: Settings) -> list[Statement]:
    """What the role of a stack may do with what only SageMaker has."""
    place = settings.place
    prefix = f"{place.project}-{stack}"
    named = prefix.lower()  # as SageMaker writes names into ARNs
    scaling = {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}}
    linked = place.of_account("iam", f"role/aws-service-role/{SCALES}/*")
    copied = [Repository.of(each).arn(place.partition) for each in settings.copies_from]
    return [
        allow(
            OF_ENDPOINTS,
            [
                place.arn("sagemaker", f"{kind}/{named}-*")
                for kind in ("endpoint", "endpoint-config", "model")
            ],
        ),
        allow(KEEPS_LOGS, place.arn("logs", f"log-group:/aws/sagemaker/Endpoints/{prefix}-*")),
        # AWS makes the names of targets up.
        allow(OF_SCALING, place.arn("application-autoscaling", "scalable-target/*"), scaling),
        allow(TAGS_SCALING, place.arn("application-autoscaling", "scalable-target/*")),
        # They list what there is.
        allow(LISTS_SCALING, "*"),
        allow(OF_ITS_ALARMS, place.arn("cloudwatch", f"alarm:TargetTracking-endpoint/{prefix}-*")),
        # The first target of an account makes the role by which AWS scales.
        allow(
            ["iam:CreateServiceLinkedRole"],
            linked,
            {"StringEquals": {"iam:AWSServiceName": SCALES}},
        ),
        # A token is of no repository.
        allow(["ecr:GetAuthorizationToken"], "*"),
        allow((*PULLS, *PUSHES, *LISTS), images(settings)),
        *([allow(PULLS, copied)] if copied else []),
    ]


def may_preview_own(settings: Settings) -> list[Statement]:
    """What a preview reads that only SageMaker has: which images there are."""
    return [
        allow(["ecr:GetAuthorizationToken"], "*"),
        allow((*PULLS, *LISTS), images(settings)),
    ]


def may_ever(settings: Settings) -> list[Statement]:
    """What no role of a stack can go beyond.

    Endpoints pull images, get archives of models from the bucket for releases, write logs and
    metrics, see alarms, read the project's secrets, and decrypt; SageMaker puts them into networks;
    API Gateway invokes them.
    """
    place = settings.place
    logs = place.arn("logs", f"log-group:/aws/sagemaker/Endpoints/{place.project}-*")
    namespaces = {
        "StringEquals": {"cloudwatch:namespace": ["/aws/sagemaker/Endpoints", "AWS/SageMaker"]}
    }
    return [
        allow(PULLS, images(settings)),
        # A token is of no repository.
        allow(["ecr:GetAuthorizationToken"], "*"),
        allow(["s3:GetObject"], f"{place.bucket(settings.releases)}/{place.project}/*"),
        allow(
            [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            logs,
        ),
        allow(["cloudwatch:DescribeAlarms"], place.arn("cloudwatch", f"alarm:{place.project}-*")),
        # CloudWatch knows no resources that this could be bound to.
        allow(["cloudwatch:PutMetricData"], "*", namespaces),
        allow(["sagemaker:InvokeEndpoint"], place.arn("sagemaker", f"endpoint/{place.project}-*")),
        may_decrypt(place, ["s3", "secretsmanager"]),
        may_read_secrets(place),
        *may_join(place, JOINS, LOOKS),
    ]


def images(settings: Settings) -> str:
    """The repository for images, by its name in IAM."""
    return settings.place.arn("ecr", f"repository/{settings.place.project}")
