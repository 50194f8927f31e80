"""A grammar read from YAML is the one written in Python; what is wrong in a file is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.tasks.grammar import Frame, Grammar, Rule, entry, synonyms
from benchmark.tasks.grammar_file import read_grammar

TEXT = """
version: 3
categories:
  size: [{big: 0.75, large: 0.25}, tiny]
  person:
    i: {weight: 2.0, object: me}
    they: {object: {them: 0.8, those: 0.2}}
  eat: [soup, rice]
  play: [chess, cards]
frames:
  - source: "{p:person} <each> {s:size} {t:<each>} ."
    each: [eat, play]
    weight: 0.7
    targets: {"{s.syn} {t} <each> {p.object} .": 0.4, "{o:<each>!t} .": 0.6}
  - source: "{p:person} ?"
    weight: 0.3
    targets: {"{p} .": 1.0}
"""


def written() -> Grammar:
    things = {"eat": ("soup", "rice"), "play": ("chess", "cards")}
    frames = [
        Frame(
            0.7,
            f"{{p:person}} {verb} {{s:size}} {{t:{verb}}} .",
            (
                Rule(0.4, f"{{s.syn}} {{t}} {verb} {{p.object}} ."),
                Rule(0.6, f"{{o:{verb}!t}} ."),
            ),
        )
        for verb in things
    ]
    return Grammar(
        "mine",
        3,
        categories={
            "size": (*synonyms({"big": 0.75, "large": 0.25}), entry("tiny", syn="tiny")),
            "person": (
                entry("i", 2.0, object="me"),
                entry("they", object={"them": 0.8, "those": 0.2}),
            ),
            **{verb: tuple(map(entry, words)) for verb, words in things.items()},
        },
        frames=(*frames, Frame(0.3, "{p:person} ?", (Rule(1.0, "{p} ."),))),
    )


def test_a_file_is_the_grammar_in_python(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace("tiny]", "{tiny: 1.0}]"))
    read, expected = read_grammar(path), written()
    assert (read.task_id, read.version) == ("mine", 3)
    assert list(read.sources()) == list(expected.sources())
    for source, _ in expected.sources():
        assert list(read.distribution(source).items()) == list(
            expected.distribution(source).items()
        )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("version: x", "version"),
        ("tiny: [", "is not YAML"),
        ("{eat: 1, yes: 2}", "categories"),
        ("extra: 1", "extra"),
        ("{eat: , rice: }", r"eat\.eat: Input should be a valid dictionary \(got None\)"),
        ("version: 4", "the key 'version' stands twice"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, wrong: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    replaced = {
        "version: x": TEXT.replace("version: 3", wrong),
        "{eat: , rice: }": TEXT.replace("[soup, rice]", wrong),
        "{eat: 1, yes: 2}": TEXT.replace("[soup, rice]", f"[{wrong}]"),
    }
    path.write_text(replaced.get(wrong, TEXT + wrong))
    with pytest.raises(UserError, match=message) as caught:
        read_grammar(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_grammar(tmp_path / "none.yaml")
