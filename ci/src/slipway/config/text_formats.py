"""The formats of texts in slipway.yaml; policy.yaml shares some of them."""

from __future__ import annotations

import keyword

from .keys import Format, Rule

_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
LABEL = Format(
    "DNS label",
    (
        Rule(
            "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$",
            "expected a DNS label: lower-case letters, digits and -, a letter first, at most 63",
        ),
    ),
)
# A path inside the project: relative, without `..`, and no option to the tools that get it.
PATH = Format(
    "path",
    (
        Rule("^(/|[A-Za-z]:)", "expected a path relative to the project", refuse=True),
        Rule(
            r"[\\\x00-\x1f\x7f]|^[-~]|^\s*$",  # refusal 14
            "expected a path with / between its parts",
            refuse=True,
        ),
        Rule(r"(^|/)\.\.(/|$)", "expected a path without `..`", refuse=True),
    ),
)
PACKAGE = Format(
    "Python package",
    (
        Rule(rf"^{_IDENTIFIER}(\.{_IDENTIFIER})*$", "expected the name of a Python package"),
        Rule(
            rf"(^|\.)({'|'.join(keyword.kwlist)})(\.|$)",
            "expected the name of a Python package",
            refuse=True,
        ),
    ),
)
ENDPOINT = Format(
    "URL path", (Rule("^/[A-Za-z0-9._~/-]{0,127}$", "expected a path such as /readyz"),)
)
METRIC = Format("name", (Rule("^[a-z][a-z0-9_]{0,63}$", "expected a name such as roc_auc"),))
IMPORT = Format(
    "`module:name`",
    (
        Rule(
            rf"^{_IDENTIFIER}(\.{_IDENTIFIER})*:{_IDENTIFIER}$",
            "expected one import as module:name, such as numpy:dtype",
        ),
    ),
)
TYPE = Format(
    "`module.name`",
    (
        Rule(
            rf"^{_IDENTIFIER}(\.{_IDENTIFIER})+$",
            "expected one type as module.name, such as numpy.dtype",
        ),
    ),
)
FINDING = Format(
    "id of a finding",
    (
        Rule(
            "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$",
            "expected the id of a finding, such as CVE-2026-1234",
        ),
    ),
)
REASON = Format("text", (Rule(r"\S", "expected a sentence that says why"),))
