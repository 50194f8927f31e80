"""Published figures beside ours: where data, split and scale agree, and nowhere else.

The literature mixes two scales of BLEU, compares one system's choice from ten candidates with
another's single one, and never prints what copying the source scores. So a figure is in the
table only if the same metric was measured here over the same test sources with equally many
candidates, and only if copying the source scores here what it scores on the official test set.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from itertools import groupby

from benchmark.api import CandidateKind
from benchmark.literature.published_figures import (
    NOT_OURS,
    PublishedFigure,
    Statistic,
    published_figures,
)
from benchmark.records.reader import Records
from benchmark.records.schema import UNDEFINED, Interval, MetricScore, Score
from benchmark.report.data.columns import DETERMINISTIC, Column, make_metric_column
from benchmark.report.data.points import COPY, Board, Point
from benchmark.report.tables.table import (
    Footnote,
    Table,
    TableCell,
    TableRow,
    count_candidates,
    describe_protocol,
    make_footnotes,
    make_row,
)

PUBLISHED = "published"
"""Name of the table."""

STAND_INS: Mapping[str, str] = {
    "qg_squad": "qg",
    "ew_sew": "wiki_auto",
    "asset": "wiki_auto",
    "asset-turkcorpus": "wiki_auto",
    "dailydialog": "ccd",
    "dailydialog-multiref": "ccd",
    "chitchat": "ccd",
}
"""Tasks of other data, to the task of the paper that they are like."""

COPY_METRIC = "bleu_sent_m4:case=lower"
COPY_VALUES: Mapping[str, float] = {"qqp": 0.2288, "qg": 0.0429, "ccd": 0.0219}
"""What copying the source scores on the official test sets: the mark by which they are known."""

TOLERANCE = 1e-4

TRAIN_PAIRS: Mapping[str, int] = {"qqp": 144_715, "qg": 116_953, "ccd": 3_382_137}
"""Pairs of the train split in the paper (arXiv 2212.10325, Table 4)."""

STATISTICS: Mapping[Statistic, str] = {"single": "expected", "mbr": "mbr", "set": "set"}
"""Ours that estimates the same; the mean over candidates is what a single one scores."""

Measured = Mapping[tuple[str, str], Set[int]]
"""(metric, statistic) to the numbers of candidates over which it was measured."""

Columns = Mapping[tuple[str, Statistic, int], Column]
"""By scale, statistic and number of candidates."""


def describe_published(records: Records, task: str) -> str:
    """Which published figures are shown beside those of a task, or why none is; may be empty."""
    if like := STAND_INS.get(task):
        return (
            f"No published figure is shown beside these: the texts and references of {task} are not"
            f" those of {like} in the papers."
        )
    figures = published_figures(task)
    if not figures:
        return ""
    none = f"None of the {len(figures)} published figures on {task} is shown beside these"
    if reason := find_obstacle(records, task):
        return f"{none}: {reason}."
    comparable = comparable_figures(records, task)
    if not comparable:
        return f"{none}: {' '.join(_explain_omissions(records, task))}"
    return (
        f"{len(comparable)} of {len(figures)} published figures on {task} are shown beside these in"
        " a separate table, which says why the others are not."
    )


def find_obstacle(records: Records, task: str) -> str:
    """Why no published figure is comparable on a task; empty where one may be."""
    sizes = {f.test_sources for f in published_figures(task) if f.test_sources is not None}
    scored = records.run.tasks[task].counts.get("test")
    if scored not in sizes:
        told = "an unknown number of" if scored is None else f"{scored:,}"
        return (
            f"they are over {' or '.join(f'{n:,}' for n in sorted(sizes))} test sources, these over"
            f" {told}"
        )
    if task not in COPY_VALUES:
        return "there is no official test set by which the data could be identified"
    copies = [score for system, score in _iterate_scores(records, task) if system == COPY]
    if not copies or COPY_METRIC not in copies[0].metrics:
        return f"the test set is identified by the {COPY_METRIC} of {COPY}, which was not measured"
    value = copies[0].metrics[COPY_METRIC].statistics["expected"].value
    if abs(value - COPY_VALUES[task]) > TOLERANCE:
        return (
            f"copying the source scores {value:.4f} on {COPY_METRIC} here and"
            f" {COPY_VALUES[task]:.4f} on the official test set"
        )
    return ""


def comparable_figures(records: Records, task: str) -> tuple[PublishedFigure, ...]:
    """The published figures that are comparable with those of a task."""
    if find_obstacle(records, task):
        return ()
    found = _find_measured(records, task)
    return tuple(f for f in published_figures(task) if not explain_difference(f, found))


def build_published_table(board: Board, task: str) -> Table:
    """The comparable figures, source by source, and the main settings of the run below them."""
    figures = comparable_figures(board.records, task)
    metrics, points = board.metrics(task), [p for p in board.mains(task) if p.trials]
    places = dict.fromkeys((f.scale, f.statistic, f.candidates or 1) for f in figures)
    columns = {place: _make_column(*place, metrics[place[0]]) for place in places}
    shown = tuple(columns.values())
    counts = board.records.run.tasks[task].counts
    remarks = [
        "Published rows are grouped by source and by how they were read: table, the paper's own;"
        " quoted, a table of another paper.",
        f"Only the test set and the metric are equal. Our systems saw {counts.get('train', 0):,}"
        f" training pairs, those of the papers {TRAIN_PAIRS[task]:,}; sizes and budgets are those"
        f" of the suite {board.records.run.suite}.",
        *_describe_doubts(figures),
        *_explain_omissions(board.records, task),
    ]
    rows = (*_list_published(figures, columns), *(_make_ours(board, p, columns) for p in points))
    return Table(
        task=task,
        title="Published figures",
        caption=f"{board.heading(task)}: figures of the literature over the same test sources on"
        " the same scale, with equally many candidates; nothing is bold, as they have no intervals."
        f" Ours: {describe_protocol(board, task)} A single candidate is compared with the mean over"
        " ours.",
        columns=shown,
        rows=rows,
        footnotes=(
            *(Footnote(text, frozenset(c.group for c in shown)) for text in remarks),
            *make_footnotes(tuple(points), shown),
        ),
        signatures=tuple(
            dict.fromkeys((metrics[name].title, metrics[name].signature) for name, *_ in places)
        ),
        name=PUBLISHED,
    )


def explain_difference(figure: PublishedFigure, measured: Measured) -> str:
    """Why a figure is not comparable with what was measured; empty where it is."""
    if figure.reading == "by eye":
        return "read off a printed figure by eye"
    if figure.reading == "superseded":
        return "since replaced by its authors"
    if figure.scale == NOT_OURS:
        return f"another scale ({figure.metric}: {figure.note.split('; ')[0]})"
    if figure.statistic == "oracle":
        return "the best of its candidates by the metric itself, an upper bound"
    if figure.statistic not in STATISTICS or figure.candidates is None:
        return "its number of candidates is not stated"
    if figure.test_sources is None:
        return "its test split is not certain"
    asked = figure.scale, STATISTICS[figure.statistic]
    if asked not in measured:
        return f"{figure.scale} was not measured here"
    if figure.statistic != "single" and figure.candidates not in measured[asked]:
        counts = " or ".join(map(str, sorted(measured[asked])))
        return f"it is over {figure.candidates} candidates, ours over {counts}"
    return ""


def _iterate_scores(records: Records, task: str) -> Iterator[tuple[str, Score]]:
    """The scores of the main settings, with their systems."""
    for trial in records.trial_records:
        if trial.task == task and "main" in trial.setting.roles and trial.score is not None:
            yield trial.system, trial.score


def _find_measured(records: Records, task: str) -> Measured:
    found: dict[tuple[str, str], set[int]] = {}
    for _, score in _iterate_scores(records, task):
        for name, metric in score.metrics.items():
            for statistic, interval in metric.statistics.items():
                # One answer is neither a choice nor a set.
                is_alone = statistic != "expected" and score.num_samples == 1
                if interval.defined and not is_alone:
                    found.setdefault((name, statistic), set()).add(score.num_samples)
    return found


def _explain_omissions(records: Records, task: str) -> list[str]:
    """A sentence per reason: which figures are not in the table."""
    found, systems = _find_measured(records, task), dict[str, list[str]]()
    for figure in published_figures(task):
        if reason := explain_difference(figure, found):
            systems.setdefault(reason, []).append(figure.system)
    return [
        f"Not comparable, {reason}: {len(names)} of them ({', '.join(dict.fromkeys(names))})."
        for reason, names in systems.items()
    ]


def _describe_doubts(figures: Iterable[PublishedFigure]) -> list[str]:
    """Known doubts about figures that are in the table."""
    doubted: dict[str, list[str]] = {}
    for figure in figures:
        if figure.note:
            doubted.setdefault(figure.note, []).append(f"{figure.metric} of {figure.system}")
    return [
        f"In doubt, {note}: {', '.join(dict.fromkeys(names))}." for note, names in doubted.items()
    ]


def _make_column(scale: str, statistic: Statistic, candidates: int, metric: MetricScore) -> Column:
    ours = STATISTICS[statistic]
    what = ours if statistic == "single" else f"{ours}.{candidates}"
    detail = {"single": "single", "mbr": f"MBR of {candidates}", "set": f"of {candidates}"}
    column = make_metric_column(
        scale, metric, what, metric.title, detail[statistic], lambda p: p.measure(scale, ours)
    )
    undrawn = DETERMINISTIC if metric.level == "set" else frozenset[CandidateKind]()
    return replace(column, digits=4 if metric.range[1] <= 1 else 2, undrawn=undrawn)


def _list_published(figures: Iterable[PublishedFigure], columns: Columns) -> Iterator[TableRow]:
    def origin(figure: PublishedFigure) -> tuple[str, str, str]:
        return figure.source, figure.reading, figure.system

    for (source, reading, system), few in groupby(sorted(figures, key=origin), key=origin):
        values = {(f.scale, f.statistic, f.candidates or 1): f.value for f in few}
        yield TableRow(
            system=system,
            title=system,
            family=f"{source.partition(';')[0]} ({reading})",
            setting=reading,
            entries={
                column.id: TableCell(Interval(value=values.get(place, math.nan)), ())
                for place, column in columns.items()
            },
        )


def _make_ours(board: Board, point: Point, columns: Columns) -> TableRow:
    """A main setting; a figure over another number of candidates is left out."""
    row = make_row(board, point, tuple(columns.values()))
    samples = count_candidates([point])
    entries = dict(row.entries)
    for (_, statistic, asked), column in columns.items():
        # What always gives one answer chooses it from any number of candidates.
        if statistic != "single" and asked != samples and point.kind != "single":
            reason = f"{samples} candidates, not {asked}"
            entries[column.id] = TableCell(UNDEFINED, entries[column.id].keys, dash=reason)
    return replace(row, entries=entries)
