"""Take an ML service from a commit to a signed release: the same functions on a laptop and on any CI.

Start with `dagger call check`, then `dagger call build`; `dagger call release` makes and publishes a whole release.
`dagger call debug --stage NAME terminal` opens a shell in a stage, right before its step, with its files.
"""

import dagger
from dagger import dag, function, object_type

from . import options
from .artifacts.git import History, open_history
from .artifacts.image import Image
from .artifacts.model import Model, train_model
from .artifacts.source import Source, by_content, open_source
from .gates import gate_named, gates_of, required
from .gates.base import BuiltImage, SourceTree, judge, judge_all, require
from .iac import engine_names
from .iac.plan import Plan, plan_stack
from .iac.state import StateBackend
from .pipeline.apply import apply_plan, find_drift
from .pipeline.build import build_release_image
from .pipeline.catalogue import catalogue
from .pipeline.debug import Debugger, stage_named
from .pipeline.dist import Release
from .pipeline.job import ReleaseJob, known_builder
from .pipeline.release import make_release
from .pipeline.relying_party import RelyingParty, verify_release_for
from .pipeline.reproduce import ReproduceJob, reproduce_release
from .pipeline.verify import ReleaseRefused
from .publishing.client import RegistryClient
from .publishing.publisher import Publisher
from .registries import embedded_service, open_registry, registry_of
from .report.page import render_record
from .runtime.layout import digest_of
from .runtime.stage import StageRunner
from .runtime.tools import Tools, tools_from
from .runtime.user_errors import user_errors
from .signers import choose_signer
from .signers.base import SigningOptions
from .verdicts.report import render_text


@object_type
class Slipway:
    """Dagger pipelines from a commit to a signed release of an ML service."""

    # Each is asked once here and not by every function; options.py says what they are.
    project_tree: options.ProjectTree
    git_dir: options.GitDir
    image_lock: options.ImageLock = None
    registry_address: options.RegistryAddress = None
    registry_user: options.RegistryUser = None
    registry_password: options.RegistryPassword = None
    registry_service: options.RegistryService = None
    policy_file: options.PolicyFile = None
    public_key: options.PublicKey = None
    trusted_root: options.TrustedRoot = None
    state_backend: options.StateBackendUrl = None
    plan_key: options.PlanKey = None

    # Cached within a session only: advisories and the day go into its stages, which have a cache of their own.
    @function(cache="session")  # type: ignore[call-overload, untyped-decorator]
    async def check(self, advisories: options.Advisories = None) -> str:
        """Run every gate of the source side by side, and print every verdict.

        Lint, types, unit tests, SAST, secrets, infrastructure settings, data validation, and known vulnerabilities of
        the dependencies. Fails with every gate that failed.
        """
        with user_errors():
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
        """Train the model: weights, metrics, card and input schema."""
        with user_errors():
            source = await self._source()
            return await train_model(source, StageRunner(), self._history(source.tools))

    @function(cache="session")  # type: ignore[call-overload, untyped-decorator]
    async def build(self) -> Image:
        """Train, run the gates of the model, then build the image that serves exactly that model."""
        with user_errors():
            return await self._build(await self._source(), StageRunner())

    @function(cache="session")  # type: ignore[call-overload, untyped-decorator]
    async def smoke_test(self) -> str:
        """Start the built image, post held-out rows to it, and compare its answers with the model's own."""
        with user_errors():
            source, runner = await self._source(), StageRunner()
            image = await self._build(source, runner)
            built = BuiltImage(source=source, digest=await digest_of(image.layout), image=image)
            verdicts = [await judge(gate_named("smoke-test", BuiltImage), built, runner)]
            require(verdicts, source.project.gates.not_evaluated)
            return render_text(verdicts)

    @function(cache="session")  # type: ignore[call-overload, untyped-decorator]
    async def plan(self) -> Plan:
        """Plan the declared infrastructure stack, and save the plan as an artifact."""
        with user_errors():
            source = await self._source()
            head = await self._history(source.tools).head()
            return await plan_stack(source, StageRunner(), head, self._state())

    @function(cache="never")  # type: ignore[call-overload, untyped-decorator]
    async def release(
        self,
        signing_key: options.SigningKey = None,
        signing_key_password: options.SigningKeyPassword = None,
        managed_key: options.ManagedKey = None,
        signing_identity: options.SigningIdentity = None,
        signing_credentials: options.SigningCredentials = None,
        signing_config: options.SigningConfig = None,
        advisories: options.Advisories = None,
        builder_name: options.BuilderName = options.LOCAL,
        allow_dirty: options.AllowDirty = False,
    ) -> Release:
        """Make, publish, sign and verify a whole release, tagged with the commit.

        Check, train, build, test, scan, plan; then push, sign, attest, verify, and tag last of all. Refuses a tag that
        exists with another digest.
        """
        with user_errors():
            source = await self._source()
            history = self._history(source.tools)
            signing = SigningOptions(
                signing_key=signing_key,
                signing_key_password=signing_key_password,
                managed_key=managed_key,
                signing_identity=signing_identity,
                signing_credentials=signing_credentials,
                signing_config=signing_config,
                trusted_root=self.trusted_root,
            )
            policy = await self._party().read_policy() if signing_identity is not None else None
            head, changes = await history.head_and_changes()
            job = ReleaseJob(
                source=source,
                publisher=Publisher(
                    client=self._client(source.tools), signer=choose_signer(signing, policy)
                ),
                history=history,
                head=head,
                changes=changes,
                builder=known_builder(builder_name),
                advisories=advisories,
                backend=self._state(),
            )
            return await make_release(job, allow_dirty)

    @function(cache="never")  # type: ignore[call-overload, untyped-decorator]
    async def verify(
        self,
        release: options.ReleaseReference,
        environment: options.EnvironmentName = "dev",
        as_json: options.AsJson = False,
    ) -> str:
        """Pull a release by digest and check everything that the policy asks for an environment.

        Prints a table: check, result, signer, time. Fails unless all of it holds: content, signatures, provenance by a
        builder of the signer's, bills of materials, and the verdict of each gate.
        """
        with user_errors():
            tools = await self._tools()
            try:
                client = self._client(tools, release)
                verified = await verify_release_for(client, release, self._party(), environment)
            except ReleaseRefused as refused:
                raise refused.as_json() if as_json else refused from None
            answer = verified.verification
            return answer.to_json() if as_json else answer.to_text()

    @function(cache="never")  # type: ignore[call-overload, untyped-decorator]
    async def apply(
        self, release: options.ReleaseReference, environment: options.EnvironmentName = "dev"
    ) -> str:
        """Apply the saved plan of a release: verified against the policy first, those very bytes, and once.

        Nothing is planned again. Refused for another stack, workspace, tree, version or state than it was planned for,
        for a plan that expired, and for one that was applied already.
        """
        with user_errors():
            source = await self._source()
            client = self._client(source.tools, release)
            verified = await verify_release_for(client, release, self._party(), environment)
            return await apply_plan(source, self._state(), verified, client.runner)

    @function(cache="never")  # type: ignore[call-overload, untyped-decorator]
    async def drift(self) -> str:
        """Compare the infrastructure and its state with the stack; fails with what differs."""
        with user_errors():
            return await find_drift(await self._source(), self._state(), StageRunner())

    @function(cache="never")  # type: ignore[call-overload, untyped-decorator]
    async def reproduce(self, release: options.ReleaseReference) -> str:
        """Make a release again from the commit and the tools that its provenance records, and compare.

        Nothing is taken from the cache. Where model, image or plan differ, it fails and names the files in them and how
        they differ. The commit has to be in this repository.
        """
        with user_errors():
            tools = await self._tools()
            client = self._client(tools, release)
            job = ReproduceJob(client=client, history=self._history(tools), backend=self._state())
            verifiers = await self._party().any_signer(client)
            return await reproduce_release(job, release, verifiers)

    @function
    async def report(
        self,
        release: options.ReleaseJson,
    ) -> dagger.File:
        """Draw the page of a release: what was made, what the gates concluded, where the time went.

        One HTML file that loads nothing: add `export --path report.html` and open it. `release` leaves it in dist/ too.
        """
        with user_errors():
            page = render_record(await release.contents())
            return dag.directory().with_new_file("report.html", page).file("report.html")

    @function(cache="never")  # type: ignore[call-overload, untyped-decorator]
    async def debug(
        self,
        stage: options.StageName,
    ) -> dagger.Container:
        """The container of a stage right before its step, with its files: add `terminal` for a shell.

        The step's command is in /stage/COMMAND.
        """
        with user_errors():
            source = await self._source()
            history = self._history(source.tools)
            debugger = Debugger(source=source, history=history, backend=self._state())
            # Made here and now: left to the caller, its folders would be looked for in the wrong client.
            return await (await stage_named(debugger, stage)).prepared().sync()

    @function
    async def registry(self) -> dagger.Service:
        """The embedded registry, which keeps releases between runs: add `up` to reach it at localhost:5050."""
        with user_errors():
            return embedded_service(await self._tools())

    async def _tools(self) -> Tools:
        return await tools_from(self.image_lock, catalogue())

    async def _source(self) -> Source:
        tree = await by_content(self.project_tree)
        return await open_source(tree, await self._tools(), engine_names())

    def _history(self, tools: Tools) -> History:
        return open_history(tools, self.project_tree, self.git_dir)

    def _state(self) -> StateBackend:
        return StateBackend(url=self.state_backend, key=self.plan_key)

    def _party(self) -> RelyingParty:
        return RelyingParty(
            tree=self.project_tree,
            policy=self.policy_file,
            public_key=self.public_key,
            trusted_root=self.trusted_root,
        )

    def _client(self, tools: Tools, reference: str = "") -> RegistryClient:
        """A client of the registry that a reference names, else of the one where releases go."""
        service, user, password = self.registry_service, self.registry_user, self.registry_password
        registry = (
            registry_of(reference, tools, service, user, password)
            if reference
            else open_registry(tools, self.registry_address, service, user, password)
        )
        return RegistryClient(tools=tools, registry=registry, runner=StageRunner())

    async def _build(self, source: Source, runner: StageRunner) -> Image:
        return await build_release_image(source, self._history(source.tools), runner)
