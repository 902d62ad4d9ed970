"""Secrets of a deployment: read from AWS Secrets Manager at the start, into the environment.

`SECRETS` says which, as JSON: the name of each variable, and an ARN. A secret that is rotated is
read anew by the next start.
"""

import json
from collections.abc import MutableMapping
from importlib import import_module
from typing import Any

from serving.release import WrongDeployment

# Lambda gives a start ten seconds, of which the model takes the most.
SECONDS = 2


def load(environ: MutableMapping[str, str]) -> None:
    """Set each variable that `SECRETS` names to the text of its secret.

    Raises:
        WrongDeployment: with one line for each that can't be read.
    """
    wanted: dict[str, str] = json.loads(environ["SECRETS"])
    exceptions, clients = import_module("botocore.exceptions"), dict[str, Any]()
    values, problems = dict[str, str](), list[str]()
    for name, arn in wanted.items():
        region = arn.split(":")[3]
        clients[region] = clients.get(region) or _client(region)
        try:
            secret: dict[str, Any] = clients[region].get_secret_value(SecretId=arn)
        except exceptions.ClientError as error:
            problems.append(_refused(name, arn, error.response["Error"]["Code"]))
        except exceptions.BotoCoreError as error:  # all others would fail so too
            problems.append(
                f"{name}: Secrets Manager can't be asked for {arn} ({type(error).__name__}); let"
                " this reach it, in a VPC by an endpoint for it or a NAT gateway."
            )
            break
        else:
            if "SecretString" in secret:
                values[name] = secret["SecretString"]
            else:
                problems.append(f"{name}: the secret {arn} is no text; store it as one.")
    if problems:
        raise WrongDeployment("\n".join(problems))
    environ.update(values)


def _client(region: str) -> Any:
    """A client that gives up soon. Its library starts slowly, so nobody else waits for it."""
    config = import_module("botocore.config").Config(
        connect_timeout=SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 2}
    )
    session = import_module("botocore.session").get_session()
    return session.create_client("secretsmanager", region_name=region, config=config)


def _refused(name: str, arn: str, code: str) -> str:
    """Why Secrets Manager hands no secret out, and what to do."""
    match code:
        case "ResourceNotFoundException":
            return f"{name}: there is no secret {arn}; make it, or correct secrets.{name}."
        case "AccessDeniedException":
            return (
                f"{name}: the role of this may not read the secret {arn}; its boundary, the policy"
                " of the secret and that of its key have to let it."
            )
        case _:
            return f"{name}: Secrets Manager refuses the secret {arn} ({code}); see to it there."
