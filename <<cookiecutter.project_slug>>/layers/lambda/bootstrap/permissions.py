"""What only Lambda needs: functions, and the metrics of their logs."""

from bootstrap.logs import KEEPS_LOGS
from bootstrap.owned import LOOKS_FOR_NETWORKS, may_decrypt, may_join, may_read_secrets
from bootstrap.policy import Statement, allow, deny
from bootstrap.settings import Settings
from bootstrap.storage import may_read_releases
from infra.joins import JOINS, LOOKS

# To whom a deploy may hand a role.
PASSED_TO = ("lambda.amazonaws.com",)

OF_FUNCTIONS = (
    "lambda:AddPermission",
    "lambda:CreateAlias",
    "lambda:CreateFunction",
    "lambda:DeleteAlias",
    "lambda:DeleteFunction",
    "lambda:DeleteFunctionConcurrency",
    "lambda:DeleteProvisionedConcurrencyConfig",
    "lambda:GetAlias",
    "lambda:GetFunction",
    "lambda:GetFunctionCodeSigningConfig",
    "lambda:GetFunctionConfiguration",
    "lambda:GetPolicy",
    "lambda:GetProvisionedConcurrencyConfig",
    "lambda:ListTags",
    "lambda:ListVersionsByFunction",
    "lambda:PublishVersion",
    "lambda:PutFunctionConcurrency",
    "lambda:PutProvisionedConcurrencyConfig",
    "lambda:RemovePermission",
    "lambda:TagResource",
    "lambda:UntagResource",
    "lambda:UpdateAlias",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
)
OF_METRICS = ("logs:DeleteMetricFilter", "logs:DescribeMetricFilters", "logs:PutMetricFilter")


def may_deploy_own(stack: str, settings: Settings) -> list[Statement]:
    """What the role of a stack may do with what only Lambda has."""
    place = settings.place
    prefix = f"{place.project}-{stack}"
    return [
        allow(OF_FUNCTIONS, place.arn("lambda", f"function:{prefix}-*")),
        allow((*KEEPS_LOGS, *OF_METRICS), place.arn("logs", f"log-group:/aws/lambda/{prefix}-*")),
        # They list what there is.
        allow(LOOKS_FOR_NETWORKS, "*"),
        *(may_read_releases(place, *settings.copies_from) if settings.copies_from else []),
    ]


def may_preview_own(_settings: Settings) -> list[Statement]:
    """What a preview reads that only Lambda has: nothing beside the releases."""
    return []


def may_ever(settings: Settings) -> list[Statement]:
    """What no role of a stack can go beyond: functions write logs and traces, read the
    project's secrets, and decrypt. Lambda puts them into networks, which they can't do themselves.
    """
    place = settings.place
    logs = place.arn("logs", f"log-group:/aws/lambda/{place.project}-*")
    itself = {"ArnLike": {"lambda:SourceFunctionArn": place.arn("lambda", "function:*")}}
    return [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], logs),
        # X-Ray knows no resources that these could be bound to.
        allow(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"),
        may_decrypt(place, ["lambda", "secretsmanager"]),
        may_read_secrets(place),
        *may_join(place, JOINS, LOOKS),
        deny((*JOINS, *LOOKS), "*", itself),
    ]
