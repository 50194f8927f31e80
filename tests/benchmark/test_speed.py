"""The command: what it prints and writes; no test looks at a clock."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmark import speed
from benchmark.timing.comparisons import SpeedComparison
from benchmark.timing.speed_result import Result, Side, Skipped


def fake(name, *, repeats):
    if name == "far":
        return Skipped(name, "not installed")
    side = Side("a", 4, (0.5,) * repeats, 1, 1.0, 10)
    return Result(name, side, side, "alike")


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setattr(SpeedComparison, "load", lambda self: fake)


def test_record(table, tmp_path, capsys):
    path = tmp_path / "new" / "speed.json"
    words = ["transformer", "--only", "transformer-128", "--repeats", "3", "--output", str(path)]
    assert speed.main(words) == 0
    assert "a / a: 1.00" in capsys.readouterr().out
    record = json.loads(path.read_text())
    assert [r["name"] for r in record["results"]] == ["transformer-128"]
    assert record["results"][0]["ours"]["seconds"] == [0.5] * 3
    assert {"machine", "versions", "code", "threads"} <= set(record)
    assert str(tmp_path) not in path.read_text()
    assert record["command"][-4:] == ["--repeats", "3", "--threads", "1"]


def test_json_is_the_record_alone(table, capsys):
    assert speed.main(["transformer", "--only", "transformer-128", "--repeats", "3", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["results"][0]["ours"]["seconds"] == [0.5] * 3 and "machine" in record


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["diffusec"], "no comparison 'diffusec'"),
        (["--only", "cmlm-129"], "did you mean 'cmlm-128'"),
        (["--repeats", "0"], "--repeats 0"),
        (["--threads", "0"], "--threads 0"),
        (["--output", "file/record.json"], "--output"),
        (["--output", "folder"], "--output"),
    ],
)
def test_mistakes_get_one_sentence(words, sentence, table, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    assert speed.main(words) == 2
    err = capsys.readouterr().err
    assert sentence in err
    assert err.startswith("error: ") and err.count("\n") == 1


def test_help_imports_nothing_heavy():
    code = (
        "import sys, benchmark.speed\nbenchmark.speed.parser().format_help()\n"
        "assert not {'torch', 'transformers', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_keep_adds_to_a_record(table, tmp_path):
    path = tmp_path / "speed.json"
    words = ["transformer", "--repeats", "1", "--output", str(path)]
    assert speed.main([*words, "--only", "transformer-128"]) == 0
    assert speed.main([*words, "--only", "transformer-256", "--keep"]) == 0
    assert speed.main([*words, "--only", "transformer-256", "--keep"]) == 0
    record = json.loads(path.read_text())
    assert [r["name"] for r in record["results"]] == ["transformer-128", "transformer-256"]
    first, second = record["results"]
    assert first["origin"]["command"][-5] == "transformer-128" and "origin" not in second
    assert {"created", "code", "machine"} <= set(first["origin"])


def test_keep_needs_a_record(table, tmp_path, capsys):
    assert speed.main(["transformer", "--keep"]) == 2
    (tmp_path / "speed.json").write_text("[]")
    assert speed.main(["transformer", "--keep", "--output", str(tmp_path / "speed.json")]) == 2
    assert "is not a record of benchmark.speed" in capsys.readouterr().err
