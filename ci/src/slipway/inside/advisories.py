"""Print the day of a local OSV database: that on which the newest of its advisories was modified.

    python -m slipway.inside.advisories DIR

The folder is laid out as osv-scanner expects its local database: osv-scanner/<ecosystem>/all.zip.
"""

import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..domain.reports.osv import newest


def advisories(folder: Path) -> Iterator[str]:
    """The text of every advisory in every archive below the folder."""
    for path in sorted(folder.rglob("all.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield archive.read(name).decode("utf-8", errors="replace")


def main(arguments: Sequence[str]) -> int:
    """Command line of this program; see the text of the module."""
    day = newest(advisories(Path(arguments[0])))
    print(day.isoformat() if day else "")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
