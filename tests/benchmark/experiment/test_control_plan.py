"""Labels stand outside the training of guided systems, and inside that of all others."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.experiment.plan import Plan, make_plan
from benchmark.experiment.suite import load_suite
from benchmark.experiment.trial import Trial

# Drawing the splits takes seconds.
pytestmark = pytest.mark.slow
LIMITS = ["limits.train=40", "limits.valid=4", "limits.test=4"]
BUDGETS = (5, 10, 20, None)


def plan(system: str, *overrides: str, task: str = "control") -> Plan:
    suite = load_suite("mini", [*LIMITS, *overrides])
    return make_plan(suite, tasks=[task], systems=[system], data_dir=None)


def budget(labels: int | None) -> str:
    return f"tasks.control.labels={'null' if labels is None else labels}"


def test_four_budgets_are_one_training_of_a_guided_system() -> None:
    trials = [plan("latentops", budget(labels)).trials[0] for labels in BUDGETS]
    assert len({trial.train_key for trial in trials}) == 1
    assert len({trial.operators.key for trial in trials if trial.operators}) == 4
    assert len({trial.main.key for trial in trials}) == 4
    labelled = [len(trial.operators.labelled) for trial in trials if trial.operators]
    assert labelled == [5, 10, 20, 40]
    assert not any(example.attributes for trial in trials for example in trial.task.train)


def test_four_budgets_are_four_trainings_of_a_conditional_system() -> None:
    trials = [plan("transformer", budget(labels)).trials[0] for labels in BUDGETS]
    assert len({trial.train_key for trial in trials}) == 4
    assert all(trial.operators is None for trial in trials)


def test_another_recipe_of_the_operators_does_not_train_again() -> None:
    first, second = (
        plan("latentops", f"latentops.operators.hidden={hidden}").trials[0] for hidden in (0, 8)
    )
    assert first.train_key == second.train_key
    assert first.operators and second.operators and first.operators.key != second.operators.key


def test_generation_and_editing_share_the_training_of_a_guided_system() -> None:
    tasks = ("control", "control-edit")
    assert len({plan("latentops", task=task).trials[0].train_key for task in tasks}) == 1


def test_candidates_of_a_deterministic_edit_are_one() -> None:
    drawn = "latentops.decoding.posterior_spread=0.5"
    edits, new, drawn_edits = (
        plan("latentops", *changes, task=task).trials[0]
        for task, changes in (("control-edit", ()), ("control", ()), ("control-edit", (drawn,)))
    )
    for trial, kind in ((edits, "single"), (new, "samples"), (drawn_edits, "samples")):
        assert {planned.setting.kind for planned in trial.generations} == {kind}
        assert trial.main.num_samples == (1 if kind == "single" else 8)
    (conditional,) = plan("transformer", task="control-edit").trials
    assert conditional.main.setting.kind == "samples"


def swept(system: str, *budgets: int | str | None) -> list[Trial]:
    """The trials of a system that learns from 20 labels, and from these."""
    suite = load_suite("mini", [*LIMITS, budget(20)]).with_label_sweep(["control"], budgets)
    return list(make_plan(suite, tasks=["control"], systems=[system], data_dir=None).trials)


def budgets_of(trials: list[Trial]) -> list[str]:
    return [str(trial.labels) for trial in trials]


@pytest.mark.parametrize(
    ("system", "trained", "operators"),
    [("latentops", 1, 4), ("transformer", 4, 0), ("bayes", 0, 0)],
)
def test_a_curve_over_labels(system: str, trained: int, operators: int) -> None:
    trials = swept(system, 5, 10, None)
    assert budgets_of(trials) == ["20", "5", "10", "40"], "that of the table comes first"
    assert len({t.train_key for t in trials if t.train_key is not None}) == trained
    assert len({trial.operators.key for trial in trials if trial.operators}) == operators
    assert len({trial.main.key for trial in trials}) == 4
    assert "main" in trials[0].main.setting.roles
    for trial in trials[1:]:
        (planned,) = trial.generations
        assert planned.setting.roles == ("labels",)
        assert planned.setting.label == f"labels={trial.labels}"
        assert planned.setting.decoding == trials[0].main.setting.decoding
        assert trial.name == f"control / {system} / seed 1 / labels {trial.labels}"
        assert trial.trace_key is None


@pytest.mark.parametrize("system", ["latentops", "transformer"])
def test_a_point_of_the_curve_is_the_row_of_another_budget(system: str) -> None:
    _, point = swept(system, 5)
    assert point.main.key == plan(system, budget(5)).trials[0].main.key


def test_the_table_is_the_same_with_a_curve() -> None:
    keys = [[g.key for g in swept("latentops", *of)[0].generations] for of in ((), (5, None))]
    assert keys[0] == keys[1]


def test_a_number_of_labels_is_one_point() -> None:
    assert budgets_of(swept("latentops", 5, 20, 5, 40, 1000, None)) == ["20", "5", "40"]


def test_conditional_systems_may_learn_from_labels_alone() -> None:
    trials = swept("transformer", 5, "5-alone")
    assert budgets_of(trials) == ["20", "5", "5-alone"]
    assert len({trial.train_key for trial in trials}) == 3
    assert [len(trial.task.train) for trial in trials] == [40, 40, 5]
    assert trials[-1].main.setting.label == "labels=5-alone"


@pytest.mark.parametrize("system", ["copy-source", "oracle"])
def test_what_does_not_learn_has_no_curve(system: str) -> None:
    assert [trial.labels for trial in swept(system, 5, None)] == [None]


def test_from_nothing_to_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmark.records.record_files import RecordFiles
    from benchmark.run import main

    monkeypatch.chdir(tmp_path)
    words = ["--task", "control", "control-edit", "--records-only", "--jobs", "1", "--system"]
    words += ["latentops", "transformer", "copy-source", "oracle", "--set", *LIMITS]
    words += ["budget.updates=3", "training.validate_every=3", "latentops.operators.updates=5"]
    assert main([*words, "--dry-run"]) == 0
    assert main(words) == 0
    lines = [line for _, line in RecordFiles(Path("reports/mini/records")).trial_lines()]
    assert all('"status":"ok"' in line.replace(" ", "") for line in lines)
    # Generation and editing share training and operators.
    for kind, count in (("train", 1 + 2), ("operators", 1)):
        assert len(list(Path("runs", kind).glob("*/record.json"))) == count


def test_without_sweeps_the_main_settings_stay_and_those_that_are_not_guided() -> None:
    def labels(system: str, *, sweep: bool) -> list[str]:
        trial = plan(system, f"tasks.control.sweep={str(sweep).lower()}").trials[0]
        return [of.setting.label for of in trial.generations if "mbr" not in of.setting.roles]

    assert labels("latentops", sweep=False) == ["strength=5.025", "strength=0"]
    assert len(labels("latentops", sweep=True)) == 5
    assert labels("transformer", sweep=False) == ["temperature=0.7"]
    assert len(labels("transformer", sweep=True)) == 4
