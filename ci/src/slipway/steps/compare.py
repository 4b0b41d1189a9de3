"""Compare an artifact that was recorded with the same one rebuilt.

    python -m slipway.steps.compare --recorded LAYOUT --rebuilt LAYOUT

Standard output is a JSON list of differences, a sentence each; it is empty if the digests are the same. Exit code 5:
they differ.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import SlipwayError
from ..oci.layout_diff import compare

DIFFERENT = 5
MOST = 50


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this program; see the text of the module."""
    parser = argparse.ArgumentParser(prog="compare", description=__doc__)
    parser.add_argument("--recorded", type=Path, required=True)
    parser.add_argument("--rebuilt", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        found = [str(each) for each in compare(options.recorded, options.rebuilt)]
    except (SlipwayError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    more = [f"and {len(found) - MOST} more differences"] if len(found) > MOST else []
    print(json.dumps([*found[:MOST], *more]))
    return DIFFERENT if found else 0


if __name__ == "__main__":
    sys.exit(main())
