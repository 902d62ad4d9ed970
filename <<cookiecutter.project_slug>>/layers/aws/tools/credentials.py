"""What lets the requests of this machine in: an API key, a signature, or a token."""

import os
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as Own
from botocore.exceptions import BotoCoreError, ClientError

from infra.problems import mapping
from infra.sign_in import SignIn
from tools.asking import CannotAsk, Credentials, Headers, Unreachable, nobody
from tools.deployed import Deployed

# Keys by which Pulumi takes credentials that this process has not.
OF_PULUMI = ("accessKey", "assumeRole", "assumeRoles", "assumeRoleWithWebIdentity", "endpoints")
QUICKLY = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})


def session(stack: str, config: Mapping[str, str]) -> boto3.Session:
    """AWS as a stack file says where it is, with the credentials of this shell.

    Raises:
        CannotAsk: nothing says where, or who.
    """
    if own := [f"aws:{key}" for key in OF_PULUMI if f"aws:{key}" in config]:
        raise CannotAsk(f"Pulumi.{stack}.yaml has {' and '.join(own)}, which only Pulumi uses.")
    try:
        found = boto3.Session(
            profile_name=config.get("aws:profile"), region_name=config.get("aws:region")
        )
    except BotoCoreError as error:
        raise CannotAsk(f"{error}.") from None
    if found.region_name is None:
        raise CannotAsk(f"aws:region is not in Pulumi.{stack}.yaml; add it.")
    return found


def client(service: str, stack: str, config: Mapping[str, str], settings: Config = QUICKLY) -> Any:
    """A client of a service of AWS.

    Raises:
        CannotAsk: there can be none.
    """
    try:
        return session(stack, config).client(service, config=settings)
    except (BotoCoreError, ClientError) as error:
        raise CannotAsk(f"{error}.") from None


def credentials(deployed: Deployed) -> Credentials:
    """What a request needs under the `auth` of a stack.

    Raises:
        CannotAsk: it can't be had.
    """
    match deployed.settings.auth:
        case "api_key":
            headers = {"X-API-Key": api_key(deployed, *_asking(deployed))}
            return lambda *_: headers
        case "iam":
            return _signature(deployed)
        case "none":
            return nobody
        case SignIn():
            token = os.environ.get("TOKEN")
            if not token:
                raise CannotAsk("auth asks for a token; write one that is valid as TOKEN.")
            return lambda *_: {"Authorization": token}


def _asking(deployed: Deployed) -> tuple[str | None, str | None]:
    """With whose key to ask, and which: what CLIENT and KEY say, else the first that there is."""
    clients = deployed.settings.clients
    client = os.environ.get("CLIENT") or None
    if client is None and not deployed.settings.default_key:
        client = next(iter(clients))
    own = clients[client].keys if client in clients else ()
    return client, os.environ.get("KEY") or next(iter(own), None)


def api_key(deployed: Deployed, client: str | None, key: str | None) -> str:
    """The value of a key, which AWS holds: of a client, or the stack's first where that is None.

    Raises:
        CannotAsk: it can't be had, or there is none.
    """
    return _value(deployed, _identity(deployed, client, key))


def _identity(deployed: Deployed, client: str | None, key: str | None) -> str:
    """By what AWS knows a key."""
    clients, file = deployed.settings.clients, f"Pulumi.{deployed.stack}.yaml"
    redeploy = f"run `make deploy STACK={deployed.stack}`"
    if client is None:
        if key:
            raise CannotAsk(f"KEY is {key}, and no client is named; write CLIENT too.")
        if not deployed.settings.default_key:
            raise CannotAsk(f"default_key is false in {file}; write CLIENT={' or '.join(clients)}.")
        identity = deployed.outputs.get("api_key_id")
        if identity is None:
            raise CannotAsk(f"the stack has no API key; {redeploy}.")
        return identity
    if client not in clients:
        known = f"write CLIENT={' or '.join(clients)}" if clients else "there are no clients"
        raise CannotAsk(f"{file} has no client {client}; {known}.")
    keys = clients[client].keys
    own = key or next(iter(keys), "")
    if key is None and len(keys) > 1:
        raise CannotAsk(f"{client} has several keys; write KEY={' or '.join(keys)}.")
    if own not in keys:
        raise CannotAsk(f"{client} has no key {own}; write KEY={' or '.join(keys)}.")
    ids = mapping(mapping(deployed.outputs.get("client_key_ids")).get(client))
    if own not in ids:
        raise CannotAsk(f"the key {own} of {client} is not deployed; {redeploy}.")
    return ids[own]


def _value(deployed: Deployed, identity: str) -> str:
    gateway = client("apigateway", deployed.stack, deployed.config)
    try:
        return gateway.get_api_key(apiKey=identity, includeValue=True)["value"]
    except gateway.exceptions.NotFoundException:
        remedy = "run `pulumi refresh`, then `make deploy`"
        raise CannotAsk(
            f"there is no API key {identity} in this account and region; {remedy}."
        ) from None
    except (BotoCoreError, ClientError) as error:
        remedy = "this shell needs credentials of the stack's account that may get this API key"
        raise CannotAsk(f"AWS does not give the API key {identity} ({error}); {remedy}.") from None


def _signature(deployed: Deployed) -> Credentials:
    """Signs each request with the credentials of this shell."""
    own = session(deployed.stack, deployed.config)
    try:
        found = own.get_credentials()
    except (BotoCoreError, ClientError) as error:
        raise CannotAsk(f"{error}.") from None
    if found is None:
        raise CannotAsk("auth is iam, and this shell has no AWS credentials; log in to AWS.")
    _valid(found)

    def sign(method: str, url: str, headers: Headers, body: bytes) -> Headers:
        request = AWSRequest(method, url, headers=dict(headers), data=body)
        SigV4Auth(_valid(found), "execute-api", own.region_name).add_auth(request)
        return dict(request.headers.items())

    return sign


def _valid(found: Own) -> Any:
    """Credentials as they are now: some are fetched, and again before they expire.

    Raises:
        Unreachable: they can't be had any more.
    """
    try:
        return found.get_frozen_credentials()
    except (BotoCoreError, ClientError) as error:
        raise Unreachable(f"{str(error).rstrip('.')}; log in to AWS.") from None
