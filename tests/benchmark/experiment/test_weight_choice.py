from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.experiment.plan import make_plan
from benchmark.experiment.suite import load_suite

NANO = str(Path(__file__).parents[2] / "suites" / "nano.yaml")


def plan(*changes, task="dialogue", systems=("transformer", "cmlm", "copy-source")):
    suite = load_suite(NANO, ["limits.valid=null", *changes])
    return make_plan(suite, tasks=[task], systems=systems, data_dir=None)


def trial(system, *changes):
    return plan(*changes, systems=[system]).trials[0]


def test_the_measure_is_the_loss_where_it_is_a_likelihood_and_the_quality_elsewhere():
    made = plan("training.keep=best")
    assert {of.system: of.choice and of.choice.measure for of in made.trials} == {
        "transformer": "loss", "cmlm": "validity", "copy-source": None,
    }  # fmt: skip
    assert made.remarks == ()


@pytest.mark.slow
def test_a_judge_does_not_choose_and_guided_systems_have_no_answers_yet(monkeypatch):
    monkeypatch.setattr("benchmark.experiment.weight_choice.LEAST_EXAMPLES", 50)
    suite = load_suite("mini", ["training.keep=best", "evaluation.valid_sources=40"])
    made = make_plan(suite, tasks=["control"], systems=["cmlm", "latentops"], data_dir=None)
    assert {of.system: of.choice.measure for of in made.trials} == {
        "cmlm": "loss", "latentops": "loss",
    }  # fmt: skip


@pytest.mark.parametrize("system", ["transformer", "cmlm"])
def test_examples_are_none_of_those_on_which_settings_are_chosen(tmp_path, system):
    few = trial(system, "training.keep=best", "evaluation.valid_sources=null")
    assert few.choice.of(few.task) == few.task.valid[:200]
    folder = write_copying_task(tmp_path, valid=240)
    suite = load_suite(
        "small", ["evaluation.valid_sources=30", f"{system}.training.keep_examples=205"]
    )
    suite = suite.with_tasks(["copying"], folder)
    made = make_plan(suite, tasks=["copying"], systems=[system], data_dir=folder).trials[0]
    assert made.choice.of(made.task) == made.task.valid[30:235]
    settings = [of.valid.sources for of in made.generations if of.valid]
    assert settings and all(of == made.task.valid[:30] for of in settings)


def test_too_few_examples_keep_the_last_weights_and_say_so(tmp_path):
    usual = plan()
    few = plan("training.keep=best", "evaluation.valid_sources=1")
    assert all(of.choice is None for of in few.trials)
    assert [of.train_key for of in few.trials] == [of.train_key for of in usual.trials]
    assert few.remarks == (
        "dialogue: the last weights are kept: choosing the best needs 200 valid examples, and 199"
        " are left beside the 1 on which settings are chosen.",
    )


def test_what_chooses_decides_the_training_and_nothing_else_does():
    keys = {system: trial(system).train_key for system in ("transformer", "cmlm")}
    for system, measured in (("transformer", False), ("cmlm", True)):
        best = trial(system, "training.keep=best").train_key
        assert best != keys[system]
        # A loss does not depend on how a system decodes.
        hotter = trial(system, "training.keep=best", f"{system}.decoding={{temperature: 0.3}}")
        assert (hotter.train_key != best) == measured
        others = trial(system, "training.keep=best", f"{system}.sweep={{temperature: [0.9]}}")
        assert others.train_key == best
        assert trial(system, f"{system}.decoding={{temperature: 0.3}}").train_key == keys[system]


def test_patience_needs_a_best():
    with pytest.raises(UserError, match="set keep: best as well"):
        load_suite(NANO, ["training.patience=3"])
    with pytest.raises(UserError, match=r"keep_examples.*200"):
        load_suite(NANO, ["training.keep_examples=100"])


def write_copying_task(folder, *, valid):
    (folder / "copying").mkdir()
    for split, count in (("train", 300), ("valid", valid), ("test", 5)):
        lines = ({"src": f"say {split} {i}", "trg": f"{split} {i}"} for i in range(count))
        path = folder / "copying" / f"{split}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder
