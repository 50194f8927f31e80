"""Words where some of a text is written without spaces."""

from __future__ import annotations

from benchmark.api.unspaced_words import JOINER, all_forms, join_words, split_words


def test_characters_are_words_and_other_runs_stay_whole() -> None:
    words = ["买", f"{JOINER}iPhone", "很", f"{JOINER}好", f"{JOINER},ok"]
    assert split_words("买iPhone  很好,ok") == words
    assert join_words(" ".join(words)) == "买iPhone 很好,ok"


def test_other_scripts_are_split_at_spaces_alone() -> None:
    for text in ("the man's dog", "из  дома", "좋은 날", " "):
        assert split_words(text) == text.split()
        assert join_words(" ".join(text.split())) == " ".join(text.split())


def test_a_mark_belongs_to_the_character_before_it() -> None:
    chosen = "葛\N{VARIATION SELECTOR-1}"
    assert split_words(f"{chosen}城") == [chosen, f"{JOINER}城"]


def test_a_character_is_known_wherever_it_stands() -> None:
    words = {"好", f"{JOINER}很", "ok"}
    assert all_forms(words) == {*words, f"{JOINER}好", "很"}


def test_what_begins_inside_a_word_can_be_read() -> None:
    assert join_words(f"{JOINER}好 的") == "好 的"
