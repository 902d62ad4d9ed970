"""What the answers of an API version must say: by its contract, and by the stack file."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from jsonschema import Draft202012Validator

from infra.config import ApiVersion
from serving.release import Build, Release
from tools.asking import Answer, Question

RELEASE, REQUEST_ID = "X-Model-Release", "X-Request-Id"
# What a state adds to every answer.
OF_A_STATE = ("Deprecation", "Sunset", "Link")
# What a prediction is answered while no model is there, or the way to it is being made.
IN_THE_MAKING = (403, 404, 429)

type Contract = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """What is otherwise in the answer to one question, and what to do.

    final: no waiting helps, since the release that is wanted has answered so.
    """

    what: str
    remedy: str
    final: bool = False


@dataclass(frozen=True)
class Remedies:
    """What to do where an answer is otherwise.

    deploy: what a deploy decides on is old. release: another release answers. broken: a promise of
    the contract is not kept.
    """

    deploy: str
    release: str
    broken: str


@dataclass(frozen=True)
class Expected:
    """What the answer to a question must be.

    headers: their values; None: not there. present: what is there, whatever it says. release: what
    an answer that names one must name. body: of an error, its members. schema: of a success.
    remedy: what to do where it is otherwise, in place of what is said of other answers.
    """

    status: int
    headers: Mapping[str, str | None]
    present: tuple[str, ...] = ()
    release: str | None = None
    body: Mapping[str, Any] | None = None
    schema: Draft202012Validator | None = None
    remedy: str | None = None

    def differences(self, answer: Answer, remedies: Remedies) -> Iterator[Difference]:
        """What is otherwise, and what to do."""
        given = {name.lower(): value for name, value in answer.headers.items()}
        release = given.get(RELEASE.lower())

        other, wanted = given.get("x-api-version"), self.headers.get("X-API-Version")
        if other and wanted and other != wanted:
            yield Difference(f"is one of {other}, not of {wanted}", ELSEWHERE)
            return

        def broken(what: str) -> Difference:
            remedy = ELSEWHERE if given.keys().isdisjoint(OURS) else remedies.broken
            remedy = self.remedy or remedy
            return Difference(what, remedy, final=release == self.release is not None)

        if answer.status != self.status:
            what = f"has status {answer.status}, not {self.status}{_detail(answer)}"
            waits = answer.status in IN_THE_MAKING or answer.status >= 500
            yield Difference(what, AT_NIGHT) if waits else broken(what)
        if self.release and release not in (None, self.release):
            yield Difference(f"has {RELEASE} {release}, not {self.release}", remedies.release)
        if answer.status != self.status:
            return  # of another kind: the rest would only repeat it
        for name, value in self.headers.items():
            if (found := given.get(name.lower())) != value:
                what = _other(name, found, value)
                yield Difference(what, remedies.deploy) if _ours(name) else broken(what)
        for name in self.present:
            if name.lower() not in given:
                yield broken(f"has no {name}")
        yield from map(broken, self._of_the_body(answer))

    def _of_the_body(self, answer: Answer) -> Iterator[str]:
        if self.body is None and self.schema is None:
            return
        try:
            body = json.loads(answer.body, parse_constant=_refuse)
        except (ValueError, RecursionError):
            yield "has a body that is not JSON"
            return
        if self.schema:
            fault = next(self.schema.iter_errors(body), None)
            if fault:
                yield f"breaks the contract's schema: {_short(fault.message)} ({fault.json_path})"
        if self.body is None:
            return
        members = body if isinstance(body, dict) else {}
        if members.keys() != self.body.keys():
            yield f"is no error in the form of the contract: {_short(body)}"
            return
        for name, value in self.body.items():
            if name != "request_id" and members[name] != value:
                yield f"has {name} {_short(members[name])}, not {_short(value)}"


AT_NIGHT = "see “On a bad night” in README.md"
ELSEWHERE = "something else answers there: see where the URL, or ADDRESS, leads"
# What an answer of an API version has one of.
OURS = ("x-api-version", RELEASE.lower())


def questions(
    name: str, version: ApiVersion, contract: Contract
) -> Iterator[tuple[Question, Expected]]:
    """Every golden request of a contract with the answer that the stack file makes of it.

    Raises:
        LookupError, TypeError: it is no contract of this API version.
    """
    promised = contract["paths"][f"/{name}/predict"]["post"]["responses"]["200"]
    schema = promised["content"]["application/json"]["schema"]
    # References lead from the root, so that gets what they lead to.
    valid = Draft202012Validator({**schema, "components": contract["components"]})
    state = state_headers(name, version)
    for golden in contract["x-golden-requests"]:
        request, response = golden["request"], golden["response"]
        question = Question(golden["name"], **request)
        succeeds = response["status"] == 200
        headers = {k: v for k, v in response["headers"].items() if k != REQUEST_ID}
        yield (
            question,
            Expected(
                response["status"],
                {**headers, **state},
                # A front that answers by itself knows no release.
                (REQUEST_ID, RELEASE) if succeeds else (REQUEST_ID,),
                version.release,
                None if succeeds else json.loads(response["body"]),
                valid if succeeds else None,
            ),
        )


def state_headers(name: str, version: ApiVersion) -> dict[str, str | None]:
    """What every answer of an API version says of it, or must not say, its release apart."""
    build = Build("", name, version.release)
    release = Release(build, version.deprecated_on, version.sunset, version.migration_url)
    said = {header: value for header, value in release.headers() if header != RELEASE}
    return {**dict.fromkeys(OF_A_STATE), **said}


def _ours(name: str) -> bool:
    """Whether a deploy decides on a header."""
    return name in OF_A_STATE


def _other(name: str, found: str | None, value: str | None) -> str:
    if value is None:
        return f"has {name} {found}, and nothing in the stack file says so"
    if found is None:
        return f"has no {name}, which is {value}"
    return f"has {name} {found}, not {value}"


def _detail(answer: Answer) -> str:
    """What an error says of itself, or where it leads."""
    if where := answer.headers.get("location"):
        return f" (it leads to {_short(where)})"
    try:
        body = json.loads(answer.body)
        return f" ({_short(body['detail'])})"
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 150 else f"{text[:150]}…"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
