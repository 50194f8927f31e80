"""At a glance: the best systems on equal terms, with significance, and what copying scores.

Everything is computed from the records. "Significantly" means here what it means in the tables:
`benchmark.report.analysis.significance` and `benchmark.report.analysis.standings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmark.report.analysis.best_systems import compare
from benchmark.report.analysis.significance import column_of, main_verdicts
from benchmark.report.analysis.standings import SHORT, Standard, Standings, compute_standings
from benchmark.report.data.axes import CONTROL, quality_axes
from benchmark.report.data.points import COPY, Board
from benchmark.report.data.wording import join_names, write_value

NAMED = 3
"""At most this many systems are named in an answer; the others are counted."""

HEADS = ("Task", "Best at equal diversity", "Best at equal NFE", "Best in equal time", "Copying")

_TERMS = (
    "validity where the answers are known, else the first metric. Equal diversity: the"
    " best quality at that diversity or more. Equal NFE and time: the best within a budget that"
    " every system can meet, whatever its diversity; NFE without the systems whose number of calls"
    " the text decides. Significance: paired bootstrap over the sources, with Student's t over the"
    " seeds, two-sided 0.05, Holm's correction over all pairs of the frontier table; for copying,"
    " the tests of the main table. All figures are in the tables of the task."
)


@dataclass(frozen=True)
class Answer:
    """An answer, and the terms on which it holds."""

    said: str
    terms: str = ""

    def __str__(self) -> str:
        return f"{self.said} ({self.terms})" if self.terms else self.said


def explain_glance(board: Board) -> str:
    """What quality is, and on what terms the answers hold."""
    is_asked = any(CONTROL.metric in board.metrics(task) for task in board.records.tasks)
    return f"Quality: {'control where attributes are asked for, ' if is_asked else ''}{_TERMS}"


def make_glance(board: Board, task: str) -> tuple[Answer, ...]:
    """The answers of a task that go under `HEADS`, after its title."""
    found = compute_standings(board, task)
    if found is None:
        return (Answer("no quality was measured"),) * (len(HEADS) - 1)
    return (
        _name_best(board.models, found, found.standard("grammar", "human", "common")),
        _name_best(_find_counted(board, task), found, found.standard("depth")),
        _name_best(board.models, found, found.standard("seconds_per_candidate")),
        Answer("; ".join(_describe_copying(board, task)) or "no copy-source row"),
    )


def _find_counted(board: Board, task: str) -> list[str]:
    """The models that make as many calls as their setting says, whatever the text is."""
    return [
        point.system
        for point in board.mains(task)
        if not point.yardstick and point.trials and point.trials[0].setting.nfe is not None
    ]


def _name_best(models: Sequence[str], found: Standings, standard: Standard | None) -> Answer:
    """The best of some systems in a column, and those that it is significantly better than."""
    if standard is None:
        return Answer("not measured")
    values = {s: v for s in models if (v := found.value(standard.id, s)).defined}
    terms = _describe_terms(found, standard)
    if not values:
        return Answer("no system", terms)
    best = max(values, key=lambda s: values[s].value)
    beaten = found.verdicts.better_than(standard.id, best)
    others = [s for s in values if s != best]
    equals = sorted((s for s in others if s not in beaten), key=lambda s: -values[s].value)
    said = f"{best} {write_value(values[best])}"
    if not others:
        said += ", the only one"
    elif not equals:
        said += f", significantly better than {_count_others(len(others))}"
    else:
        said += f", not significantly better than {_name_some(equals)}"
    out = [s for s in models if s not in values and (standard.id, s) in found.dashes]
    missing = f"; out of reach of {_name_some(out)}" if out else ""
    return Answer(said, f"{terms}{missing}")


def _describe_terms(found: Standings, standard: Standard) -> str:
    if standard.is_cost or found.diversity is None:
        return str(standard)
    return f"{found.diversity.short} {standard}, {SHORT[standard.id]}"


def _describe_copying(board: Board, task: str) -> Iterator[str]:
    """What copying scores on the main quality and on the usual one."""
    for axis in quality_axes(board, task):
        found = compare(board, task, axis)
        if found is None or found.copy is None:
            continue
        models = {*found.beat_copy, *found.below_copy}
        worse = models.intersection(main_verdicts(board, task).better_than(column_of(axis), COPY))
        name = axis.label.partition(" (")[0]
        yield (
            f"{name} {write_value(found.copy)}: {len(found.beat_copy)} of {len(models)} systems"
            f" significantly better, {len(worse)} worse"
        )


def _count_others(count: int) -> str:
    return "the other" if count == 1 else f"all {count} others"


def _name_some(names: Sequence[str]) -> str:
    if len(names) <= NAMED + 1:
        return join_names(names)
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
