from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from benchmark.api import UserError
from benchmark.tasks import attribute_grammar_file
from benchmark.tasks.attribute_grammar_file import read_attribute_grammar

TEXT = dedent((attribute_grammar_file.__doc__ or "").split("\n\n")[1]) + "\n"


def test_the_example_of_the_module_is_a_grammar(tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(TEXT)
    grammar = read_attribute_grammar(path)
    assert grammar.task_id == "tiny" and grammar.version == 1
    parsed = grammar.parse("bob eats and is awful")
    assert parsed is not None and parsed.values == {"mood": "bad", "tense": "now"}
    assert grammar.parse("bob eats and was awful") is None
    assert len(grammar.frames) == 2


def test_a_grammar_like_another_has_its_own_correlation(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TEXT)
    path = tmp_path / "other.yaml"
    path.write_text("version: 2\nlike: tiny\ncorrelation: [[good, past, 3]]")
    grammar = read_attribute_grammar(path)
    assert grammar.version == 2
    assert grammar.projection("tense", {"mood": "good"}) == pytest.approx(
        {"past": 0.75, "now": 0.25}
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT.replace("version: 1", "version: x"), "version: Input should be"),
        (TEXT + "more: 1\n", "more: Extra inputs"),
        (TEXT + "version: 2\n", "the key 'version' stands twice"),
        ("version: 1\nlike: nothing", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_attribute_grammar(path)
