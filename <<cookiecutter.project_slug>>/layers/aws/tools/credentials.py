"""What lets the requests of this machine in: the stack's API key, or a signature."""

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError

from tools.asking import CannotAsk, Credentials, Headers, nobody
from tools.deployed import Deployed


def session(deployed: Deployed) -> boto3.Session:
    """AWS as the stack file says where it is, with the credentials of this shell.

    Raises:
        CannotAsk: nothing says where, or who.
    """
    config = deployed.config
    try:
        own = boto3.Session(
            profile_name=config.get("aws:profile"), region_name=config.get("aws:region")
        )
    except BotoCoreError as error:
        raise CannotAsk(f"{error}.") from None
    if own.region_name is None:
        raise CannotAsk(f"aws:region is not in Pulumi.{deployed.stack}.yaml; add it.")
    return own


def credentials(deployed: Deployed) -> Credentials:
    """What a request needs under the `auth` of a stack.

    Raises:
        CannotAsk: it can't be had.
    """
    match deployed.settings.auth:
        case "api_key":
            headers = {"X-API-Key": _key(deployed)}
            return lambda *_: headers
        case "iam":
            return _signature(deployed)
        case _:
            return nobody


def _key(deployed: Deployed) -> str:
    """The value of the stack's API key, which AWS holds."""
    name = deployed.outputs.get("api_key_name")
    if name is None:
        raise CannotAsk(f"the stack has no API key; run `make deploy STACK={deployed.stack}`.")
    client = session(deployed).client("apigateway")
    try:
        pages = client.get_paginator("get_api_keys").paginate(nameQuery=name, includeValues=True)
        found = [each["value"] for page in pages for each in page["items"] if each["name"] == name]
    except (BotoCoreError, ClientError) as error:
        remedy = "this shell needs credentials of the stack's account that may get API keys"
        raise CannotAsk(f"AWS does not give the API key {name} ({error}); {remedy}.") from None
    if not found:
        remedy = "run `pulumi refresh`, then `make deploy`"
        raise CannotAsk(f"there is no API key {name} in this account and region; {remedy}.")
    return found[0]


def _signature(deployed: Deployed) -> Credentials:
    """Signs each request with the credentials of this shell."""
    own = session(deployed)
    try:
        found = own.get_credentials()
    except BotoCoreError as error:
        raise CannotAsk(f"{error}.") from None
    if found is None:
        raise CannotAsk("auth is iam, and this shell has no AWS credentials; log in to AWS.")

    def sign(method: str, url: str, headers: Headers, body: bytes) -> Headers:
        request = AWSRequest(method, url, headers=dict(headers), data=body)
        SigV4Auth(found.get_frozen_credentials(), "execute-api", own.region_name).add_auth(request)
        return dict(request.headers.items())

    return sign
