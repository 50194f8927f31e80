"""The outcome as a table, and in sentences on raters and controls."""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchmark.human_evaluation.agreement import TENTATIVE, SelfAgreement
from benchmark.human_evaluation.outcome import Outcome
from benchmark.human_evaluation.questions import Question
from benchmark.records.schema import UNDEFINED
from benchmark.report.analysis.significance import LEVEL, assign_letters
from benchmark.report.data.columns import Column
from benchmark.report.data.points import COPY, REFERENCE, YARDSTICK
from benchmark.report.tables.table import Footnote, Table, TableCell, TableRow

NAME = "human"
"""What sets the table apart from others of its task."""

_TEST = (
    "Raised letters: significantly better than the rows of these letters, by approximate"
    " randomisation over the items (all raters of an item together) and by the paired bootstrap"
    " over the items, with Student's t over the raters, both"
    f" two-sided at {LEVEL:g} after Holm's correction over all pairs of rows and all questions."
    " Bold: the best system, and those that these tests do not separate from it; nothing is bold"
    " where that holds for every system."
)


def build_outcome_table(outcome: Outcome) -> Table:
    """A row for each system, the controls set apart; a column for each question."""
    key = outcome.key
    columns = tuple(_make_column(outcome, question) for question in key.questions)
    families = [*dict.fromkeys(key.systems.values())]
    families.sort(key=lambda family: family == YARDSTICK)
    ordered = sorted(key.systems, key=lambda system: families.index(key.systems[system]))
    letters = assign_letters(ordered)
    bold = {q.id: _find_best(outcome, q.id) for q in key.questions}
    rows = tuple(
        TableRow(
            system=system,
            title=system,
            family=key.systems[system],
            setting="",
            letter=letters[system],
            entries={
                question.id: TableCell(
                    outcome.scores.get((question.id, system), UNDEFINED),
                    keys=(),
                    bold=system in bold[question.id],
                    beats=outcome.verdicts.better_than(question.id, system),
                )
                for question in key.questions
            },
        )
        for system in ordered
    )
    groups = frozenset({columns[0].group})
    notes = (_TEST, *describe_agreement(outcome), *find_warnings(outcome))
    return Table(
        task=key.task,
        title=f"{key.title}, human evaluation",
        caption=_write_caption(outcome),
        columns=columns,
        rows=rows,
        footnotes=tuple(Footnote(note, groups) for note in notes),
        name=NAME,
    )


def _make_column(outcome: Outcome, question: Question) -> Column:
    pairs = outcome.key.design == "pairs"
    return Column(
        id=question.id,
        group="quality",
        head=question.id,
        detail="wins, %" if pairs else f"1 to {outcome.key.scale}",
        direction="higher",
        read=lambda _: UNDEFINED,
        scale=100.0 if pairs else 1.0,
        digits=1 if pairs else 2,
        about=question.text,
    )


def _find_best(outcome: Outcome, question: str) -> tuple[str, ...]:
    """The best system and those not separated from it; none where that is every system."""
    values = {
        system: found
        for (of, system), found in outcome.scores.items()
        if of == question and outcome.key.systems[system] != YARDSTICK
    }
    ranking = outcome.verdicts.rank(question, values)
    return () if ranking is None else ranking.bold


def _write_caption(outcome: Outcome) -> str:
    key = outcome.key
    asked = [item for item in key.items if item.repeats is None]
    what = (
        "mean rating with its interval"
        if key.design == "ratings"
        else "share of wins over each other row, averaged over these, with its interval;"
        " ties and equal texts count half"
    )
    raters = len(outcome.raters)
    spread = (
        "of this one rater: they hold for her alone"
        if raters == 1
        else f"widened for the spread over {raters} raters by Student's t"
    )
    return (
        f"{key.title}, task {key.task}, human evaluation: {what}. {len(asked)} items from"
        f" {len({item.example for item in asked})} sources, {raters}"
        f" rater{'s' if raters > 1 else ''}; 95 % intervals: percentile bootstrap over sources,"
        f" {spread}. " + " ".join(f"{q.id}: {q.text}" for q in key.questions)
    )


def describe_agreement(outcome: Outcome) -> Iterator[str]:
    """Agreement of raters with each other and themselves, and what the controls scored."""
    level = "nominal" if outcome.key.design == "pairs" else "ordinal"
    alphas = {q: alpha for q, alpha in outcome.alphas.items() if math.isfinite(alpha)}
    if alphas:
        told = ", ".join(f"{question} {_show(alpha)}" for question, alpha in alphas.items())
        yield f"Krippendorff's alpha ({level}) of {len(outcome.raters)} raters: {told}."
    for own in outcome.self_agreements:
        yield (
            f"{own.rater} gave {own.same} of {own.total} answers ({100 * own.share:.0f} %) again"
            f" when items came a second time; by chance {100 * own.by_chance:.0f} %."
        )
    if math.isfinite(outcome.first_chosen):
        yield (
            "Of the answers other than ties,"
            f" {100 * outcome.first_chosen:.0f} % went to the text shown first."
        )
    controls = [s for s, family in outcome.key.systems.items() if family == YARDSTICK]
    for question in outcome.alphas:
        told = ", ".join(
            f"{system} {_value(outcome, question, system)}"
            for system in controls
            if outcome.scores.get((question, system), UNDEFINED).defined
        )
        if told:
            yield f"Controls, {question}: {told}."


def find_warnings(outcome: Outcome) -> Iterator[str]:
    """What speaks against the answers, a sentence each."""
    for question, alpha in outcome.alphas.items():
        if alpha < TENTATIVE:
            yield (
                f"Warning: on {question} alpha is {_show(alpha)}, below the {_show(TENTATIVE)} from"
                " which tentative conclusions are accepted."
            )
    for own in outcome.self_agreements:
        if is_by_chance(own):
            yield (
                f"Warning: {own.rater} agrees with herself no more often than chance would show"
                f" (p = {own.p_chance:.2f}): look at her answers before you use them."
            )
    for question in outcome.alphas:
        pair = outcome.verdicts.pair(question, COPY, REFERENCE)
        if pair is None or not pair.difference.value * (1 if pair.first == COPY else -1) > 0:
            continue
        sure = "significant" if pair.significant else "not significant"
        yield (
            f"Warning: raters prefer the copied source to the reference on {question}"
            f" ({sure}): either the question rewards copying, or it was not understood."
        )


def is_by_chance(own: SelfAgreement) -> bool:
    """Whether chance explains how often a rater agrees with herself."""
    return own.p_chance > LEVEL


def _value(outcome: Outcome, question: str, system: str) -> str:
    value = outcome.scores[question, system].value
    return f"{100 * value:.1f} %" if outcome.key.design == "pairs" else f"{value:.2f}"


def _show(alpha: float) -> str:
    return f"{alpha:.2f}" if alpha != TENTATIVE else f"{alpha:.3f}"
