"""Who may take on a role."""

import json


def trusted_by(service: str) -> str:
    """The policy of a role that one service of AWS may take on.

    It has no condition on `aws:SourceAccount`: AWS documents it neither for Lambda nor for API
    Gateway, and a service that left it out would lose its role. It can't act for another account:
    a role is only ever handed to resources of its own (`iam:PassRole`).
    """
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": service},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
