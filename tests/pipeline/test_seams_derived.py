"""A new plug-in is one new file and one line: what derives from it, in a copy of the product. No engine is asked."""

from __future__ import annotations

from pathlib import Path

from ..support.copies import python, with_gate, with_registry
from ..support.project import ROOT


def test_a_new_gate_is_in_provenance_and_in_the_tables_of_the_docs(tmp_path: Path) -> None:
    copy = with_gate(tmp_path)
    code = (
        "from slipway.gates.base import SourceTree; from slipway.pipeline.materials import gate_locks; "
        "print(*(each.name for each in gate_locks(SourceTree)))"
    )
    assert "lock-model" in python(copy, "-c", code).split()
    assert "lock-model" not in python(ROOT, "-c", code).split()
    assert set(python(copy, "-m", "tests.tools.tables").split()) == {
        "docs/gates.md",
        "docs/build-types.md",
    }
    assert "| `todo` | unfinished work in the service |" in (copy / "docs/gates.md").read_text(
        "utf-8"
    )
    pages = (copy / "docs/build-types.md").read_text("utf-8")
    assert "| `lock-model` | the lock of what the gate `todo` runs with |" in pages


def test_a_new_registry_serves_its_host_and_is_in_the_table_of_the_docs(tmp_path: Path) -> None:
    copy = with_registry(tmp_path)
    code = (
        "from slipway.registries import open_registry; from slipway.runtime.tools import Tools; "
        "hosts = ('registry.corner.example/team', 'registry.example.com/team', 'localhost:5050'); "
        "print(*(type(open_registry(Tools(), host)).__name__ for host in hosts))"
    )
    assert python(copy, "-c", code).split() == [
        "CornerRegistry",
        "OciRegistry",
        "EmbeddedRegistry",
    ]
    assert python(copy, "-m", "tests.tools.tables").split() == ["docs/registries.md"]
    assert "| `corner` | the registry of Corner;" in (copy / "docs/registries.md").read_text(
        "utf-8"
    )
