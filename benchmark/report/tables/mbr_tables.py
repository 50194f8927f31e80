"""The tables of minimum Bayes risk: what choosing among more candidates is worth.

The first holds the main quality of a task at several numbers of candidates and at equal cost, the
second what the other metrics say of the same choices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from benchmark.records.reader import Records
from benchmark.records.schema import UNDEFINED, Interval, MetricScore, base
from benchmark.report.analysis.equal_cost import choose_at_equal_cost, equal_cost_column
from benchmark.report.analysis.mbr_scaling import (
    INFLATED,
    affordable,
    common_budget,
    curved_metrics,
    curved_points,
    describe_protocol,
    mbr_curve,
    oracle_curve,
    utilities_of,
)
from benchmark.report.analysis.significance import BOLD_RULE, RULE, Ranking
from benchmark.report.analysis.verdicts import task_verdicts
from benchmark.report.data.axes import main_axis
from benchmark.report.data.columns import Column, Group, group_of, make_metric_column, rank_of
from benchmark.report.data.points import Board, Point
from benchmark.report.tables.table import DAGGER, Footnote, Table, TableRow, make_row, with_bold

MBR, OTHERS = "mbr", "mbr-metrics"
"""Names of the tables."""

SIZES, FEW_SIZES = (1, 2, 5, 10, 20), (1, 5, 20)
"""Numbers of candidates of the first and of the second table."""

BUDGET = "mbr@budget"
"""The column that is tested, where it holds the main quality."""

Columns = Callable[[str], tuple[Column, ...]]
"""From a utility to the columns of its rows, which have the same ids for all."""


def choosing_names(records: Records, task: str) -> tuple[str, ...]:
    """Names of `build_choosing_tables`; empty where the records hold no curves."""
    return (MBR, OTHERS)[: len(_select_metrics(curved_metrics(records, task), ""))]


def build_choosing_tables(board: Board, task: str) -> Iterator[Table]:
    """The tables of `choosing_names`."""
    main = main_axis(board, task)
    metrics = _select_metrics(curved_metrics(board.records, task), main.metric if main else "")
    points = curved_points(board, task)
    if not metrics:
        return
    first, *others = metrics
    yield _build_main_table(board, task, points, first, metrics[first])
    if others:
        yield _build_others_table(board, task, points, {name: metrics[name] for name in others})


def _build_main_table(
    board: Board, task: str, points: Sequence[Point], name: str, metric: MetricScore
) -> Table:
    budget = common_budget(board, points)
    sizes = _select_sizes(points, name, SIZES)

    def columns(utility: str) -> tuple[Column, ...]:
        return _make_main_columns(board, name, metric, utility, sizes, budget)

    spent = (
        f" At equal cost: as many draws as {budget:.3g} network rows per source buy, the price of"
        " one draw of the most expensive model."
        if budget > 0
        else ""
    )
    return Table(
        task=task,
        title=f"Minimum Bayes risk: {metric.title}",
        caption=f"{board.heading(task)}: {metric.title} of the candidate that minimum Bayes risk"
        " chooses among n draws of the main setting, by the utility that the row names; n = 1 is"
        f" the mean of all draws.{spent} {INFLATED} {describe_protocol(points)} {BOLD_RULE}",
        columns=columns(_first_utility(points)),
        rows=_make_rows(board, points, columns, name),
        footnotes=tuple(_write_footnotes(board, points, name, metric)),
        signatures=((metric.title, metric.signature),),
        name=MBR,
    )


def _make_main_columns(
    board: Board,
    name: str,
    metric: MetricScore,
    utility: str,
    sizes: Sequence[int],
    budget: float,
) -> tuple[Column, ...]:
    def bought(point: Point) -> Interval:
        curve = mbr_curve(point, name, utility)
        return curve.get(affordable(board, point, curve, budget), UNDEFINED)

    def count_bought(point: Point) -> Interval:
        size = affordable(board, point, mbr_curve(point, name, utility), budget)
        return Interval(value=size or math.nan)

    most, at = sizes[-1], f"at {budget:.3g} rows"
    found = [_make_size_column(name, metric, utility, n, f"n = {n}", "") for n in sizes]
    found.append(
        make_metric_column(
            name, metric, f"oracle@{most}", "best", f"of {most}",
            lambda point: oracle_curve(point, name).get(most, UNDEFINED),
        )
    )  # fmt: skip
    if budget > 0:
        count = make_metric_column(name, metric, "candidates@budget", "n", at, count_bought)
        about = "draws that the budget buys"
        found.append(replace(count, direction="none", digits=0, about=about))
        found.append(make_metric_column(name, metric, BUDGET, metric.title, at, bought))
    return tuple(found)


def _make_size_column(
    name: str, metric: MetricScore, utility: str, size: int, head: str, detail: str
) -> Column:
    """The quality of what the utility chooses among `size` candidates."""
    return make_metric_column(
        name, metric, f"mbr@{size}", head, detail,
        lambda point: mbr_curve(point, name, utility).get(size, UNDEFINED),
    )  # fmt: skip


def _build_others_table(
    board: Board, task: str, points: Sequence[Point], metrics: Mapping[str, MetricScore]
) -> Table:
    def columns(utility: str) -> tuple[Column, ...]:
        return tuple(
            _make_size_column(name, metric, utility, n, metric.title, f"n = {n}")
            for name, metric in metrics.items()
            for n in _select_sizes(points, name, FEW_SIZES)
        )

    return Table(
        task=task,
        title="Minimum Bayes risk: the other metrics",
        caption=f"{board.heading(task)}: the choices of the previous table, by the other metrics;"
        " every number of candidates is in the file of curves (mbr-curves.csv)."
        f" {INFLATED} {describe_protocol(points)}",
        columns=columns(_first_utility(points)),
        rows=_make_rows(board, points, columns),
        footnotes=tuple(_note_single(points, frozenset(map(group_of, metrics, metrics.values())))),
        signatures=tuple((m.title, m.signature) for m in metrics.values()),
        name=OTHERS,
    )


def _select_metrics(metrics: Mapping[str, MetricScore], main: str) -> dict[str, MetricScore]:
    """Metrics of quality, the main one and those with known answers first; of variants one."""
    groups: tuple[Group, ...] = ("known answers", "quality")
    found: dict[str, str] = {}
    for name, metric in metrics.items():
        if metric.direction == "higher" and group_of(name, metric) in groups:
            found.setdefault(base(name), name)
    if main in metrics and base(main) in found:
        found[base(main)] = main
    names = sorted(
        found.values(),
        key=lambda n: (n != main, groups.index(group_of(n, metrics[n])), rank_of(n)),
    )
    return {name: metrics[name] for name in names}


def _select_sizes(points: Sequence[Point], metric: str, wanted: Sequence[int]) -> list[int]:
    """The wanted sizes as far as there are draws, and the largest."""
    drawn = [len(mbr_curve(p, metric, _first_utility(points))) for p in points if p.sampled]
    most = max(drawn, default=1)
    return sorted({*(n for n in wanted if n <= most), most})


def _first_utility(points: Sequence[Point]) -> str:
    return next(iter(utilities_of(points)), "")


def _make_rows(
    board: Board, points: Sequence[Point], columns: Columns, tested: str = ""
) -> tuple[TableRow, ...]:
    """System by system, a row per utility; one answer has one row, and a ranked list none."""
    by_utility: dict[str, list[TableRow]] = {}
    for utility in utilities_of(points):
        of_utility = columns(utility)
        rows = tuple(
            make_row(board, p, of_utility, variant=f"by {utility}") for p in points if p.sampled
        )
        ranking = rank_choices(board, points[0].task, utility) if tested else None
        by_utility[utility] = list(with_bold(rows, {f"{tested}.{BUDGET}": ranking}))
    found: list[TableRow] = []
    for point in points:
        if point.kind == "single":
            found.append(make_row(board, point, columns(_first_utility(points))))
        found += [row for rows in by_utility.values() for row in rows if row.system == point.system]
    return tuple(found)


def rank_choices(board: Board, task: str, utility: str) -> Ranking | None:
    """The models by the main quality of what they choose at equal cost; None without choices."""
    main = main_axis(board, task)
    found = choose_at_equal_cost(board, task, main.metric, utility) if main else None
    if main is None or found is None:
        return None
    values = {system: found.value(system) for system in found.parts}
    return task_verdicts(board, task).rank(equal_cost_column(main.metric, utility), values)


def describe_equal_cost(board: Board, task: str, utility: str) -> str:
    """Which model is best within the common budget, and which ones are significantly worse.

    Empty with fewer than two models whose choices can be compared.
    """
    main, ranking = main_axis(board, task), rank_choices(board, task, utility)
    found = choose_at_equal_cost(board, task, main.metric, utility) if main else None
    if ranking is None or found is None:
        return ""
    best, size = ranking.best, found.sizes[ranking.best]
    return (
        f"Of systems that draw, at equal cost ({found.budget:.3g} network rows per source,"
        f" {found.sources} sources), {best}"
        f" {'has the highest mean' if ranking.equals else 'is best'} on {found.title}:"
        f" {ranking.values[best].value:.3f},"
        f" {f'choosing among {size}' if size > 1 else 'one draw'} (choices by {utility})."
        f" Significantly worse: {', '.join(ranking.worse) or 'none'}."
        + (f" Not significantly different: {', '.join(ranking.equals)}." if ranking.equals else "")
    )


def _write_footnotes(
    board: Board, points: Sequence[Point], name: str, metric: MetricScore
) -> Iterator[Footnote]:
    groups: frozenset[Group] = frozenset({group_of(name, metric)})
    task = points[0].task
    said = [describe_equal_cost(board, task, utility) for utility in utilities_of(points)]
    if sentences := tuple(dict.fromkeys(filter(None, said))):
        yield Footnote(" ".join((*sentences, RULE)), groups)
    yield from _note_single(points, groups)
    ranked = [
        f"{p.system} {interval.value:.3g} ({size} candidates)"
        for p in points
        if p.kind == "n-best"
        for size, interval in mbr_curve(p, name, _first_utility(points)).items()
    ]
    if ranked:
        yield Footnote(
            "Part of a ranked list is not what a shorter search would find, so lists have no row."
            f" The choice among the whole list, by {_first_utility(points)}: {', '.join(ranked)}.",
            groups,
        )


def _note_single(points: Sequence[Point], groups: frozenset[Group]) -> Iterator[Footnote]:
    if any(p.kind == "single" for p in points):
        yield Footnote(
            f"{DAGGER} One answer, hence one candidate, however many are requested.", groups
        )
