"""A project's tree, what its slipway.yaml declares, and the containers that its own code runs in."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import dagger
from dagger import dag

from ..config.project import Project, parse
from ..errors import ConfigError
from ..runtime.memo import known, memoize
from ..runtime.stage import Input, Stage
from ..runtime.tools import NOBODY, PIP_CACHE, Tools

CONFIG: Final = "slipway.yaml"
DATASET: Final = "dataset"
WORK: Final = "/src"  # where a stage finds the service's folder
VENV: Final = "/opt/venv"
DATA: Final = "/data"  # data.csv and schema.json, for training and validation
_COPY: Final = ".slipway-tree"
_IMPORTS: Final = "/imports.py"
_SETTINGS: Final = "pyproject.toml"  # where the checks of the service have theirs
TYPES_CACHE: Final = "/var/cache/mypy"
_LOCKS: Final = ("requirements.lock", "requirements-dev.lock")
_COMPILE: Final = ["python", "-m", "slipway.steps.bytecode", f"{VENV}/lib"]
BAD_DATA: Final = 3  # the exit code by which a service package says: the data is at fault


@dataclass(frozen=True, kw_only=True)
class Source:
    """A project at hand: its tree, its declaration, the tools that work on it."""

    tree: dagger.Directory
    project: Project
    tools: Tools

    @cached_property
    def service(self) -> dagger.Directory:
        """The folder of the service package."""
        return known(self.tree.directory(self.project.service.folder))

    @memoize
    def dependencies(self) -> dagger.Container:
        """The locked dependencies of the service in /opt/venv, without pip and with byte-code.

        Nothing of the project but its lock is in this container, so no change of the source installs anything.
        """
        return (
            self.tools.python()
            .with_mounted_cache("/root/.cache/pip", self.tools.volume(PIP_CACHE))
            .with_mounted_file("/requirements.lock", self.service.file("requirements.lock"))
            .with_exec(["python", "-m", "venv", "--without-pip", VENV])
            .with_exec(_install("/requirements.lock"))
            .with_exec(_COMPILE)
            .without_mount("/requirements.lock")
            .without_mount("/root/.cache/pip")
            .with_env_variable("PATH", f"{VENV}/bin:${{PATH}}", expand=True)
            .with_env_variable("OMP_NUM_THREADS", "1")
            .with_env_variable("OPENBLAS_NUM_THREADS", "1")
        )

    @memoize
    def workbench(self) -> dagger.Container:
        """The dependencies with those of development on top: linters, type checker, test runner."""
        return (
            self.dependencies()
            .with_mounted_cache("/root/.cache/pip", self.tools.volume(PIP_CACHE))
            .with_mounted_file("/requirements.lock", self.service.file("requirements-dev.lock"))
            .with_exec(_install("/requirements.lock"))
            .with_exec(_COMPILE)
            .without_mount("/requirements.lock")
            .without_mount("/root/.cache/pip")
        )

    @memoize
    def checked(self) -> dagger.Container:
        """The workbench with the service's folder in it, as the service's own checks run."""
        return self.workbench().with_mounted_directory(WORK, self.service).with_workdir(WORK)

    async def typed(self) -> dagger.Container:
        """The same for the type checker, which has looked at the packages of others already: that takes it six times as
        long as the service, and changes with the locks, the settings and the names of what is imported only.

        mypy believes what it knows of a file by the file's time and size. That is why its cache is a layer upon those
        very files, and not a folder that runs share.
        """
        # As text: what a step leaves is known to the engine by the step, and not by its content.
        imports = await (
            self.tools.python()
            .with_mounted_directory(WORK, self.service)
            .with_exec(["python", "-m", "slipway.steps.imports", WORK])
            .stdout()
        )
        return (
            self.workbench()
            .with_file(f"{WORK}/{_SETTINGS}", self.service.file(_SETTINGS))
            .with_new_file(_IMPORTS, imports)
            .with_workdir(WORK)
            # What is wrong with the settings, or lacks types, is for the stage to say.
            .with_exec(["mypy", "--cache-dir", TYPES_CACHE, _IMPORTS], expect=dagger.ReturnType.ANY)
            .with_mounted_directory(WORK, self.service)
        )

    @memoize
    def packaged(self) -> dagger.Container:
        """The dependencies with the whole package, for what is asked of a model after its training."""
        package = self.service.directory("src")
        return (
            self.dependencies()
            .with_directory(f"{WORK}/src", package, owner=NOBODY)
            .with_env_variable("PYTHONPATH", f"{WORK}/src:${{PYTHONPATH}}", expand=True)
            .with_workdir(WORK)
        )

    @memoize
    def trainer(self) -> dagger.Container:
        """The dependencies with the files that training reads, and no others: what changes beside them
        does not train again."""
        container = self.dependencies()
        for path in self.project.model.sources:
            # A file is known by its content. What a pattern filters is known by the whole folder it came from (engine
            # 0.19.10), so a pattern trains again more often than need be.
            if _is_pattern(path):
                files = self.service.filter(include=[path])
                container = container.with_directory(WORK, files)
            else:
                container = container.with_file(f"{WORK}/{path}", known(self.service.file(path)))
        return container.with_env_variable(
            "PYTHONPATH", f"{WORK}/src:${{PYTHONPATH}}", expand=True
        ).with_workdir(WORK)

    def training_inputs(self) -> tuple[str, ...]:
        """What training depends on, as Git pathspecs relative to the root."""
        folder = self.project.service.folder
        data = (self.project.model.data,) if self.project.model.data else ()
        sources = (f":(glob){folder}/{pattern}" for pattern in self.project.model.sources)
        return (*sources, f"{folder}/requirements.lock", self.project.model.schema, *data)

    def dataset(self) -> Stage:
        """The stage that writes the data set, for a project whose package brings it."""
        package = self.project.service.package
        return Stage(
            name=DATASET,
            container=self.trainer().with_directory(DATA, dag.directory()),
            argv=("python", "-m", f"{package}.dataset", "--output", f"{DATA}/data.csv"),
        )

    @memoize
    def data(self) -> dagger.File:
        """The data set: the file that the project declares, else what the package's `dataset` writes."""
        if self.project.model.data is not None:
            return self.tree.file(self.project.model.data)
        return self.dataset().finished().file(f"{DATA}/data.csv")

    def data_inputs(self, owner: str = "") -> tuple[Input, Input]:
        """The data set and its schema, below /data."""
        made_by = () if self.project.model.data is not None else (DATASET,)
        schema = self.tree.file(self.project.model.schema)
        return (
            Input(path=f"{DATA}/data.csv", content=self.data(), made_by=made_by, owner=owner),
            Input(path=f"{DATA}/schema.json", content=schema, owner=owner),
        )

    def validation(self) -> Stage:
        """The stage that compares the data set with its schema."""
        package = self.project.service.package
        return Stage(
            name="data",
            container=self.trainer(),
            inputs=self.data_inputs(),
            argv=(
                "python", "-m", f"{package}.validate",
                "--data", f"{DATA}/data.csv", "--schema", f"{DATA}/schema.json",
            ),
            accept=(0, BAD_DATA),
        )  # fmt: skip


async def by_content(tree: dagger.Directory) -> dagger.Directory:
    """The same tree, known to the engine by the content of each of its folders.

    Engine 0.19.10 loads a DefaultPath anew for each call and knows it as a whole only: a change of the README would run
    every stage again. What a module uploads from its own container it knows by content, folder by folder.
    """
    await tree.export(_COPY)
    return dag.current_module().workdir(_COPY)


async def open_source(tree: dagger.Directory, tools: Tools, engines: tuple[str, ...]) -> Source:
    """Read slipway.yaml of the tree, which may name one of these infrastructure engines.

    Raises ConfigError where it is missing or says something impossible.
    """
    if CONFIG not in await tree.glob(CONFIG):
        raise ConfigError(
            f"there is no {CONFIG}",
            where="the root of the project",
            remedy="Write one: the README shows the smallest that works",
        )
    project = parse(await tree.file(CONFIG).contents(), engines)
    await _declared_paths_exist(tree, project)
    return Source(tree=known(tree), project=project, tools=tools)


async def _declared_paths_exist(tree: dagger.Directory, project: Project) -> None:
    folder = project.service.folder
    files = [("service.folder", f"{folder}/{name}") for name in (*_LOCKS, _SETTINGS)]
    files += [
        (f"model.sources[{n}]", f"{folder}/{path}")
        for n, path in enumerate(project.model.sources)
        if not _is_pattern(path)
    ]
    declared = [("model.schema", project.model.schema)]
    if project.model.data is not None:
        declared.append(("model.data", project.model.data))
    # One question for all of them.
    asked = [folder, *(path for _, path in (*declared, *files))]
    there = {path.rstrip("/") for path in await tree.filter(include=asked).glob("**")}
    # Where the folder itself is missing, one sentence says so; its files would only repeat it.
    declared += files if folder in there else [("service.folder", folder)]
    missing = [
        f"{key} needs {path}, which is not there" for key, path in declared if path not in there
    ]
    if missing:
        raise ConfigError(
            "; ".join(missing), where=CONFIG, remedy="Paths are relative to the root of the project"
        )


def _is_pattern(path: str) -> bool:
    """Whether an entry of model.sources stands for several files: a pattern of Dagger's filters, or a folder."""
    return any(mark in path for mark in "*?[!") or "." not in path.rpartition("/")[2]


def _install(lock: str) -> list[str]:
    return [
        "pip", "--python", f"{VENV}/bin/python", "install", "--require-hashes", "--no-deps",  # refusal 15
        "--no-compile", "--only-binary=:all:", "-r", lock,
    ]  # fmt: skip
