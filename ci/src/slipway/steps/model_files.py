"""The gate of a model's files: each is of a kind that can be read without running code, or it is refused.

    python -m slipway.steps.model_files --folder /model --rules rules.json

rules.json: {"globals": [["module", "name"], …], "types": ["module.name", …]}. Prints a JSON object: `files`, how many
entries the folder has, and `findings`, each with id, where, title and remedy. Nothing is loaded: safetensors and ONNX
are read by their own strict parsers, and about a pickle that the project allows picklescan and fickling are asked,
too: any answer but a clean one is a finding.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ..errors import SlipwayError
from ..formats.weights import LIMIT, Kind, examine

SECONDS: Final = 120
# `python -m picklescan` (1.0.5) ends with 0 whatever it found: its __main__ throws the answer away.
_PICKLESCAN: Final = "import sys; from picklescan.cli import main; sys.exit(main())"


def findings(folder: Path, rules: dict[str, Any]) -> Iterator[dict[str, str]]:
    """What is wrong with the files of a model."""
    allowed = [(module, name) for module, name in rules["globals"]]
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):  # refusal 10e
            yield _finding("model-file-no-file", name, "it is a link or a device")
        elif path.is_file():
            yield from _file(path, name, allowed, rules["types"])


def _file(
    path: Path, name: str, allowed: Sequence[tuple[str, str]], types: Sequence[str]
) -> Iterator[dict[str, str]]:
    if path.stat().st_size > LIMIT:
        yield _finding("model-file-size", name, f"it is larger than {LIMIT >> 20} MiB")
        return
    try:
        kind = examine(name, path.read_bytes(), allowed=allowed, types=types)
    except SlipwayError as error:
        yield _finding("model-file-refused", name, error.what, error.remedy)
        return
    try:
        if kind is Kind.PICKLE:
            yield from _vetoes(path, name)
        else:
            _strictly(kind, path)
    except Exception as error:  # whatever a parser says of a file of somebody's is a finding
        yield _finding("model-file-parser", name, f"{type(error).__name__}: {error}"[:200])


def _strictly(kind: Kind, path: Path) -> None:
    """The format's own parser; it raises what it does not like."""
    if kind is Kind.SAFETENSORS:
        import safetensors

        safetensors.deserialize(path.read_bytes())
    elif kind is Kind.ONNX:
        import onnx

        model = onnx.load_model_from_string(path.read_bytes())
        if any(
            tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer
        ):
            raise ValueError("it keeps data in other files")
        onnx.checker.check_model(model, full_check=True)


def _vetoes(path: Path, name: str) -> Iterator[dict[str, str]]:
    """Two scanners that may say no, and never yes: anything but a clean pass blocks."""
    scanners = {
        "picklescan": [sys.executable, "-c", _PICKLESCAN, "--path", str(path)],
        "fickling": [sys.executable, "-m", "fickling", "--check-safety", "-p", str(path)],
    }
    for scanner, argv in scanners.items():
        try:
            done = subprocess.run(
                argv, capture_output=True, text=True, check=False, timeout=SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            yield _finding(
                f"veto-{scanner}", name, f"{scanner} did not answer: {type(error).__name__}"
            )
            continue
        if done.returncode:  # refusal 09f
            words = (done.stdout + done.stderr).strip().splitlines() or ["it says nothing"]
            yield _finding(f"veto-{scanner}", name, f"{scanner}: {words[0][:160]}")


def _finding(kind: str, where: str, title: str, remedy: str = "") -> dict[str, str]:
    return {"id": kind, "where": where, "title": title, "remedy": remedy}


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this program; see the text of the module."""
    parser = argparse.ArgumentParser(prog="model_files", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rules", type=Path, required=True)
    options = parser.parse_args(arguments)
    rules = json.loads(options.rules.read_text(encoding="utf-8"))
    found = list(findings(options.folder, rules))
    print(json.dumps({"files": len(list(options.folder.iterdir())), "findings": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
