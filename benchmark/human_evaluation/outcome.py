"""What raters say of every system, and which differences hold, by the tests of the report.

Items are resampled as sources are there, and raters take the place of seeds: each judges the same
items, and they are too few to be resampled, so their spread widens intervals by Student's t. All
systems are judged by the same raters, whose strictness cancels in a difference. A pair of systems
is compared on what one rater judged of both, by the bootstrap and by approximate randomisation; a
difference holds if both say so after Holm's correction over all pairs and questions.

Raters also differ in which system they like. Two of them may happen to agree on one pair, so this
spread is pooled over all pairs of a question, as in an analysis of variance whose error is raters
by systems. In a simulation of equal systems (3 or 5 rows, 20 sources, 1 to 5 raters whose liking of
a system has a standard deviation of 0, .3 or 1 point) 0.5 to 5.5 % of tables hold a false letter;
with the spread of each pair on its own 10 % did (two raters, .3).

In comparisons of two texts the first gets 1, .5 for a tie, or 0; a pair of equal texts is a tie.
Second showings of an item count for self-agreement alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmark.human_evaluation.agreement import (
    SelfAgreement,
    krippendorff_alpha,
    self_agreement,
)
from benchmark.human_evaluation.answers import Answers
from benchmark.human_evaluation.key import Key
from benchmark.records.schema import Interval
from benchmark.report.analysis.significance import Pair, Verdicts, randomise, resamples_for
from benchmark.scoring.bootstrap import (
    AdditiveScore,
    Bounds,
    interval,
    mean_of,
    p_value,
    resample,
)
from benchmark.scoring.multiple_tests import holm

FloatArray = NDArray[np.float64]

ByRater = dict[int, FloatArray]
"""By the number of a rater, values `(sources,)`, NaN where there is none."""

_RATERS = "raters"
"""What moves all scores alike; see `resample`."""


@dataclass(frozen=True)
class Outcome:
    """The answers, summed up."""

    key: Key
    raters: tuple[str, ...]
    scores: Mapping[tuple[str, str], Interval]
    """By question and system: the mean rating, or the share of wins over all others."""
    verdicts: Verdicts
    """Pairs of systems; the columns are the questions."""
    alphas: Mapping[str, float]
    """Krippendorff's alpha by question: ordinal for ratings, nominal for pairs."""
    self_agreements: tuple[SelfAgreement, ...]
    """Of raters who saw items twice."""
    first_chosen: float
    """In pairs, the share of answers other than ties that went to the text shown first."""


def sum_up(key: Key, answers: Answers) -> Outcome:
    """Scores, tests and agreement."""
    values = _tabulate(key, answers)
    compared = {
        (question, *pair): sides
        for question in values
        for pair in combinations(key.systems, 2)
        for sides in [_sides(key, values[question], *pair)]
        if sides[0]
    }
    resamples = resamples_for(math.comb(len(key.systems), 2) * len(key.questions))
    choices = [a.value for a in answers.given if key.design == "pairs" and a.value != 0.5]
    return Outcome(
        key=key,
        raters=answers.raters,
        scores=dict(_score_all(key, values, resamples)),
        verdicts=_compare_all(key, compared, resamples),
        alphas={q.id: _agreement(key, answers, q.id) for q in key.questions},
        self_agreements=tuple(_self_agreements(key, answers)),
        first_chosen=float(np.mean(choices)) if choices else float("nan"),
    )


Values = dict[tuple[str, ...], ByRater]
"""By the systems whose texts an item shows: what the first of them gets."""


def _tabulate(key: Key, answers: Answers) -> dict[str, Values]:
    """By question, the values of first showings."""
    number = {rater: index for index, rater in enumerate(answers.raters)}
    place = {example: index for index, example in enumerate(key.examples)}
    found: dict[str, Values] = {question.id: {} for question in key.questions}

    def put(question: str, owners: tuple[str, ...], rater: str, example: str, value: float) -> None:
        of = found[question].setdefault(owners, {})
        blank = np.full(len(place), np.nan)
        of.setdefault(number[rater], blank)[place[example]] = value

    for answer in answers.given:
        if answer.item.repeats is None:
            for owners in answer.item.owners:
                put(answer.question, owners, answer.rater, answer.item.example, answer.value)
    asked = {(answer.rater, answer.question) for answer in answers.given}
    for same in key.equal:
        for rater, question in asked:
            put(question, same.systems, rater, same.example, 0.5)
    return found


def _sides(key: Key, values: Values, first: str, second: str) -> tuple[ByRater, ByRater]:
    """What each of two systems gets where a rater judged both."""
    if key.design == "ratings":
        one, two = values.get((first,), {}), values.get((second,), {})
    else:
        there, back = values.get((first, second), {}), values.get((second, first), {})
        blank = np.full(len(key.examples), np.nan)
        one = {
            rater: np.where(
                np.isnan(there.get(rater, blank)),
                1 - back.get(rater, blank),
                there.get(rater, blank),
            )
            for rater in sorted(there.keys() | back.keys())
        }
        two = {rater: 1 - row for rater, row in one.items()}
    both = {r: np.isfinite(one[r] + two[r]) for r in one.keys() & two.keys()}
    both = {rater: rows for rater, rows in sorted(both.items()) if rows.any()}
    return (
        {rater: np.where(rows, one[rater], np.nan) for rater, rows in both.items()},
        {rater: np.where(rows, two[rater], np.nan) for rater, rows in both.items()},
    )


def _bounds(key: Key) -> Bounds:
    return (0.0, 1.0) if key.design == "pairs" else (1.0, float(key.scale))


def _score_all(
    key: Key, values: Mapping[str, Values], resamples: int
) -> Iterator[tuple[tuple[str, str], Interval]]:
    """The score of every system that was judged, question by question."""
    for question, of in values.items():
        found = {
            system: _shares(key, of, system) if key.design == "pairs" else _means(of, system)
            for system in key.systems
        }
        parts = {system: scores for system, scores in found.items() if scores}
        drawn = resample(parts, dict.fromkeys(parts, _RATERS), resamples=resamples)
        for system in parts:
            yield (question, system), drawn.interval(system, bounds=_bounds(key))


def _means(values: Values, system: str) -> dict[int, AdditiveScore]:
    return {rater: mean_of(row) for rater, row in sorted(values.get((system,), {}).items())}


def _shares(key: Key, values: Values, system: str) -> dict[int, AdditiveScore]:
    """The share of wins over each other system, averaged over these, however often each met."""
    met: dict[int, list[FloatArray]] = {}
    for other in key.systems:
        if other != system:
            for rater, row in _sides(key, values, system, other)[0].items():
                won = np.isfinite(row)
                met.setdefault(rater, []).append(np.stack([np.nan_to_num(row), won], axis=-1))
    return {
        rater: AdditiveScore(np.concatenate(columns, axis=-1), _mean_share)
        for rater, columns in sorted(met.items())
    }


def _mean_share(sums: FloatArray) -> FloatArray:
    won, met = sums[..., 0::2], sums[..., 1::2]
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(met > 0, won / met, 0.0)
        mean: FloatArray = shares.sum(axis=-1) / (met > 0).sum(axis=-1)
    return mean


@dataclass(frozen=True)
class _Difference:
    """Two systems on a question: measured and resampled, and by rater."""

    question: str
    first: str
    second: str
    measured: float
    resampled: FloatArray
    by_rater: FloatArray
    p_randomisation: float


def _compare_all(
    key: Key, compared: Mapping[tuple[str, str, str], tuple[ByRater, ByRater]], resamples: int
) -> Verdicts:
    low, high = _bounds(key)
    differences = [_subtract(*names, *sides, resamples) for names, sides in compared.items()]
    found = []
    for one in differences:
        of_question = [other for other in differences if other.question == one.question]
        rows, raters = _with_spread(one, *_pool_spread(of_question))
        found.append(
            Pair(
                one.question,
                one.first,
                one.second,
                interval(rows, seeds=raters, bounds=(low - high, high - low)),
                one.p_randomisation,
                p_value(rows, seeds=raters),
            )
        )
    adjusted = holm([pair.p_both for pair in found])
    return Verdicts(
        tuple(replace(pair, adjusted=p) for pair, p in zip(found, adjusted, strict=True))
    )


def _subtract(
    question: str, first: str, second: str, one: ByRater, two: ByRater, resamples: int
) -> _Difference:
    parts = {
        name: {rater: mean_of(row) for rater, row in side.items()}
        for name, side in ((first, one), (second, two))
    }
    drawn = resample(parts, dict.fromkeys(parts, _RATERS), resamples=resamples)
    rows = drawn.scores[first] - drawn.scores[second]
    cells = {(question, name): of_raters for name, of_raters in parts.items()}
    pair = ((question, first), (question, second))
    return _Difference(
        question=question,
        first=first,
        second=second,
        measured=float(rows[0]),
        resampled=rows[1 + len(drawn.seeds) :],
        by_rater=np.array([parts[first][r].value - parts[second][r].value for r in one]),
        p_randomisation=randomise(cells, [pair], resamples=resamples)[0],
    )


def _pool_spread(differences: Sequence[_Difference]) -> tuple[float, int]:
    """The variance of a difference between raters over all pairs, and its degrees of freedom.

    As in an analysis of variance with raters by systems as the error: (raters - 1)(systems - 1).
    """
    several = [one.by_rater for one in differences if len(one.by_rater) > 1]
    if not several:
        return 0.0, 0
    systems = {system for one in differences for system in (one.first, one.second)}
    freedom = (max(map(len, several)) - 1) * (len(systems) - 1)
    return float(np.mean([row.var(ddof=1) for row in several])), freedom


def _with_spread(
    one: _Difference, variance: float, freedom: int
) -> tuple[FloatArray, tuple[str, ...]]:
    """The rows of `Resampled` with this variance between raters, of these degrees of freedom."""
    if not freedom:
        return np.concatenate([[one.measured], one.resampled]), ()
    count = freedom + 1
    move = math.sqrt(variance / len(one.by_rater) / count)
    moved = np.full(count, one.measured + move)
    return np.concatenate([[one.measured], moved, one.resampled]), (_RATERS,) * count


def _agreement(key: Key, answers: Answers, question: str) -> float:
    items = {item.id: index for index, item in enumerate(key.items)}
    table = np.full((len(answers.raters), len(items)), np.nan)
    for answer in answers.given:
        if answer.question == question and answer.item.repeats is None:
            table[answers.raters.index(answer.rater), items[answer.item.id]] = answer.value
    return krippendorff_alpha(table, "ordinal" if key.design == "ratings" else "nominal")


def _self_agreements(key: Key, answers: Answers) -> Iterable[SelfAgreement]:
    said = {(a.rater, a.item.id, a.question): a.value for a in answers.given}
    for rater in answers.raters:
        pairs = []
        for item in key.items:
            if item.repeats is None:
                continue
            first = [said.get((rater, item.repeats, q.id)) for q in key.questions]
            second = [said.get((rater, item.id, q.id)) for q in key.questions]
            if key.design == "pairs":
                # The texts have changed places.
                second = [None if value is None else 1 - value for value in second]
            if any(a is not None and b is not None for a, b in zip(first, second, strict=True)):
                pairs.append((first, second))
        if pairs:
            yield self_agreement(rater, [one for one, _ in pairs], [two for _, two in pairs])
