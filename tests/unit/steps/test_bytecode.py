"""inside.bytecode: byte-code that is the same wherever and whenever it is compiled, and that a layer keeps."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from slipway.oci.layer import write_layer
from slipway.steps import bytecode

CI = Path(__file__).parents[3] / "ci" / "src"
SOURCE = 'NAMES = frozenset({"a", "b", "c", "d"})\nassert (lambda x: x in {"a", "b", "e"})("a")\n'


def package(folder: Path, seconds: int) -> Path:
    """A package with a file that is no Python and tests, its files dated `seconds`."""
    files = {
        "p/a.py": SOURCE,
        "p/b.py": "x = 'a'\n",
        "p/t.py": "{% t %}",
        "p/tests/c.py": "y = 1\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (seconds, seconds))
    return folder


def compiled(folder: Path, seed: str) -> dict[str, bytes]:
    """What the program leaves for a folder, started with another hash seed than it wants."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(CI)}
    command = [sys.executable, "-m", "slipway.steps.bytecode", str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "2 files compiled\n"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.pyc")
    }


def test_the_same_bytes_whenever_and_with_whatever_seed(tmp_path: Path) -> None:
    found = []
    for name, seconds, seed in (("1", 1, "1"), ("2", 2_000_000_000, "random")):
        (tmp_path / name).mkdir()
        # The same place both times: byte-code names its source.
        place = tmp_path / "place"
        package(tmp_path / name, seconds).rename(place)
        found.append(compiled(place, seed))
        place.rename(tmp_path / f"done{name}")
    assert found[0] == found[1]
    assert sorted(path.rpartition("/")[2].partition(".")[0] for path in found[0]) == ["a", "b"]


def test_a_layer_keeps_byte_code_without_times_only(tmp_path: Path) -> None:
    package(tmp_path, 5)
    bytecode.compile_all(tmp_path / "p")
    dated = tmp_path / "q" / "__pycache__" / "a.cpython-311.pyc"
    dated.parent.mkdir(parents=True)
    dated.write_bytes(b"\xa7\r\r\n" + bytes(4) + b"1234" + b"code")
    target = io.BytesIO()
    write_layer(tmp_path, target, epoch=0, without=("tests",))
    with tarfile.open(fileobj=io.BytesIO(target.getvalue())) as tar:
        names = tar.getnames()
    assert [name for name in names if name.endswith(".pyc")] == [
        f"p/__pycache__/{name}.cpython-{sys.version_info.major}{sys.version_info.minor}.pyc"
        for name in "ab"
    ]
    assert "q/__pycache__" not in names
