"""A run from Python shares store and report with the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark import run as command
from benchmark.api import UserError
from benchmark.library import run

NANO = str(Path(__file__).parents[2] / "suites" / "nano.yaml")


@pytest.mark.slow
def test_the_command_finds_what_the_library_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small = ["budget.updates=2", "limits.test=3"]
    words = {"suite": NANO, "changes": small, "seeds": [3]}
    results = run("dialogue", ["transformer", "copy-source"], **words)
    assert results.folder == Path("reports/nano")
    assert set(results.trials.status) == {"ok"} and set(results.trials.seed) == {3}
    assert set(results.trials.query("system == 'transformer'").updates) == {2}
    before = Path("reports/nano/records/run.json").read_text()
    capsys.readouterr()
    called = results.records.run.command[3:]
    assert command.main([*called, "--records-only"]) == 0
    assert "2 trials, 2 of them cached" in capsys.readouterr().err
    assert Path("reports/nano/records/run.json").read_text() == before
    again = run(["dialogue"], ["transformer", "copy-source"], **words)
    assert again.scores.equals(results.scores)


@pytest.mark.slow
def test_a_failed_trial_is_in_the_results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def fail(*_, **__):
        raise RuntimeError("no more")

    monkeypatch.setattr("benchmark.training.train_stage.train", fail)
    results = run("dialogue", ["transformer", "copy-source"], suite=NANO, name="half")
    assert results.folder.name == "half"
    errors = results.trials.query("system == 'transformer'").error
    assert set(errors) == {"RuntimeError: no more"}
    assert set(results.trials.query("system == 'copy-source'").status) == {"ok"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"tasks": "dialouge"}, "did you mean 'dialogue'"),
        ({"tasks": "dialogue", "systems": "transfromer"}, "did you mean 'transformer'"),
        ({"tasks": "dialogue", "changes": ["budget.update=3"]}, "did you mean"),
        ({"tasks": "dialogue", "changes": "budget.updates=3"}, "changes is one text"),
        ({"tasks": "dialogue", "changes": {"seeds": 3}}, "changes is a mapping"),
        ({"tasks": "dialogue", "seeds": 1}, "seeds is 1: give a list"),
        ({"tasks": "dialogue", "systems": []}, "systems is empty"),
        ({"tasks": []}, "tasks is empty"),
        ({"tasks": "dialogue", "jobs": 0}, "jobs is 0"),
        ({"tasks": "dialogue", "name": "../x"}, "name '../x': give a name without slashes"),
    ],
)
def test_wrong_calls_are_one_sentence(tmp_path, monkeypatch, words, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=sentence):
        run(**{"suite": NANO, **words})
    assert not (tmp_path / "runs").exists()
