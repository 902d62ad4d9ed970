"""A rendered project deployed to the emulator, and its clients."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.local_cloud.emulator import REGION, ROOT_KEY, client
from tests.local_cloud.engine import Cloud
from tests.local_cloud.sagemaker import KINDS
from tests.project import ROOT

JSON = {"Content-Type": "application/json"}
EXAMPLE = (
    b'{"instances": [{"sepal_length": 5.1, "sepal_width": 3.5,'
    b' "petal_length": 1.4, "petal_width": 0.2}]}'
)


@dataclass(frozen=True)
class Answer:
    """A response; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@dataclass
class Stack:
    """The stack `dev` of a project in the emulator at `url`, under a versioning scheme.

    elsewhere: services that another emulator has, and where that is.
    """

    url: str
    project: Path
    scheme: str
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    # Where each API version was last seen: one that has left the list may still answer.
    base_urls: dict[str, str] = field(default_factory=dict)

    def up(self, **keys: Any) -> list[str]:
        """Deploy with these keys over the stack file's; what was changed, as "create Role name".

        Raises:
            RuntimeError: the program or the emulator refused; the text says why.
        """
        command = [sys.executable, "-P", "-m", "tests.local_cloud", self.url]
        command += [json.dumps(self.elsewhere), self.project, "dev", json.dumps(keys)]
        environ = os.environ | {"PYTHONPATH": str(ROOT)}
        said = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
        if said.returncode:
            raise RuntimeError(said.stderr)
        result = json.loads(said.stdout)
        self.outputs, self.changes = result["outputs"], result["changes"]
        for name in self.outputs:
            if name.endswith("_base_url"):
                self.base_urls[name.removesuffix("_base_url")] = self.outputs[name]
        return self.changes

    def doubt(self, path: str) -> None:
        """From now on AWS warns of this path where a document has it; of none where it is ""."""
        send("PUT", f"{self.url}/_more/doubted", {}, path.encode())

    def check(
        self, *arguments: str, key: tuple[str, str] = ROOT_KEY, **keys: Any
    ) -> subprocess.CompletedProcess[str]:
        """What `make check` says where the stack file has these keys; its status as `returncode`.

        key: of who asks AWS.
        """
        self._write("live", keys)
        outputs = self.project / "outputs.json"
        # The emulator has no TLS.
        outputs.write_text(json.dumps(self.outputs).replace("https://", "http://"), "utf-8")
        address = ["--address", urlsplit(self.url).netloc] if self.scheme == "header" else []
        return self.tool("check", "live", "--outputs", outputs, *arguments, *address, key=key)

    def publish(self, *arguments: str, **keys: Any) -> subprocess.CompletedProcess[str]:
        """What `make publish` says where the stack file has these keys."""
        self._write("live", keys)
        return self.tool("publish", "live", *arguments)

    def tool(
        self, name: str, *arguments: str | Path, key: tuple[str, str] = ROOT_KEY
    ) -> subprocess.CompletedProcess[str]:
        """What a module of tools/ says whose AWS is the emulator. key: of who asks."""
        aws = {"AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": key[0]}
        return subprocess.run(
            [sys.executable, "-m", f"tools.{name}", *arguments],
            cwd=self.project,
            env=os.environ | aws | {"AWS_SECRET_ACCESS_KEY": key[1]},
            capture_output=True,
            text=True,
            timeout=120,
        )

    def _write(self, stack: str, keys: Mapping[str, Any]) -> None:
        """A stack file: that of dev, with other keys."""
        text = (self.project / "Pulumi.dev.yaml").read_text("utf-8")
        config = yaml.safe_load(text)["config"] | {f"iris-classifier:{k}": keys[k] for k in keys}
        path = self.project / f"Pulumi.{stack}.yaml"
        path.write_text(yaml.safe_dump({"config": config}), "utf-8")

    def destroy(self) -> None:
        """Delete everything."""
        Cloud(self.url, self.elsewhere, KINDS).finish(complete=True)

    def client(self, service: str, key: tuple[str, str] = ROOT_KEY) -> Any:
        """A client of the emulator that has a service."""
        return client(self.elsewhere.get(service, self.url), service, key)

    def key(self, owner: str = "", name: str = "a") -> dict[str, str]:
        """The header with the stack's first API key, or with one of a client's."""
        ids: Any = self.outputs.get("client_key_ids", {})
        identity = ids[owner][name] if owner else self.outputs["api_key_id"]
        found = self.client("apigateway").get_api_key(apiKey=identity, includeValue=True)
        return {"X-API-Key": found["value"]}

    def address(self, version: str, path: str) -> tuple[str, dict[str, str]]:
        """The URL here of a path of an API version, and the headers that lead there."""
        base_url = self.base_urls[version]
        if self.scheme == "header":
            host = urlsplit(base_url).netloc
            return f"{self.url}{path}", {"Host": host, "X-API-Version": version}
        return f"{base_url}{path}", {}

    def send(
        self,
        version: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] = JSON,
        method: str = "POST",
    ) -> Answer:
        """The answer to a request."""
        url, own = self.address(version, path)
        return send(method, url, own | {**headers}, body)

    def signed(self, version: str, path: str, body: bytes, key: tuple[str, str]) -> Answer:
        """The answer to a POST signed with AWS credentials."""
        url, own = self.address(version, path)
        request = AWSRequest("POST", url, headers=own | JSON, data=body)
        SigV4Auth(Credentials(*key), "execute-api", REGION).add_auth(request)
        return send("POST", url, dict(request.headers), body)


def send(
    method: str, url: str, headers: Mapping[str, str], body: bytes, timeout: float = 60
) -> Answer:
    """The answer to a request."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=timeout)
    try:
        connection.request(method, parts.path, body, dict(headers))
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, response.read())
    finally:
        connection.close()
