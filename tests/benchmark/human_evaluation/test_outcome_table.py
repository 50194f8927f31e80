from __future__ import annotations

from dataclasses import replace

import pytest
from rated import answered, rate, ratings_key

from benchmark.human_evaluation.agreement import self_agreement
from benchmark.human_evaluation.outcome import sum_up
from benchmark.human_evaluation.outcome_files import write_outcome
from benchmark.human_evaluation.outcome_table import (
    build_outcome_table,
    describe_agreement,
    find_warnings,
)

SYSTEMS = {"a": "x", "b": "y", "reference": "yardstick"}
WITH_COPY = {"a": "x", "b": "y", "copy-source": "yardstick", "reference": "yardstick"}


@pytest.fixture(scope="module")
def outcome():
    key = ratings_key(WITH_COPY)
    effects = {"a": 1.0, "b": -0.5, "copy-source": -1.0, "reference": 1.0}
    return sum_up(key, rate(key, effects, seed=1))


def test_rows(outcome):
    table = build_outcome_table(outcome)
    assert [row.system for row in table.rows] == ["a", "b", "copy-source", "reference"]
    a, b, copy, _ = (row.entries["good"] for row in table.rows)
    assert (a.bold, b.bold, copy.bold) == (True, False, False)
    assert {"b", "copy-source"} <= {*a.beats} and copy.beats == ()
    assert [row.letter for row in table.rows] == ["a", "b", "c", "d"]
    assert [row.yardstick for row in table.rows] == [False, False, True, True]


def test_letters_run_down_the_families():
    key = ratings_key({"a": "x", "reference": "yardstick", "b": "y", "c": "x"}, sources=2)
    given = [("ann", item.id, 3.0) for item in key.items]
    rows = build_outcome_table(sum_up(key, answered(key, given))).rows
    assert [row.system + row.letter for row in rows] == ["aa", "cb", "bc", "referenced"]


def test_nothing_is_bold_where_nothing_is_told_apart():
    key = ratings_key(SYSTEMS)
    found = sum_up(key, rate(key, dict.fromkeys(SYSTEMS, 0.0), seed=0))
    assert not found.verdicts.better_than("good", "a") + found.verdicts.better_than("good", "b")
    assert not any(row.entries["good"].bold for row in build_outcome_table(found).rows)


def test_caption_says_what_it_rests_on(outcome):
    caption = build_outcome_table(outcome).caption
    assert "80 items from 20 sources, 3 raters" in caption
    assert "widened for the spread over 3 raters" in caption
    alone = sum_up(outcome.key, rate(outcome.key, dict.fromkeys(WITH_COPY, 0.0), seed=0, raters=1))
    assert "of this one rater: they hold for her alone" in build_outcome_table(alone).caption


def test_controls_and_agreement_are_told(outcome):
    told = list(describe_agreement(outcome))
    assert told[0].startswith("Krippendorff's alpha (ordinal) of 3 raters: good 0.")
    copy, reference = (outcome.scores["good", name].value for name in ("copy-source", "reference"))
    assert f"Controls, good: copy-source {copy:.2f}, reference {reference:.2f}." in told
    assert not [warning for warning in find_warnings(outcome) if "copied source" in warning]


@pytest.mark.parametrize(("size", "sure"), [(1.5, "significant"), (0.05, "not significant")])
def test_a_copy_above_the_reference_is_a_warning(size, sure):
    key = ratings_key(WITH_COPY)
    effects = {"a": 0.0, "b": 0.0, "copy-source": size, "reference": 0.0}
    (warning,) = (
        w for w in find_warnings(sum_up(key, rate(key, effects, seed=3))) if "copied" in w
    )
    assert warning == (
        f"Warning: raters prefer the copied source to the reference on good ({sure}): either the"
        " question rewards copying, or it was not understood."
    )


def test_a_rater_at_chance_is_a_warning(outcome):
    answers = [(value,) for value in (1, 2, 3, 4, 5, 1, 2, 3)]
    sure = self_agreement("ann", answers, answers)
    random = self_agreement("eve", answers, answers[3:] + answers[:3])
    told = "\n".join(find_warnings(replace(outcome, self_agreements=(sure, random))))
    assert "eve agrees with herself no more often than chance" in told and "ann" not in told


def test_low_alpha_is_a_warning(outcome):
    def warned(alpha):
        return any(
            "tentative" in w for w in find_warnings(replace(outcome, alphas={"good": alpha}))
        )

    assert warned(0.66) and not warned(0.67) and not warned(float("nan"))


def test_files(outcome, tmp_path):
    shown, paths = write_outcome(tmp_path / "outcome", outcome)
    assert [path.name for path in paths] == [
        "table.md", "table.csv", "table.tex", "comparisons.csv", "agreement.csv",
    ]  # fmt: skip
    assert shown == paths[0].read_text() and "| a (a) | **" in shown
    rows = paths[3].read_text().splitlines()
    assert rows[0].startswith("question,first,second,difference,low,high") and len(rows) == 7
    assert paths[4].read_text().splitlines()[1].startswith("alpha_ordinal,good,,0.")
    assert r"\begin{tabular}" in paths[2].read_text()


def test_a_rater_s_name_is_no_formula(tmp_path):
    key = ratings_key({"a": "x"}, sources=2)
    key = key.model_copy(
        update={
            "items": tuple(
                item.model_copy(update={"repeats": None if n == 0 else "s0.a"})
                for n, item in enumerate(key.items)
            )
        }
    )
    found = sum_up(key, answered(key, [("=cmd|x", "s0.a", 2.0), ("=cmd|x", "s1.a", 2.0)]))
    _, paths = write_outcome(tmp_path, found)
    assert ",'=cmd|x," in paths[4].read_text()
