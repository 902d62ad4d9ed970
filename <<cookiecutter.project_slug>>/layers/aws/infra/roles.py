"""Who may take on a role."""

import json


def trusted_by(service: str) -> str:
    """The policy of a role that one service of AWS may take on."""
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": service},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
