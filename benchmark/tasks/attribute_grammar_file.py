"""Reads an attribute grammar from a YAML file; its name is the id of the grammar.

    version: 1                                   # raised whenever a change alters data
    attributes: {mood: [good, bad], tense: [past, now]}
    categories:                                  # words in the order of their frequency
      who: {words: {"": ann bob}}
      how: {attribute: mood, words: {good: fine great, bad: poor awful}}
      did: {attribute: tense, inflected: true, words: {past: ran ate, now: runs eats}}
    spelling: {tense: {past: {be: was}, now: {be: is}}}
    frames:
      - {family: act, values: {}, pattern: "{p:who} {v:did} and {be} {a:how}"}

A frame stands for one of each value of the attribute under `spelling`, in whose spelling its
`{name}` are replaced. A grammar may be `like` another file, with a `correlation` of its own.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from benchmark.tasks.attribute_grammar import AttributeGrammar
from benchmark.tasks.grammar_file import read_fields
from benchmark.tasks.sentence_forms import Category, SentenceFrame


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _CategoryFields(_Strict):
    words: dict[str, str]
    attribute: str = ""
    inflected: bool = False


class _FrameFields(_Strict):
    family: str
    values: dict[str, str] = {}
    pattern: str
    weight: float = 1.0


class _GrammarFields(_Strict):
    version: int
    like: str = ""
    attributes: dict[str, tuple[str, ...]] = {}
    categories: dict[str, _CategoryFields] = {}
    spelling: dict[str, dict[str, dict[str, str]]] = {}
    frames: list[_FrameFields] = []
    correlation: list[tuple[str, str, float]] = []


def read_attribute_grammar(path: Path) -> AttributeGrammar:
    """The grammar in a file.

    Raises:
        UserError: if the file cannot be read or is not YAML of this form.
        ValueError: if the grammar is wrong; see `AttributeGrammar`.
    """
    fields = read_fields(path, _GrammarFields)
    base = fields
    if fields.like:
        base = read_fields(path.with_name(f"{fields.like}.yaml"), _GrammarFields)
    return AttributeGrammar(
        path.stem,
        fields.version,
        attributes=base.attributes,
        categories={
            name: Category(
                {value: tuple(words.split()) for value, words in described.words.items()},
                described.attribute,
                described.inflected,
            )
            for name, described in base.categories.items()
        },
        frames=[frame for described in base.frames for frame in _spell(described, base.spelling)],
        correlation={(first, second): weight for first, second, weight in fields.correlation},
    )


def _spell(
    frame: _FrameFields, spelling: dict[str, dict[str, dict[str, str]]]
) -> list[SentenceFrame]:
    """The frame with every spelling of its `{name}`."""
    frames = [SentenceFrame(frame.family, frame.values, frame.pattern, frame.weight)]
    for attribute, by_value in spelling.items():
        frames = [
            SentenceFrame(
                each.family,
                {**each.values, attribute: value},
                _replace(each.pattern, spelt),
                each.weight,
            )
            for each in frames
            for value, spelt in by_value.items()
        ]
    return frames


def _replace(pattern: str, spelt: dict[str, str]) -> str:
    for name, words in spelt.items():
        pattern = pattern.replace(f"{{{name}}}", words)
    return pattern
