from __future__ import annotations

import pytest

from benchmark.api import UserError
from benchmark.human_evaluation.questions import COLUMNS, parse_questions, usual_questions
from benchmark.tasks import TASKS

FAMILIES = {entry.family for entry in TASKS.values()} | {"editing", "unknown"}


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_is_asked_for_fluency_and_more(family):
    names = [question.id for question in usual_questions(family, "ratings")]
    assert "fluency" in names and len(names) >= 2 and not {*names} & {*COLUMNS}
    assert [question.id for question in usual_questions(family, "pairs")] == ["better"]


def test_the_questions_of_a_family_are_its_own():
    assert len({usual_questions(f, "ratings") for f in FAMILIES}) == len(FAMILIES)
    assert len({usual_questions(f, "pairs") for f in FAMILIES}) == len(FAMILIES)


def test_own_questions():
    (one, two) = parse_questions(["clear=Is it clear?", "kind = a = b?"])
    assert (one.id, one.text) == ("clear", "Is it clear?")
    assert (two.id, two.text) == ("kind", "a = b?")


@pytest.mark.parametrize("words", ["clear", "=Is it?", "Two words=Is it?", "clear=", "a=b\nc"])
def test_other_forms_are_refused(words):
    with pytest.raises(UserError, match="write NAME=TEXT"):
        parse_questions([words])


@pytest.mark.parametrize("given", [["a=b", "a=c"], ["source=b"], ["rater=b"]])
def test_taken_names_are_refused(given):
    with pytest.raises(UserError, match="is taken"):
        parse_questions(given)
