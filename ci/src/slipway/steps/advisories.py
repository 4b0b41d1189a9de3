"""Print what a local OSV database is, as JSON: `day`, on which the newest of its advisories was modified (null where it
holds none), and `digest`, that of its files.

    python -m slipway.steps.advisories DIR

The folder is laid out as osv-scanner expects its local database: osv-scanner/<ecosystem>/all.zip.
"""

import json
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..formats.osv import newest
from .plan import digest_of_tree


def advisories(folder: Path) -> Iterator[str]:
    """The text of every advisory in every archive below the folder."""
    for path in sorted(folder.rglob("all.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield archive.read(name).decode("utf-8", errors="replace")


def main(arguments: Sequence[str]) -> int:
    """Command line of this program; see the text of the module."""
    folder = Path(arguments[0])
    day = newest(advisories(folder))
    print(json.dumps({"day": day.isoformat() if day else None, "digest": digest_of_tree(folder)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
