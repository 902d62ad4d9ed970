"""What the role of a stack may do: what its program makes, and nothing of anybody else's.

What each type of the program needs stands in the source of Pulumi's provider. A stack's resources
are known by how their names start; those of API Gateway, whose names AWS makes up, by their tags
`service` and `stack`, which `aws:defaultTags` of the stack file puts on them.
"""

from bootstrap.logs import KEEPS_LOGS
from bootstrap.permissions import PASSED_TO, may_deploy_own
from bootstrap.place import Place
from bootstrap.policy import Statement, allow, deny
from bootstrap.settings import Settings
from bootstrap.storage import may_keep_state, may_publish

# They need the boundary: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
BOUND = (
    "iam:CreateRole",
    "iam:DeleteRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
)
# What a role is else.
OF_A_ROLE = (
    "iam:DeleteRole",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
)
OF_THE_BOUNDARY = (
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:SetDefaultPolicyVersion",
)
OF_ALARMS = (
    "cloudwatch:DeleteAlarms",
    "cloudwatch:ListTagsForResource",
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:TagResource",
    "cloudwatch:UntagResource",
)
OF_DASHBOARDS = (
    "cloudwatch:DeleteDashboards",
    "cloudwatch:GetDashboard",
    "cloudwatch:PutDashboard",
)
# Of API Gateway, that have tags; what is inside of one has the same:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html
TAGGED = ("apikeys", "domainnames", "restapis", "usageplans")


def may_deploy(stack: str, settings: Settings) -> list[Statement]:
    """All that the role of a stack may do."""
    return [
        *_roles(stack, settings),
        *_api_gateway(stack, settings.place),
        *_watching(stack, settings.place),
        *may_keep_state(stack, settings.place),
        *may_publish(settings),
        *may_deploy_own(stack, settings),
    ]


def _roles(stack: str, settings: Settings) -> list[Statement]:
    """Roles within the boundary, to hand to services that run the model; never the boundary."""
    place, boundary = settings.place, settings.boundary_arn
    own = place.of_account("iam", f"role{settings.role_path}{place.project}-{stack}-*")
    return [
        allow(BOUND, own, {"StringEquals": {"iam:PermissionsBoundary": boundary}}),
        allow(OF_A_ROLE, own),
        allow(["iam:PassRole"], own, {"StringEquals": {"iam:PassedToService": PASSED_TO}}),
        # Nothing allows it; this holds whatever else the role is ever given.
        deny(OF_THE_BOUNDARY, boundary),
        deny(["iam:DeleteRolePermissionsBoundary"], place.of_account("iam", "role/*")),
    ]


def _api_gateway(stack: str, place: Place) -> list[Statement]:
    """APIs, keys, plans and domains with the stack's tags."""
    gateway = f"arn:{place.partition}:apigateway:{place.region}:"
    tags = {"service": place.project, "stack": stack}
    asked = {"StringEquals": {f"aws:RequestTag/{key}": value for key, value in tags.items()}}
    own = {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in tags.items()}}
    tagging = f"{gateway}:/tags/arn%3A{place.partition}%3Aapigateway%3A{place.region}%3A%3A%2F"
    verbs = [f"apigateway:{verb}" for verb in ("DELETE", "GET", "PATCH", "POST", "PUT")]
    verbs += ["apigateway:SetWebACL", "apigateway:UpdateRestApiPolicy"]
    rules = ("Create", "Delete", "Get", "Update")
    return [
        allow(["apigateway:POST"], [f"{gateway}:/{kind}" for kind in TAGGED], asked),
        allow(verbs, [f"{gateway}:/{kind}/*" for kind in TAGGED], own),
        # To tag takes this and PATCH, which is allowed for what has the stack's tags already:
        # https://github.com/iann0036/iam-dataset/pull/39
        allow(["apigateway:DELETE", "apigateway:PUT"], [f"{tagging}{kind}%2F*" for kind in TAGGED]),
        allow(
            [f"apigateway:{rule}RoutingRule" for rule in rules],
            f"{gateway}{place.account}:/domainnames/*/routingrules/*",
            own,
        ),
        # For the certificate of a domain; to change one takes PATCH as well.
        allow(
            ["apigateway:AddCertificateToDomain", "apigateway:RemoveCertificateFromDomain"],
            [f"{gateway}:/domainnames", f"{gateway}:/domainnames/*"],
        ),
    ]


def _watching(stack: str, place: Place) -> list[Statement]:
    """Logs of API Gateway, alarms, and the dashboard."""
    prefix = f"{place.project}-{stack}"
    logs = f"log-group:/aws/apigateway/{prefix}"
    return [
        allow(KEEPS_LOGS, [place.arn("logs", f"{logs}{end}") for end in ("", ":*", "-*")]),
        # They list what there is.
        allow(["logs:DescribeLogGroups"], "*"),
        allow(["cloudwatch:DescribeAlarms"], place.arn("cloudwatch", "alarm:*")),
        allow(OF_ALARMS, place.arn("cloudwatch", f"alarm:{prefix}-*")),
        allow(OF_DASHBOARDS, place.of_account("cloudwatch", f"dashboard/{prefix}")),
    ]
