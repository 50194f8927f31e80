from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.api import Example, LogLikelihood
from benchmark.execution.trial_stages import run_trial, unfinished
from benchmark.experiment.plan import Plan, make_plan
from benchmark.experiment.recipes import LikelihoodRecipe
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import load_suite
from benchmark.export.record_writer import write_records
from benchmark.records.reader import read_records
from benchmark.scoring.likelihood_stage import compute
from benchmark.scoring.likelihoods import GAP, statistics
from benchmark.store.entries import Store

NANO = str(Path(__file__).parents[2] / "suites" / "nano.yaml")
QUICK = [
    "limits.train=40", "limits.test=5", "budget.updates=3", "training.validate_every=3",
    "systems.diffuseq.sweep={}", "systems.oracle.sweep={}",
]  # fmt: skip
ASKED = "evaluation.likelihood.samples=4"
SYSTEMS = ["diffuseq", "d3pm-absorbing", "transformer", "cmlm", "levenshtein", "oracle"]


class Lengths:
    """A likelihood that shows its noise, and how it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], int]] = []

    def log_likelihood(self, examples, noise, *, num_samples, weighting="mean", steps=None):
        assert weighting == "importance" and steps == 9
        self.asked.append(([e.id for e in examples], len(noise.seeds)))
        firsts = noise.seeds[::num_samples]
        return [
            LogLikelihood(-float(seed % 1000), len(e.target), "lower bound")
            for seed, e in zip(firsts, examples, strict=True)
        ]


def test_noise_is_named_by_example_and_batches_hold_similar_lengths():
    examples = [Example(str(n), "s", "w" * length, ("",)) for n, length in enumerate((3, 1, 2))]
    recipe = LikelihoodRecipe(samples=4, weighting="importance", steps=9)
    few, many = Lengths(), Lengths()
    found = compute(few, examples, recipe, seed=1, rows=8)
    assert few.asked == [(["1", "2"], 8), (["0"], 4)]
    assert found == compute(many, examples, recipe, seed=1, rows=1000)
    assert len(many.asked) == 1
    assert [one.tokens for one in found] == [3, 1, 2]
    assert found != compute(Lengths(), examples, recipe, seed=2, rows=8)


def plan_of(*changes: str) -> Plan:
    suite = load_suite(NANO, [*QUICK, *changes])
    return make_plan(suite, tasks=["paraphrase"], systems=SYSTEMS, data_dir=None)


def keys(plan: Plan) -> dict[str, str | None]:
    return {trial.system: trial.likelihood_key for trial in plan.trials}


def test_keys_are_those_of_a_suite_without_likelihoods():
    plain, asked = plan_of(), plan_of(ASKED)
    assert set(keys(plain).values()) == {None}
    for one, other in zip(plain.trials, asked.trials, strict=True):
        assert one.train_key == other.train_key
        assert [of.key for of in one.generations] == [of.key for of in other.generations]
        assert one.scoring.key("x") == other.scoring.key("x")
    assert keys(asked)["levenshtein"] is None


def test_draws_decide_the_keys_of_bounds_alone():
    few, many = keys(plan_of(ASKED)), keys(plan_of("evaluation.likelihood.samples=5"))
    changed = {system for system in SYSTEMS if few[system] != many[system]}
    assert changed == {"diffuseq", "d3pm-absorbing"}


def test_the_range_of_draws():
    for wrong in ("0", "5000"):
        with pytest.raises(Exception, match=r"evaluation\.likelihood\.samples"):
            load_suite(NANO, [f"evaluation.likelihood.samples={wrong}"])


@pytest.mark.slow
def test_a_run_with_likelihoods(tmp_path):
    plan, store = plan_of(ASKED), Store(tmp_path / "runs")
    for trial in plan.trials:
        assert run_trial(trial, RunContext(store)).errors == ()
        assert not unfinished(trial, store)
        assert run_trial(trial, RunContext(store)).made == 0
    write_records(tmp_path / "report", plan, store, command=[])
    records = read_records(tmp_path / "report")
    kinds = {}
    for record in records.trial_records:
        if record.likelihood is None:
            assert record.keys.likelihood is None
            continue
        assert "main" in record.setting.roles
        kinds[record.system] = record.likelihood.kind
        assert record.keys.likelihood is not None
        rows = records.likelihoods(record.keys.likelihood)
        assert [row.id for row in rows] == [e.id for e in plan.tasks["paraphrase"].test]
        assert record.likelihood.num_sources == 5 and record.likelihood.unreachable == 0
        for name, score in statistics(rows).items():
            assert record.likelihood.statistics[name].value == pytest.approx(score.value)
        gap = record.likelihood.statistics[GAP].value
        # The truth is no worse than itself; three updates are worse than the truth.
        assert gap == 0 if record.system == "oracle" else gap > 1
    assert kinds == {
        "diffuseq": "lower bound",
        "d3pm-absorbing": "lower bound",
        "transformer": "exact",
        "cmlm": "pseudo",
        "oracle": "exact",
    }
    cells = tmp_path / "report" / "records" / "cells" / "paraphrase.jsonl"
    line = json.loads(cells.read_text().split("\n")[0])
    assert line["likelihood"]["samples"] == 4
