"""What OpenTofu prints when something is wrong, as recorded from 1.12.6, in one line."""

from __future__ import annotations

import pytest
from slipway.formats.diagnostics import first_error

UNCLOSED = """
OpenTofu encountered problems during initialization, including problems
with the configuration, described below.

Error: Unclosed configuration block

  on main.tf line 1, in resource "x":
   1: resource "x" {

There is no closing brace for this block before the end of the file.

Error: Missing name for resource

  on main.tf line 7, in resource "x":
"""
UNEXPECTED = """\
╷
│ Error: Unsupported argument
│
│   on bad.tf line 2, in resource "terraform_data" "x":
│    2:   inputt = 1
│
│ An argument named "inputt" is not expected here. Did you
│ mean "input"?
╵
"""
FRAMED = """\
╷
│ Error: Reference to undeclared input variable
│
│   on stacks/local/main.tf line 12, in resource "terraform_data" "a":
│   12: resource "terraform_data" "a" { input = var.nope }
╵
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            UNCLOSED,
            "Unclosed configuration block, main.tf line 1: "
            "There is no closing brace for this block before the end of the file",
        ),
        (
            UNEXPECTED,
            'Unsupported argument, bad.tf line 2: An argument named "inputt" is not expected here. '
            'Did you mean "input"?',
        ),
        (FRAMED, "Reference to undeclared input variable, stacks/local/main.tf line 12"),
        (
            "Error: No configuration files\n\nPlan requires configuration. Planning without it would\nbe odd.\n",
            "No configuration files: Plan requires configuration",
        ),
        ("Error: Failed to get lock\n", "Failed to get lock"),
        ("something\nkilled\n", "killed"),
        ("", "it says nothing"),
        ("\n│ \n", "it says nothing"),
    ],
)
def test_the_first_error_in_one_line(text: str, line: str) -> None:
    assert first_error(text) == line
