"""Attacks through what goes in: model files, secrets in the tree, names, dependencies, registries, the policy."""

from __future__ import annotations

import gzip
import json
import pickle
import re
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import dagger
import pytest
from dagger import dag
from slipway import model as models
from slipway.domain.digests import Digest
from slipway.domain.policy import parse
from slipway.domain.verdicts import Status, Verdict, WhenNotEvaluated
from slipway.errors import ConfigError, GateFailed, VerificationError
from slipway.evidence import Gate, image_gates, judge, require, source_gates
from slipway.signing import Trust
from slipway.source import Source, open_source
from slipway.stage import Journal, Stage
from slipway.tools import Tools

from ..pipeline.project import Project, assert_told, last_error
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


def zipped(
    *members: tuple[str, bytes], mode: int = 0o100644, pack: int = zipfile.ZIP_STORED
) -> bytes:
    """A zip, with a mode for each member, as `unzip` would make it on the disk."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", pack) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that stands in it twice
        for name, held in members:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, pack
            archive.writestr(info, held)
    return content.getvalue()


def tarred(kind: bytes, name: str = "weights", link: str = "") -> bytes:
    """A tar with one entry."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, link
        archive.addfile(entry)
    return content.getvalue()


SCHEMA = (
    "schema.json",
    b'{"__class__": "list", "__module__": "builtins", "__loader__": "ListNode"}',
)
ARRAY = (
    b"\x93NUMPY\1\0\x36\0{'descr': '|O', 'fortran_order': False, 'shape': (1,)}".ljust(64) + b"x"
)
ARCHIVES: Mapping[str, bytes] = {
    "traversal.skops": zipped(SCHEMA, ("../../owned.npy", b"x")),
    "absolute.skops": zipped(SCHEMA, ("/owned.npy", b"x")),
    "drive.skops": zipped(SCHEMA, ("C:\\owned.npy", b"x")),
    "link.skops": zipped(SCHEMA, ("link.npy", b"/etc/passwd"), mode=0o120777),
    "device.skops": zipped(SCHEMA, ("device.npy", b""), mode=0o020666),
    "twice.skops": zipped(SCHEMA, SCHEMA),
    "bomb.skops": zipped(SCHEMA, ("bomb.npy", bytes(8 << 20)), pack=zipfile.ZIP_DEFLATED),
    "pickle.skops": zipped(SCHEMA, ("0.pkl", b"x")),
    "objects.skops": zipped(SCHEMA, ("0.npy", ARRAY)),
    "behind.skops": zipped(SCHEMA) + b"PK\3\4 more",
    "traversal.tar": tarred(tarfile.REGTYPE, "../../owned"),
    "link.tar": tarred(tarfile.SYMTYPE, link="/etc/passwd"),
    "hardlink.tar": tarred(tarfile.LNKTYPE, link="../../etc/passwd"),
    "device.tar": tarred(tarfile.CHRTYPE),
}
BAD: Mapping[str, bytes] = {
    "plain.pkl": pickle.dumps(Evil(), 4),
    "frame.pkl": GOOD[:3] + bytes([GOOD[3] + 1]) + GOOD[4:],
    "behind.pkl": GOOD + pickle.dumps(Evil(), 4),
    "packed.pkl": gzip.compress(GOOD),
    "packed.joblib": zlib.compress(GOOD),
    "xz.joblib": lzma.compress(GOOD),
    "bzip2.pickle": bz2.compress(GOOD),
    "torch.pkl": zipped(("archive/data.pkl", GOOD)),
    "torch.pt": zipped(("archive/data.pkl", GOOD)),
    "packed.json.gz": gzip.compress(b"{}"),
    "inside.pkl": pickle.dumps({"a": gzip.compress(GOOD)}, 4),
    "zeros.joblib": gzip.compress(bytes(1 << 24)),
    "nested.pkl": pickle.dumps(pickle.dumps(Evil(), 4), 4),
    "dotted.pkl": b"\x80\x04\x8c\x02os\x8c\x0bpath.system\x93.",
    "model": GOOD,
    "model.bin": GOOD,
    "metrics.json": b"cos\nsystem\n(S'true'\ntR.",
    "weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(64),
    "weights.npy": ARRAY,
    "weights.npz": zipped(("0.npy", ARRAY)),
    "polyglot.skops": pickle.dumps(Evil(), 4) + b"PK\x05\x06" + bytes(18),
    "polyglot.pkl": GOOD + zipped(SCHEMA),
    "renamed.safetensors": pickle.dumps(Evil(), 4),
    "renamed.onnx": pickle.dumps(Evil(), 4),
    **ARCHIVES,
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


IN_FOLDER = """
import os, stat
os.mkdir("/m")
os.symlink("/etc/passwd", "/m/card.md")
os.mkfifo("/m/metrics.json")
os.mknod("/m/device", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
open("/m/extra.so", "w").close()
# A hard link is told by what it leads to, whatever it is called.
os.link("/m/extra.so", "/m/model.skops")
with open("/m/bomb.safetensors", "wb") as sparse:
    sparse.truncate(3 << 30)
"""


async def test_10_links_devices_bombs_and_an_extra_file(source: Source) -> None:
    # Devices do not survive as a folder of the engine, so they are looked at where they are.
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
    container = box.with_exec(["python", "-c", IN_FOLDER])
    stage = Stage(name="model-files", container=container, argv=look)
    found = json.loads((await stage.run(Journal())).stdout)
    assert {each["where"]: each["id"] for each in found} == {
        "bomb.safetensors": "model-file-size",
        "card.md": "model-file-no-file",
        "device": "model-file-no-file",
        "metrics.json": "model-file-no-file",
        "extra.so": "model-file-refused",
        "model.skops": "model-file-refused",
    }


VERIFY = """
import json, os, subprocess, sys
run = "import sys; from model_signing._cli import main; sys.exit(main())"
for extra in ("", "extra.so", ".hidden", "sub/extra.json"):
    if extra:
        os.makedirs(os.path.dirname("/model/" + extra), exist_ok=True)
        open("/model/" + extra, "w").close()
    argv = [sys.executable, "-c", run, "verify", "key", "/model", "--signature", "/model.sig", "--public_key", "/key.pub"]
    done = subprocess.run(argv, capture_output=True, text=True)
    print(json.dumps([done.returncode, done.stdout + done.stderr]))
    if extra:
        os.unlink("/model/" + extra)
"""


async def test_10_an_extra_file_in_a_signed_model() -> None:
    folder = await files({"metrics.json": b"{}", "card.md": b"# A model"})
    nonce = uuid.uuid4().hex
    pem = await public_key(Tools(), Key(), Journal(), nonce)
    stage = signing_folder(Tools(), Key(), folder, nonce)
    assert stage is not None
    signature = (await expect_success(stage, Journal())).file(MODEL_SIGNATURE)
    box = Tools().box(locked="signing").with_file("/model.sig", signature)
    box = box.with_directory("/model", folder).with_new_file("/key.pub", pem)
    told = await box.with_exec(["python", "-c", VERIFY]).stdout()
    honest, *extras = [json.loads(line) for line in told.splitlines()]
    assert honest[0] == 0, honest
    assert len(extras) == 3
    for code, said in extras:
        assert code
        assert "Extra files" in said or "mismatch" in said.lower(), said


async def test_10_what_is_pulled_is_never_unpacked() -> None:
    # Layers that lead out of their folder, signed and all: what is pulled lies there under its digest.
    tar = (tarred(tarfile.REGTYPE, "../../owned") + tarred(tarfile.LNKTYPE, link="/x")).decode()
    forge = Forge()
    artifact = Artifact.of("release", tar)
    repository = forge.repository("release")
    desk = forge.desk()
    trust = Trust(pem=await public_key(Tools(), forge.key, Journal(), desk.nonce))
    subject = Subject(kind="release", layout=artifact.layout(), repository=repository)
    pinned = await desk.publish(subject, Journal())
    found = await gather(desk, "release", pinned, trust, Journal(), [])
    assert found.evidence.signed
    there = {each for each in await found.layout.glob("**") if not each.endswith("/")}
    blobs = {f"blobs/sha256/{name}" for name in artifact.blobs}
    assert there == {"index.json", "oci-layout", *blobs}


async def test_10_a_digest_that_is_a_path() -> None:
    layer = {
        "digest": "sha256:../../../etc/passwd",
        "annotations": {"org.opencontainers.image.title": "x"},
    }
    manifest = json.dumps({"layers": [layer]})
    digest = Digest.of(manifest.encode())
    index = json.dumps({"manifests": [{"digest": str(digest)}]})
    layout = dag.directory().with_new_file("index.json", index)
    layout = layout.with_new_file(f"blobs/sha256/{digest.hex}", manifest)
    with pytest.raises(InvalidReference):
        await blob_titled(layout, "x")


def fake_key() -> str:
    """What trivy takes for a key of a cloud; put together here, or this file would be a finding."""
    return "AKIA" + "QYLPMN5HFIQR7XYA"


async def test_12_a_secret_in_the_tree(source: Source) -> None:
    for path in (
        "service/src/screening/own.py",
        "terraform/stacks/local/own.auto.tfvars",
        ".env.local",
    ):
        own = replace(source, tree=source.tree.with_new_file(path, f"key = '{fake_key()}'\n"))
        gate = next(each for each in source_gates(own, None) if each.stage.name == "secrets")
        verdict = await judge(gate, own, Journal())
        assert verdict.status is Status.FAILED, (path, verdict)
        with pytest.raises(GateFailed):
            require([verdict], WhenNotEvaluated.ALLOW, ["secrets"])


LAYER = """
import gzip, hashlib, io, json, pathlib, sys, tarfile
content = io.BytesIO()
with tarfile.open(fileobj=content, mode="w") as tar:
    entry = tarfile.TarInfo("app/settings.py")
    entry.size = len(sys.argv[1])
    tar.addfile(entry, io.BytesIO(sys.argv[1].encode()))
tar, blobs = content.getvalue(), pathlib.Path("/layout/blobs/sha256")
blobs.mkdir(parents=True)
kind = "application/vnd.oci.image"
def blob(data, media):
    name = hashlib.sha256(data).hexdigest()
    (blobs / name).write_bytes(data)
    return {"mediaType": f"{kind}.{media}", "digest": f"sha256:{name}", "size": len(data)}
rootfs = {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest()]}
config = {"os": "linux", "architecture": "amd64", "config": {}, "rootfs": rootfs}
manifest = {"schemaVersion": 2, "mediaType": f"{kind}.manifest.v1+json",
            "config": blob(json.dumps(config).encode(), "config.v1+json"),
            "layers": [blob(gzip.compress(tar), "layer.v1.tar+gzip")]}
index = {"schemaVersion": 2, "manifests": [blob(json.dumps(manifest).encode(), "manifest.v1+json")]}
pathlib.Path("/layout/index.json").write_text(json.dumps(index))
pathlib.Path("/layout/oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
"""


async def test_12_a_secret_in_a_layer_of_an_image(source: Source) -> None:
    text = f"KEY = '{fake_key()}'\n"
    layout = Tools().python().with_exec(["python", "-c", LAYER, text]).directory("/layout")
    gates = image_gates(source, layout, await digest_of(layout))
    gate = next(each for each in gates if each.stage.name == "image-secrets")
    verdict = await judge(gate, source, Journal())
    assert verdict.status is Status.FAILED, verdict


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
