"""Reads a grammar from a YAML file; its name is the id of the task.

    version: 1                                  # raised whenever a change alters data
    categories:
      city: [paris, rome]                       # words
      size: [{big: 0.75, large: 0.25}, tiny]    # a set of synonyms, for the form `syn`
      person:                                   # words with a weight (usually 1) and forms
        i: {weight: 2.0, object: me}
        they: {object: {them: 0.8, those: 0.2}}
    frames:
      - source: "{p:person} went to {c:city} ."
        weight: 1.0
        targets: {"who went to {c} ?": 0.4, "where did {p} go ?": 0.6}

A word that has only a weight of 1 is written `word: {}` among words with forms. A frame with
`each: [a, b]` stands for one frame for each of these words, in place of `<each>` in its patterns.
YAML reads an unquoted `yes`, `no`, `on` or `off` as true or false: quote them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.api import UserError
from benchmark.runtime.yaml_format import read_yaml
from benchmark.tasks.grammar import Entry, Frame, Grammar, Rule, entry, synonyms

F = TypeVar("F", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _WordFields(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, str | dict[str, float]]
    weight: float = 1.0


class _FrameFields(_Strict):
    source: str
    weight: float
    targets: dict[str, float]
    each: list[str] = [""]

    def frames(self) -> list[Frame]:
        return [
            Frame(
                self.weight,
                self.source.replace("<each>", word),
                tuple(Rule(w, text.replace("<each>", word)) for text, w in self.targets.items()),
            )
            for word in self.each
        ]


class _GrammarFields(_Strict):
    version: int
    categories: dict[str, list[str | dict[str, float]] | dict[str, _WordFields]]
    frames: list[_FrameFields]


def read_grammar(path: Path) -> Grammar:
    """The grammar in a file.

    Raises:
        UserError: if the file is not YAML of this form.
        ValueError: if a pattern or a weight is wrong; see `Grammar`.
    """
    fields = read_fields(path, _GrammarFields)
    return Grammar(
        path.stem,
        fields.version,
        categories={name: _entries(words) for name, words in fields.categories.items()},
        frames=tuple(frame for described in fields.frames for frame in described.frames()),
    )


def read_fields(path: Path, fields: type[F]) -> F:
    """What a grammar file says, as pydantic fields.

    Raises:
        UserError: if the file cannot be read or is not YAML of this form.
    """
    try:
        return fields.model_validate(read_yaml(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise UserError(f"{path}: {_describe(error)}: correct the file.") from error
    except yaml.YAMLError as error:
        place = " ".join(str(error).split())
        raise UserError(f"{path} is not YAML ({place}): correct the file.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The grammar {path} cannot be read: {error}.") from error


def _describe(error: ValidationError) -> str:
    """The deepest problem, without the alternatives that pydantic tried on the way."""
    found = max(error.errors(), key=lambda each: len(each["loc"]))
    parts = [part for part in map(str, found["loc"]) if "[" not in part and part[0] != "_"]
    reason = found["msg"].partition(" or instance")[0]
    return f"{'.'.join(parts) or 'the file'}: {reason} (got {found['input']!r})"


def _entries(words: list[str | dict[str, float]] | dict[str, _WordFields]) -> tuple[Entry, ...]:
    if isinstance(words, dict):
        return tuple(entry(word, of.weight, **(of.model_extra or {})) for word, of in words.items())
    sets = (synonyms(word) if isinstance(word, dict) else (entry(word),) for word in words)
    return tuple(word for of_set in sets for word in of_set)
