"""What a registry says of an image, and what is not believed of it."""

import json
from collections.abc import Iterator

import pytest

from tests.loopback import Said, Server, serving
from tools import registry
from tools.refused import Refused
from tools.registry import Image, Login, Registry, located

PLATFORM = "linux/amd64"
LABELS = {"source": "a", "release": "1.4.2", "api-version": "v1"}
MANIFEST = "/v2/models/iris/manifests/1.4.2"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as own:
        yield own


def find(server: Server, login: Login | None = None) -> Image | None:
    """What a registry has of 1.4.2."""
    return Registry(f"{server.address}/models/iris", login).find("1.4.2", PLATFORM)


def refusal(server: Server, login: Login | None = None) -> str:
    """Why it can't be said whether it has it."""
    with pytest.raises(Refused) as refused:
        find(server, login)
    return str(refused.value).replace(server.address, "HOST")


def elsewhere(server: Server, path: str, url: str) -> None:
    """Keep a blob at another URL."""
    server.answers[path] = Said(307, b"", {"Location": url})


def blob_of(server: Server) -> str:
    """The path of the configuration of 1.4.2."""
    manifest = json.loads(server.answers[MANIFEST].body)
    return f"/v2/models/iris/blobs/{manifest['config']['digest']}"


def test_an_image_is_its_digest_and_its_labels(server: Server) -> None:
    digest = server.publish("1.4.2", LABELS)
    assert find(server) == Image(digest, LABELS)
    accepted = server.asked[0].headers["accept"]
    assert all(kind in accepted for kind in ("oci.image.index", "docker.distribution.manifest.v2"))


def test_what_is_not_there_is_none(server: Server) -> None:
    assert find(server) is None


def test_a_registry_that_gives_tokens_to_everybody_is_asked_with_one(server: Server) -> None:
    digest = server.publish("1.4.2", LABELS)
    server.authorization = "Bearer t0ken"
    where = f"http://{server.address}/token"
    server.challenges = (f'Bearer realm="{where}",service="here",scope="repository:x:pull"',)
    server.answers["/token"] = Said(200, b'{"token": "t0ken"}')
    assert find(server) == Image(digest, LABELS)
    asked = next(each for each in server.asked if each.path.startswith("/token?"))
    assert {"service=here", "scope=repository%3Ax%3Apull"} <= {*asked.path[7:].split("&")}
    assert "authorization" not in asked.headers
    # One token for all that is asked of one repository.
    assert len([path for path in server.paths if path.startswith("/token")]) == 1


def test_a_token_is_given_to_a_login(server: Server) -> None:
    digest = server.publish("1.4.2", LABELS)
    server.authorization = "Bearer t0ken"
    server.challenges = ("Basic x", f'bearer realm="http://{server.address}/token",service="here"')
    server.answers["/token"] = Said(200, b'{"access_token": "t0ken"}')
    login = Login("me", "pass:word")
    assert find(server, login) == Image(digest, LABELS)
    asked = next(each for each in server.asked if each.path.startswith("/token"))
    assert asked.headers["authorization"] == login.basic


def test_a_token_is_given_for_one_that_lasts_and_never_in_a_url(server: Server) -> None:
    digest = server.publish("1.4.2", LABELS)
    server.authorization = "Bearer t0ken"
    server.challenges = (f'Bearer realm="http://{server.address}/token",service="here"',)
    server.answers["/token"] = Said(200, b'{"access_token": "t0ken"}')
    assert find(server, Login("", "", "lasts")) == Image(digest, LABELS)
    asked = next(each for each in server.asked if each.path.startswith("/token"))
    assert (asked.method, asked.path) == ("POST", "/token")
    assert b"refresh_token=lasts" in asked.body


def test_a_registry_that_wants_a_password_gets_it(server: Server) -> None:
    digest, login = server.publish("1.4.2", LABELS), Login("AWS", "secret")
    server.authorization, server.challenges = login.basic, ('Basic realm="here"',)
    assert find(server, login) == Image(digest, LABELS)
    assert "everybody read models/iris (401): log in as somebody" in refusal(server)


@pytest.mark.parametrize(("status", "said"), [(403, "does not let me read"), (500, "answered 500")])
def test_a_refusal_is_not_taken_for_missing(server: Server, status: int, said: str) -> None:
    server.answers[MANIFEST] = Said(status)
    assert refusal(server, Login("me", "x")).startswith(f"HOST {said}")


def test_a_registry_that_is_not_there_is_not_taken_for_one_without_the_image() -> None:
    with serving(Server()) as gone:
        pass
    assert refusal(gone).startswith("HOST can't be asked (")


def test_what_is_too_large_for_a_manifest_is_not_read(server: Server) -> None:
    server.answers[MANIFEST] = Said(200, b" " * (registry.MOST_BYTES + 1))
    assert refusal(server) == "HOST sent more than 4 MB of text about models/iris."


def test_what_takes_too_long_is_not_waited_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.publish("1.4.2", LABELS)
    monkeypatch.setattr(registry, "ANSWER_SECONDS", -1)
    assert "took over" in refusal(server)


def test_what_is_no_manifest_is_said(server: Server) -> None:
    server.answers[MANIFEST] = Said(200, b"<html>")
    assert refusal(server) == "HOST does not answer as a registry does; correct image.repository."


@pytest.mark.parametrize("body", [b'{"manifests": null}', b'{"manifests": []}'])
def test_an_index_of_nothing_has_no_labels(server: Server, body: bytes) -> None:
    server.answers[MANIFEST] = Said(200, body)
    found = find(server)
    assert found is not None
    assert found.labels == {}


def test_a_registry_that_gives_no_token_is_said(server: Server) -> None:
    server.authorization = "Bearer t0ken"
    server.challenges = (f'Bearer realm="http://{server.address}/token"',)
    server.answers["/token"] = Said(200, b'{"token": null}')
    assert refusal(server) == "HOST gives no token; log in anew, or try again later."


def test_what_has_another_digest_is_not_believed(server: Server) -> None:
    server.publish("1.4.2", LABELS)
    server.answers[blob_of(server)] = Said(200, json.dumps({"config": {}}).encode())
    assert refusal(server).startswith("HOST sent something else than sha256:")


def test_an_image_of_which_a_part_is_missing_is_not_taken_for_missing(server: Server) -> None:
    server.publish("1.4.2", LABELS)
    del server.answers[blob_of(server)]
    assert "has only a part of models/iris:1.4.2" in refusal(server)


def test_a_blob_elsewhere_is_fetched_without_the_login(server: Server) -> None:
    digest, login = server.publish("1.4.2", LABELS), Login("me", "x")
    server.authorization, server.challenges = login.basic, ("Basic x",)
    path = blob_of(server)
    with serving(Server()) as storage:
        storage.answers["/kept"] = server.answers[path]
        elsewhere(server, path, f"http://{storage.address}/kept?signature=1")
        assert find(server, login) == Image(digest, LABELS)
        (asked,) = storage.asked
    assert "authorization" not in asked.headers
    # In the registry itself it still counts.
    server.answers["/v2/kept"] = storage.answers["/kept"]
    elsewhere(server, path, "/v2/kept")
    assert find(server, login) == Image(digest, LABELS)


@pytest.mark.parametrize("url", ["http://example.com/x", "ftp://127.0.0.1/x"])
def test_what_others_could_read_is_not_asked(server: Server, url: str) -> None:
    server.publish("1.4.2", LABELS)
    elsewhere(server, blob_of(server), url)
    assert refusal(server) == f"the registry leads to {url}, which is not https; ask who runs it."
    server.authorization, server.challenges = "x", (f'Bearer realm="{url}"',)
    assert "which is not https" in refusal(server, Login("me", "x"))


def test_the_pages_of_a_list_are_the_registrys_own(server: Server) -> None:
    link = {"Link": '<https://example.com/v2/>; rel="next"'}
    server.answers["/v2/models/iris/tags/list"] = Said(200, b'{"tags": null}', link)
    with pytest.raises(Refused, match="sends elsewhere for more"):
        list(Registry(f"{server.address}/models/iris").tags())


@pytest.mark.parametrize(
    ("address", "host", "path"),
    [
        ("ghcr.io/you/iris", "ghcr.io", "you/iris"),
        ("localhost/iris", "localhost", "iris"),
        ("localhost:5000/iris", "localhost:5000", "iris"),
        ("you/iris", "docker.io", "you/iris"),
        ("iris", "docker.io", "library/iris"),
        ("docker.io/iris", "docker.io", "library/iris"),
    ],
)
def test_an_address_is_read_as_engines_read_it(address: str, host: str, path: str) -> None:
    assert located(address) == (host, path)


def test_only_this_machine_is_asked_without_encryption() -> None:
    for host, scheme in (("localhost:5000", "http"), ("127.0.0.1", "http"), ("a.local", "https")):
        assert Registry(f"{host}/iris").base == f"{scheme}://{host}/v2/iris/"
    assert Registry("docker.io/you/iris").base == "https://registry-1.docker.io/v2/you/iris/"
