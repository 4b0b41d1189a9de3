"""Attacks through a model's files: pickles, containers, archives that lead out, files that nobody signed."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import uuid
import warnings
import zipfile
import zlib
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

import dagger
import pytest
from dagger import dag
from slipway.artifacts.model import trained
from slipway.artifacts.source import Source
from slipway.errors import InvalidReference
from slipway.gates import gate_named
from slipway.gates.base import TrainedModel, judge
from slipway.gates.model_files import model_files_stage
from slipway.oci.digests import Digest
from slipway.publishing.publisher import Subject
from slipway.runtime.layout import blob_titled
from slipway.runtime.stage import Input, Stage, StageRunner
from slipway.runtime.tools import NOBODY, Tools
from slipway.signers.key import KeySigner, public_key
from slipway.signers.model_signing import MODEL_SIGNATURE, sign_model_stage
from slipway.signers.verifier import Verifier
from slipway.verdicts.verdict import Status, Verdict

from ..support.forging import Artifact, Forge

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]


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


async def judged(source: Source, folder: dagger.Directory) -> Verdict:
    """What the gate of model files concludes."""
    subject = TrainedModel(source=source, files=trained(folder, owner=NOBODY))
    return await judge(gate_named("model-files", TrainedModel), subject, StageRunner())


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


def array(numbers: int = 1, kind: str = "<f8") -> bytes:
    """An array as numpy writes it."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({numbers},), }}"
    padded = header.ljust(128 - 10 - 1) + "\n"
    return (
        b"\x93NUMPY\1\0" + len(padded).to_bytes(2, "little") + padded.encode() + bytes(8 * numbers)
    )


ARRAY, OBJECTS = array(), array(kind="|O")
# With which nothing is wrong: what is wrong with each of the others is the one thing that it is called after.
PLAIN = zipped(SCHEMA, ("0.npy", ARRAY))
ARCHIVES: Mapping[str, bytes] = {
    "traversal.skops": zipped(SCHEMA, ("../../owned.npy", ARRAY)),
    "absolute.skops": zipped(SCHEMA, ("/owned.npy", ARRAY)),
    "drive.skops": zipped(SCHEMA, ("C:\\owned.npy", ARRAY)),
    "link.skops": zipped(SCHEMA, ("link.npy", ARRAY), mode=0o120777),
    "device.skops": zipped(SCHEMA, ("device.npy", ARRAY), mode=0o020666),
    "twice.skops": zipped(SCHEMA, SCHEMA),
    "bomb.skops": zipped(SCHEMA, ("bomb.npy", array(1 << 20)), pack=zipfile.ZIP_DEFLATED),
    "pickle.skops": zipped(SCHEMA, ("0.pkl", b"x")),
    "objects.skops": zipped(SCHEMA, ("0.npy", OBJECTS)),
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
    "packed.pkl": gzip.compress(GOOD, mtime=0),
    "packed.joblib": zlib.compress(GOOD),
    "xz.joblib": lzma.compress(GOOD),
    "bzip2.pickle": bz2.compress(GOOD),
    "torch.pkl": zipped(("archive/data.pkl", GOOD)),
    "torch.pt": zipped(("archive/data.pkl", GOOD)),
    "packed.json.gz": gzip.compress(b"{}", mtime=0),
    "inside.pkl": pickle.dumps({"a": gzip.compress(GOOD, mtime=0)}, 4),
    "zeros.joblib": gzip.compress(bytes(1 << 24), mtime=0),
    "nested.pkl": pickle.dumps(pickle.dumps(Evil(), 4), 4),
    "dotted.pkl": b"\x80\x04\x8c\x02os\x8c\x0bpath.system\x93.",
    "model": GOOD,
    "model.bin": GOOD,
    "metrics.json": b"cos\nsystem\n(S'true'\ntR.",
    "weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(64),
    "weights.npy": OBJECTS,
    "weights.npz": zipped(("0.npy", OBJECTS)),
    "polyglot.skops": pickle.dumps(Evil(), 4) + b"PK\x05\x06" + bytes(18),
    "polyglot.pkl": GOOD + zipped(SCHEMA),
    "renamed.safetensors": pickle.dumps(Evil(), 4),
    "renamed.onnx": pickle.dumps(Evil(), 4),
    **ARCHIVES,
}


async def test_09_and_10_files_that_run_code_or_are_not_what_they_say(source: Source) -> None:
    own = globals_allowed(source, ("collections", "OrderedDict"))
    honest = {"good.pkl": GOOD, "good.skops": PLAIN}
    verdict = await judged(own, await files({**BAD, **honest}))
    assert verdict.status is Status.FAILED
    assert {finding.where for finding in verdict.findings} == set(BAD), [
        f for f in verdict.findings if f.where not in BAD
    ]
    # Each by our own reader: no scanner behind it has to be asked.
    assert {finding.id for finding in verdict.findings} == {"model-file-refused"}
    good = await judged(own, await files({"good.pkl": GOOD}))
    assert good.status is Status.PASSED, good
    # Without leave not even the harmless one.
    none = await judged(source, await files({"good.pkl": GOOD}))
    assert "runs code when it is loaded" in none.summary
    # Leave for something dangerous is not enough: the two scanners say no.
    system = globals_allowed(source, ("posix", "system"), ("os", "system"))
    vetoed = await judged(system, await files({"plain.pkl": BAD["plain.pkl"]}))
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
    subject = TrainedModel(source=source, files=trained(dag.directory()))
    box = model_files_stage(subject).container
    look = (
        "python",
        "-m",
        "slipway.steps.model_files",
        "--folder",
        "/m",
        "--rules",
        "/rules.json",
    )
    container = box.with_exec(["python", "-c", IN_FOLDER])
    stage = Stage(name="model-files", container=container, argv=look)
    found = json.loads((await StageRunner().run(stage)).stdout)["findings"]
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
    argv = [sys.executable, "-c", run, "verify", "key", "/model"]
    argv += ["--signature", "/model.sig", "--public_key", "/key.pub"]
    done = subprocess.run(argv, capture_output=True, text=True)
    print(json.dumps([done.returncode, done.stdout + done.stderr]))
    if extra:
        os.unlink("/model/" + extra)
"""


async def test_10_an_extra_file_in_a_signed_model() -> None:
    folder = await files({"metrics.json": b"{}", "card.md": b"# A model"})
    pem = await public_key(Tools(), KeySigner(), StageRunner())
    model = Input(path="/model", content=folder)
    stage = sign_model_stage(Tools(), KeySigner(), model, uuid.uuid4().hex)
    assert stage is not None
    signature = (await StageRunner().run_to_success(stage)).file(MODEL_SIGNATURE)
    box = Tools().tool_container(locked="signing").with_file("/model.sig", signature)
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
    verifier = Verifier(pem=await public_key(Tools(), forge.key, StageRunner()))
    subject = Subject(kind="release", layout=artifact.layout(), repository=repository)
    pinned = await forge.publisher().publish(subject)
    found = await forge.client().pull("release", pinned, verifier, types=[])
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
