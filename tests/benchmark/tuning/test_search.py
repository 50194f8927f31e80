"""The trials of a search are those of the seed, on the valid split, and equal in number."""

import sys

import pytest

from benchmark import tune
from benchmark.api import UserError
from benchmark.experiment.plan import load_limited
from benchmark.experiment.suite import load_suite
from benchmark.experiment.task_scoring import resolve_scoring
from benchmark.tuning.record import best_recipes, make_record
from benchmark.tuning.sampler import Result, ask
from benchmark.tuning.search import Tried, best_of, plan_search
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
def test_a_recipe_outside_its_range_is_refused():
    ranges = {"training.learning_rate": SearchRange(low=1.0, high=2.0)}
    wrong = load_space("tiny").model_copy(update={"systems": {"transformer": ranges}})
    with pytest.raises(UserError, match="outside this range"):
        search(space=wrong)


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


@pytest.mark.slow
def test_every_range_of_the_shipped_files_fits_its_suite():
    for name in ("tiny", "mini"):
        space, suite = load_space(name), load_suite(name)
        assert {*space.systems} <= {*suite.systems}


def test_without_optuna_one_sentence_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert tune.main(["--suite", "tiny", "--system", "cmlm"]) == 2
    said = capsys.readouterr().err
    assert "diffuseq-bench[tune]" in said and "Traceback" not in said
