"""The repository of images in ECR: who this machine is to it, and how it is made."""

import base64
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from infra import images
from tools import stack_file
from tools.asking import CannotAsk
from tools.credentials import client
from tools.engine import Engine
from tools.refused import Refused
from tools.registry import Login, located

ROOT = Path(__file__).parent.parent


class Repository(images.Repository):
    """A repository in ECR, taken apart."""

    @classmethod
    def at(cls, address: str) -> Self:
        """The repository at an address.

        Raises:
            Refused: it is nobody's.
        """
        try:
            found = cls.of(address)
        except ValueError as why:
            raise Refused(f"{why}.") from None
        if found.is_placeholder:
            raise Refused(f"{address} has a placeholder for an account: write your own.")
        return found

    def client(self, stack: str) -> Any:
        """ECR where the repository is.

        Raises:
            Refused: there can be no client.
        """
        try:
            project, keys = stack_file.read(ROOT, stack)
            config = stack_file.handed_over(keys, project) | {"aws:region": self.region}
            return client("ecr", stack, config)
        except (CannotAsk, OSError, TypeError, ValueError) as why:
            raise Refused(str(why)) from None

    def refused(self, error: Exception) -> Refused:
        """What AWS said, and what it needs."""
        return Refused(
            f"{error}\nThis shell needs credentials of account {self.account} that may push to"
            f" {self.path} in ECR."
        )


def login(stack: str, address: str) -> Login:
    """Who asks for the repository at an address, for twelve hours.

    Raises:
        Refused: it is nobody's repository, or AWS knows nobody here.
    """
    repository = Repository.at(address)
    try:
        (given,) = repository.client(stack).get_authorization_token()["authorizationData"]
    except (BotoCoreError, ClientError) as error:
        raise repository.refused(error) from None
    user, _, password = base64.b64decode(given["authorizationToken"]).decode().partition(":")
    return Login(user, password)


def make(stack: str, address: str) -> None:
    """Make the repository at an address where there is none, so that no tag in it ever moves.

    Raises:
        Refused: AWS refuses.
    """
    repository = Repository.at(address)
    ecr = repository.client(stack)
    account, path = repository.account, repository.path
    try:
        with suppress(ecr.exceptions.RepositoryNotFoundException):
            ecr.describe_repositories(registryId=account, repositoryNames=[path])
            return
        ecr.create_repository(
            registryId=account,
            repositoryName=path,
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
        )
    except (BotoCoreError, ClientError) as error:
        raise repository.refused(error) from None
    print(f"made the repository {path} in {repository.region}", flush=True)


def let_in(engine: Engine, address: str, login: Login) -> None:
    """Let the engine in to the repository at an address.

    Raises:
        Refused: the engine failed.
    """
    host = located(address)[0]
    engine.run("login", "--username", login.user, "--password-stdin", host, given=login.password)
