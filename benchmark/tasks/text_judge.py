"""The judge of real texts: a linear classifier of n-grams, which no system ever sees.

It is fitted to all labels of the train file, whatever limits and label budget a suite sets, when
the first text is judged. How often it is right on texts that it was not fitted to is the ceiling of
the figures that it decides, and is printed with them. No guide is its own judge, and none is
selected by it.

Texts are lower-cased. Features are words and pairs of words, or runs of one to three characters
where there are no spaces between words, weighted by tf-idf; one linear support vector machine an
attribute. Source: scikit-learn's LinearSVC (liblinear), C = 0.5; deterministic.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.api.control import Judgement, require_control
from benchmark.store.files import file_digest
from benchmark.tasks.labelled_lines import read_labelled
from benchmark.tasks.real_text_judge import RealTextJudge
from benchmark.tasks.text_likelihood import TextLikelihood

VERSION = 1
"""Incremented when a change here alters judgements."""


@dataclass(frozen=True)
class TextJudge(RealTextJudge):
    """The judge of a folder; picklable, since it names its files."""

    train: Path
    """What it is fitted to."""
    held_out: Path
    """What its accuracy is measured on: valid, or the test where there is none."""
    characters: bool
    """Whether the texts are of a script without spaces between words."""

    @functools.cached_property
    def name(self) -> str:
        """See `benchmark.api.Judge`."""
        digest = file_digest(self.train)[:8]
        return f"linear-svc-{'characters' if self.characters else 'words'}-{digest}-v{VERSION}"

    @functools.cached_property
    def language_model(self) -> TextLikelihood:
        """Fitted to the same texts."""
        return TextLikelihood(self.train, self.held_out, self.characters)

    def judge(self, source: str, text: str) -> Judgement:
        """What `text` does with the control line `source`; every text that is not empty is valid.

        Nothing decides whether the content of an edit was kept.
        """
        control = require_control(source, self.folder)
        found = self._labels(text) if text.strip() else {}
        wanted = {name: found.get(name) == value for name, value in control.wanted.items()}
        if control.text is None:
            return Judgement(bool(found), wanted)
        before = self._labels(control.text)
        others = [name for name in before if name not in control.wanted]
        kept = all(found.get(name) == before[name] for name in others) if others else None
        return Judgement(bool(found), wanted, None, kept)

    def ceilings(self) -> Mapping[str, float]:
        """By attribute how often the judge is right on held-out texts, where there are any."""
        return {name: right for name, (right, _) in self._accuracies().items()}

    def remarks(self) -> Sequence[str]:
        """The same in sentences."""
        fitted, measured = _fitted(self.train, self.characters), self._accuracies()
        return [
            f"Judge of {name}: a classifier fitted to all {count:,} labels of train,"
            f" {_describe(measured.get(name))}."
            for name, count in fitted.counts.items()
        ]

    def _accuracies(self) -> Mapping[str, tuple[float, int]]:
        return _accuracies(self.train, self.held_out, self.characters)

    def _labels(self, text: str) -> Mapping[str, str]:
        return _classify(self.train, self.characters, text)


def _describe(accuracy: tuple[float, int] | None) -> str:
    if accuracy is None:
        return "of which no held-out text tells how often it is right"
    right, texts = accuracy
    return f"right on {right:.1%} of {texts:,} held-out texts, which is the ceiling of the column"


@dataclass(frozen=True)
class _Classifiers:
    vectorizer: Any
    models: Mapping[str, Any]
    counts: Mapping[str, int]

    def labels(self, texts: Sequence[str]) -> list[dict[str, str]]:
        features = self.vectorizer.transform(texts)
        found = {name: model.predict(features) for name, model in self.models.items()}
        return [{name: str(of[row]) for name, of in found.items()} for row in range(len(texts))]


@functools.lru_cache(maxsize=2**17)
def _classify(train: Path, characters: bool, text: str) -> Mapping[str, str]:
    return _fitted(train, characters).labels([text])[0]


@functools.lru_cache(maxsize=8)
def _accuracies(train: Path, held_out: Path, characters: bool) -> dict[str, tuple[float, int]]:
    """By attribute the share of held-out texts that are judged right, and their number.

    Without the attributes that no held-out text has.
    """
    classifiers = _fitted(train, characters)
    lines = [line for line in read_labelled(held_out).lines if line.texts]
    found = classifiers.labels([line.texts[0] for line in lines]) if lines else []
    accuracies = {}
    for name in classifiers.models:
        right = [
            labels[name] == line.attributes[name]
            for labels, line in zip(found, lines, strict=True)
            if name in line.attributes
        ]
        if right:
            accuracies[name] = sum(right) / len(right), len(right)
    return accuracies


@functools.lru_cache(maxsize=2)
def _fitted(train: Path, characters: bool) -> _Classifiers:
    """One classifier an attribute, fitted once in a process."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    lines = [line for line in read_labelled(train).lines if line.texts]
    vectorizer = TfidfVectorizer(
        analyzer="char" if characters else "word",
        ngram_range=(1, 3) if characters else (1, 2),
        token_pattern=None if characters else r"\w+(?:'\w+)?|[^\w\s]",
        min_df=min(2, len(lines)),
        sublinear_tf=True,
        dtype=np.float32,
    )
    try:
        features = vectorizer.fit_transform([line.texts[0] for line in lines])
    except ValueError as error:
        raise UserError(
            f"{train}: no word occurs in two texts, so no judge can be fitted: add texts."
        ) from error
    models, counts = {}, {}
    for name in sorted({name for line in lines for name in line.attributes}):
        rows = [row for row, line in enumerate(lines) if name in line.attributes]
        labels = [lines[row].attributes[name] for row in rows]
        models[name] = LinearSVC(C=0.5, random_state=0).fit(features[rows], labels)
        counts[name] = len(rows)
    return _Classifiers(vectorizer, models, counts)
