"""Take one refusal after the other out of a copy of the product, and see the row's tests fail.

    .venv/bin/python -m tests.tools.mutations [ROW …]

A test that still passes proves nothing. Needs an engine; all of it takes a quarter of an hour. Ends with 1 where a
mutation was not noticed. docs/attacks.md says what was found; a quick test keeps it and this list together, and sees
that each line that is taken out is one line of the product.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = "ci/src/slipway"
PARTS = (
    *("ci", "tests", "service", "terraform", "engine", "docs"),
    *("pyproject.toml", "dagger.json", "slipway.yaml", "policy.yaml"),
)
RULES = "domain/policy_rules.py"


@dataclass(frozen=True)
class Mutation:
    """A line of the product, what stands there instead, and the tests that have to notice."""

    row: str
    file: str
    old: str
    new: str
    tests: str

    def told(self) -> str:
        """Its line in docs/attacks.md."""
        line = " ".join(self.old.split()).replace("|", "\\|")
        return f"| {self.row} | {self.file} | `{line}` | {self.tests.rpartition('::test_')[2]} |"


def _attack(file: str, name: str) -> str:
    return f"tests/attacks/test_{file}.py::test_{name}"


SIGNATURES, WRITERS = "signatures", "writers"
FILES = _attack("models", "09_and_10_files_that_run_code_or_are_not_what_they_say")
OLD = _attack(SIGNATURES, "04_a_scan_that_is_too_old_or_of_another_image")
ELSE = _attack("plans", "11_a_plan_that_was_made_for_something_else")
BYTE = _attack("plans", "11_one_byte_of_the_plan_is_another")
ONCE = _attack("plans", "11_applied_once_never_twice_and_never_late")
HIDDEN = _attack("plans", "12_a_plans_secrets_stay_inside")
WAIVER = _attack(SIGNATURES, "18_a_waiver_of_another_release_or_environment")
EMPTY = _attack("inputs", "17_an_empty_key_an_empty_policy_and_an_identity_that_matches_all")
KIND = _attack(SIGNATURES, "03_the_right_key_for_another_kind_of_artifact")
BLIND = _attack("inputs", "08_a_scanner_that_does_not_end_well_has_not_looked")
MUTATIONS: tuple[Mutation, ...] = (
    Mutation("01", "publish.py", "if there is not None and there != digest:", "if False:",
             _attack(SIGNATURES, "01_a_tag_that_moves_changes_nothing_that_was_verified")),
    Mutation("02", "proof.py", "    return SIGNATURE in types\n", "    return True\n",
             _attack(SIGNATURES, "02_attestations_are_no_signature")),
    Mutation("03", RULES, 'if fields.text("bomFormat") != "CycloneDX":', "if False:",
             _attack(SIGNATURES, "03_the_right_key_under_a_wrong_predicate")),
    Mutation("03", RULES, "right = evidence.artifact_type == wanted", "right = True", KIND),
    Mutation("03", RULES, "if record.build_type is not provenance.BuildType[kind.upper()]:", "if False:", KIND),
    Mutation("04", RULES, "if rule.max_age is not None and case.now - verdict.time > rule.max_age:", "if False:", OLD),
    Mutation("04", RULES, "if age > rule.max_data_age", "if False", OLD),
    Mutation("04", RULES, "_stranger(case, verdict)\n", '""\n', OLD),
    Mutation("04", "domain/statements.py", "    return found[-1]\n", "    return found[0]\n",
             _attack(SIGNATURES, "04_an_old_clean_scan_does_not_hide_the_failed_one_of_today")),
    Mutation("05", RULES, "if record.builder_id not in case.signer.builders:", "if False:",
             _attack(SIGNATURES, "05_a_laptops_key_that_claims_the_builder_of_a_ci")),
    Mutation("06", "domain/provenance.py", ".only(PARAMETERS[build_type]).values", ".values",
             _attack(SIGNATURES, "06_an_external_parameter_that_nobody_knows")),
    Mutation("07", "settle.py", "        if lost is None:", "        if True:",
             _attack(WRITERS, "07_two_writers_at_once_lose_nothing")),
    Mutation("07", RULES, "    if not found:\n        why", "    if False:\n        why",
             _attack(SIGNATURES, "07_bundles_of_another_artifact")),
    Mutation("07", "domain/statements.py", "    if len(lines) > MOST:", "    if False:",
             _attack(SIGNATURES, "07_the_list_of_bundles_is_changed")),
    Mutation("08", "evidence.py", "if gate.looks_at is not None and not await", "if False and not await",
             _attack("inputs", "08_a_scanner_that_scans_nothing_has_not_looked")),
    Mutation("08", "domain/verdicts.py", "if not looked or set(required) - looked or", "if", BLIND),
    Mutation("08", RULES, 'return "" if rule.not_evaluated is WhenNotEvaluated.ALLOW else verdict.summary',
             'return ""', BLIND),
    Mutation("09", "domain/pickles.py", "    if frame_end > len(data):", "    if False:", FILES),
    Mutation("09", "domain/pickles.py", "    if end != len(data):", "    if False:", FILES),
    Mutation("09", "domain/pickles.py", "    if nested:\n", "    if False:\n", FILES),
    Mutation("09", "domain/weights.py", "    if kind is None:\n", "    if kind is None and False:\n", FILES),
    Mutation("09", "domain/weights.py", "    if not whole or comment or directory > len(content):", "    if False:",
             FILES),
    Mutation("09", "inside/model_files.py", "if done.returncode:", "if False:", FILES),
    Mutation("10", "domain/weights.py", 'or ".." in parts', "", FILES),
    Mutation("10", "domain/weights.py", "if mode & 0o170000 not in (0, 0o100000):", "if False:", FILES),
    Mutation("10", "domain/weights.py", "if info.file_size > _RATIO * max(info.compress_size, 1 << 10):", "if False:",
             FILES),
    Mutation("10", "domain/weights.py", "if len(set(names)) != len(names) or", "if", FILES),
    Mutation("10", "inside/model_files.py", "if path.is_symlink() or not (path.is_file() or path.is_dir()):",
             "if False:", _attack("models", "10_links_devices_bombs_and_an_extra_file")),
    Mutation("10", "layout.py", "Digest.parse(layer['digest']).hex", "layer['digest'][7:]",
             _attack("models", "10_a_digest_that_is_a_path")),
    Mutation("11", "domain/plan_facts.py", "if planned != found:", "if False:", ELSE),
    Mutation("11", "domain/plan_facts.py", "if now >= self.expires:", "if False:", ELSE),
    Mutation("11", "domain/plan_facts.py", "if self.state.backend != state.backend:", "if False:",
             _attack("plans", "11_a_first_plan_against_another_empty_database")),
    Mutation("11", "domain/plan_facts.py", "elif self.state != state:", "elif False:", ONCE),
    Mutation("11", "inside/apply.py", "if Digest.of(content) != facts.plan:", "if False:", BYTE),
    Mutation("11", "inside/state.py", "    if not written:\n", "    if False:\n", ONCE),
    Mutation("11", "inside/state.py", "SELECT pg_advisory_lock(%s, %s)", "SELECT %s + %s",
             _attack("plans", "11_two_first_plans_at_once_are_not_both_applied")),
    Mutation("11", "main.py", "if not answer.ok:\n                raise VerificationError(answer.to_text())",
             "if False:\n                raise VerificationError(answer.to_text())",
             _attack("release", "11_a_plan_that_nobody_signed_whom_the_policy_trusts")),
    Mutation("12", "inside/plan.py", "write_bytes(seal(plan, key))", "write_bytes(plan)", HIDDEN),
    Mutation("12", "inside/plan.py", 'shown = redact(asked(options.tool, folder, "show", "-json", str(clear)))',
             'shown = asked(options.tool, folder, "show", "-json", str(clear))', HIDDEN),
    Mutation("12", "evidence.py", '"trivy", "filesystem", "--scanners", "secret"',
             '"trivy", "filesystem", "--scanners", "misconfig"', _attack("secrets", "12_a_secret_in_the_tree")),
    Mutation("12", "evidence.py", 'argv=scan("secret")', 'argv=scan("license")',
             _attack("secrets", "12_a_secret_in_a_layer_of_an_image")),
    Mutation("13", "publish.py", '.with_env_variable("SLIPWAY_NONCE", self.nonce)', "",
             _attack(SIGNATURES, "13_a_new_key_signs_again")),
    Mutation("14", "domain/config.py", 'value.startswith(("-", "~"))', 'value.startswith("~")',
             _attack("release", "14_hostile_values_in_slipway_yaml")),
    Mutation("15", "source.py", '"--require-hashes", "--no-deps"', '"--no-deps"',
             _attack("inputs", "15_a_dependency_that_is_not_what_was_locked")),
    Mutation("16", "publish.py", "if len(manifest) > MANIFEST_LIMIT:", "if False:",
             _attack("registries", "16_a_registry_that_lies")),
    Mutation("17", "signing.py", "if not self.pem.strip() and not", "if False and not", EMPTY),
    Mutation("17", "domain/policy.py", "    if _PATTERN.search(value):", "    if False:", EMPTY),
    Mutation("18", RULES, "if waiver.environment == case.environment.name and", "if", WAIVER),
    Mutation("18", RULES, "and waiver.release in (None, digest)", "", WAIVER),
    Mutation("18", "domain/statements.py", "(each for each in judged if each.commit == commit)", "judged",
             _attack(SIGNATURES, "18_an_approval_of_another_release")),
)  # fmt: skip


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the product and its tests, for as long as needed."""
    with tempfile.TemporaryDirectory(prefix="slipway-mutations-") as name:
        folder = Path(name)
        unwanted = shutil.ignore_patterns("__pycache__", ".*_cache", ".venv", "sdk")
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part, ignore=unwanted)
            else:
                shutil.copyfile(ROOT / part, folder / part)
        yield folder


@contextmanager
def mutated(folder: Path, mutation: Mutation) -> Iterator[None]:
    """The copy without one of its refusals."""
    path = folder / SOURCE / mutation.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutation.old) != 1:
        raise SystemExit(f"{mutation.file} has not just one {mutation.old!r}")
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


def noticed(folder: Path, mutation: Mutation) -> tuple[bool, str]:
    """Whether a test failed (and did not just break off), and the first line of what it said."""
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "--tb=line",
        "-p",
        "no:cacheprovider",
        mutation.tests,
    ]
    done = subprocess.run(
        argv, cwd=folder, env=os.environ, capture_output=True, text=True, check=False
    )
    # A test that broke off before it asked (an engine that is not there) has noticed nothing.
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    return bool(failed), (failed or done.stdout.splitlines()[-1:] or [""])[0][:200]


def main(rows: Sequence[str]) -> int:
    """Every mutation, or those of some rows."""
    missed = 0
    with copied() as folder:
        for mutation in MUTATIONS:
            if rows and mutation.row not in rows:
                continue
            began = time.monotonic()
            with mutated(folder, mutation):
                seen, said = noticed(folder, mutation)
            missed += not seen
            told = "noticed" if seen else "MISSED"
            took = time.monotonic() - began
            print(
                f"{mutation.row} {told} {took:3.0f} s  {mutation.file}: {mutation.old.strip()[:60]}  {said}",
                flush=True,
            )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
