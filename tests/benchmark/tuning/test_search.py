"""The trials of a search are those of the seed, on the valid split, and equal in number."""

import sys

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
from benchmark.tuning.search_space import Dimension, SearchRange, load_space

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


def test_without_optuna_one_sentence_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert tune.main(["--suite", "tiny", "--system", "cmlm"]) == 2
    said = capsys.readouterr().err
    assert "diffuseq-bench[tune]" in said and "Traceback" not in said
