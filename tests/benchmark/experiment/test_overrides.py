from __future__ import annotations

import pytest

from benchmark.api import UserError
from benchmark.experiment.overrides import parse
from benchmark.experiment.suite import load_suite


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e4", 10000.0),
        ("-1E-3", -0.001),
        ("1.5e2", 150.0),
        (".5e1", 5.0),
        ("[1e2, a]", [100.0, "a"]),
        ("'1e4'", "1e4"),
        ("1e", "1e"),
        ("e4", "e4"),
        ("12", 12),
        ("true", True),
        ("", None),
    ],
)
def test_values(text, value):
    key, found = parse(f"some.key={text}", "--set")
    assert (key, found, type(found)) == ("some.key", value, type(value))


def test_a_number_with_an_exponent_counts():
    suite = load_suite("mini", ["budget.updates=1e4", "evaluation.num_samples=1e1"])
    assert (suite.budget.updates, suite.evaluation.num_samples) == (10_000, 10)
    assert type(suite.budget.updates) is int


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("difuseq.layers=3", "unknown key 'difuseq': did you mean 'diffuseq'?"),
        ("difuseq.decoding.nfe=3", "unknown key 'difuseq': did you mean 'diffuseq'?"),
        ("systems.difuseq.config.layers=3", "unknown key 'difuseq': did you mean 'diffuseq'?"),
        ("systems.diffuseq.traning.batch=3", "did you mean 'training'?"),
        ("tasks.dialouge.limits.test=3", "'tasks.dialouge': did you mean 'dialogue'?"),
        ("tasks.dialogue.limit.test=3", "did you mean 'limits'?"),
        ("tasks.dialogue.limits.tset=3", "did you mean 'test'?"),
        ("limit.test=3", "unknown key 'limit': did you mean 'limits'?"),
        ("limits.tset=3", "did you mean 'test'?"),
        ("tokenizer.knd=bpe", "did you mean 'kind'?"),
        ("lengths.sorce=8", "did you mean 'source'?"),
        ("evaluation.interval.levl=0.9", "did you mean 'level'?"),
        ("evaluation.mbr.source=3", "did you mean 'sources'?"),
        ("tasks.dialogue.budget.update=3", "did you mean 'updates'?"),
        ("diffuseq.budget.update=3", "did you mean 'updates'?"),
    ],
)
def test_every_part_of_a_path_is_suggested(change, sentence):
    with pytest.raises(UserError) as caught:
        load_suite("mini", [change])
    assert sentence in str(caught.value)


def test_new_tasks_and_systems_of_one_s_own_are_no_mistakes():
    suite = load_suite(
        "mini", ["tasks.own={lengths: {source: 8, target: 9}}", "systems.own.nfe=[]"]
    )
    assert suite.tasks["own"].lengths.target == 9 and "own" in suite.systems


@pytest.mark.parametrize(
    "change",
    [
        "training.batch=true",
        "training.learning_rate=yes",
        "budget.seconds=true",
        "seeds=[true]",
        "limits.test=false",
        "evaluation.mbr.candidates=on",
        "diffuseq.training.batch=true",
        "diffuseq.budget.updates=true",
        "diffuseq.nfe=[4, true]",
    ],
)
def test_a_truth_value_is_no_number(change):
    with pytest.raises(UserError, match=r"Input should be a number \(got "):
        load_suite("mini", [change])


def test_a_truth_value_where_one_may_stand():
    suite = load_suite("mini", ["training.by_length=true", "evaluation.compile=true"])
    assert suite.training.by_length is True and suite.evaluation.compile is True


def test_a_truth_value_in_a_file_is_no_number(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(load_suite("mini").yaml().replace("threads: 1", "threads: true"))
    with pytest.raises(UserError, match="threads: Input should be a number"):
        load_suite(str(path))


def test_tokens_reach_every_task_and_unknown_ones_are_refused():
    suite = load_suite("small", ["tokens=zh"])
    assert {recipe.tokens for recipe in suite.tasks.values()} == {"zh"}
    assert suite.other_tasks.tokens == "zh"
    assert load_suite("small", []).tasks["qqp"].tokens is None
    with pytest.raises(UserError, match=r"^tasks\.qqp\.tokens: there are no tokens 'chars': did"):
        load_suite("small", ["tasks.qqp.tokens=chars"])


def test_a_task_outside_the_suite_has_the_rest_of_the_recipe_of_other_tasks():
    suite = load_suite("small", ["tasks.mine.tokens=zh", "tasks.mine.lengths.target=80"])
    mine, usual = suite.tasks["mine"], suite.other_tasks
    assert (mine.tokens, mine.lengths.target, mine.default) == ("zh", 80, False)
    assert (mine.lengths.source, mine.tokenizer) == (usual.lengths.source, usual.tokenizer)
    with pytest.raises(UserError, match="should be a number"):
        load_suite("small", ["lengths.source=true"])
    with pytest.raises(UserError, match=r"Unknown key 'tasks\.mine'"):
        load_suite("mini", ["tasks.mine.tokens=zh"])
