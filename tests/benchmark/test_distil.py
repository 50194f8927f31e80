"""The command: a teacher of the store, its task, and a student on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark import distil
from benchmark import run as run_module

NANO = str(Path(__file__).parents[1] / "suites" / "nano.yaml")
QUICK = ["limits.train=40", "limits.test=3", "budget.updates=3", "training.validate_every=3"]


@pytest.fixture
def call(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        task = ["--task", "dialogue", "--suite", NANO, "--system"]
        code = distil.main([*task, *words, "--set", *QUICK])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.slow
def test_teacher_of_the_store_writes_a_task_that_a_student_runs_on(call, capsys):
    words = ["--suite", NANO, "--jobs", "1", "--set", *QUICK]
    run_module.main(["--task", "dialogue", "--system", "transformer", *words])
    capsys.readouterr()
    code, out, err = call("transformer", "--decoding", "method=greedy")
    assert (code, err) == (0, "")
    assert out.startswith("distilled/dialogue-distilled\nexamples 40, kept ")
    record = json.loads(Path("distilled/dialogue-distilled/distilled.json").read_text())
    assert record["system"] == "transformer" and record["decoding"]["method"] == "greedy"
    assert (Path("runs/train") / record["train"] / "record.json").exists()

    student = ["--task", "dialogue-distilled", "--data-dir", "distilled", "--name", "student"]
    assert run_module.main([*student, "--system", "transformer", "copy-source", *words]) == 0
    info = json.loads(Path("reports/student/records/run.json").read_text())["tasks"]
    assert info["dialogue-distilled"]["card"].startswith("# Dialogue (grammar), distilled")
    cells = Path("reports/student/records/cells/dialogue-distilled.jsonl").read_text()
    assert all("validity" in json.loads(c)["score"]["metrics"] for c in cells.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["transformer"], "dialogue / transformer / seed 1 is not in the store runs: run"),
        (["copy-source"], "System copy-source has nothing to train: name another teacher."),
        (["transformr"], "did you mean 'transformer'?"),
        (["transformer", "--decoding", "greedy"], "not of the form key=value"),
        (["transformer", "--decoding", "beams=4"], "--decoding.beams"),
        (["transformer", "--decoding", "beam=[4"], "--decoding beam: the value '[4' is not valid"),
        (["all"], "--system all: name one of "),
    ],
)
def test_wrong_calls_are_one_sentence(call, words, sentence):
    code, out, err = call(*words)
    assert (code, out) == (2, "") and sentence in err and err.count("\n") == 1
    assert not Path("distilled").exists()
