"""At a glance: the best systems on equal terms, with significance, and what copying scores.

Everything is computed from the records. "Significantly" means what it means everywhere:
`benchmark.report.analysis.significance`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmark.report.analysis.significance import RULE, Verdicts
from benchmark.report.analysis.standings import SHORT, Standard, Standings, compute_standings
from benchmark.report.analysis.verdicts import column_of, rank_models, task_verdicts
from benchmark.report.data.axes import CONTROL, quality_axes
from benchmark.report.data.points import COPY, Board
from benchmark.report.data.wording import join_names, write_value

NAMED = 3
"""At most this many systems are named in an answer; the others are counted."""

HEADS = ("Task", "Best at equal diversity", "Best at equal NFE", "Best in equal time", "Copying")

_TERMS = (
    "Equal diversity: the best quality at that diversity or more. Equal NFE and time: the best"
    " within a budget that every system can meet, whatever its diversity; NFE without the systems"
    " whose number of calls the text decides. All figures are in the tables of the task."
    f" {RULE}"
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
    # Older records name none.
    named = any(map(board.quality, board.records.tasks))
    asked = "control where attributes are asked for, " if is_asked else ""
    other = "what the task names" if named else "the first metric"
    return f"Quality: {asked}validity where the answers are known, else {other}. {_TERMS}"


def make_glance(board: Board, task: str) -> tuple[Answer, ...]:
    """The answers of a task that go under `HEADS`, after its title."""
    found = compute_standings(board, task)
    if found is None:
        return (Answer("no quality was measured"),) * (len(HEADS) - 1)
    verdicts = task_verdicts(board, task)
    return (
        _name_best(verdicts, board.models, found, found.standard("grammar", "human", "common")),
        _name_best(verdicts, _find_counted(board, task), found, found.standard("depth")),
        _name_best(verdicts, board.models, found, found.standard("seconds_per_candidate")),
        Answer("; ".join(_describe_copying(board, task)) or "no copy-source row"),
    )


def _find_counted(board: Board, task: str) -> list[str]:
    """The models that make as many calls as their setting says, whatever the text is."""
    return [
        point.system
        for point in board.mains(task)
        if not point.yardstick and point.trials and point.trials[0].setting.nfe is not None
    ]


def _name_best(
    verdicts: Verdicts, models: Sequence[str], found: Standings, standard: Standard | None
) -> Answer:
    """The best of some systems in a column, and those that it is significantly better than."""
    if standard is None:
        return Answer("not compared" if not found.choice else "not measured")
    values = {s: found.value(standard.id, s) for s in models}
    terms = _describe_terms(found, standard)
    ranking = verdicts.rank(standard.id, values)
    if ranking is None:
        return Answer("no system", terms)
    said = f"{ranking.best} {write_value(ranking.values[ranking.best])}"
    if len(ranking.values) == 1:
        said += ", the only one"
    elif not ranking.equals:
        said += f", significantly better than {_count_others(len(ranking.worse))}"
    else:
        said += f", not significantly better than {_name_some(ranking.equals)}"
    out = [s for s in models if (standard.id, s) in found.dashes]
    missing = f"; out of reach of {_name_some(out)}" if out else ""
    return Answer(said, f"{terms}{missing}")


def _describe_terms(found: Standings, standard: Standard) -> str:
    if standard.is_cost or found.diversity is None:
        return str(standard)
    return f"{found.diversity.short} {standard}, {SHORT[standard.id]}"


def _describe_copying(board: Board, task: str) -> Iterator[str]:
    """What copying scores on the main quality and on the usual one."""
    verdicts, copy = task_verdicts(board, task), board.main(task, COPY)
    for axis in quality_axes(board, task):
        ranking = rank_models(board, task, axis)
        if ranking is None or copy is None or not axis.read(copy).defined:
            continue
        column, models = column_of(axis), set(ranking.values)
        better = [s for s in models if COPY in verdicts.better_than(column, s)]
        worse = models.intersection(verdicts.better_than(column, COPY))
        name = axis.label.partition(" (")[0]
        yield (
            f"{name} {write_value(axis.read(copy))}: {len(better)} of {len(models)} systems"
            f" significantly better, {len(worse)} worse"
        )


def _count_others(count: int) -> str:
    return "the other" if count == 1 else f"all {count} others"


def _name_some(names: Sequence[str]) -> str:
    if len(names) <= NAMED + 1:
        return join_names(names)
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
