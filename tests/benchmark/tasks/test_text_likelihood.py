from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from benchmark.tasks.text_likelihood import TextLikelihood


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def write(name: str, texts: list[str]) -> None:
        rows = [json.dumps({"text": text, "attributes": {"a": "b"}}) for text in texts]
        (tmp_path / name).write_text("\n".join(rows), encoding="utf-8")

    write("train.jsonl", ["it 's good food .", "it 's bad food .", "do n't !"] * 2)
    write("valid.jsonl", ["It's good !", "bad food ."])
    return tmp_path


def model(folder: Path, *, characters: bool = False) -> TextLikelihood:
    return TextLikelihood(folder / "train.jsonl", folder / "valid.jsonl", characters)


def test_case_and_how_a_text_was_tokenised_do_not_count(folder: Path) -> None:
    words = model(folder)
    assert words.log_probability("It's good food.") == words.log_probability("it 's good food .")
    assert words.log_probability("Don't!") == words.log_probability("do n't !")
    assert words.log_probability("good food .") > words.log_probability("food good .")


def test_characters_have_no_spaces_between_them(folder: Path) -> None:
    found = model(folder, characters=True)
    assert found.log_probability("good food") == found.log_probability("GOODFOOD")
    assert found.log_probability("good food") > found.log_probability("doog doof")


def test_held_out_texts_are_a_mean_of_texts(folder: Path) -> None:
    words = model(folder)
    found = [words.log_probability(text) for text in ("it's good !", "bad food .")]
    assert words.of_held_out() == pytest.approx(sum(found) / 2)


def test_names_say_what_was_fitted_and_travel(folder: Path) -> None:
    words = pickle.loads(pickle.dumps(model(folder)))
    assert words.name.startswith("kneser-ney-4-words-")
    assert model(folder, characters=True).name.startswith("kneser-ney-4-characters-")
    before = words.name
    (folder / "train.jsonl").write_text('{"text": "x x", "attributes": {}}', encoding="utf-8")
    assert model(folder).name != before
