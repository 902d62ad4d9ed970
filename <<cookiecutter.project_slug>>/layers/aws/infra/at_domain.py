"""A domain of the owner's at which APIs are served, with its records where they are wanted."""

import pulumi
import pulumi_aws as aws

from infra.api import Api
from infra.domain import Domain


def at_domain(
    name: str,
    domain: Domain,
    api: Api,
    opts: pulumi.ResourceOptions,
    *,
    protect: bool,
    routes: bool = False,
) -> aws.apigateway.DomainName:
    """Have an API answer at a domain. routes: after rules, which may say that another one does."""
    zone = domain.hosted_zone_id
    made = aws.apigateway.DomainName(
        name,
        domain_name=domain.name,
        regional_certificate_arn=domain.certificate_arn,
        # Without IPv6 a record AAAA would lead nowhere.
        endpoint_configuration={"types": "REGIONAL", "ip_address_type": "dualstack"}
        if zone
        else {"types": "REGIONAL"},
        security_policy="TLS_1_2",
        routing_mode="ROUTING_RULE_THEN_BASE_PATH_MAPPING" if routes else None,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect)),
    )
    for kind in ("A", "AAAA") if zone else ():
        aws.route53.Record(
            f"{name}-{kind.lower()}",
            zone_id=zone or "",
            name=domain.name,
            type=kind,
            # One that its owner made before is no reason to stop half-way.
            allow_overwrite=True,
            aliases=[
                {
                    "name": made.regional_domain_name,
                    "zone_id": made.regional_zone_id,
                    "evaluate_target_health": False,
                }
            ],
            opts=opts,
        )
    aws.apigateway.BasePathMapping(
        name, domain_name=made.domain_name, rest_api=api.id, stage_name=api.stage, opts=opts
    )
    return made
