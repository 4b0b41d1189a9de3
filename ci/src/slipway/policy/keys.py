"""The keys of policy.yaml: declared here, read by `document`, shown by the JSON Schema and docs."""

from __future__ import annotations

from ..config.keys import (
    ChoiceKey,
    DateKey,
    Format,
    IntegerKey,
    Rule,
    SectionKey,
    SectionListKey,
    TextKey,
    TextListKey,
)
from ..config.project_keys import NOT_EVALUATED, SEVERITIES, VERSION
from ..config.text_formats import FINDING

# What a release may say under `allowed`: options that a policy has to accept by name.
DANGEROUS = ("allow-dirty",)

_NAME = Format("name", (Rule("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", "expected a name such as prod"),))
_WORDS = Format("text", (Rule(r"\S", "expected a few words"),))
_EXACT = Format(
    "exact URI or address",
    (
        Rule(
            r"[*^\$\\\[\](){}|?]",  # refusal 17b
            "expected an exact name: patterns match more than one means",
            refuse=True,
        ),
        Rule(r"^([a-z][a-z0-9+.-]*:[^\s]{3,}|[\s\S]+@[\s\S]+)$", "expected a URI, or an address"),
    ),
)
_KEY = Format(
    "path, or `embedded`",
    (
        Rule(
            r"^\s*$|^[/~-]|(^|/)\.\.(/|$)",
            "expected `embedded`, or a public key's path in the project",
            refuse=True,
        ),
    ),
)
_OPTION = Format(
    " or ".join(f"`{each}`" for each in DANGEROUS),
    (Rule(f"^({'|'.join(DANGEROUS)})$", f"expected one of: {', '.join(DANGEROUS)}"),),
)
_DIGEST = Format("digest", (Rule("^sha256:[0-9a-f]{64}$", "expected a digest such as sha256:…"),))
_DAYS = 3650

_SIGNERS = SectionListKey(
    name="signers",
    required=True,
    description="Who may sign: the holder of a key, or an exact identity with its issuer.",
    constraints={
        "oneOf": [
            {
                "required": ["key"],
                "properties": {
                    "key": {"type": "string"},
                    "identity": {"type": "null"},
                    "issuer": {"type": "null"},
                },
            },
            {
                "required": ["identity", "issuer"],
                "properties": {
                    "key": {"type": "null"},
                    "identity": {"type": "string"},
                    "issuer": {"type": "string"},
                },
            },
        ]
    },
    keys=(
        TextKey(
            name="name",
            required=True,
            format=_NAME,
            example="developer",
            description="The signer's name in this file; each name stands for one signer.",
        ),
        TextKey(
            name="key",
            format=_KEY,
            example="embedded",
            description="The public key, by its path in the project. `embedded` is the key of "
            "`--public-key`, or else the key of this Dagger engine.",
        ),
        TextKey(
            name="identity",
            format=_EXACT,
            example="ann@example.com",
            description="Instead of a key: the exact identity in the signer's certificate, "
            "together with `issuer`. Patterns are refused.",
        ),
        TextKey(
            name="issuer",
            format=_EXACT,
            example="https://token.actions.githubusercontent.com",
            description="The exact issuer that vouches for the identity. Patterns are refused.",
        ),
        TextListKey(
            name="builders",
            required=True,
            item=_EXACT,
            example=["tag:slipway,2026:builder/local"],
            description="The only builders that may stand in provenance that this signer signs.",
        ),
    ),
)
_RULES = SectionListKey(
    name="gates",
    required=True,
    description="The gates that have to have passed; each gate is named once.",
    keys=(
        TextKey(
            name="gate",
            required=True,
            format=_NAME,
            example="unit-tests",
            description="The name of a gate that has to have passed, on this commit or on one of "
            "its artifacts.",
        ),
        ChoiceKey(
            name="severity",
            choices=SEVERITIES,
            example="high",
            description="Findings of this severity or above need a waiver of the policy. Without "
            "it, each finding of a gate that did not pass needs one.",
        ),
        ChoiceKey(
            name="not-evaluated",
            choices=NOT_EVALUATED,
            default="fail",
            example="allow",
            description="What happens when the gate could not look: `fail` refuses the release, "
            "`allow` passes over this gate.",
        ),
        IntegerKey(
            name="max-age-days",
            low=0,
            high=_DAYS,
            example=7,
            description="How long ago the gate may have looked, in days. Without it, any time ago.",
        ),
        IntegerKey(
            name="max-data-age-days",
            low=0,
            high=_DAYS,
            example=7,
            description="How old the data that the gate looked with (such as a vulnerability "
            "database) may be, in days. Without it, of any age.",
        ),
    ),
)
_ENVIRONMENTS = SectionListKey(
    name="environments",
    required=True,
    description="The environments, and what a release has to prove before it may go there.",
    keys=(
        TextKey(
            name="name",
            required=True,
            format=_NAME,
            example="prod",
            description="The environment's name, for `--environment`; each name stands for one "
            "environment.",
        ),
        TextListKey(
            name="signers",
            required=True,
            item=_NAME,
            example=["ci"],
            description="Who may sign for it, by the names under `signers`. One of them has to "
            "vouch for everything.",
        ),
        _RULES,
        TextListKey(
            name="allowed",
            item=_OPTION,
            example=["allow-dirty"],
            description="The dangerous options that a release may have been made with.",
        ),
    ),
)
_WAIVERS = SectionListKey(
    name="waivers",
    description="Waivers: findings with which a release may go to one environment, each until a "
    "date.",
    keys=(
        TextKey(
            name="id",
            required=True,
            format=FINDING,
            example="CVE-2026-1234",
            description="The id of the finding, as the gate reports it.",
        ),
        TextKey(
            name="gate",
            required=True,
            format=_NAME,
            example="dependencies",
            description="The name of the gate that reports the finding.",
        ),
        TextKey(
            name="environment",
            required=True,
            format=_NAME,
            example="dev",
            description="The one environment that the waiver is for, by its name under "
            "`environments`.",
        ),
        TextKey(
            name="reason",
            required=True,
            format=_WORDS,
            example="the function is not reached",
            description="Why the finding may pass.",
        ),
        TextKey(
            name="owner",
            required=True,
            format=_WORDS,
            example="ann",
            description="Who answers for the waiver.",
        ),
        DateKey(
            name="expires",
            required=True,
            example="2026-12-31",
            description="The last day on which the waiver holds.",
        ),
        TextKey(
            name="release",
            format=_DIGEST,
            example="sha256:" + "0123456789abcdef" * 4,
            description="The digest of the one release that the waiver is for. Without it, the "
            "waiver is for every release.",
        ),
    ),
)
POLICY = SectionKey(
    name="policy.yaml",
    description="For each environment, what a release has to prove before it may go there.",
    keys=(
        VERSION,
        _SIGNERS,
        _ENVIRONMENTS,
        _WAIVERS,
    ),
)
