from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric
from benchmark.tasks.control_answers import ControlAnswers
from benchmark.tasks.text_judge import TextJudge
from benchmark.tasks.text_likelihood import TextLikelihood


@pytest.fixture
def judge(tmp_path: Path) -> TextJudge:
    def write(name: str, texts: dict[str, str]) -> Path:
        rows = [json.dumps({"text": t, "attributes": {"mood": m}}) for t, m in texts.items()]
        (tmp_path / name).write_text("\n".join(rows), encoding="utf-8")
        return tmp_path / name

    train = write("train.jsonl", {"good food .": "good", "bad food .": "bad", "bad tea .": "bad"})
    return TextJudge("r", train, write("valid.jsonl", {"good tea .": "good"}), False)


def test_values_are_those_of_the_model(judge: TextJudge) -> None:
    model = TextLikelihood(judge.train, judge.held_out, characters=False)
    texts = ("good food .", "food food", "")
    metric = make_metric("ngram_fluency", judge=judge)
    scores = metric.score([Item("1", "mood: good", (), texts)])
    assert scores.values.tolist() == [[model.log_probability(text) for text in texts]]
    assert scores.values[0, 0] > scores.values[0, 1]
    assert metric.signature == (
        f"ngram_fluency|model:{model.name}|case:lower|end:counted|version:1"
    )
    held_out = model.log_probability("good tea .")
    assert scores.signature == f"{metric.signature}|held-out:{held_out:.3f}"


def test_a_grammar_has_no_model() -> None:
    with pytest.raises(UserError, match="needs a language model, which tasks of real texts"):
        make_metric("ngram_fluency", judge=ControlAnswers("control"))
    with pytest.raises(UserError, match="needs a task with attributes"):
        make_metric("ngram_fluency")
