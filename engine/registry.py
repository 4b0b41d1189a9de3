"""The mirror: a plain OCI registry on 127.0.0.1 that serves the stand-ins."""

from __future__ import annotations

import http.client
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from engine.errors import EngineError
from engine.layers import Layer
from engine.paths import PORT, Settings
from engine.process import Daemon

MANIFEST = "application/vnd.oci.image.manifest.v1+json"

CONFIG = """\
version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: {data}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:{port}
"""


def daemon(settings: Settings) -> Daemon:
    """Name the registry's process."""
    return Daemon(
        "The mirror registry", settings.run / "registry.json", settings.logs / "registry.log"
    )


def start(settings: Settings, program: Path) -> bool:
    """Have the registry running; tell whether it had to be started."""
    process = daemon(settings)
    if process.running() and answers(settings.port):
        return False
    process.stop()
    if taken(settings.port):
        raise EngineError(
            f"Port {settings.port} of 127.0.0.1 is taken by another program (see `ss -ltnp`). "
            f"Stop it, or choose another: {PORT}=5299 python3 -m engine up."
        )
    config = settings.run / "registry.yml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(CONFIG.format(data=settings.registry, port=settings.port))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("REGISTRY_")}
    process.start([str(program), "serve", str(config)], environment)
    _wait(process, settings.port)
    return True


def _wait(process: Daemon, port: int) -> None:
    until = time.monotonic() + 15
    while not answers(port):
        if process.running() is None or time.monotonic() > until:
            raise EngineError(f"{process.name} did not start:\n{process.last_words()}")
        time.sleep(0.05)


def taken(port: int) -> bool:
    """Does anything listen on this port?"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def answers(port: int) -> bool:
    """Does a registry answer on this port?"""
    try:
        return _request(port, "GET", "/v2/")[0] == 200
    except OSError:
        return False


def has(port: int, repository: str, digest: str) -> bool:
    """Does the registry hold this manifest, under this repository?"""
    path = f"/v2/{repository}/manifests/{digest}"
    return _request(port, "HEAD", path, headers={"Accept": MANIFEST})[0] == 200


def push_blob(port: int, repository: str, digest: str, data: bytes) -> None:
    """Put some bytes into a repository, unless they are there."""
    if not _has_blob(port, repository, digest):
        location = _begin(port, repository)
        _put(port, _completed(location, digest), data, len(data))


def push_layer(port: int, repository: str, layer: Layer) -> None:
    """Put a layer's file into a repository, unless it is there."""
    if not _has_blob(port, repository, layer.digest):
        location = _begin(port, repository)
        with layer.path.open("rb") as file:
            _put(port, _completed(location, layer.digest), file, layer.size)


def push_manifest(port: int, repository: str, tag: str, manifest: bytes) -> None:
    """Publish an image under its tag."""
    path = f"/v2/{repository}/manifests/{tag}"
    status, text = _request(port, "PUT", path, manifest, {"Content-Type": MANIFEST})[:2]
    _expect(status, 201, f"PUT {path}", text)


def clear(settings: Settings) -> None:
    """Remove everything that the registry holds; it has to be stopped."""
    shutil.rmtree(settings.registry, ignore_errors=True)


def _has_blob(port: int, repository: str, digest: str) -> bool:
    return _request(port, "HEAD", f"/v2/{repository}/blobs/{digest}")[0] == 200


def _begin(port: int, repository: str) -> str:
    path = f"/v2/{repository}/blobs/uploads/"
    status, text, headers = _request(port, "POST", path)
    _expect(status, 202, f"POST {path}", text)
    location = headers["location"]
    return location[location.index("/v2/") :]


def _completed(location: str, digest: str) -> str:
    return f"{location}{'&' if '?' in location else '?'}digest={digest}"


def _put(port: int, path: str, body: object, size: int) -> None:
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    status, text = _request(port, "PUT", path, body, headers)[:2]
    _expect(status, 201, f"PUT {path.partition('?')[0]}", text)


def _expect(status: int, wanted: int, request: str, text: bytes) -> None:
    if status != wanted:
        raise EngineError(
            f"The mirror registry refused {request}: {status} {text.decode(errors='replace')[:300]}"
        )


def _request(
    port: int, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request(method, path, body, dict(headers or {}))  # type: ignore[arg-type]
        response = connection.getresponse()
        fields = {key.lower(): value for key, value in response.getheaders()}
        return response.status, response.read(), fields
    finally:
        connection.close()
