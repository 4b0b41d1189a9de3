"""Take an ML service from a commit to a signed release: the same functions on a laptop and on any CI.

Start with `dagger call check`, then `dagger call build`; `dagger call release` makes and publishes a whole release.
`dagger call debug --stage NAME terminal` opens a shell in a stage, right before its step, with its files.
"""

from functools import partial
from typing import Annotated

import dagger
from dagger import DefaultPath, Doc, Ignore, dag, function, object_type

from .artifacts import image as images
from .artifacts import model as models
from .artifacts.git import History, open_history
from .artifacts.image import Image
from .artifacts.model import Model
from .artifacts.source import Source, by_content, open_source
from .gates import gate_named, gates_of, required
from .gates.base import BuiltImage, SourceTree, judge, judge_all, require
from .iac import plan as plans
from .iac.plan import Plan
from .iac.state import Keeper
from .pipeline import apply as environments
from .pipeline import release as releases
from .pipeline.debug import Debugger, stage_named
from .pipeline.release import Release, ReleaseJob
from .pipeline.relying_party import RelyingParty
from .pipeline.reproduce import ReproduceJob, reproduce
from .pipeline.verify import ReleaseRefused, VerifiedRelease, verify_release
from .publishing.client import RegistryClient
from .publishing.publisher import Publisher
from .registries.base import embedded_service, open_registry, registry_of
from .report.page import render_record
from .runtime.layout import digest_of
from .runtime.stage import StageRunner
from .runtime.tools import Tools, tools_from
from .runtime.user_errors import telling
from .signers.cosign import Key, Verifier, public_key
from .signers.keyless import Choice
from .verdicts.report import render_text


@object_type
class Slipway:
    """Dagger pipelines from a commit to a signed release of an ML service."""

    tree: Annotated[
        dagger.Directory,
        Doc("The project: a folder with slipway.yaml at its root"),
        DefaultPath("/"),
        Ignore(
            [
                ".git",
                "**/.venv",
                "**/__pycache__",
                "**/.*_cache",
                "**/.hypothesis",
                "dist",
                "ci/sdk",
                ".env",
            ]
        ),
    ]
    git: Annotated[
        dagger.Directory,
        Doc("The project's .git folder: commit, its time, and what differs from it"),
        DefaultPath("/.git"),
    ]
    image_lock: Annotated[
        dagger.File | None,
        Doc('A JSON file with digests for the tool images: {"python": "…@sha256:…"}'),
    ] = None

    state: Annotated[
        dagger.Secret | None,
        Doc("URL of the PostgreSQL database that keeps the infrastructure's state, as env://NAME"),
    ] = None
    plan_key: Annotated[
        dagger.Secret | None,
        Doc("What saved plans are sealed with, 64 bytes in base64; else a generated one"),
    ] = None

    # Cached within a session only: advisories and the day go into its stages, which have a cache of their own.
    @function(cache="session")  # type: ignore[call-overload, untyped-decorator]
    async def check(
        self,
        advisories: Annotated[
            dagger.Directory | None, Doc("A local OSV database; else the public one is asked")
        ] = None,
    ) -> str:
        """Run every gate of the source side by side, and print every verdict.

        Lint, types, unit tests, SAST, secret scan, IaC scan, data validation and known vulnerabilities of
        the dependencies. Fails with every gate that failed.
        """
        with telling():
            source = await self._source()
            tree = SourceTree(source=source, advisories=advisories)
            verdicts = await judge_all(gates_of(SourceTree), tree, StageRunner())
            project = source.project
            require(verdicts, project.gates.not_evaluated, required(project, SourceTree))
            return render_text(verdicts)

    # What train, build and plan give holds folders of this session's client: another session that got them out of
    # the cache could not read on in them ("failed to get snapshot"). Their stages are cached all the same.
    @function(cache="session")  # type: ignore[call-overload, untyped-decorator]
    async def train(self) -> Model:
        """Train the model: its weights, metrics, card and input schema."""
        with telling():
            source = await self._source()
            return await models.train(source, StageRunner(), self._history(source.tools))

    @function(cache="session")  # type: ignore[call-overload, untyped-decorator]
    async def build(self) -> Image:
        """Train, ask the model gate, then make the image that serves exactly that model."""
        with telling():
            return await self._build(StageRunner())

    @function(cache="session")  # type: ignore[call-overload, untyped-decorator]
    async def smoke_test(self) -> str:
        """Start the built image, post real rows to it, and compare its answers with the model's own.

        The rows are those of the held-out data.
        """
        with telling():
            runner = StageRunner()
            image = await self._build(runner)
            source = await self._source()
            built = BuiltImage(source=source, digest=await digest_of(image.layout), image=image)
            verdicts = [await judge(gate_named("smoke-test", BuiltImage), built, runner)]
            require(verdicts, source.project.gates.not_evaluated)
            return render_text(verdicts)

    @function(cache="session")  # type: ignore[call-overload, untyped-decorator]
    async def plan(self) -> Plan:
        """Plan the declared infrastructure stack, and save the plan as an artifact."""
        with telling():
            source = await self._source()
            head = await self._history(source.tools).head()
            return await plans.plan(source, StageRunner(), head, self._keeper())

    @function(cache="never")  # type: ignore[call-overload, untyped-decorator]
    async def release(
        self,
        registry: Annotated[
            str | None, Doc("Where to publish, as host/path; else the embedded registry")
        ] = None,
        username: Annotated[str | None, Doc("Who we are to the registry")] = None,
        password: Annotated[
            dagger.Secret | None, Doc("The registry's password, as env://NAME")
        ] = None,
        registry_service: Annotated[
            dagger.Service | None,
            Doc("The registry as a service only this machine reaches, as tcp://localhost:5000"),
        ] = None,
        key: Annotated[
            dagger.Secret | None,
            Doc("A cosign private key, as file://cosign.key; else a generated one"),
        ] = None,
        key_password: Annotated[
            dagger.Secret | None, Doc("The key's password, as env://NAME")
        ] = None,
        managed_key: Annotated[
            str | None,
            Doc(
                "A key that Vault or a KMS keeps, as cosign names it: hashivault://NAME, awskms://…"
            ),
        ] = None,
        identity: Annotated[
            str | None,
            Doc(
                "Sign by identity, without a key (Fulcio, Rekor): the signer's name in policy.yaml"
            ),
        ] = None,
        signing_credentials: Annotated[
            dagger.Secret | None,
            Doc(
                "For managed-key and identity: lines NAME=value, such as VAULT_TOKEN=…; docs/signing.md"
            ),
        ] = None,
        signing_config: Annotated[
            dagger.File | None,
            Doc("For identity: Sigstore's signing_config.json, which services sign"),
        ] = None,
        trusted_root: Annotated[
            dagger.File | None,
            Doc("For identity: Sigstore's trusted_root.json, which roots to trust"),
        ] = None,
        advisories: Annotated[
            dagger.Directory | None, Doc("A local OSV database; else the public one is asked")
        ] = None,
        builder: Annotated[
            str,
            Doc(
                "Who builds: local, github-actions, gitlab-ci, jenkins, circleci; goes into the provenance"
            ),
        ] = releases.LOCAL,
        allow_dirty: Annotated[
            bool, Doc("Release a tree that differs from its commit; the release says so")
        ] = False,
    ) -> Release:
        """Make, publish, sign and verify a whole release, tagged with the commit.

        Check, train, gate, build, smoke test, SBOM and scan, plan; then push, sign, attest, verify, tag. Refuses a tag
        that exists with another digest.
        """
        with telling():
            source = await self._source()
            history = self._history(source.tools)
            choice = Choice(
                key=key,
                key_password=key_password,
                managed_key=managed_key,
                identity=identity,
                credentials=signing_credentials,
                config=signing_config,
                root=trusted_root,
            )
            policy = await RelyingParty(self.tree).stated() if identity is not None else None
            publisher = Publisher(
                client=RegistryClient(
                    tools=source.tools,
                    registry=open_registry(
                        source.tools, registry, registry_service, username, password
                    ),
                    runner=StageRunner(),
                ),
                signer=choice.signer(policy),
            )
            head, changes = await history.head_and_changes()
            job = ReleaseJob(
                source=source,
                publisher=publisher,
                history=history,
                head=head,
                changes=changes,
                builder=releases.known_builder(builder),
                advisories=advisories,
                keeper=self._keeper(),
            )
            return await releases.release(job, allow_dirty)

    @function(cache="never")  # type: ignore[call-overload, untyped-decorator]
    async def verify(
        self,
        release: Annotated[str, Doc("The release artifact, as registry/repository@sha256:…")],
        environment: Annotated[
            str, Doc("The environment of the policy that the release is to go to")
        ] = "dev",
        policy: Annotated[
            dagger.File | None, Doc("What is asked of it; else the project's policy.yaml")
        ] = None,
        public_key: Annotated[
            dagger.File | None, Doc("The key that the policy calls embedded; else this engine's")
        ] = None,
        trusted_root: Annotated[
            dagger.File | None, Doc("Sigstore's trusted root, for signers that are identities")
        ] = None,
        username: Annotated[str | None, Doc("Who we are to the registry")] = None,
        password: Annotated[
            dagger.Secret | None, Doc("The registry's password, as env://NAME")
        ] = None,
        registry_service: Annotated[
            dagger.Service | None, Doc("The registry as a service only this machine reaches")
        ] = None,
        as_json: Annotated[bool, Doc("Answer in JSON (dagger has a --json of its own)")] = False,
    ) -> str:
        """Pull a release by digest and ask of it everything that the policy asks for an environment.

        Prints a table: what was asked, what was found, by whom, when. Fails unless all of it is there: contents,
        signatures, provenance by a builder of the signer's, bills of materials, and the verdict of each gate.
        """
        with telling():
            tools = await tools_from(self.image_lock)
            client = self._client(tools, release, username, password, registry_service)
            party = RelyingParty(self.tree, policy, public_key, trusted_root)
            try:
                verified = await self._verified(client, release, environment, party)
            except ReleaseRefused as refused:
                raise refused.as_json() if as_json else refused from None
            answer = verified.verification
            return answer.to_json() if as_json else answer.to_text()

    @function(cache="never")  # type: ignore[call-overload, untyped-decorator]
    async def apply(
        self,
        release: Annotated[
            str, Doc("The release whose plan is applied, as registry/repository@sha256:…")
        ],
        environment: Annotated[str, Doc("The environment of the policy")] = "dev",
        policy: Annotated[
            dagger.File | None, Doc("What is asked of it; else the project's policy.yaml")
        ] = None,
        public_key: Annotated[
            dagger.File | None, Doc("The key that the policy calls embedded; else this engine's")
        ] = None,
        trusted_root: Annotated[
            dagger.File | None, Doc("Sigstore's trusted root, for signers that are identities")
        ] = None,
        username: Annotated[str | None, Doc("Who we are to the registry")] = None,
        password: Annotated[
            dagger.Secret | None, Doc("The registry's password, as env://NAME")
        ] = None,
        registry_service: Annotated[
            dagger.Service | None, Doc("The registry as a service only this machine reaches")
        ] = None,
    ) -> str:
        """Apply the saved plan of a release: verified against the policy first, those very bytes, and once.

        Nothing is planned again. Refused for another stack, workspace, tree, version or state than it was planned for,
        for a plan that expired, and for one that was applied already.
        """
        with telling():
            source = await self._source()
            client = self._client(source.tools, release, username, password, registry_service)
            party = RelyingParty(self.tree, policy, public_key, trusted_root)
            verified = await self._verified(client, release, environment, party)
            return await environments.apply(source, self._keeper(), verified, client.runner)

    @function(cache="never")  # type: ignore[call-overload, untyped-decorator]
    async def drift(self) -> str:
        """Compare the infrastructure and its state with the stack; fails with what differs."""
        with telling():
            return await environments.drift(await self._source(), self._keeper(), StageRunner())

    @function(cache="never")  # type: ignore[call-overload, untyped-decorator]
    async def reproduce(
        self,
        release: Annotated[str, Doc("The release artifact, as registry/repository@sha256:…")],
        public_key: Annotated[
            dagger.File | None, Doc("The key to verify with; else the embedded one's")
        ] = None,
        trusted_root: Annotated[
            dagger.File | None, Doc("Sigstore's trusted root, for releases that identities signed")
        ] = None,
        username: Annotated[str | None, Doc("Who we are to the registry")] = None,
        password: Annotated[
            dagger.Secret | None, Doc("The registry's password, as env://NAME")
        ] = None,
        registry_service: Annotated[
            dagger.Service | None, Doc("The registry as a service only this machine reaches")
        ] = None,
    ) -> str:
        """Make a release again from the commit and the tools that its provenance records, and compare.

        Nothing is taken from the cache. Where model, image or plan differ, it fails and names the files in them and how
        they differ. The commit has to be in this repository.
        """
        with telling():
            tools = await tools_from(self.image_lock)
            client = self._client(tools, release, username, password, registry_service)
            job = ReproduceJob(client=client, history=self._history(tools), keeper=self._keeper())
            party = RelyingParty(self.tree, None, public_key, trusted_root)
            return await reproduce(job, release, await self._verifiers(client, party))

    @function
    async def report(
        self,
        release: Annotated[dagger.File, Doc("The release.json that `release` left in dist/")],
    ) -> dagger.File:
        """Draw the page of a release: what was made, what the gates said, where the time went.

        One HTML file that loads nothing: add `export --path report.html` and open it. `release` leaves it in dist/ too.
        """
        with telling():
            page = render_record(await release.contents())
            return dag.directory().with_new_file("report.html", page).file("report.html")

    @function(cache="never")  # type: ignore[call-overload, untyped-decorator]
    async def debug(
        self,
        stage: Annotated[str, Doc("The stage's name, as the report and the error name it")],
    ) -> dagger.Container:
        """The container of a stage right before its step, with its files: add `terminal` for a shell.

        The step's command is in /stage/COMMAND.
        """
        with telling():
            source = await self._source()
            debugger = Debugger(
                source=source, history=self._history(source.tools), keeper=self._keeper()
            )
            found = await stage_named(debugger, stage)
            # Made here and now: left to whoever reads on, its folders would be looked for in the wrong client.
            return await found.prepared().sync()

    @function
    async def registry(self) -> dagger.Service:
        """The embedded registry, which keeps releases between runs: add `up` to reach it at localhost:5050."""
        with telling():
            return embedded_service(await tools_from(self.image_lock))

    async def _source(self) -> Source:
        return await open_source(await by_content(self.tree), await tools_from(self.image_lock))

    def _history(self, tools: Tools) -> History:
        return open_history(tools, self.tree, self.git)

    def _client(
        self,
        tools: Tools,
        reference: str,
        username: str | None,
        password: dagger.Secret | None,
        service: dagger.Service | None,
    ) -> RegistryClient:
        opened = open_registry(tools, None, None, username, password)
        registry = registry_of(reference, opened, service)
        return RegistryClient(tools=tools, registry=registry, runner=StageRunner())

    async def _verified(
        self, client: RegistryClient, release: str, environment: str, party: RelyingParty
    ) -> VerifiedRelease:
        policy = await party.stated()
        place = policy.environment(environment)
        embedded = partial(self._pem, client, party.public_key)
        verifiers = await party.verifiers(policy.signers_of(place), embedded)
        return await verify_release(client, release, policy, place, verifiers)

    async def _verifiers(self, client: RegistryClient, party: RelyingParty) -> list[Verifier]:
        """Everybody who may have signed what is made again: the key, or each signer of the policy."""
        embedded = partial(self._pem, client, party.public_key)
        if party.root is None:
            return [Verifier(pem=await embedded())]
        return list((await party.verifiers((await party.stated()).signers, embedded)).values())

    def _keeper(self) -> Keeper:
        return Keeper(url=self.state, key=self.plan_key)

    async def _build(self, runner: StageRunner) -> Image:
        source = await self._source()
        history = self._history(source.tools)
        head = await history.head()
        model, _ = await releases.train_and_judge(source, history, runner, head.sha)
        return await images.build(source, model, runner, head)

    async def _pem(self, client: RegistryClient, given: dagger.File | None) -> str:
        if given is not None:
            return await given.contents()
        return await public_key(client.tools, Key(), client.runner)
