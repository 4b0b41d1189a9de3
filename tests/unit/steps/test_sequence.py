"""steps.sequence: the lines of credentials that it gives to a command."""

from __future__ import annotations

from pathlib import Path

import pytest
from slipway.errors import DataError
from slipway.steps.sequence import environment, main, read_lines


def test_lines_of_credentials(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text("# Vault\n\nVAULT_ADDR=http://v:8200\nVAULT_TOKEN=a=b c\n")
    assert read_lines(path) == {"VAULT_ADDR": "http://v:8200", "VAULT_TOKEN": "a=b c"}
    assert environment([], path)["VAULT_TOKEN"] == "a=b c"


@pytest.mark.parametrize("line", ["hush", "=hush", "A B=hush", "export A=hush"])
def test_a_line_that_is_none_is_told_by_its_number_only(
    tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lines"
    path.write_text(f"A=1\n{line}\n")
    with pytest.raises(DataError, match="line 2 is not NAME=value") as caught:
        read_lines(path)
    assert "hush" not in str(caught.value)
    commands = tmp_path / "commands.json"
    commands.write_text("[]")
    assert main(["--commands", str(commands), "--environment", str(path)]) == 4
    assert "hush" not in capsys.readouterr().err
