"""Texts in, candidates out, without ids."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from benchmark.api import UserError
from benchmark.library import load, read_results
from benchmark.library.checkpoint import find_checkpoint

pytestmark = pytest.mark.slow

TEXTS = ["test1 b c d e", "valid0 b c d e", "test1 b c d e"]


@pytest.fixture(scope="module")
def system(kept):
    return load("transformer", store=kept.store, device="cpu")


def texts(made):
    return [(row.source, row.candidate, row.text, row.status) for row in made.itertuples()]


def test_a_row_for_each_candidate_in_order(system):
    made = system.generate(TEXTS, num_samples=3)
    assert list(made.columns) == ["source", "candidate", "text", "status", "logprob"]
    assert list(made.source) == [text for text in TEXTS for _ in range(3)]
    assert list(made.candidate) == [0, 1, 2] * 3
    assert made.logprob.dtype == "float64" and set(made.status) <= {"ok", "empty", "unfinished"}
    assert system.generate([]).empty


def test_draws_depend_on_the_text_and_the_seed_alone(system):
    made = texts(system.generate(TEXTS, num_samples=3))
    assert made[:3] == made[6:] and made[:3] != made[3:6]
    assert texts(system.generate([TEXTS[1]], num_samples=3)) == made[3:6]
    assert texts(system.generate(TEXTS, num_samples=3, batch=1)) == made
    assert texts(system.generate(TEXTS[:1], num_samples=2)) == made[:2]
    assert texts(system.generate(TEXTS, num_samples=3, seed=2)) != made


def test_the_setting_of_the_table_and_changes_of_it(system, kept, tmp_path):
    (main,) = [
        of.setting
        for of in read_results(kept.report).records.trial_records
        if of.system == "transformer" and "main" in of.setting.roles
    ]
    assert system.decoding == main.decoding and system.decoding["method"] == "sample"
    greedy = system.generate(TEXTS[:1], decoding={"method": "greedy"})
    assert texts(greedy) == texts(system.generate(TEXTS[:1], decoding={"method": "greedy"}, seed=9))
    assert system.decoding["method"] == "sample"
    system.share(tmp_path / "greedy")
    facts = json.loads((tmp_path / "greedy" / "diffuseq_bench.json").read_text())
    facts["setting"]["decoding"]["method"] = "greedy"
    (tmp_path / "greedy" / "diffuseq_bench.json").write_text(json.dumps(facts))
    of_table = load(tmp_path / "greedy", device="cpu").generate(TEXTS[:1])
    assert texts(of_table) == texts(greedy)


def test_the_candidates_are_those_of_the_system_itself(system):
    from benchmark.library.trained_system import _id

    decoding = system.system.Decoding(**system.decoding)
    ids = [_id(text) for text in TEXTS]
    own = system.system.generate(TEXTS, decoding, num_samples=2, seed=5, ids=ids)
    made = system.generate(TEXTS, num_samples=2, seed=5)
    assert list(made.text) == [candidate.text for of_source in own for candidate in of_source]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"sources": "one text"}, "sources is one text: give a list"),
        ({"sources": ["a", None]}, r"sources\[1\] is None and no text"),
        ({"sources": None}, "sources is None: give a list"),
        ({"sources": {"a": "b"}}, "sources is a dict: give the list or column"),
        ({"sources": pd.DataFrame({"name": ["a"]})}, "sources is a DataFrame: give the list"),
        ({"sources": ["a", "b \ud800"]}, r"sources\[1\] holds half a character"),
        ({"sources": ["a"], "num_samples": "3"}, "num_samples is '3': use a whole number"),
        ({"sources": ["a"], "num_samples": True}, "num_samples is True: use a whole number"),
        ({"sources": ["a"], "batch": 1.5}, "batch is 1.5: use a whole number"),
        ({"sources": ["a"], "seed": "x"}, "seed is 'x': use a whole number"),
        ({"sources": ["a"], "decoding": ["method"]}, "give fields by name"),
        ({"sources": ["a"], "num_samples": 0}, "num_samples is 0: use 1 or more"),
        ({"sources": ["a"], "batch": 0}, "batch is 0: use 1 or more"),
        ({"sources": ["a"], "decoding": {"temprature": 1}}, "did you mean 'temperature'"),
        (
            {"sources": ["a"], "decoding": {"method": "greedy"}, "num_samples": 2},
            "gives one answer",
        ),
    ],
)
def test_wrong_calls_are_one_sentence(system, words, sentence):
    with pytest.raises(UserError, match=sentence):
        system.generate(**words)


def test_another_system_refuses_the_folder(kept):
    folder = find_checkpoint("transformer", store=kept.store).folder
    with pytest.raises(UserError, match="is of the system 'transformer' and not of 'cmlm'"):
        load(folder, system="cmlm")


def test_a_guided_system_has_its_operators(tmp_path):
    from benchmark.library import run

    small = ["limits.train=60", "limits.valid=4", "limits.test=4", "budget.updates=3"]
    small += ["training.batch=8", "training.quality_examples=0", "evaluation.num_samples=2"]
    small += ["evaluation.interval.resamples=20", "fudge.sweep={}"]
    words = {"changes": small, "store": tmp_path / "runs", "reports": tmp_path / "reports"}
    results = run("control", "fudge", **words)
    assert set(results.trials.status) == {"ok"}
    system = load("fudge", store=tmp_path / "runs", device="cpu")
    assert system.system.operators is not None and system.facts["operators"]["labels"] > 0
    source = results.texts.source[0]
    made = system.generate([source], num_samples=2)
    assert system.share(tmp_path / "shared", report=tmp_path / "reports" / "mini") == []
    shared = load(tmp_path / "shared", device="cpu")
    assert texts(shared.generate([source], num_samples=2)) == texts(made)
    facts = json.loads((tmp_path / "shared" / "diffuseq_bench.json").read_text())
    assert facts["operators"] == system.facts["operators"]


def test_arrays_and_generators_are_lists_of_texts(system):
    made = texts(system.generate(TEXTS, num_samples=2))
    assert texts(system.generate(np.array(TEXTS), num_samples=np.int64(2))) == made
    assert texts(system.generate((text for text in TEXTS), num_samples=2)) == made


def test_words_that_the_vocabulary_does_not_know_are_counted(system):
    assert system.count_unknown(["b c d e"]) == (0, 4)
    assert system.count_unknown(["b c d e", "never b seen"]) == (2, 7)
