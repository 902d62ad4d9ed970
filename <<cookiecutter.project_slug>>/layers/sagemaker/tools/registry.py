"""Push this working tree's image to its repository in ECR: `python -m tools.registry STACK ENGINE`.

The AWS CLI is asked, so that credentials come from where they always come from.
"""

import shutil
import subprocess
import sys

from infra import images
from tools.image import name


class Refused(Exception):
    """What the AWS CLI said instead of an answer."""


class Repository(images.Repository):
    """A repository in ECR, as the AWS CLI knows it."""

    def make(self) -> None:
        """Make it, so that no tag in it ever moves."""
        self._ask(
            "create-repository",
            *("--repository-name", self.path),
            *("--image-tag-mutability", "IMMUTABLE"),
            *("--image-scanning-configuration", "scanOnPush=true"),
        )

    def exists(self) -> bool:
        """Whether it is there."""
        question = ("describe-repositories", "--repository-names", self.path)
        return self._finds("RepositoryNotFoundException", *question)

    def holds(self, tag: str) -> bool:
        """Whether an image with this tag is in it."""
        question = ("describe-images", "--repository-name", self.path)
        return self._finds("ImageNotFoundException", *question, "--image-ids", f"imageTag={tag}")

    def password(self) -> str:
        """What a container engine logs in with, for twelve hours."""
        return aws("get-login-password", "--region", self.region)

    def _ask(self, *question: str) -> None:
        aws(*question, "--region", self.region, "--registry-id", self.account)

    def _finds(self, missing: str, *question: str) -> bool:
        try:
            self._ask(*question)
        except Refused as refused:
            if missing in str(refused):
                return False
            raise
        return True


def aws(*words: str) -> str:
    """What the AWS CLI answers.

    Raises:
        Refused: it does not.
    """
    said = subprocess.run(["aws", "ecr", *words], capture_output=True, text=True, check=False)
    if said.returncode:
        raise Refused(said.stderr.strip())
    return said.stdout


def repository_of(image: str) -> Repository:
    """The repository of an image; ends the program where it is nobody's."""
    address, _, _ = image.rpartition(":")
    try:
        repository = Repository.of(address)
    except ValueError:
        remedy = f"write one such as {images.EXAMPLE_REPOSITORY}"
        sys.exit(f"{address} is not a repository in ECR: {remedy}.")
    if repository.is_placeholder:
        sys.exit(f"{address} has a placeholder for an account: write your own.")
    return repository


def main(stack: str, engine: str) -> None:
    """Push the image of a stack, unless this release is there already."""
    image = name(stack)
    registry, _, _ = image.partition("/")
    tag = image.rpartition(":")[2]
    repository = repository_of(image)
    for program, remedy in (
        ("aws", "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"),
        (engine, "install it, or name another container engine, such as ENGINE=podman"),
    ):
        if not shutil.which(program):
            sys.exit(f"{program} is not on the PATH: {remedy}")
    try:
        if not repository.exists():
            repository.make()
            print(f"made the repository {repository.path} in {repository.region}", flush=True)
        elif repository.holds(tag):
            sys.exit(
                f"{image} is there already, and a release never changes: deploy it, or raise"
                " version in pyproject.toml."
            )
        password = repository.password()
    except Refused as refused:
        sys.exit(
            f"{refused}\nThis shell needs credentials of account {repository.account} that may push"
            f" to {repository.path} in ECR."
        )
    login = [engine, "login", "--username", "AWS", "--password-stdin", registry]
    for command, given in ((login, password), ([engine, "push", image], "")):
        if subprocess.run(command, input=given, text=True, check=False).returncode:
            sys.exit(f"`{' '.join(command)}` failed.")


if __name__ == "__main__":
    main(*sys.argv[1:])
