"""Make the embedded signing key, once: a cosign key pair without a password in a folder that lasts.

    python -m slipway.steps.key /keys

Prints the public key. Two at once are safe: the pair is made elsewhere and moved in by a rename of its folder.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PAIR = "embedded"


def ensure(folder: Path) -> Path:
    """Make the pair where there is none; return the path of its public key."""
    pair = folder / PAIR
    if not pair.is_dir():
        fresh = Path(tempfile.mkdtemp(dir=folder))
        subprocess.run(
            ["cosign", "generate-key-pair"], cwd=fresh, check=True, capture_output=True,
            env={**os.environ, "COSIGN_PASSWORD": ""},
        )  # fmt: skip
        try:
            fresh.rename(pair)
        except OSError:
            if not pair.is_dir():
                raise
    return pair / "cosign.pub"


def main(arguments: Sequence[str]) -> int:
    """Command line of this program; see the text of the module."""
    print(ensure(Path(arguments[0])).read_text(encoding="utf-8"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
