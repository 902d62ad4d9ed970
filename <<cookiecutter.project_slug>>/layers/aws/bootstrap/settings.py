"""What a stack file of bootstrap can say: `bootstrap/Pulumi.<account>.yaml`, typed."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

import pulumi
from pydantic import AfterValidator, Field, PrivateAttr

from bootstrap.place import Place
from bootstrap.sources import EXAMPLE, Source
from infra import placeholder
from infra.bucket import a_bucket
from infra.config import Example, Section, spelt
from infra.domain import HostedZone
from infra.given import Given
from infra.problems import Problems, check, misplaced_keys, name_problems
from infra.roles import BoundaryArn, RolePath
from infra.sign_in import EXAMPLE_FUNCTION, FunctionArn
from infra.web_acl import EXAMPLE as EXAMPLE_WEB_ACL
from infra.web_acl import WebAcl

SUFFIX = "-bootstrap"
# The environment on GitHub in which pull requests run.
PREVIEW = "preview"
PLACEHOLDER_REPOSITORY = "owner/repository"
EXAMPLE_ISSUER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
ACCOUNTS, REGION = "aws:allowedAccountIds", "aws:region"


def _repository(value: str) -> str:
    # It stands in conditions, where other marks have a meaning.
    # With the numbers of both: https://docs.github.com/en/actions/reference/security/oidc
    owner, name = "[A-Za-z0-9][A-Za-z0-9-]{0,38}", "[A-Za-z0-9._-]{1,100}"
    if not re.fullmatch(rf"{owner}/{name}|{owner}@\d+/{name}@\d+", value):
        remedy = "write its owner and its name, such as you@1234/iris@5678, or you/iris"
        raise ValueError(f"{spelt(value)} is not a repository on GitHub; {remedy}")
    return value


def _account(value: str) -> str:
    if not re.fullmatch(r"\d{12}", value):
        raise ValueError(f"{spelt(value)} is not an account; write 12 digits in quotes")
    return value


def _stack(value: str) -> str:
    if problems := [*name_problems("iris", value)]:
        raise ValueError(problems[0].removeprefix("stack: ").removesuffix("."))
    return value


def _issuer(value: str) -> str:
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:oidc-provider/[\w./-]+", value):
        raise ValueError(f"{spelt(value)} is not an OIDC provider; write its ARN")
    return value


type Account = Annotated[str, AfterValidator(_account)]
type Bucket = Annotated[str, a_bucket("releases")]
type StackName = Annotated[str, AfterValidator(_stack)]
type Issuer = Annotated[str, AfterValidator(_issuer), Example(EXAMPLE_ISSUER)]


class Settings(Section):
    """The config of bootstrap for one account."""

    repository: Annotated[str, AfterValidator(_repository), Field(examples=["you@1234/iris@5678"])]
    """The repository on GitHub whose workflows deploy, as GitHub's tokens name it: with the numbers
    of owner and repository, and without where it is older than July 2026. Upper case counts."""

    stacks: Annotated[tuple[StackName, ...], Field(examples=[["dev", "prod"]])]
    """The stacks that are deployed to this account. Each has a role and a key of its own, and an
    environment of its name on GitHub."""

    previewed: Annotated[tuple[StackName, ...], Field(examples=[["dev"]])] = ()
    """The stacks whose secrets the preview of a pull request may read: whoever may open one on a
    branch of the repository can read them too."""

    bucket: Bucket | None = None
    """A bucket for releases that is there already. What guards the releases in it is then yours to
    say: see docs/once-per-account.md."""

    readers: Annotated[tuple[Account, ...], Field(examples=[["123456789012"]])] = ()
    """Accounts whose deploy and preview roles of this project may read the releases here."""

    copies_from: Annotated[tuple[Source, ...], Field(examples=[[EXAMPLE]])] = ()
    """Where releases are in other accounts from which the deploy roles here copy them: what the
    stack says that FROM= names. There, this account must be one of the readers."""

    oidc_provider: Issuer | None = None
    """The ARN of the account's OIDC provider for GitHub, where there is one already: an account has
    one at most."""

    boundary: BoundaryArn | None = None
    """The ARN of a permissions boundary that is there already, in place of this project's own."""

    role_path: RolePath = "/"
    """The path of the roles that stacks make, as role.path in their files says."""

    hosted_zones: Annotated[
        tuple[HostedZone, ...], Field(examples=[["Z0123456789ABCDEFGHIJ"]])
    ] = ()
    """The ids of the hosted zones in Route 53 where stacks make records, as domain.hosted_zone_id
    in their files says: records A and AAAA, whatever their names."""

    web_acls: Annotated[tuple[WebAcl, ...], Field(examples=[[EXAMPLE_WEB_ACL]])] = ()
    """The ARNs of the web ACLs of AWS WAF that stacks name as web_acl."""

    authorizers: Annotated[tuple[FunctionArn, ...], Field(examples=[[EXAMPLE_FUNCTION]])] = ()
    """The ARNs of the functions that stacks name as auth.authorizer."""

    _place: Place = PrivateAttr()

    @property
    def place(self) -> Place:
        """Where all of it is."""
        return self._place

    @property
    def releases(self) -> str:
        """The name of the bucket for releases."""
        return self.bucket or self.place.named("releases")

    @property
    def boundary_arn(self) -> str:
        """The name in IAM of what no role of a stack can go beyond."""
        place = self.place
        return self.boundary or place.of_account("iam", f"policy/{place.boundary}")

    @property
    def issuer_arn(self) -> str:
        """The name in IAM of who says which workflow asks."""
        return self.oidc_provider or self.place.issuer

    @classmethod
    def load(cls) -> Self:
        """The config of the account that this runs for.

        Raises:
            pulumi.RunError: it can't be used; one sentence per problem.
        """
        project, account = pulumi.get_project(), pulumi.get_stack()
        try:
            return cls.read(project, account, pulumi.runtime.config.CONFIG.get(), deploying=True)
        except Problems as problems:
            file = f"bootstrap/Pulumi.{account}.yaml"
            raise pulumi.RunError(f"{file} can't be used:\n{problems}") from None

    @classmethod
    def read(
        cls, project: str, account: str, config: Mapping[str, str], *, deploying: bool = False
    ) -> Self:
        """The config of an account as Pulumi hands it over: text, mappings as JSON.

        deploying: refuse placeholders too.

        Raises:
            Problems: it can't be used; one sentence per problem.
        """
        given = Given(project, account, config, deploying)
        settings, problems = check(cls, given.raw)
        place = Place(project.removesuffix(SUFFIX), _own_account(config), config.get(REGION, ""))
        problems += misplaced_keys(project, config, cls)
        problems += _place_problems(place, given)
        if settings:
            settings._place = place
            problems += settings._owned_problems(place)
            problems += settings._stack_problems(place)
        if settings is None or problems:
            raise Problems("\n".join(problems))
        return settings

    def _owned_problems(self, place: Place) -> Iterator[str]:
        """What is there already, and is of another account or part of AWS."""
        for key, arn in (("oidc_provider", self.oidc_provider), ("boundary", self.boundary)):
            if arn:
                _, partition, _, _, account, _ = arn.split(":", 5)
                if partition != place.partition or account not in (place.account, "aws"):
                    yield f"{key}: {arn} is of another account; write one of {place.account}."

    def _stack_problems(self, place: Place) -> Iterator[str]:
        """Stacks whose roles could change what is not theirs: they know it by how names start."""
        if not self.stacks:
            yield "stacks: is empty; list at least one stack."
        if len({each.lower() for each in self.stacks}) < len(self.stacks):
            remedy = "rename one of them"
            yield f"stacks: names a stack twice, since upper case does not count; {remedy}."
        own = [place.preview_role, place.boundary, *map(place.deploy_role, self.stacks)]
        for stack in self.stacks:
            if stack.lower() == PREVIEW:
                yield (
                    f"stacks: {stack} is the environment of pull requests, which would get its"
                    " deploy role; rename the stack."
                )
            for other in self.stacks:
                if other.lower().startswith(f"{stack.lower()}-"):
                    yield (
                        f"stacks: the role of {stack} could change what {other} has, since its"
                        f" names start with {stack}-; rename one of them."
                    )
            if any(name.startswith(f"{place.project}-{stack}-") for name in own):
                yield f"stacks: {stack} is how names of bootstrap's own start; rename the stack."
        for stack in self.previewed:
            if stack not in self.stacks:
                yield f"previewed: {stack} is not one of stacks; add it there, or remove it here."


def _own_account(config: Mapping[str, str]) -> str:
    """The one account that Pulumi may change; "" where it is none, or several."""
    try:
        listed: Any = json.loads(config.get(ACCOUNTS, "[]"))
    except ValueError:
        return ""
    match listed:
        case [str(account)] if re.fullmatch(r"\d{12}", account):
            return account
        case _:
            return ""


def _place_problems(place: Place, given: Given) -> Iterator[str]:
    """What is wrong with where this is to be."""
    if not given.project.endswith(SUFFIX):
        yield f"name in bootstrap/Pulumi.yaml: {given.project} does not end with {SUFFIX}; add it."
    yield from (
        said.replace("name in Pulumi.yaml", "name in bootstrap/Pulumi.yaml")
        for said in name_problems(place.project, "account")
    )
    if not place.account:
        was = f"is {given.config[ACCOUNTS]}" if ACCOUNTS in given.config else "is missing"
        remedy = 'write the one account that this is for, as ["123456789012"]'
        yield f"{ACCOUNTS}: {was}; {remedy}."
    elif given.deploying and place.account == placeholder.ACCOUNT:
        yield f"{ACCOUNTS}: {place.account} is a placeholder; write your account."
    if not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-\d", place.region):
        was = f"is {spelt(place.region)}" if place.region else "is missing"
        yield f"{REGION}: {was}; write one such as eu-central-1."
    if given.deploying and placeholder.ACCOUNT in str(given.raw.get("readers")):
        yield f"readers: {placeholder.ACCOUNT} is a placeholder; write your own, or remove it."
    if given.deploying and given.raw.get("repository") == PLACEHOLDER_REPOSITORY:
        yield f"repository: {PLACEHOLDER_REPOSITORY} is a placeholder; write your own."
