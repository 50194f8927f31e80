"""The columns of a task's table: which figures, under which heads, in which units."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from benchmark.api import DRAWN_KINDS, CandidateKind
from benchmark.records.schema import Direction, Interval, MetricScore, base
from benchmark.report.data.points import Point

Group = Literal[
    "quality", "known answers", "diversity", "form", "size", "training", "cost",
    "frontier", "equal diversity", "equal cost", "pairs", "likelihood",
]  # fmt: skip

_METRICS: Mapping[Group, tuple[str, ...]] = {
    "quality": (
        "bleu_sent_m4", "bleu_corpus", "rouge_l", "bertscore", "sari", "ibleu", "source_bleu",
        "semantic_similarity", "semantic_ibleu", "pair_model", "mauve", "fluency", "ngram_fluency",
    ),
    "known answers": (
        "control", "sentence", "control_if_sentence", "kept", "others_kept", "validity",
        "coverage", "divergence", "feature_divergence",
    ),
    "diversity": (
        "dist_1", "self_bleu", "div_4", "vendi", "right_vendi", "distinct_1", "distinct_2",
    ),
    "form": ("length", "copy_rate", "empty_rate", "repetition"),
}  # fmt: skip
"""The metrics of the package by group, in the order of the columns."""

GROUPS: Mapping[str, Group] = {name: group for group, names in _METRICS.items() for name in names}
"""The groups of these metrics; others are grouped by their level."""

STATISTICS = {"expected": "mean", "mbr": "MBR", "oracle": "best of {k}", "set": ""}
"""Second line of a head, by statistic."""

MINUS = "\N{MINUS SIGN}"

FULL = "bleu_sent_m4"
"""The metric that is shown with all three statistics."""

PERCENT = ("copy_rate", "empty_rate", "repetition")
"""Shares that are shown in per cent."""

PUBLISHED_SCALE = "pieces="
"""Option of what is measured for published figures alone, and stands beside them alone."""

UNDRAWN: Mapping[str, frozenset[CandidateKind]] = {"divergence": frozenset({"n-best"})}
"""Kinds of candidates for which a metric means nothing, by metric. The divergence is estimated
from repeated draws: a ranked list has none, one candidate that is always repeated is fine."""

DETERMINISTIC: frozenset[CandidateKind] = frozenset(get_args(CandidateKind)) - DRAWN_KINDS


@dataclass(frozen=True)
class Column:
    """A column of a table.

    `read` gives the figure of a point; `scale` turns it into the unit of the head, with
    `digits` decimals or, where None, three significant digits. `undrawn` names the kinds of
    candidates for which the figure means nothing.
    """

    id: str
    group: Group
    head: str
    detail: str
    direction: Direction
    read: Callable[[Point], Interval]
    scale: float = 1.0
    digits: int | None = 3
    undrawn: frozenset[CandidateKind] = frozenset()
    about: str = ""

    def text(self, value: float) -> str:
        """A value as the table shows it, without its interval."""
        if not math.isfinite(value):
            return ""
        shown = value * self.scale
        if self.digits is not None:
            return f"{shown:.{self.digits}f}"
        if 0 < abs(shown) < 0.001:
            return "<0.001" if shown > 0 else f">{MINUS}0.001"
        if abs(shown) < 1e5:
            decimals = 2 - math.floor(math.log10(abs(shown))) if shown else 0
            text = f"{shown:.{min(3, max(0, decimals))}f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        return f"{shown:.1e}"


def group_of(name: str, metric: MetricScore) -> Group:
    """The group of a metric, by its level where the package does not know it."""
    return GROUPS.get(base(name)) or ("diversity" if metric.level == "set" else "quality")


def rank_of(name: str) -> int:
    """The place of a metric among those of the package; others come after them."""
    return list(GROUPS).index(base(name)) if base(name) in GROUPS else len(GROUPS)


def metric_columns(
    metrics: Mapping[str, MetricScore], num_samples: int, *, first: str = ""
) -> tuple[Column, ...]:
    """The columns of the metrics that were measured, group by group.

    Args:
        metrics: what they are, by id.
        num_samples: candidates per source, for the heads.
        first: id of the metric that stands first in its group.
    """
    columns = [
        _make_main_column(name, metrics[name], statistic, num_samples)
        for name in sorted(metrics, key=lambda name: (name != first, _place_of(name)))
        if PUBLISHED_SCALE not in name
        for statistic in _select_statistics(name, metrics[name])
    ]
    return tuple(c for group in _METRICS for c in columns if c.group == group)


def _place_of(name: str) -> tuple[bool, int]:
    """The place of a column: success by attribute does not part success from the sentences."""
    is_part = GROUPS.get(base(name)) == "known answers" and bool(_option_of(name))
    return is_part, rank_of(name)


def make_metric_column(
    name: str,
    metric: MetricScore,
    statistic: str,
    head: str,
    detail: str,
    read: Callable[[Point], Interval],
) -> Column:
    """The column of a statistic of a metric, with the decimals that suit its range."""
    top = metric.range[1]
    return Column(
        id=f"{name}.{statistic}",
        group=group_of(name, metric),
        head=head,
        detail=detail,
        direction=metric.direction,
        read=read,
        digits=3 if top <= 1 else 1 if top >= 50 else 2,
        about=f"{metric.title}, signature {metric.signature}",
    )


def keep_measured(columns: Iterable[Column], points: Iterable[Point]) -> tuple[Column, ...]:
    """The columns in which some point has a figure."""
    rows = tuple(points)
    return tuple(c for c in columns if any(c.read(p).defined for p in rows))


def cost_columns() -> tuple[Column, ...]:
    """The columns of cost, which have no interval: they are measured, not sampled."""
    size = _make_resource_column(
        "parameters", "cost", "Size", "M", "millions of parameters, embeddings included",
        scale=1e-6,
    )  # fmt: skip
    return (_NFE, _TIME, size)


def work_columns() -> tuple[Column, ...]:
    """What decoding costs: network calls, network rows and time per candidate."""
    rows = _make_resource_column(
        "cost.rows", "cost", "Rows", "per cand.",
        "network rows per candidate, summed over the calls: the work that batching hides",
    )  # fmt: skip
    return (_NFE, rows, _TIME)


def size_columns() -> tuple[Column, ...]:
    """Numbers of parameters, in thousands."""
    about = {
        "total": "all parameters",
        "embedding": "parameters of the tables of words and positions",
        "other": "parameters outside the embedding tables",
    }
    return tuple(
        _make_resource_column(
            f"parameters.{name}", "size", name.capitalize(), "thousand", what, scale=1e-3, digits=1
        )
        for name, what in about.items()
    )


def _read_tuned(point: Point) -> Interval:
    return Interval(value=math.nan if point.tuned_trials is None else point.tuned_trials)


def training_columns() -> tuple[Column, ...]:
    """What training took, mean over the seeds, and how many trials the recipe had."""
    return (
        Column(
            "tuned_trials", "training", "Tuned", "trials", "none", _read_tuned, digits=0,
            about="trials of the search that the recipe is from",
        ),
        _make_resource_column(
            "training.updates", "training", "Updates", "", "updates of the weights", digits=0
        ),
        _make_resource_column(
            "training.chosen_update", "training", "Kept", "update",
            "the update whose weights are used, where the best on valid examples are", digits=0,
        ),
        _make_resource_column(
            "training.examples", "training", "Examples", "thousand",
            "examples of the train split seen in training, in thousands", scale=1e-3,
        ),
        _make_resource_column(
            "training.epochs", "training", "Epochs", "", "passes over the train split", digits=1
        ),
        _make_resource_column(
            "training.tokens", "training", "Tokens", "million",
            "target tokens seen in training, in millions", scale=1e-6,
        ),
        _make_resource_column(
            "training.seconds", "training", "Time", "s",
            "seconds of training on the machine of the run",
        ),
    )  # fmt: skip


def status_columns(points: Iterable[Point]) -> tuple[Column, ...]:
    """Shares of candidates whose source was cut, and of those without an end, if there are any."""
    rows = tuple(points)
    about = {
        "truncated": ("Cut", "% of candidates whose source was cut to fit"),
        "unfinished": ("Endless", "% of candidates that reached the length limit without an end"),
    }
    return tuple(
        _make_resource_column(f"statuses.{status}", "form", head, "%", what, scale=100.0, digits=1)
        for status, (head, what) in about.items()
        if any(point.status_share(status) > 0 for point in rows)
    )


_READERS: Mapping[str, Callable[[Point, str], float]] = {
    "cost": Point.cost,
    "training": Point.training,
    "parameters": Point.parameter_count,
    "statuses": Point.status_share,
}


def _make_resource_column(
    name: str,
    group: Group,
    head: str,
    detail: str,
    about: str,
    *,
    scale: float = 1.0,
    digits: int | None = None,
) -> Column:
    """A column of what a point took: `cost.rows`, `training.updates`, `parameters.total`."""
    kind, _, field = name.partition(".")

    def read(point: Point) -> Interval:
        return Interval(value=_READERS[kind](point, field or "total"))

    direction: Direction = "lower" if group == "cost" else "none"
    return Column(name, group, head, detail, direction, read, scale, digits, about=about)


_NFE = _make_resource_column(
    "cost.depth", "cost", "NFE", "",
    "sequential network calls per candidate, counted by hooks",
)  # fmt: skip
_TIME = _make_resource_column(
    "cost.seconds_per_candidate", "cost", "Time", "ms",
    "milliseconds per candidate, tokenising included, warm-up excluded; of seeds the median",
    scale=1000,
)  # fmt: skip


def _option_of(name: str) -> str:
    """What sets a variant of a metric apart: `case=lower` of `bleu_sent_m4:case=lower`."""
    return name.partition(":")[2]


def _name_ceiling(metric: MetricScore) -> str:
    """What texts that are right would have, where a judge of one attribute decides; else empty."""
    named = metric.signature.partition("|ceiling:")[2]
    return f"ceiling {named.partition('=')[2]}" if named and "," not in named else ""


def name_form(metric: MetricScore) -> str:
    """What sets its form apart from BLEU between candidates as the papers have it; else empty.

    It is read from the signature of the records, which may be older than this package.
    """
    return "equal = 1" if "equal:1" in metric.signature.split("|") else ""


def _select_statistics(name: str, metric: MetricScore) -> tuple[str, ...]:
    wanted = ("expected", "mbr", "oracle") if base(name) == FULL else ("expected", "set")
    return tuple(s for s in wanted if s in metric.statistics)


def _make_main_column(name: str, metric: MetricScore, statistic: str, num_samples: int) -> Column:
    share, full = base(name) in PERCENT, base(name) == FULL
    detail = STATISTICS[statistic].format(k=num_samples) if full else ""
    if full and _option_of(name):
        detail += f", {_option_of(name)}"
    detail = detail or ("%" if share else _option_of(name) or metric.unit)
    detail = ", ".join(filter(None, (detail, name_form(metric), _name_ceiling(metric))))
    column = make_metric_column(
        name, metric, statistic, metric.title, detail, lambda point: point.measure(name, statistic)
    )
    sets = metric.level == "set" and column.group == "diversity"
    return replace(
        column,
        scale=100.0 if share else 1.0,
        digits=1 if share or column.group == "form" else column.digits,
        undrawn=DETERMINISTIC if sets else UNDRAWN.get(base(name), frozenset()),
    )
