"""A whole release of a project with hostile names, made with secrets in hand: neither does any harm anywhere."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.request
import uuid
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagger
import pytest
from dagger import dag
from slipway.errors import ConfigError
from slipway.registries.base import Registry
from slipway.registries.embedded import EmbeddedRegistry
from slipway.runtime.images import COSIGN
from slipway.runtime.tools import Tools

from ..support.forging import KINDS
from ..support.project import ROOT, Project, dagger_program, last_error, outside_of_sessions
from ..support.releasing import ADVISORY, client_at, tags_of, write_advisories

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]
PASSWORDS = {
    "PASSWORD": "hush-registry-31415",
    "KEY_PASSWORD": "hush-key-27182",
    "PLAN_KEY": b64encode(bytes(range(64))).decode(),
}
BRANCH = "-x;touch${IFS}owned&&$(touch${IFS}owned)"
TAGS = ("--upload-pack=touch${IFS}owned;", "-rf", "v1;$(id)", "`id`")
MESSAGE = (
    "--upload-pack=x\n\n$(touch owned) `touch owned` ; touch owned\n"
    "{{ toJSON }}\n- &a *a\n!!python/object/apply:os.system [touch owned]\n\x1b[31mred"
)
FILES = (
    "-rf",
    "--output=owned",
    "$(touch owned)",
    "a;touch owned;",
    "terraform/stacks/local/-chdir=x",
)


@dataclass(frozen=True)
class Made:
    """A release that `dagger call --progress=plain` made."""

    project: Project
    done: subprocess.CompletedProcess[str]
    dist: Path
    secrets: tuple[str, ...]

    def reference(self, kind: str) -> str:
        """Where an artifact of it is."""
        told = json.loads((self.dist / "release.json").read_text(encoding="utf-8"))
        return str(told[kind])


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    """The embedded registry as people reach it: a module's volumes are not those of a Python client."""
    port = free_port()
    server = subprocess.Popen(
        [
            dagger_program(),
            "--progress=plain",
            "-m",
            str(ROOT),
            "call",
            "registry",
            "up",
            "--ports",
            f"{port}:5050",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=outside_of_sessions(),
        start_new_session=True,  # no signal of one reaches the other
    )
    try:
        end = time.monotonic() + 240
        while not answers(port):
            assert time.monotonic() < end
            assert server.poll() is None
            time.sleep(0.3)
        forward = dagger.PortForward(frontend=5050, backend=port)
        yield EmbeddedRegistry(service=dag.host().service([forward], host="localhost"))
    finally:
        server.terminate()
        server.wait(30)


def answers(port: int) -> bool:
    """Whether a registry is there."""
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/v2/", timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


async def key_pair() -> str:
    """A private key of cosign's, with the password."""
    made = (
        Tools()
        .tool_container(COSIGN)
        .with_env_variable("COSIGN_PASSWORD", PASSWORDS["KEY_PASSWORD"])
        .with_env_variable("FRESH", uuid.uuid4().hex)
        .with_workdir("/keys")
        .with_exec(["cosign", "generate-key-pair"])
    )
    return await made.file("/keys/cosign.key").contents()


def nasty(project: Project) -> None:
    """Files, branch, tags and message with leading dashes and metacharacters of shells and of YAML."""
    for name in FILES:
        (project.folder / name).write_text("x\n", encoding="utf-8")
    project.git("add", "--all")
    project.git("commit", "--quiet", f"--message={MESSAGE}")
    # git itself refuses to make such names, and takes them from whoever made them some other way.
    refs = project.folder / ".git" / "refs"
    commit = project.git("rev-parse", "HEAD")
    for kind, names in (("heads", (BRANCH,)), ("tags", TAGS)):
        for name in names:
            (refs / kind / name).write_text(commit, encoding="utf-8")
    (project.folder / ".git" / "HEAD").write_text(f"ref: refs/heads/{BRANCH}\n", encoding="utf-8")


@pytest.fixture(scope="module")
async def made(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The release."""
    folder = tmp_path_factory.mktemp("hush")
    project = reference.copy(folder / "project").named(f"hush-{uuid.uuid4().hex[:10]}")
    nasty(project)
    key = await key_pair()
    (folder / "cosign.key").write_text(key, encoding="utf-8")
    known = write_advisories(folder / "advisories", ADVISORY)
    done = project.call(
        "--plan-key=env://PLAN_KEY", "--registry-user", "ann", "--registry-password", "env://PASSWORD",
        "release", "--signing-key", f"file://{folder}/cosign.key", "--signing-key-password", "env://KEY_PASSWORD",
        "--advisories", str(known), "dist", "export", "--path", str(folder / "dist"),
        environment=PASSWORDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    login = b64encode(f"ann:{PASSWORDS['PASSWORD']}".encode()).decode()
    lines = [line for line in key.splitlines() if line and not line.startswith("-")]
    return Made(project, done, folder / "dist", (*PASSWORDS.values(), login, *lines))


def test_12_no_secret_is_in_the_log_or_in_the_files_of_a_release(made: Made) -> None:
    printed = {"stdout": made.done.stdout, "stderr": made.done.stderr}
    left = {p.name: p.read_text(encoding="utf-8") for p in made.dist.iterdir()}
    # The log is a whole one, and all is there that a release leaves.
    assert "publish-release" in made.done.stderr
    assert {"release.json", "report.txt", "report.html", "verdicts.sarif", "model.sig"} <= set(left)
    found = {
        (where, s) for where, text in (printed | left).items() for s in made.secrets if s in text
    }
    assert not found


# Everything that a registry holds of some artifacts, unpacked; prints the files in which one of the texts is.
SEARCH = """
import base64, gzip, json, pathlib, re, subprocess, sys
texts, references = json.load(open("/texts.json")), sys.argv[1:]
for number, reference in enumerate(references):
    name, _, digest = reference.partition("@")
    listing = f"{name}:{digest.replace(':', '-')}"
    for place, each in (("artifact", reference), ("listing", listing)):
        subprocess.run(["crane", "pull", "--format=oci", each, f"/pulled/{number}/{place}"], check=True)
payload = re.compile(rb'"payload" *: *"([A-Za-z0-9+/=]+)"')
found = {text: set() for text in texts}
for path in sorted(pathlib.Path("/pulled").rglob("*")):
    if not path.is_file():
        continue
    content = path.read_bytes()
    if content[:2] == b"\\x1f\\x8b":
        content = gzip.decompress(content)
    content += b"".join(base64.b64decode(each) for each in payload.findall(content))
    for text in texts:
        if text.encode() in content:
            found[text].add(path.parts[2] + " " + path.parts[3])
print(json.dumps({text: sorted(places) for text, places in found.items()}))
"""


async def held(registry: Registry, made: Made, texts: tuple[str, ...]) -> dict[str, list[str]]:
    """Where in the registry a text is: artifacts with all layers, and signatures and attestations."""
    client = client_at(registry)
    inside = [registry.internal(made.reference(kind)) for kind in KINDS]
    box = (await registry.connected(client.container())).with_new_file(
        "/texts.json", json.dumps(texts)
    )
    found: dict[str, list[str]] = json.loads(
        await box.with_exec(["python", "-c", SEARCH, *inside]).stdout()
    )
    return found


async def test_12_no_secret_is_in_what_was_published(made: Made, registry: Registry) -> None:
    commit = made.project.git("rev-parse", "HEAD").strip()
    # That the search finds what there is: inside of layers, and inside of signed statements.
    signs = {"class Classifier": "1 artifact", "predicateType": "0 listing", commit: "2 listing"}
    found = await held(registry, made, (*signs, *made.secrets))
    for sign, place in signs.items():
        assert place in found.pop(sign)
    assert {places for each in found.values() for places in each} == set()


async def test_14_names_with_metacharacters_and_leading_dashes(
    made: Made, registry: Registry
) -> None:
    project = made.project
    told = json.loads((made.dist / "release.json").read_text(encoding="utf-8"))
    assert told["commit"] == project.git("rev-parse", "HEAD").strip()
    assert told["dirty"] is False
    assert not list(project.folder.rglob("owned"))
    report = (made.dist / "report.txt").read_text(encoding="utf-8")
    assert "\x1b" not in report
    for word in ("toJSON", "touch owned", "python/object"):
        assert word not in report + json.dumps(told)
    assert len(await tags_of(project, client_at(registry))) == 4


def test_11_a_plan_that_nobody_signed_whom_the_policy_trusts(made: Made) -> None:
    # The policy of the project trusts the embedded key; this release was signed with another one.
    done = made.project.call("apply", "--release", made.reference("release"))
    told = last_error(done)
    assert re.search(r"plan +signed by", told), told
    assert "missing" in told or "no " in told, told


HOSTILE = {
    "name": ("name: screening", "name: '-rf'"),
    "service.folder": ("  folder: service", "  folder: --upload-pack=x"),
    "service.package": ("  package: screening", "  package: '-c'"),
    "service.ready": ("  port: 8080", "  port: 8080\n  ready: '/$(touch owned)'"),
    "model.metric": ("  metric: roc_auc", "  metric: '{{ toJSON }}'"),
    "infrastructure.stack": ("  stack: terraform/stacks/local", "  stack: -chdir=/"),
}


async def test_14_hostile_values_in_slipway_yaml(project: Project) -> None:
    for old, new in HOSTILE.values():
        project.edit("slipway.yaml", old, new)
    with pytest.raises(ConfigError) as caught:
        await project.source()
    missed = [key for key in HOSTILE if f" {key} is the text" not in str(caught.value)]
    assert not missed, str(caught.value)


@pytest.mark.parametrize(
    "value",
    ["'-rf'", "'--exclude=x'", "!!python/object/apply:os.system ['touch owned']", "&a [*a]"],
)
async def test_14_hostile_sources_in_slipway_yaml(project: Project, value: str) -> None:
    project.edit("slipway.yaml", "  sources:\n", f"  sources:\n    - {value}\n")
    with pytest.raises(ConfigError):
        await project.source()
