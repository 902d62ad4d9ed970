"""What is in a repository of images, as its registry says over HTTP.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from typing import IO, Any, override
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from infra.problems import mapping
from tools.refused import Refused

MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
MOST_BYTES = 4 * 1024 * 1024
# How long a registry may say nothing, and how long one answer may take.
QUIET_SECONDS, ANSWER_SECONDS = 15, 60
# More pages of tags no repository has.
MOST_PAGES = 1_000
LOOPBACK = ("localhost", "127.0.0.1")
DOCKER_HUB = "docker.io"


@dataclass(frozen=True)
class Login:
    """Who asks. refresh: a token by which the registry gives others, in place of a password."""

    user: str
    password: str
    refresh: str = ""

    @property
    def basic(self) -> str:
        """As a header says it."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


@dataclass(frozen=True)
class Image:
    """What a tag names, and what that says of itself."""

    digest: str
    labels: Mapping[str, str]


class NotThere(Exception):
    """The registry has no such thing."""


@dataclass(frozen=True)
class Response:
    """An answer of whatever status."""

    status: int
    headers: Message
    body: bytes


class _Redirects(HTTPRedirectHandler):
    """Storage elsewhere gets no credentials of the registry: its URL says all that it needs."""

    @override
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        try:
            _checked(newurl)
        except Refused:
            fp.close()
            raise
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        if new and _origin(newurl) == _origin(req.full_url) and req.has_header("Authorization"):
            new.add_unredirected_header("Authorization", str(req.get_header("Authorization")))
        return new


class Registry:
    """One repository of a registry."""

    def __init__(self, address: str, login: Login | None = None) -> None:
        self.host, self.path = located(address)
        # https://docs.docker.com/reference/api/registry/latest/
        server = "registry-1.docker.io" if self.host == DOCKER_HUB else self.host
        scheme = "http" if server.partition(":")[0] in LOOPBACK else "https"
        self.base = f"{scheme}://{server}/v2/{self.path}/"
        self.login, self._authorization = login, ""

    def find(self, tag: str, platform: str | None = None) -> Image | None:
        """The image of a tag; None where there is none.

        platform: which image of several under one tag is looked at, such as linux/amd64; of several
        platforms the first.

        Raises:
            Refused: the registry does not say.
        """
        try:
            text = self._get(f"manifests/{quote(tag, safe=':')}", MANIFESTS).body
        except NotThere:
            return None
        digest = _sha256(text)
        try:
            manifest = self._json(text)
            if "manifests" in manifest:
                chosen = _chosen(manifest["manifests"], platform and platform.partition(",")[0])
                if chosen is None:
                    return Image(digest, {})
                manifest = self._json(self._content(f"manifests/{chosen}", chosen, MANIFESTS))
            blob = str(mapping(manifest.get("config")).get("digest"))
            configuration = self._json(self._content(f"blobs/{blob}", blob, "*/*"))
        except NotThere:
            raise Refused(
                f"{self.host} has only a part of {self.path}:{tag}; delete that tag there."
            ) from None
        labels = mapping(mapping(configuration.get("config")).get("Labels"))
        return Image(digest, {key: str(value) for key, value in labels.items()})

    def tags(self) -> Iterator[str]:
        """All tags; none where there is no such repository.

        Raises:
            Refused: the registry does not say.
        """
        where = "tags/list?n=100"
        for _ in range(MOST_PAGES):
            try:
                response = self._get(where, "application/json")
            except NotThere:
                return
            yield from map(str, self._json(response.body).get("tags") or ())
            link = re.match(r'<([^>]+)>\s*;\s*rel="?next', response.headers.get("Link", ""))
            if not link:
                return
            where = link[1]

    def _content(self, path: str, digest: str, accept: str) -> bytes:
        """What is known by a digest, and nothing else."""
        text = self._get(path, accept).body
        if _sha256(text) != digest:
            raise Refused(f"{self.host} sent something else than {digest}; try again.")
        return text

    def _json(self, text: bytes) -> dict[str, Any]:
        try:
            return mapping(json.loads(text))
        except ValueError:
            raise Refused(
                f"{self.host} does not answer as a registry does; correct image.repository."
            ) from None

    def _get(self, path: str, accept: str) -> Response:
        """The answer of the registry, which is asked again as somebody where nobody may ask."""
        url = urljoin(self.base, path)
        if _origin(url) != _origin(self.base):
            raise Refused(f"{self.host} sends elsewhere for more, to {url}; ask who runs it.")
        response = self._send(url, {"Accept": accept, "Authorization": self._authorization})
        if response.status == 401:
            self._authorization = self._authorized(response.headers)
            response = self._send(url, {"Accept": accept, "Authorization": self._authorization})
        if response.status == 404:
            raise NotThere
        self._refused(response.status)
        return response

    def _refused(self, status: int) -> None:
        """Say why there is no answer."""
        if status in (401, 403):
            who = (self.login.user or "whoever is logged in") if self.login else "everybody"
            raise Refused(
                f"{self.host} does not let {who} read {self.path} ({status}): log in as somebody"
                f" who may, such as by `docker login {self.host}`."
            )
        if status != 200:
            raise Refused(f"{self.host} answered {status} for {self.path}; try again later.")

    def _authorized(self, headers: Message) -> str:
        """The header that a registry asks for.

        https://distribution.github.io/distribution/spec/auth/token/
        """
        challenges = "\n".join(map(str, headers.get_all("WWW-Authenticate", [])))
        bearer = re.search(r"\bbearer\s+(.*)", challenges, re.IGNORECASE)
        if not bearer:
            return self.login.basic if self.login else ""
        said = dict(re.findall(r'(\w+)="([^"]*)"', bearer[1]))
        asked = {"service": said.get("service", ""), "client_id": "make"}
        asked["scope"] = said.get("scope", f"repository:{self.path}:pull")
        realm, own, form = said.get("realm", ""), {}, None
        if self.login and self.login.refresh:
            asked |= {"grant_type": "refresh_token", "refresh_token": self.login.refresh}
            form = urlencode(asked).encode()
        else:
            own = {"Authorization": self.login.basic} if self.login else {}
            realm += ("&" if "?" in realm else "?") + urlencode(asked)
        response = self._send(realm, own, form)
        self._refused(response.status)
        given = self._json(response.body)
        token = given.get("token") or given.get("access_token")
        if not token:
            raise Refused(f"{self.host} gives no token; log in anew, or try again later.")
        return f"Bearer {token}"

    def _send(self, url: str, headers: Mapping[str, str], form: bytes | None = None) -> Response:
        """One request, and those that it is redirected to."""
        request = Request(_checked(url), form, {"User-Agent": "make"})  # noqa: S310 (checked)
        for name, value in headers.items():
            if value:
                request.add_unredirected_header(name, value)
        if accept := headers.get("Accept"):
            request.add_header("Accept", accept)
        # What this machine serves itself is behind no proxy.
        local = {} if urlsplit(url).hostname in LOOPBACK else None
        opener = build_opener(ProxyHandler(local), _Redirects)
        try:
            try:
                answer = opener.open(request, timeout=QUIET_SECONDS)
            except HTTPError as error:
                answer = error
            with answer:
                return Response(answer.status or 0, answer.headers, self._read(answer))
        except (OSError, HTTPException) as error:
            said = " ".join(str(error).split())
            raise Refused(f"{self.host} can't be asked ({said}); try again later.") from None

    def _read(self, answer: Any) -> bytes:
        """All of an answer, which is small and comes soon."""
        body, end = b"", time.monotonic() + ANSWER_SECONDS
        while part := answer.read1(65_536):
            body += part
            if len(body) > MOST_BYTES:
                raise Refused(f"{self.host} sent more than 4 MB of text about {self.path}.")
            if time.monotonic() > end:
                raise Refused(f"{self.host} took over {ANSWER_SECONDS} seconds; try again later.")
        return body


def located(address: str) -> tuple[str, str]:
    """Registry and path of a repository, as container engines read its address."""
    host, _, path = address.partition("/")
    if path and ("." in host or ":" in host or host == "localhost"):
        if host == DOCKER_HUB and "/" not in path:
            path = f"library/{path}"
        return host, path
    return DOCKER_HUB, address if path else f"library/{address}"


def _chosen(manifests: Any, platform: str | None) -> str | None:
    """The digest of a platform's manifest among those of an index."""
    for each in map(mapping, manifests or ()):
        own = mapping(each.get("platform"))
        parts = [str(own.get(key, "")) for key in ("os", "architecture", "variant")]
        # An attestation of an image stands beside it, and is of no platform.
        if (platform is None and parts[0] != "unknown") or platform in (
            "/".join(parts[:2]),
            "/".join(parts),
        ):
            return str(each.get("digest"))
    return None


def _checked(url: str) -> str:
    """A URL to which something may be sent.

    Raises:
        Refused: everybody on the way could read it.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return url
    raise Refused(f"the registry leads to {url}, which is not https; ask who runs it.")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
