"""The example says what is there, declares something possible, and names nothing of the machine it was made on."""

import re
from pathlib import Path

from slipway.config import project as config
from slipway.iac import engine_names

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples/minimal"
SERVICE = EXAMPLE / "service"


def test_its_declaration_parses_and_its_paths_exist() -> None:
    project = config.parse((EXAMPLE / "slipway.yaml").read_text(encoding="utf-8"), engine_names())
    package = EXAMPLE / project.service.folder / "src" / project.service.package
    assert all((package / f"{name}.py").is_file() for name in ("dataset", "validate", "train"))
    assert (EXAMPLE / project.model.schema).is_file()
    assert (EXAMPLE / project.infrastructure.stack / "main.tf").is_file()


def test_links_of_its_readme_lead_somewhere() -> None:
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#:]+)\)", text)
    assert len(targets) > 5
    assert [target for target in targets if not (EXAMPLE / target).exists()] == []


def _pins(name: str) -> set[str]:
    text = (SERVICE / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text), name
    assert text.count("--hash=sha256:") >= len(re.findall(r"^[a-z].*==", text, re.MULTILINE))
    return set(re.findall(r"^([a-z0-9.-]+==\S+)", text, re.MULTILINE))


def test_its_locks_agree_and_name_no_index() -> None:
    assert _pins("requirements.lock") < _pins("requirements-dev.lock")
