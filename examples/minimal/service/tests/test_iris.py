"""The service from its data to its answers, on a free port."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iris import dataset, train, validate
from iris.__main__ import Server

SCHEMA = Path(__file__).parents[1] / "schema.json"


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "data.csv"
    dataset.write(path)
    return path


@pytest.fixture(scope="session")
def files(data: Path) -> dict[str, bytes]:
    return train.train(data, SCHEMA, "abc", 1_700_000_000)


@pytest.fixture(scope="session")
def url(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("model")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with Server(0, folder) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def post(url: str, body: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with urllib.request.urlopen(f"{url}/predict", content, timeout=10) as answer:
        return json.load(answer)


def test_the_same_data_gives_the_same_bytes(data: Path, files: dict[str, bytes]) -> None:
    assert train.train(data, SCHEMA, "abc", 1_700_000_000) == files


def test_it_learns(files: dict[str, bytes]) -> None:
    assert json.loads(files["metrics.json"])["metrics"]["accuracy"] > 0.9


def test_the_service_answers_as_the_model_does(url: str, files: dict[str, bytes]) -> None:
    heldout = json.loads(files["heldout.json"])
    assert post(url, {"rows": heldout["rows"]}) == {"answers": heldout["answers"]}
    assert post(url, heldout["rows"][0]) == heldout["answers"][0]


@pytest.mark.parametrize("body", [{}, {"rows": []}, {"rows": [1]}, [], b"{", {"petal_width": 99}])
def test_bad_questions_are_refused(url: str, body: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        post(url, body)
    with refused.value as answer:
        assert answer.code == 422
        assert json.load(answer)["problems"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("5.1", "nan", "row 1, sepal_length: found 'nan', allowed 1.0 to 15.0"),
        ("5.1", "", "row 1, sepal_length: found '', allowed 1.0 to 15.0"),
        ("setosa", "tulip", "row 1, species: found 'tulip', allowed setosa, versicolor, virginica"),
    ],
)
def test_bad_data_is_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, problem: str
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(data.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        validate.checked(bad, SCHEMA)
    assert ended.value.code == validate.BAD_DATA
    assert capsys.readouterr().err == problem + "\n"
