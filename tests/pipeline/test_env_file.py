"""The .env of a project is not meant for Slipway, yet Dagger reads it.

Dagger takes default values of arguments from the .env beside dagger.json, and prints each one that
it takes. Case does not matter, underscores do: `REGISTRY` sets a `registry` of the constructor,
`RELEASE_KEY` a `key` of `release`, but only `PUBLICKEY` a `public_key`. So arguments have names of
two words or more.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ..support.project import ROOT, UNWANTED, dagger_command

pytestmark = pytest.mark.engine
# Names that stand in the .env of real projects, and the field's words for what Slipway asks for.
STRAY = """
    ADVISORIES ADVISORY_DB API_KEY AWS_ACCESS_KEY_ID AWS_REGION BRANCH BUILD BUILDER BUILD_ID
    BUILD_KEY BUILD_NUMBER CERTIFICATE CHECK COMMIT CONFIG DATABASE_URL DEBUG DEBUG_LEVEL ENV
    ENVIRONMENT GIT HOST IDENTITY IMAGE IMAGE_LOCK IMAGE_TAG JSON KEY KEY_PASSWORD KUBECONFIG LOCK
    LOG_LEVEL MANAGED_KEY MODEL MODEL_DIR MODEL_KEY NAME PASSWORD PATH PLAN PLAN_KEY POLICY PORT
    PRIVATE_KEY PROJECT PUBLIC_KEY PYTHONPATH REGISTRY REGISTRY_HOST REGISTRY_PASSWORD
    REGISTRY_SERVICE REGISTRY_TOKEN REGISTRY_URL REGISTRY_USER REGISTRY_USERNAME RELEASE
    RELEASE_BUILDER RELEASE_IDENTITY RELEASE_KEY RELEASE_NAME RELEASE_PASSWORD RELEASE_REGISTRY
    RELEASE_TAG RELEASE_USERNAME RELEASE_VERSION REPORT REPORT_URL SECRET SECRET_KEY SERVICE
    SIGNING_KEY SLIPWAY_ENGINE_HOME SLIPWAY_ENGINE_REGISTRY_PORT SLIPWAY_PROGRESS SOURCE STAGE
    STATE TAG TOKEN TOOLS TREE TRUSTED_ROOT URL USER USERNAME VERIFY VERIFY_KEY VERIFY_POLICY
    VERSION WORKSPACE
"""
# What is set on purpose, so that the test sees that Dagger read the file.
ON_PURPOSE = ("imageLock", "image-lock.json")


def test_variables_of_a_project_are_no_options(tmp_path: Path) -> None:
    unwanted = shutil.ignore_patterns(*UNWANTED, "sdk")
    shutil.copytree(ROOT / "ci", tmp_path / "ci", ignore=unwanted)
    shutil.copyfile(ROOT / "dagger.json", tmp_path / "dagger.json")
    lines = [f"{name}=stray" for name in STRAY.split()]
    (tmp_path / ".env").write_text("\n".join([*lines, "=".join(ON_PURPOSE), ""]), encoding="utf-8")
    done = dagger_command("functions", f"--mod={tmp_path}", folder=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    taken = re.findall(r"user default: (.*)", done.stderr)
    assert set(taken) == {'slipway({}="{}")'.format(*ON_PURPOSE)}
