"""The table of a task as an object: every cell knows the records it came from.

The renderers (`to_markdown` and `to_csv` in `renderers.py`, `to_latex` in `latex_table.py`, and the
page) only lay out what is here; no figure is computed there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from benchmark.records.schema import UNDEFINED, Interval, base, title_of
from benchmark.report.analysis.significance import (
    BOLD_RULE,
    RULE,
    Ranking,
    Verdicts,
    assign_letters,
)
from benchmark.report.analysis.verdicts import task_verdicts, warn_of_seeds
from benchmark.report.data.columns import (
    FULL,
    Column,
    Group,
    cost_columns,
    keep_measured,
    metric_columns,
)
from benchmark.report.data.control_points import judge_remarks
from benchmark.report.data.points import MADE_OF_REFERENCES, YARDSTICK, Board, Point
from benchmark.report.data.wording import join_names
from benchmark.report.tables.external_outputs import describe_outputs, list_notes
from benchmark.scoring.bootstrap import SEEDS_METHOD, SHARES_METHOD

DAGGER, DOUBLE_DAGGER, SECTION = "†", "‡", "§"
DASH = "\N{EN DASH}"


@dataclass(frozen=True)
class TableCell:
    """One figure: the interval, its provenance, and how it is shown in the table.

    `keys` are the keys of the score records (of the generations, for costs) behind it.
    `dash` holds the reason where a figure is left out on purpose, `beats` the systems of the
    table that the figure is significantly better than.
    """

    interval: Interval
    keys: tuple[str, ...]
    bold: bool = False
    dash: str = ""
    beats: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableRow:
    """One system under its main setting."""

    system: str
    title: str
    family: str
    setting: str
    entries: dict[str, TableCell]
    status: str = "ok"
    kind: str = "samples"
    marks: str = ""
    error: str = ""
    variant: str = ""
    """What sets apart the rows of one system, where it has several."""
    letter: str = ""
    """How other rows refer to this one."""

    @property
    def name(self) -> str:
        """How the row is called where it has one cell for that."""
        return f"{self.system}, {self.variant}" if self.variant else self.system

    @property
    def yardstick(self) -> bool:
        """Whether the row is set apart and takes no part in comparisons."""
        return self.family == YARDSTICK


@dataclass(frozen=True)
class Footnote:
    """A remark, the groups of columns that it belongs to, and the ids of those it speaks of."""

    text: str
    groups: frozenset[Group]
    columns: frozenset[str] = frozenset()

    def belongs_to(self, columns: Iterable[Column]) -> bool:
        """Whether these columns need it, where a table shows some of its columns."""
        shown = tuple(columns)
        return any(c.group in self.groups for c in shown) and self.columns <= {c.id for c in shown}


@dataclass(frozen=True)
class Table:
    """All rows of a task with everything that a reader of the table must know."""

    task: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    footnotes: tuple[Footnote, ...] = ()
    signatures: tuple[tuple[str, str], ...] = ()
    name: str = ""
    """What sets it apart from the main table of the task, in names of files and labels: `cost`."""
    sign_caption: str = ""
    """The caption of a table of pairs where signs stand for figures that would be too wide."""

    def families(self) -> Iterator[tuple[str, tuple[TableRow, ...]]]:
        """Rows family by family, in order; yardsticks last."""
        for family in dict.fromkeys(row.family for row in self.rows):
            yield family, tuple(row for row in self.rows if row.family == family)

    def letters(self, systems: Iterable[str]) -> str:
        """The letters of some systems, in the order of the rows."""
        named = set(systems)
        return "".join(row.letter for row in self.rows if row.system in named)

    def part(self, *groups: str) -> tuple[Column, ...]:
        """The columns of some groups."""
        return tuple(column for column in self.columns if column.group in groups)


def build_table(board: Board, task: str) -> Table:
    """The table of a task: main settings, grouped by family, yardsticks set apart."""
    points = board.mains(task)
    metrics = board.metrics(task)
    measured = metric_columns(metrics, count_candidates(points), first=board.quality(task))
    columns = keep_measured((*measured, *cost_columns()), points)
    rows = tuple(make_row(board, point, columns) for point in points)
    verdicts = task_verdicts(board, task)
    remarks = tuple(make_footnotes(points, columns))
    remarks = (*note_judge(board, task), *remarks)
    if verdicts.of(*(column.id for column in columns)):
        remarks = (LETTERS, *remarks)
    return Table(
        task=task,
        title=board.title(task),
        caption=f"{board.heading(task)}: {describe_protocol(board, task)} {READING} {BOLD_RULE}",
        columns=columns,
        rows=with_letters(rows, verdicts),
        footnotes=remarks,
        signatures=tuple((m.title, m.signature) for m in metrics.values()),
    )


def count_candidates(points: Iterable[Point]) -> int:
    """The most candidates per source behind the figures of some points."""
    scores = (trial.score for point in points for trial in point.trials if trial.score)
    return max((score.num_samples for score in scores), default=0)


SPREAD = (
    "± is half of the interval; both its ends stand in place of that where the value is not in the"
    " middle, and none where no resample differs."
)

READING = f"Quality is the mean over the candidates unless the head says MBR or best. {SPREAD}"

LETTERS = Footnote(
    f"Raised letters: significantly better than the rows of these letters. {RULE}",
    frozenset({"quality", "known answers", "equal diversity", "equal cost"}),
)


def note_judge(board: Board, task: str) -> tuple[Footnote, ...]:
    """The ceiling of success where a judge decides that is itself not always right."""
    said = " ".join(judge_remarks(board, task))
    return (Footnote(said, frozenset({"known answers"})),) if said else ()


def describe_protocol(board: Board, task: str) -> str:
    """A sentence on sources, candidates, seeds and intervals, and what one seed does not show."""
    trials = [c for p in board.mains(task) for c in p.trials if c.score is not None]
    if not trials or trials[0].score is None:
        return "All trials of this task failed."
    score = trials[0].score
    seeds = sorted({trial.seed for trial in trials})
    noun = "seed" if len(seeds) == 1 else "seeds"
    return (
        f"{score.num_sources:,} sources, {score.num_samples} candidates each,"
        f" {noun} {', '.join(map(str, seeds))}; {score.interval.level * 100:g} % intervals:"
        f" {score.interval.method}, for shares of yes {SHARES_METHOD}"
        + (f", {SEEDS_METHOD}. " if len(seeds) > 1 else ". ")
        + warn_of_seeds(board)
    ).strip()


def make_row(
    board: Board, point: Point, columns: tuple[Column, ...], *, variant: str = ""
) -> TableRow:
    """A point as a row, without bold."""
    marks = DAGGER if point.trials and not point.sampled else ""
    if point.trials and point.kind == "mode-seeking":
        marks += SECTION
    if point.trials and point.failures:
        marks += DOUBLE_DAGGER
    errors = [trial.error for trial in point.failures if trial.error]
    return TableRow(
        system=point.system,
        title=title_of(board.records.run.systems, point.system),
        family=point.family,
        setting=variant or point.label,
        status="ok" if point.trials else point.failures[0].status,
        kind=point.kind,
        marks=marks,
        entries={column.id: _make_cell(point, column) for column in columns},
        error=last_line(errors[0]) if errors else "",
        variant=variant,
    )


def last_line(error: str) -> str:
    """The line of a traceback that names the error."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _make_cell(point: Point, column: Column) -> TableCell:
    keys = point.keys(stage_of(column))
    if point.kind in column.undrawn:
        return TableCell(UNDEFINED, keys, dash=f"{point.kind}: no independent samples")
    return TableCell(column.read(point), keys)


Stage = Literal["train", "generate", "score"]

_STAGES: Mapping[Group, Stage] = {"cost": "generate", "size": "generate", "training": "train"}


def stage_of(column: Column) -> Stage:
    """The stage whose records hold the figures of a column."""
    return _STAGES.get(column.group, "score")


def with_bold(
    rows: Iterable[TableRow], rankings: Mapping[str, Ranking | None]
) -> tuple[TableRow, ...]:
    """The rows, with the best of each ranked column in bold and what is not told apart from it.

    Args:
        rows: of the table.
        rankings: by id of a column, of names of rows, or of systems that have one row each.
    """
    bold = {
        (column, name)
        for column, found in rankings.items()
        for name in (found.bold if found is not None else ())
    }
    return tuple(
        replace(
            row,
            entries={
                name: replace(entry, bold=bool({(name, row.name), (name, row.system)} & bold))
                for name, entry in row.entries.items()
            },
        )
        for row in rows
    )


def with_letters(rows: tuple[TableRow, ...], verdicts: Verdicts) -> tuple[TableRow, ...]:
    """The rows with letters, and each figure with whom it is significantly better than; bold."""
    pairs = verdicts.of(*(column for row in rows[:1] for column in row.entries))
    named = {name for pair in pairs for name in (pair.first, pair.second)}
    # Counted over all rows that could be compared: a row has one letter in all tables of a task.
    given = assign_letters(
        [r.system for r in rows if r.status == "ok" and r.system not in MADE_OF_REFERENCES]
    )
    models = [row for row in rows if not row.yardstick]
    rankings = {
        column: verdicts.rank(column, {r.system: r.entries[column].interval for r in models})
        for column in dict.fromkeys(pair.column for pair in pairs)
    }
    return tuple(
        replace(
            row,
            letter=given[row.system] if row.system in named else "",
            entries={
                column: replace(entry, beats=verdicts.better_than(column, row.system))
                for column, entry in row.entries.items()
            },
        )
        for row in with_bold(rows, rankings)
    )


def make_footnotes(points: tuple[Point, ...], columns: tuple[Column, ...]) -> Iterator[Footnote]:
    """What has to be said below a table of these points."""
    everywhere: frozenset[Group] = frozenset(column.group for column in columns)
    if kinds := {p.kind for p in points if p.trials and not p.sampled}:
        names = {"single": "one candidate, repeated", "n-best": "an n-best list"}
        what = " or ".join(name for kind, name in names.items() if kind in kinds)
        yield Footnote(
            f"{DAGGER} Deterministic: {what}. Differences between the members of such a list"
            " are not sampling diversity, so diversity over the set is left out, and for n-best"
            f" lists also what is estimated from repeated draws ({DASH}).",
            everywhere,
        )
    if any(p.trials and p.kind == "mode-seeking" for p in points):
        yield Footnote(
            f"{SECTION} Seeks modes: each step begins at the last prediction, so candidates are not"
            " draws of what the system has learnt, and its temperature hardly spreads them.",
            everywhere,
        )
    if any(p.trials and p.failures for p in points):
        yield Footnote(
            f"{DOUBLE_DAGGER} Fewer seeds than the others: some trials failed or are missing.",
            everywhere,
        )
    if of_case := note_case(points, columns):
        yield of_case
    scales = [
        column
        for column in columns
        for metric, _, statistic in [column.id.rpartition(".")]
        if statistic == "expected" and base(metric) in (FULL, "bleu_corpus")
    ]
    if len({base(column.id.rpartition(".")[0]) for column in scales}) == 2:
        signed = "; ".join(f"{c.head}: {c.about.partition('signature ')[2]}" for c in scales)
        yield Footnote(
            "Two BLEU scales are shown side by side and must not be compared with each other:"
            f" the mean of sentence BLEU and corpus BLEU ({signed}).",
            frozenset({"quality"}),
            frozenset(column.id for column in scales),
        )
    if entered := describe_outputs(points):
        yield Footnote(entered, everywhere)
    for noticed in dict.fromkeys(list_notes(points)):
        yield Footnote(noticed, everywhere)
    if any(c.group == "cost" for c in columns) and any(
        math.isfinite(p.cost("depth")) for p in points
    ):
        yield Footnote(
            "Costs hold for the machine that they were measured on alone.",
            frozenset({"cost"}),
        )


def note_case(points: tuple[Point, ...], columns: tuple[Column, ...]) -> Footnote | None:
    """Who writes no capital letter and is scored with the case as it is; None if nobody."""
    small = [point for point in points if _writes_no_capitals(point)]
    mixed = [column for column in columns if _keeps_case(column)]
    if not small or not mixed:
        return None
    heads = dict.fromkeys(f"{c.head} ({c.detail})" if c.detail else c.head for c in mixed)
    models = [point for point in points if not point.yardstick and point.trials]
    said = f"{join_names([p.system for p in small])} write{'s' if len(small) == 1 else ''} none"
    if models and all(map(_writes_no_capitals, models)):
        said = "none of the models writes any"
    return Footnote(
        f"The references have capital letters, and {said}: what that costs counts in"
        f" {', '.join(heads)}. Systems are to be compared under case=lower.",
        frozenset(column.group for column in mixed),
    )


def _keeps_case(column: Column) -> bool:
    """Whether capital letters count in a column."""
    return "case:mixed" in column.about.split("|")


def _writes_no_capitals(point: Point) -> bool:
    scores = [trial.score for trial in point.trials if trial.score is not None]
    return bool(scores) and all(score.capitals is False for score in scores)
