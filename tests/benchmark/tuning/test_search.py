"""The trials of a search are those of the seed, on the valid split, and equal in number."""

import json
import os
import sys
from dataclasses import replace
from importlib.resources import files

import pytest

from benchmark import tune
from benchmark.api import UserError
from benchmark.experiment.plan import load_limited
from benchmark.experiment.registry import load_system
from benchmark.experiment.suite import load_suite
from benchmark.experiment.task_scoring import resolve_scoring
from benchmark.tuning.record import best_recipes, make_record
from benchmark.tuning.sampler import Result, ask
from benchmark.tuning.search import Tried, best_of, plan_search, resolve_valid
from benchmark.tuning.search_space import Dimension, SearchRange, SearchSpace, load_space

RATE = Dimension("training.learning_rate", SearchRange(low=1e-3, high=1e-1, log=True), 1e-2)


def search(system="transformer", space=None, share=1.0):
    suite = load_suite("tiny")
    task = load_limited(suite, "dialogue", None)
    scoring = resolve_scoring(suite, task)
    space = space or load_space("tiny")
    return plan_search(suite, task, scoring, system, space, trials=2, budget_share=share)


def climb(count, known=()):
    """Results of a search whose best rate is 0.03, going on from `known`."""
    results = list(known)
    while len(results) < count:
        values = ask([RATE], results, seed=0, system="toy")
        results.append(Result(values, -abs(values[RATE.field] - 0.03)))
    return results


def test_the_first_trial_is_the_recipe():
    assert ask([RATE], [], seed=0, system="toy") == {RATE.field: 1e-2}


@pytest.mark.slow
def test_a_search_that_goes_on_asks_what_it_would_have_asked():
    pytest.importorskip("optuna")
    whole = climb(7)
    for done in range(1, 7):
        assert climb(7, whole[:done]) == whole
    assert max(of.value for of in whole) > whole[0].value


@pytest.mark.slow
def test_no_example_of_the_test_split_is_decoded():
    found = search()
    trial = found.trial({of.field: of.usual for of in found.dimensions})
    assert [of.split for of in trial.decoded] == ["valid"]
    assert {*trial.main.sources} <= {*found.task.valid}
    assert not {*trial.main.sources} & {*found.task.test}
    assert trial.trace_key is None and trial.likelihood_key is None


@pytest.mark.slow
def test_a_share_of_the_budget_is_one_of_updates_and_warm_up():
    shared = search(share=0.2)
    trial = shared.trial({})
    assert (trial.budget.updates, trial.training.warmup_updates) == (50, 6)


@pytest.mark.slow
def test_an_unknown_field_is_refused_with_a_suggestion():
    space = load_space("tiny")
    ranges = {"training.learning_rat": SearchRange(low=1e-3, high=1e-1)}
    wrong = space.model_copy(update={"systems": {"transformer": ranges}})
    with pytest.raises(UserError, match=r"did you mean 'training\.learning_rate'"):
        search(space=wrong)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ranges", "share", "said"),
    [
        ({}, 1, "ranges hold 1 recipes and not 2"),
        ({"config.heads": {"low": 3, "high": 6}}, 1, r"config\.heads may not ask 5: .*dim 96"),
        ({"training.schedule": {"choices": ["liner"]}}, 1, "may not ask 'liner': .*schedule"),
        ({"config.dropout": {"low": 0, "high": 2}}, 1, r"config\.dropout may not ask 2: "),
        ({"config.ffn": {"low": 8.5, "high": 99}}, 1, r"config\.ffn: low and high must be whole"),
        ({"budget.updates": {"low": 5, "high": 9}}, 0.5, "cannot be searched with --budget-share"),
        (
            {"training.warmup_updates": {"low": 1, "high": 9}},
            0.5,
            "cannot be searched with --budget-share",
        ),
    ],
)
def test_what_would_cost_a_system_a_trial_is_refused(ranges, share, said):
    space = {"systems": {"transformer": ranges}}
    with pytest.raises(UserError, match=said):
        search(space=SearchSpace.model_validate(space), share=share)


@pytest.mark.slow
def test_a_task_without_a_main_quality_or_a_valid_split_is_refused_at_once():
    suite = load_suite("mini")
    control = load_limited(suite, "control", None)
    make = {"system": "transformer", "space": load_space("tiny"), "trials": 1}
    with pytest.raises(UserError, match=r"no main quality .* --set tasks\.control\.quality="):
        plan_search(suite, control, resolve_scoring(suite, control), **make)
    found = search()
    without = replace(found.task, valid=())
    with pytest.raises(UserError, match=r"no valid split: add valid\.jsonl"):
        plan_search(found.suite, without, found.scoring, **make)


@pytest.mark.parametrize("value", [0.0, None])
def test_no_trial_asks_what_another_had(value):
    pytest.importorskip("optuna")
    letters = Dimension("training.schedule", SearchRange(choices=[*"abcdefgh"]), "a")
    results = []
    while len(results) < 8:
        results.append(Result(ask([letters], results, seed=0, system="toy"), value))
    assert {of.values[letters.field] for of in results} == {*"abcdefgh"}


def test_a_field_of_real_numbers_takes_those_between_whole_ends():
    pytest.importorskip("optuna")
    dropout = Dimension("config.dropout", SearchRange(low=0, high=1), 0.1)
    known = [Result({dropout.field: 0.1}, 0.5)]
    assert 0 < ask([dropout], known, seed=0, system="toy")[dropout.field] < 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("systems: {nat: {training: {learning_rate: 1}}}", "as one key: training.learning_rate"),
        ("systems: {nat: {config.ffn: [1, 2]}}", "write {low: 1, high: 2} or"),
        ("systems: {nat: {config.ffn: {low: a, high: 2}}}", r"low: write a number \(got 'a'\)"),
        ("systems: {nat: {config.ffn: {choices: [null]}}}", "choices: write texts, numbers"),
        ("systems: {nat: {config.ffn: {choices: []}}}", "give choices that differ"),
        ("systems: {nat: {config.ffn: {choices: [1, 1]}}}", "give choices that differ"),
        ("systems: {nat: {config.ffn: {lwo: 1}}}", "did you mean 'low'"),
        ("- nat", "must be a mapping with the key systems"),
        ("systems: [", "is not valid YAML"),
        (b"\xff\xfe", "it is not UTF-8"),
    ],
)
def test_a_file_of_ranges_is_named_with_what_is_wrong_in_it(text, said, tmp_path):
    file = tmp_path / "ranges.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError, match=said) as caught:
        load_space("tiny", str(file))
    assert str(file) in str(caught.value)


def test_a_suite_of_ones_own_needs_a_file_of_ranges(tmp_path):
    (tmp_path / "my.yaml").write_text("name: my")
    with pytest.raises(UserError, match="no ranges of its own: name a file of them with --space"):
        load_space(str(tmp_path / "my.yaml"))
    with pytest.raises(UserError, match=r"cannot be read \(No such file"):
        load_space("tiny", str(tmp_path / "none.yaml"))


@pytest.mark.parametrize(
    ("systems", "said"),
    [("{cmlmm: {}}", "did you mean 'cmlm'"), ("{}", "No installed system has ranges")],
)
def test_ranges_for_nobody_are_an_error(systems, said, tmp_path, capsys):
    pytest.importorskip("optuna")
    (tmp_path / "ranges.yaml").write_text(f"systems: {systems}")
    assert tune.main(["--suite", "tiny", "--space", str(tmp_path / "ranges.yaml")]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("place", [".", "afile/r.json", "other.json", "pipe"])
def test_a_record_that_cannot_be_written_is_told_before_the_work(
    place, tmp_path, capsys, monkeypatch
):
    pytest.importorskip("optuna")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "afile").write_text("x")
    (tmp_path / "other.json").write_text('{"my": "results"}')
    os.mkfifo(tmp_path / "pipe")
    assert tune.main(["--suite", "tiny", "--system", "cmlm", "--record", place]) == 2
    assert "--record" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
    assert (tmp_path / "other.json").read_text() == '{"my": "results"}'


@pytest.mark.slow
def test_a_recipe_outside_its_range_widens_it():
    ranges = {"training.learning_rate": SearchRange(low=1.0, high=2.0)}
    far = load_space("tiny").model_copy(update={"systems": {"transformer": ranges}})
    (found,) = search(space=far).dimensions
    assert (found.range.low, found.range.high) == (found.usual, 2.0)


def test_a_choice_of_the_recipe_is_added_and_no_logarithm_of_zero_is_taken():
    assert SearchRange(choices=[1, 2]).with_value(4).choices == [4, 1, 2]
    with pytest.raises(ValueError, match="log needs"):
        SearchRange(low=0.1, high=1.0, log=True).with_value(0.0)


@pytest.mark.slow
def test_unequal_numbers_of_trials_make_no_record():
    found, one = search(), Tried({"decoding.temperature": 0.5}, "t", "g", 0.5, 0.4, 0.6)
    make = {"command": ["x"], "budget_share": 1.0, "device": "cpu"}
    with pytest.raises(UserError, match="differ"):
        make_record({"a": (found, [one]), "b": (found, [one, one])}, **make)
    better = Tried({"decoding.temperature": 0.7}, "t", "h", 0.6, 0.5, 0.7)
    record = make_record({"a": (found, [one, better])}, **make)
    assert record["systems"]["a"]["trials"] == 2 and record["systems"]["a"]["best"] == 1
    assert "temperature: 0.7" in best_recipes(record)


def test_a_failed_trial_is_never_the_best():
    failed = Tried({}, "t", "g", None, error="no")
    assert best_of([failed]) is None
    assert best_of([failed, Tried({}, "t", "g", 0.0)]) == 1


def _names_with_ranges():
    return [(suite, name) for suite in ("tiny", "mini") for name in load_space(suite).systems]


@pytest.mark.slow
@pytest.mark.parametrize(("suite_name", "system"), _names_with_ranges())
def test_the_first_trial_of_every_system_with_ranges_is_planned(suite_name, system):
    try:
        load_system(system)
    except UserError as error:
        pytest.skip(str(error))
    suite = load_suite(suite_name)
    task = load_limited(suite, "dialogue", None)
    scoring = resolve_scoring(suite, task)
    space = load_space(suite_name)
    found = plan_search(suite, task, scoring, system, space, trials=1)
    values = ask(found.dimensions, [], seed=0, system=system)
    recipe = resolve_valid(suite, task, scoring, system)
    assert found.trial(values).train_key == recipe.train_key
    assert found.trial(values).main.key == recipe.main.key


def test_small_searches_the_learning_rate_alone():
    suite, space = load_suite("small"), load_space("small")
    assert {*space.systems} <= {*suite.systems}
    for system, ranges in space.systems.items():
        (field,) = ranges
        assert field == "training.learning_rate"
        assert ranges[field].holds(suite.training_of(system).learning_rate)


def test_small_has_the_best_learning_rates_of_its_record():
    suite = load_suite("small")
    text = (files("benchmark") / "suites" / suite.tuning).read_text(encoding="utf-8")
    for system, of in json.loads(text)["systems"].items():
        assert len(of["tried"]) == 3
        best = of["tried"][of["best"]]["values"]["training.learning_rate"]
        assert suite.training_of(system).learning_rate == pytest.approx(best, rel=5e-3), system


def test_without_optuna_one_sentence_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert tune.main(["--suite", "tiny", "--system", "cmlm"]) == 2
    said = capsys.readouterr().err
    assert "diffuseq-bench[tune]" in said and "Traceback" not in said
