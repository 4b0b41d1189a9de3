"""Look at a release from outside: stock cosign, crane and runc, schemas, and none of our own code.

    python -m tests.tools.outside dist

Serves the embedded registry on this machine, verifies the four artifacts and their attestations with the published key,
checks the statements by the code of their specifications, and runs the image as its user on a read-only root file
system, where it has to answer.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

KINDS = ("release", "model", "image", "plan")
TOOLS = {
    "crane": ("gcr.io/go-containerregistry/crane:v0.22.1", "/ko-app/crane"),
    "cosign": ("ghcr.io/sigstore/cosign/cosign:v3.1.3", "/ko-app/cosign"),
}
# Each type of attestation by cosign's name for it, and which artifacts have it.
ATTESTED = {
    "slsaprovenance1": ("model", "image", "plan"),
    "cyclonedx": ("model", "image"),
    "tag:slipway,2026:verdicts/v1": KINDS,
    "tag:slipway,2026:plan/v1": ("plan",),
}
V01, V1 = "https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"
EMPTY_ROOT = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'
# A port of its own: two releases are never looked at at once, but a person's service may hold 8080.
PORT = "18080"


def run(argv: Sequence[str | Path]) -> str:
    """Run a command; return its standard output. What it reports is shown where it fails."""
    done = subprocess.run(
        [str(word) for word in argv], capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        sys.exit(f"{' '.join(str(word) for word in argv)[:200]}: {done.stderr[-2000:]}")
    return done.stdout


def fetch_tools(folder: Path) -> dict[str, Path]:
    """The stock tools, out of their own images."""
    for name, (image, path) in TOOLS.items():
        run(
            [
                *("dagger", "core", "container", "from", "--address", image),
                *("file", "--path", path, "export", "--path", folder / name),
            ]
        )
        (folder / name).chmod(0o755)
    return {name: folder / name for name in TOOLS}


@contextmanager
def registry() -> Iterator[None]:
    """The embedded registry at localhost:5050."""
    server = subprocess.Popen(
        ["dagger", "--progress=plain", "call", "registry", "up", "--ports", "5050:5050"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        answer("http://localhost:5050/v2/", seconds=120)
        yield
    finally:
        server.terminate()
        server.wait(30)


def answer(url: str, *, seconds: float, body: object = None) -> object:
    """What a URL answers, waiting until it does."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})  # noqa: S310
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310
                return json.loads(reply.read() or b"null")
        except OSError as error:
            if time.monotonic() > end:
                sys.exit(f"{url} does not answer within {seconds:g} s: {error}")
            time.sleep(0.3)


def verify(tools: dict[str, Path], dist: Path, references: dict[str, str], folder: Path) -> None:
    """Check content and signature of each artifact with the stock tools."""
    root = folder / "trusted-root.json"
    root.write_text(EMPTY_ROOT)
    for kind, reference in references.items():
        digest = run([tools["crane"], "digest", reference]).strip()
        if not reference.endswith(f"@{digest}"):
            sys.exit(f"{kind}: the registry holds {digest}, release.json says {reference}")
        common: list[str | Path] = [
            "--key",
            dist / "cosign.pub",
            "--trusted-root",
            root,
            "--insecure-ignore-tlog",
        ]
        signed = run([tools["cosign"], "verify", *common, "--output=json", reference])
        types = {entry["critical"]["type"] for entry in json.loads(signed)}
        if "https://sigstore.dev/cosign/sign/v1" not in types:
            sys.exit(f"{kind}: no signature among {types}")
        print(f"{kind}: {reference} is there, and cosign verifies its signature")
        for name, kinds in ATTESTED.items():
            if kind not in kinds:
                continue
            command = [tools["cosign"], "verify-attestation", *common, "--type", name, reference]
            for line in run(command).splitlines():
                conforms(name, json.loads(base64.b64decode(json.loads(line)["payload"])), kind)
            print(f"{kind}: cosign verifies {name}, and its schema does")


def model_folder(tools: dict[str, Path], dist: Path, reference: str, folder: Path) -> None:
    """Verify the model's files by model_signing alone, and see that it misses a file that nobody signed."""
    model = folder / "model"
    model.mkdir()
    manifest = json.loads(run([tools["crane"], "manifest", reference]))
    for layer in manifest["layers"]:
        name = layer["annotations"]["org.opencontainers.image.title"]
        blob = f"{reference.partition('@')[0]}@{layer['digest']}"
        content = subprocess.run([tools["crane"], "blob", blob], capture_output=True, check=True)
        (model / name).write_bytes(content.stdout)
    program = Path(sys.executable).with_name("model_signing")
    verify: list[str | Path] = [program, "verify", "key", model, "--signature", dist / "model.sig"]
    verify += ["--public_key", dist / "cosign.pub"]
    run(verify)
    (model / "extra.so").touch()
    if subprocess.run(verify, capture_output=True, check=False).returncode == 0:
        sys.exit("model_signing does not mind a file that nobody signed")
    print("model: model_signing verifies its folder, and refuses one with a file more")


def conforms(name: str, statement: dict[str, Any], kind: str) -> None:
    """End where a statement is not what its specification says: in-toto's, SLSA's and CycloneDX's own checkers."""
    # cosign 3.1 writes the header of in-toto 0.1, whose fields are the same; the checker knows that of 1.0 only.
    if statement["_type"] not in (V01, V1):
        sys.exit(f"{kind}: {statement['_type']} is no statement of in-toto")
    message = json_format.ParseDict({**statement, "_type": V1}, statement_pb2.Statement())
    Statement.copy_from_pb(message).validate()
    predicate = statement["predicate"]
    if name == "slsaprovenance1":
        json_format.ParseDict(predicate, provenance_pb2.Provenance())
    if name == "cyclonedx":
        version = SchemaVersion.from_version(predicate["specVersion"])
        wrong = JsonStrictValidator(version).validate_str(json.dumps(predicate))
        if wrong is not None:
            sys.exit(f"{kind}: the bill of materials is not valid CycloneDX: {wrong}")


def bundle(tools: dict[str, Path], reference: str, folder: Path) -> None:
    """An OCI runtime bundle of the image: its file system, read-only, and its own user and command."""
    rootfs = folder / "rootfs"
    rootfs.mkdir(parents=True)
    run([tools["crane"], "export", reference, folder / "image.tar"])
    run(["tar", "-xf", folder / "image.tar", "-C", rootfs])
    config = json.loads(run([tools["crane"], "config", reference]))["config"]
    run(["runc", "spec", "--bundle", folder])
    spec = json.loads((folder / "config.json").read_text())
    user, group = (int(number) for number in config["User"].split(":"))
    spec["process"].update(
        terminal=False,
        user={"uid": user, "gid": group},
        args=config["Entrypoint"],
        env=[*(e for e in config["Env"] if not e.startswith("PORT=")), f"PORT={PORT}"],
        cwd=config.get("WorkingDir") or "/",
    )
    spec["root"] = {"path": "rootfs", "readonly": True}
    # The host's network, so that this program can ask it; no limits that this machine may not set.
    spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] != "network"]
    spec["process"].pop("rlimits", None)
    spec["mounts"] = [m for m in spec["mounts"] if m["type"] != "sysfs"]
    (folder / "config.json").write_text(json.dumps(spec))


def serve(folder: Path, dist: Path) -> None:
    """Run the bundle, ask it, and stop it gracefully."""
    name = f"slipway-outside-{os.getpid()}"
    log = (folder / "service.log").open("w")
    server = subprocess.Popen(["runc", "run", "--bundle", str(folder), name], stdout=log)
    try:
        answer(f"http://localhost:{PORT}/readyz", seconds=60)
        model = answer(f"http://localhost:{PORT}/model", seconds=5)
        commit = json.loads((dist / "release.json").read_text())["commit"]
        if not isinstance(model, dict) or model.get("commit") != commit:
            sys.exit(f"/model answers {model}, release.json says commit {commit}")
        print(f"image: runs as its user on a read-only root, and serves the model of {commit}")
    finally:
        subprocess.run(["runc", "kill", name, "TERM"], check=False)
        code = server.wait(30)
    if code != 0:
        sys.exit(f"the service ended with exit code {code} when asked to stop")
    print("image: stops when asked to")


def main(arguments: Sequence[str]) -> int:
    """Command line of this program; see the text of the module."""
    dist = Path(arguments[0])
    said = json.loads((dist / "release.json").read_text())
    references = {kind: said[kind] for kind in KINDS}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        tools = fetch_tools(folder)
        with registry():
            verify(tools, dist, references, folder)
            model_folder(tools, dist, references["model"], folder)
            bundle(tools, references["image"], folder / "bundle")
        serve(folder / "bundle", dist)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
