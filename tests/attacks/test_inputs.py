"""Attacks through what goes in: model files, secrets in the tree, names, dependencies, registries, the policy."""

from __future__ import annotations

import gzip
import json
import pickle
import re
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import dagger
import pytest
from dagger import dag
from slipway import model as models
from slipway.domain.digests import Digest
from slipway.domain.policy import parse
from slipway.domain.verdicts import Status, Verdict, WhenNotEvaluated
from slipway.errors import ConfigError, GateFailed, SlipwayError, VerificationError
from slipway.evidence import Gate, image_gates, judge, require, source_gates
from slipway.registry import Registry
from slipway.signing import Trust
from slipway.source import Source, open_source
from slipway.stage import Journal, Stage
from slipway.tools import Tools

from ..pipeline.project import Project, assert_told, last_error
from ..pipeline.releasing import desk_at, embedded, release_of, tags_of
from .forging import POLICY, Forge

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]


async def looked(stage: Stage, source: Source) -> Verdict:
    """What a gate says of a step."""

    def read(*_: object) -> Verdict:
        raise AssertionError("a scanner that did not end well was believed")

    return await judge(Gate(stage=stage, read=read, tool="scanner"), source, Journal())


BLIND: Mapping[str, tuple[tuple[str, ...], int]] = {
    "missing": (("no-such-scanner", "--scan"), 60),
    "crashes": (("python", "-c", "import os; os.abort()"), 60),
    "times out": (("python", "-c", "import time; time.sleep(60)"), 1),
    "an exit code that nobody knows": (("python", "-c", "raise SystemExit(77)"), 60),
}


async def test_08_a_scanner_that_does_not_end_well_has_not_looked(source: Source) -> None:
    for argv, seconds in BLIND.values():
        stage = Stage(name="scan", container=Tools().python(), argv=argv, seconds=seconds)
        verdict = await looked(stage, source)
        assert verdict.status is Status.NOT_EVALUATED
        with pytest.raises(GateFailed):
            require([verdict], WhenNotEvaluated.ALLOW, ["scan"])
    forge = Forge(scan=verdict)
    await forge.publish()
    assert list(await forge.refusals()) == ["release: gate scan below high"]


async def test_08_a_scanner_that_scans_nothing_has_not_looked(source: Source) -> None:
    nothing = replace(source, tree=dag.directory())
    gate = next(each for each in source_gates(nothing, None) if each.stage.name == "secrets")
    verdict = await judge(gate, nothing, Journal())
    assert verdict.status is Status.NOT_EVALUATED, verdict


async def files(contents: Mapping[str, bytes]) -> dagger.Directory:
    """A model's folder with these files."""
    code = (
        "import base64, json, pathlib\n"
        "pathlib.Path('/m').mkdir()\n"
        "for name, content in json.load(open('/in')).items():\n"
        "    (pathlib.Path('/m') / name).write_bytes(base64.b64decode(content))"
    )
    text = json.dumps({name: b64encode(content).decode() for name, content in contents.items()})
    box = Tools().python().with_new_file("/in", text).with_exec(["python", "-c", code])
    return box.directory("/m")


def globals_allowed(source: Source, *pairs: tuple[str, str]) -> Source:
    """The project with leave for pickles to import these."""
    model = replace(source.project.model, pickle_globals=pairs)
    return replace(source, project=replace(source.project, model=model))


class Evil:
    """Runs a command when it is loaded."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, ("touch /tmp/owned",)


# fickling is suspicious of every call that a pickle makes; what it lets pass names classes and makes nothing of them.
GOOD = pickle.dumps({"a": OrderedDict}, 4)
BAD: Mapping[str, bytes] = {
    "plain.pkl": pickle.dumps(Evil(), 4),
    "frame.pkl": GOOD[:3] + bytes([GOOD[3] + 1]) + GOOD[4:],
    "behind.pkl": GOOD + pickle.dumps(Evil(), 4),
    "packed.pkl": gzip.compress(GOOD),
    "nested.pkl": pickle.dumps(pickle.dumps(Evil(), 4), 4),
    "dotted.pkl": b"\x80\x04\x8c\x02os\x8c\x0bpath.system\x93.",
    "model": GOOD,
    "model.bin": GOOD,
    "metrics.json": b"cos\nsystem\n(S'true'\ntR.",
    "polyglot.skops": pickle.dumps(Evil(), 4) + b"PK\x05\x06" + bytes(18),
}


async def test_09_and_10_files_that_run_code_or_are_not_what_they_say(source: Source) -> None:
    own = globals_allowed(source, ("collections", "OrderedDict"))
    verdict = await models.files_gate(own, await files({**BAD, "good.pkl": GOOD}), Journal())
    assert verdict.status is Status.FAILED
    assert {finding.where for finding in verdict.findings} == set(BAD), [
        f for f in verdict.findings if f.where not in BAD
    ]
    good = await models.files_gate(own, await files({"good.pkl": GOOD}), Journal())
    assert good.status is Status.PASSED, good
    # Without leave not even the harmless one.
    none = await models.files_gate(source, await files({"good.pkl": GOOD}), Journal())
    assert "runs code when it is loaded" in none.summary
    # Leave for something dangerous is not enough: the two scanners say no.
    system = globals_allowed(source, ("posix", "system"), ("os", "system"))
    vetoed = await models.files_gate(
        system, await files({"plain.pkl": BAD["plain.pkl"]}), Journal()
    )
    assert {finding.id for finding in vetoed.findings} == {"veto-picklescan", "veto-fickling"}


async def test_10_links_devices_and_an_extra_file(source: Source) -> None:
    code = (
        "import os; os.mkdir('/m'); os.symlink('/etc/passwd', '/m/card.md'); "
        "os.mkfifo('/m/metrics.json'); open('/m/extra.so', 'w').close()"
    )
    # A fifo does not survive as a folder of the engine, so it is looked at where it is.
    box = models.examining(source, dag.directory()).container.without_mount(models.OUT)
    look = (
        "python",
        "-m",
        "slipway.inside.model_files",
        "--folder",
        "/m",
        "--rules",
        "/rules.json",
    )
    container = box.with_exec(["python", "-c", code])
    stage = Stage(name="model-files", container=container, argv=look)
    found = json.loads((await stage.run(Journal())).stdout)
    assert {each["where"]: each["id"] for each in found} == {
        "card.md": "model-file-no-file",
        "metrics.json": "model-file-no-file",
        "extra.so": "model-file-refused",
    }


def fake_key() -> str:
    """What trivy takes for a key of a cloud; put together here, or this file would be a finding."""
    return "AKIA" + "QYLPMN5HFIQR7XYA"


async def test_12_a_secret_in_the_environment_of_an_image(source: Source) -> None:
    variables = [f"AWS_ACCESS_KEY_ID={fake_key()}"]
    config = {"os": "linux", "architecture": "amd64", "config": {"Env": variables}}
    layout, digest = image_of({**config, "rootfs": {"type": "layers", "diff_ids": []}})
    gates = image_gates(source, layout, str(digest))
    gate = next(each for each in gates if each.stage.name == "image-secrets")
    verdict = await judge(gate, source, Journal())
    assert verdict.status is Status.FAILED, verdict


def image_of(config: object) -> tuple[dagger.Directory, Digest]:
    """An image without layers and with this configuration, as an OCI layout."""
    kind = "application/vnd.oci.image"
    text = json.dumps(config)
    inner = Digest.of(text.encode())
    described = {"mediaType": f"{kind}.config.v1+json", "digest": str(inner), "size": len(text)}
    whole = {"schemaVersion": 2, "mediaType": f"{kind}.manifest.v1+json"}
    manifest = json.dumps({**whole, "config": described, "layers": []})
    outer = Digest.of(manifest.encode())
    entry = {"mediaType": whole["mediaType"], "digest": str(outer), "size": len(manifest)}
    index = json.dumps({"schemaVersion": 2, "manifests": [entry]})
    folder = dag.directory().with_new_file("oci-layout", '{"imageLayoutVersion":"1.0.0"}')
    folder = folder.with_new_file("index.json", index)
    folder = folder.with_new_file(f"blobs/sha256/{inner.hex}", text)
    return folder.with_new_file(f"blobs/sha256/{outer.hex}", manifest), outer


def test_12_secrets_are_in_nothing_that_is_printed(
    project: Project, fresh: Callable[[str], str]
) -> None:
    project.named(fresh("hush"))
    secrets = {"PASSWORD": "hush-registry-31415", "PLAN_KEY": b64encode(bytes(range(64))).decode()}
    done = project.call(
        "--plan-key=env://PLAN_KEY", "release", "--registry", "localhost:1/nowhere", "--username", "ann",
        "--password", "env://PASSWORD", "report", environment=secrets,
    )  # fmt: skip
    assert done.returncode != 0
    for secret in secrets.values():
        assert secret not in done.stdout + done.stderr


NASTY = (
    "$(touch /tmp/owned) `id` ; rm -rf / \n\n--upload-pack=x\n{{ toJSON }}\n- &a *a\n\x1b[31mred"
)


async def test_14_names_with_metacharacters(project: Project, fresh: Callable[[str], str]) -> None:
    project.named(fresh("nasty"))
    project.git("checkout", "--quiet", "-b", "a;touch${IFS}owned&&$(id)")
    project.git("commit", "--quiet", "--allow-empty", "--message", NASTY)
    project.git("tag", "v1;$(id)")
    desk = desk_at(embedded())
    made, run = await release_of(project, desk)
    assert run.head.sha == project.git("rev-parse", "HEAD").strip()
    assert not (project.folder / "owned").exists()
    assert "\x1b" not in made.report
    assert "toJSON" not in made.json
    assert len(await tags_of(project, desk_at(embedded()))) == 4


@pytest.mark.parametrize("change", ["unpinned", "unhashed", "another hash"])
async def test_15_a_dependency_that_is_not_what_was_locked(source: Source, change: str) -> None:
    lock = await source.service.file("requirements.lock").contents()
    changed = {
        "unpinned": re.sub(r"^click==[^ ]+", "click>=8", lock, count=1, flags=re.MULTILINE),
        "unhashed": lock + "\nsix==1.17.0\n",
        "another hash": re.sub(
            r"(click==.*\n(?: +--hash=sha256:)).{8}", r"\g<1>00000000", lock, count=1
        ),
    }[change]
    assert changed != lock
    if change == "another hash":
        # All hashes of one package: pip is content with any of them.
        entry = re.compile(r"^click==.*\n(?: +--hash=.*\n)+", re.MULTILINE)
        changed = entry.sub(lambda found: re.sub(r"sha256:.{8}", "sha256:00000000", found[0]), lock)
    path = f"{source.project.service.folder}/requirements.lock"
    bad = await open_source(source.tree.with_new_file(path, changed), source.tools)
    with pytest.raises(dagger.ExecError) as caught:
        await bad.dependencies().sync()
    said = caught.value.stderr.lower()
    assert "hash" in said or "pinned" in said


EVIL_REGISTRY = """
import http.server, json, sys
MODE = sys.argv[1]
KIND = "application/vnd.oci.image.manifest.v1+json"
LAYER = {"digest": "sha256:" + "0" * 64, "size": 1}
MANIFEST = {"schemaVersion": 2, "mediaType": KIND, "config": {}, "layers": [LAYER]}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.do_GET()
    def do_GET(self):
        if self.path == "/v2/":
            self.answer(200, b"{}")
        elif MODE == "redirect":
            self.send_response(307)
            self.send_header("Location", "http://other.invalid" + self.path)
            self.end_headers()
        elif MODE == "oversized":
            self.answer(200, b"[" + b" " * (64 << 20) + b"]")
        else:
            self.answer(200, json.dumps(MANIFEST).encode())
    def answer(self, code, content):
        self.send_response(code)
        self.send_header("Content-Type", KIND)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)
http.server.ThreadingHTTPServer(("", 5000), Handler).serve_forever()
"""


@pytest.mark.parametrize("mode", ["redirect", "oversized", "mismatch"])
async def test_16_a_registry_that_lies(mode: str) -> None:
    service = (
        Tools()
        .python()
        .with_new_file("/evil.py", EVIL_REGISTRY)
        .with_exposed_port(5000)
        .as_service(args=["python", "/evil.py", mode])
    )
    registry = Registry(address="localhost:5000/x", service=service)
    forge = Forge(registry=registry)
    reference = f"localhost:5000/x/release@sha256:{'a' * 64}"
    with pytest.raises(SlipwayError) as caught:
        await forge.verify(reference)
    assert_told(str(caught.value), "localhost:5000", sentences=3)


def test_17_an_empty_key_an_empty_policy_and_an_identity_that_matches_all(
    project: Project, tmp_path: Path
) -> None:
    release = f"localhost:5050/x/release@sha256:{'a' * 64}"
    empty = tmp_path / "empty"
    empty.write_text("", encoding="utf-8")
    done = project.call("verify", "--release", release, "--policy", str(empty))
    assert_told(last_error(done), "--policy", sentences=4)
    done = project.call("verify", "--release", release, "--public-key", str(empty))
    assert_told(last_error(done), "the key is empty", "--public-key")
    wide = tmp_path / "wide.yaml"
    signer = '{name: developer, identity: ".*", issuer: ".*", builders: [".*"]}'
    wide.write_text(re.sub(r"\{name: developer,.*\}", signer, POLICY), encoding="utf-8")
    done = project.call("verify", "--release", release, "--policy", str(wide))
    assert "patterns match more than one means" in last_error(done)
    with pytest.raises(VerificationError, match="the key is empty"):
        Trust(pem=" \n")
    with pytest.raises(ConfigError):
        parse("")
