"""The setting `mbr`: its keys, its candidates, and what is made of them."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest
from toy import Toy

from benchmark.api import Capabilities, UserError
from benchmark.execution.trial_stages import run_trial
from benchmark.experiment.plan import make_plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import load_suite, suite_names
from benchmark.experiment.system_factory import build_system
from benchmark.experiment.task_scoring import resolve_scoring
from benchmark.export.record_writer import write_records
from benchmark.generation.measured_generation import generate
from benchmark.records.record_files import RecordFiles
from benchmark.store.entries import Store
from benchmark.tasks import load_task

NANO = str(Path(__file__).parents[2] / "suites" / "nano.yaml")
MORE = ("evaluation.mbr.candidates=5", "evaluation.mbr.sources=4")


@functools.cache
def task_of_nano():
    limits = load_suite(NANO).tasks["paraphrase"].limits.model_dump()
    return load_task("paraphrase", data_dir=None, limits=limits)


@pytest.fixture(autouse=True)
def _one_task(monkeypatch):
    """Making the sentences of a grammar takes longer than all that is tested here."""
    monkeypatch.setattr("benchmark.experiment.plan.load_task", lambda *_, **__: task_of_nano())


def plan(system, *changes):
    suite = load_suite(NANO, list(changes))
    return make_plan(suite, tasks=["paraphrase"], systems=[system], data_dir=None)


def the_mbr(made):
    (trial,) = made.trials
    (planned,) = (of for of in trial.generations if "mbr" in of.setting.roles)
    return planned


def asked(made):
    planned = the_mbr(made)
    return planned.num_samples, len(planned.sources)


def keys(made):
    (trial,) = made.trials
    return [planned.key for planned in trial.generations]


@pytest.mark.slow
def test_more_candidates_for_fewer_sources():
    made = plan("transformer", *MORE)
    setting, main = the_mbr(made).setting, made.trials[0].main.setting
    assert (setting.label, setting.roles) == ("temperature=1, mbr", ("mbr",))
    assert setting.decoding == main.decoding
    assert asked(made) == (5, 4)
    assert asked(plan("transformer", MORE[0])) == (5, 6)
    assert asked(plan("transformer", MORE[0], "evaluation.mbr.sources=900")) == (5, 6)


@pytest.mark.slow
def test_other_keys_stay_as_they_are():
    without, given = plan("transformer"), plan("transformer", *MORE)
    assert given.trials[0].train_key == without.trials[0].train_key
    assert keys(given)[:-1] == keys(without)
    assert keys(given)[-1] not in keys(without)
    assert the_mbr(given).key != the_mbr(plan("transformer", MORE[0])).key


@pytest.mark.slow
def test_what_would_be_the_main_setting_again_is_a_role_of_it():
    made = plan("transformer", "evaluation.mbr.candidates=3")
    assert "main" in the_mbr(made).setting.roles
    assert keys(made) == keys(plan("transformer"))
    (usual,) = plan("transformer").trials
    assert not any("mbr" in of.setting.roles for of in usual.generations)


@pytest.mark.slow
def test_who_cannot_draw_is_asked_for_what_there_is():
    greedy = ("transformer.decoding.method=greedy", "transformer.sweep={}")
    beam = ("transformer.decoding.method=beam", "transformer.decoding.beam=4", greedy[1])
    assert asked(plan("transformer", *MORE, *greedy)) == (1, 4)
    assert asked(plan("transformer", *MORE, *beam)) == (4, 4)
    assert asked(plan("copy-source", *MORE)) == (1, 4)
    # Another list than a beam: as long as it is.
    assert asked(plan("reference", *MORE)) == (3, 4)
    assert "main" in the_mbr(plan("transformer", MORE[0], *greedy)).setting.roles


@pytest.mark.slow
def test_ablations_are_not_repeated(monkeypatch):
    class Ablated(Toy):
        capabilities = Capabilities(trainable=True, ablations={"calls": ({"calls": 2},)})

    for module in ("selection", "plan"):
        load = f"benchmark.experiment.{module}.load_system"
        monkeypatch.setattr(load, {"toy": Ablated}.__getitem__)
    suite = load_suite(NANO, [*MORE, "systems.toy={}"])
    made = make_plan(suite, tasks=["paraphrase"], systems=["toy"], data_dir=None, ablate=["calls"])
    assert the_mbr(made).setting.ablations == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    "system", ["diffuseq", "d3pm-absorbing", "transformer", "cmlm", "levenshtein", "oracle"]
)
def test_the_first_candidates_are_those_of_the_main_setting(system):
    made = plan(system, *MORE)
    (trial,) = made.trials
    built = build_system(trial)
    texts = {}
    for planned in trial.generations:
        role = planned.setting.roles[0]
        if role not in ("main", "mbr"):
            continue
        drawn = generate(
            built, planned.sources, planned.decoding,
            num_samples=planned.num_samples, seed=trial.seed, batch=64,
        )  # fmt: skip
        texts[role] = [[candidate.text for candidate in row] for row in drawn.candidates]
    assert [len(row) for row in texts["mbr"]] == [5] * 4
    assert [row[:3] for row in texts["mbr"]] == texts["main"][:4]
    assert any(len(set(row)) > 1 for row in texts["mbr"])


def scores(store, made):
    (trial,) = made.trials
    digests = (store.record("generate", key)["candidates_digest"] for key in keys(made))
    return [trial.scoring.key(digest) for digest in digests]


def run(made, store):
    outcomes = [run_trial(trial, RunContext(store)) for trial in made.trials]
    assert not any(outcome.errors for outcome in outcomes)
    return sum(outcome.made for outcome in outcomes)


@pytest.mark.slow
def test_a_further_utility_scores_again_and_compares_again_nothing(tmp_path):
    store = Store(tmp_path / "runs")
    one = plan("oracle", *MORE, "evaluation.mbr.utilities=[]")
    two = plan("oracle", *MORE, "evaluation.mbr.utilities=[rouge_l]")
    settings = len(keys(one))
    assert run(one, store) == 2 * settings
    first = {path: path.stat().st_mtime_ns for path in (store.root / "pairs").iterdir()}
    assert len(first) == settings
    # Scored again, not generated again, and what the first utility said is read.
    assert run(two, store) == settings
    assert not set(scores(store, one)) & set(scores(store, two))
    assert len(list((store.root / "pairs").iterdir())) == 2 * settings
    assert all(path.stat().st_mtime_ns == then for path, then in first.items())
    # All of it may be deleted: nothing but time is lost.
    kept = {key: without_time(store.record("score", key)) for key in scores(store, two)}
    for path in (store.root / "pairs").iterdir():
        path.unlink()
    for key in kept:
        store.forget("score", key)
    run(two, store)
    assert {key: without_time(store.record("score", key)) for key in kept} == kept


def without_time(record):
    assert record is not None
    return {name: of for name, of in record.items() if name != "stage_s"}


@pytest.mark.slow
def test_records_keep_the_curves_of_one_setting(tmp_path):
    store, made = Store(tmp_path / "runs"), plan("oracle", *MORE)
    run(made, store)
    write_records(tmp_path / "report", made, store, command=["test"])
    lines = [line for _, line in RecordFiles(tmp_path / "report" / "records").trial_lines()]
    for line in map(json.loads, lines):
        entry = line["score"]["metrics"]["bleu_sent_m4"]
        drawn = {"main", "mbr"} & set(line["setting"]["roles"])
        assert ("mbr_curve" in entry) == ("oracle_curve" in entry) == bool(drawn)
        if "mbr" in drawn:
            assert len(entry["mbr_curve"]["rouge_l"]["value"]) == 5
            assert line["score"]["num_sources"] == 4


def test_every_suite_says_what_it_compares():
    for name in (*suite_names(), NANO):
        suite = load_suite(name)
        wanted = [suite.evaluation.mbr_utility, "rouge_l"]
        scoring = resolve_scoring(suite, task_of_nano())
        assert [utility.id for utility in scoring.utilities] == wanted
        assert suite.evaluation.mbr.model_fields_set == {"candidates", "sources", "utilities"}


def test_a_metric_that_compares_nothing_is_refused():
    with pytest.raises(UserError, match="'length' cannot compare candidates"):
        plan("oracle", "evaluation.mbr.utilities=[length]")
