"""What a release is made from, and the values that its steps hand on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import dagger

from ..artifacts.git import Commit, History
from ..artifacts.image import Image
from ..artifacts.model import Model
from ..artifacts.source import Source
from ..attestations.release import Release as ReleaseRecord
from ..errors import ConfigError
from ..iac.plan import Plan
from ..iac.state import StateBackend
from ..oci.digests import Digest, commit_tag
from ..policy.case import ATTESTED
from ..policy.champion import TAG as CHAMPION
from ..publishing.publisher import Publisher
from ..runtime.stage import StageRunner
from ..verdicts.verdict import Verdict

# Which builders there are, and what each may honestly claim: SECURITY.md, "Provenance".
LOCAL: Final = "local"
BUILDER_NAMES: Final = (LOCAL, "github-actions", "gitlab-ci", "jenkins", "circleci")


@dataclass(frozen=True, kw_only=True)
class ReleaseJob:
    """What a release is made from: a project at a commit, where it goes, and who signs it."""

    source: Source
    publisher: Publisher
    history: History
    head: Commit
    changes: tuple[str, ...] = ()
    builder: str = LOCAL
    backend: StateBackend = field(default_factory=StateBackend)
    advisories: dagger.Directory | None = None

    @property
    def runner(self) -> StageRunner:
        """What runs its stages."""
        return self.publisher.client.runner

    @property
    def tag(self) -> str:
        """The tag of every artifact: the commit; a dirty tree never gets the tag of a clean one."""
        if not self.changes:
            return commit_tag(self.head.sha)
        mark = Digest.of("\n".join(self.changes).encode()).hex[:12]
        return f"{self.head.sha}-dirty-{mark}"

    @property
    def tags(self) -> Mapping[str, str]:
        """The tags of the artifacts, by kind."""
        return {kind: f"{self.repository(kind)}:{self.tag}" for kind in ATTESTED}

    @property
    def champion(self) -> str:
        """The tag of the last released model; empty where the project compares with none."""
        compares = self.source.project.model.champion_tolerance is not None
        return f"{self.repository('model')}:{CHAMPION}" if compares else ""

    def repository(self, kind: str) -> str:
        """Where artifacts of a kind go."""
        return self.publisher.client.registry.repository(self.source.project.name, kind)


@dataclass(frozen=True, kw_only=True)
class Existing:
    """What the registry holds when a run begins: digests by tag."""

    job: ReleaseJob
    digests: Mapping[str, str]

    @property
    def is_released(self) -> bool:
        """Whether it has a release of this commit already."""
        return all(tag in self.digests for tag in self.job.tags.values())

    @property
    def pinned(self) -> Mapping[str, str]:
        """The artifacts of this commit's release, by kind and by digest."""
        return {
            kind: f"{self.job.repository(kind)}@{self.digests[tag]}"
            for kind, tag in self.job.tags.items()
        }

    @property
    def champion(self) -> str | None:
        """The last released model, by digest; None where there is none."""
        digest = self.digests.get(self.job.champion)
        return f"{self.job.repository('model')}@{digest}" if digest else None


@dataclass(frozen=True, kw_only=True)
class Built:
    """The model and the image that a run built, what describes them, and what was judged of them."""

    model: Model
    image: Image
    sbom: str
    model_signature: str
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Everything that a run made, before any of it leaves the machine."""

    built: Built
    plan: Plan
    record: ReleaseRecord
    layouts: Mapping[str, dagger.Directory]
    """OCI layouts of the four artifacts, by kind; the release comes last."""
    pinned: Mapping[str, str]
    """Their references by digest."""
    sizes: Mapping[str, int]
    """Their sizes in bytes, as a registry counts them."""


def known_builder(name: str) -> str:
    """The builder's name, if there is such a one; else a ConfigError that lists them."""
    if name not in BUILDER_NAMES:
        raise ConfigError(
            f"there is no builder {name!r}",
            where="--builder-name",
            remedy="Pass one of: " + ", ".join(BUILDER_NAMES),
        )
    return name
