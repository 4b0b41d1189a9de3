"""Ask a started service for the answers to rows of the held-out data, and compare them with the model's own.

    python smoke.py --url http://service:8080 --ready /readyz --predict /predict --heldout heldout.json --log LOG

Exit code 0: every answer agrees. 3: it never became ready, or an answer is wrong; the reason and the last lines
of the service's log are on standard error. The service answers {"answers": [{"probability": …, "label": …}, …]}
to {"rows": [{…}, …]}.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TOLERANCE = (
    1e-9  # the same code on the same weights: nothing but the last bits of a float may differ
)


# Logs last written longer ago than this, in seconds before we began, are of an earlier run of the same image.
STALE = 10.0
ENDED = (
    "the service ended with exit code"  # what inside.tee writes when there is nothing to wait for
)


class NotServingError(Exception):
    """The service did not do what the model's own answers say it has to."""


def fetch(url: str, body: Mapping[str, Any] | None = None, timeout: float = 10.0) -> Any:
    """GET the URL, or POST the body as JSON; return the decoded answer."""
    data = None if body is None else json.dumps(body).encode()
    if not url.startswith("http://"):
        message = f"{url} is no address of a service: it does not begin with http://"
        raise NotServingError(message)
    request = urllib.request.Request(url, data=data, headers={"content-type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
        return json.load(answer)


def has_ended(log: Path, since: float) -> bool:
    """Whether the service's log, written at `since` (seconds of the epoch) or later, ends with its end."""
    if not log.exists() or log.stat().st_mtime < since:
        return False
    lines = log.read_text(errors="replace").splitlines()
    return bool(lines) and lines[-1].startswith(ENDED)


def wait(url: str, seconds: float, log: Path) -> float:
    """Wait until the URL answers with 2xx; return after how many seconds it did. A service that is gone is not
    waited for."""
    started = time.monotonic()
    since = time.time() - STALE
    reason = "no answer"
    while time.monotonic() - started < seconds:
        if has_ended(log, since):
            message = f"{url} was never ready: the service has ended"
            raise NotServingError(message)
        try:
            fetch(url, timeout=2.0)
            return time.monotonic() - started
        except urllib.error.HTTPError as error:
            reason = f"HTTP status {error.code}"
        except (OSError, ValueError) as error:
            reason = str(getattr(error, "reason", error))
        time.sleep(0.1)
    message = f"{url} was not ready within {seconds:g} s (last: {reason})"
    raise NotServingError(message)


def compare(expected: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]) -> None:
    """Raise NotServingError for the first answer that is not the model's own."""
    if len(expected) != len(found):
        message = f"{len(expected)} rows were posted, {len(found)} answers came back"
        raise NotServingError(message)
    for number, (want, have) in enumerate(zip(expected, found, strict=True)):
        same = have.get("label") == want["label"] and (
            abs(float(have.get("probability", "nan")) - want["probability"]) <= TOLERANCE
        )
        if not same:
            message = f"row {number}: the service answers {dict(have)}, the model {dict(want)}"
            raise NotServingError(message)


def ask(options: argparse.Namespace) -> str:
    """Do the whole conversation; return one sentence on what was compared."""
    heldout = json.loads(options.heldout.read_text(encoding="utf-8"))
    after = wait(options.url + options.ready, options.seconds, options.log)
    try:
        answer = fetch(options.url + options.predict, {"rows": heldout["rows"]})
        first = fetch(options.url + options.predict, heldout["rows"][0])
    except urllib.error.HTTPError as error:
        text = error.read(500).decode(errors="replace")
        message = f"{options.predict} answers HTTP status {error.code}: {text}"
        raise NotServingError(message) from error
    compare(heldout["answers"], answer.get("answers", []))
    compare(heldout["answers"][:1], [first])
    return f"ready after {after:.1f} s; {len(heldout['rows'])} held-out rows answered as the model does"


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this program; see the text of the module."""
    parser = argparse.ArgumentParser(prog="smoke", description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--ready", default="/readyz")
    parser.add_argument("--predict", default="/predict")
    parser.add_argument("--heldout", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args(arguments)
    try:
        print(ask(options))
    except (NotServingError, OSError, ValueError, KeyError) as error:
        print(error, file=sys.stderr)
        lines = options.log.read_text(errors="replace").splitlines() if options.log.exists() else []
        print("the last lines of the service's log:", *lines[-15:], sep="\n", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
