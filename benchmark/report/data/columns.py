"""The columns of a task's table: which figures, under which heads, in which units."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from benchmark.api import CandidateKind
from benchmark.records.schema import UNDEFINED, Direction, Interval, MetricScore, base
from benchmark.report.data.points import Point

Group = Literal[
    "quality", "known answers", "diversity", "form", "size", "training", "cost",
    "frontier", "equal diversity", "equal cost", "pairs",
]  # fmt: skip

GROUPS: Mapping[str, Group] = {
    "bleu_sent_m4": "quality",
    "bleu_corpus": "quality",
    "rouge_l": "quality",
    "bertscore": "quality",
    "sari": "quality",
    "ibleu": "quality",
    "source_bleu": "quality",
    "mauve": "quality",
    "fluency": "quality",
    "validity": "known answers",
    "coverage": "known answers",
    "divergence": "known answers",
    "dist_1": "diversity",
    "self_bleu": "diversity",
    "div_4": "diversity",
    "vendi": "diversity",
    "distinct_1": "diversity",
    "distinct_2": "diversity",
    "length": "form",
    "copy_rate": "form",
    "empty_rate": "form",
    "repetition": "form",
}
"""The groups of the metrics of the package; others are grouped by their level."""

STATISTICS = {"expected": "mean", "mbr": "MBR", "oracle": "best of {k}", "set": ""}
"""Second line of a head, by statistic."""

MINUS = "\N{MINUS SIGN}"

FULL = "bleu_sent_m4"
"""The metric that is shown with all three statistics."""

PERCENT = ("copy_rate", "empty_rate", "repetition")
"""Shares that are shown in per cent."""

UNDRAWN: Mapping[str, frozenset[CandidateKind]] = {"divergence": frozenset({"n-best"})}
"""Kinds of candidates for which a metric means nothing, by metric. The divergence is estimated
from repeated draws: a ranked list has none, one candidate that is always repeated is fine."""

DETERMINISTIC: frozenset[CandidateKind] = frozenset({"single", "n-best"})


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


def metric_columns(metrics: Mapping[str, MetricScore], num_samples: int) -> tuple[Column, ...]:
    """The columns of the metrics that were measured, group by group."""
    order = list(GROUPS)
    names = sorted(metrics, key=lambda n: order.index(base(n)) if base(n) in order else 99)
    columns = [
        _metric_column(name, metrics[name], statistic, num_samples)
        for name in names
        for statistic in _statistics(name, metrics[name])
    ]
    groups = ("quality", "known answers", "diversity", "form")
    return tuple(c for group in groups for c in columns if c.group == group)


def cost_columns() -> tuple[Column, ...]:
    """The columns of cost, which have no interval: they are measured, not sampled."""
    return (
        _NFE,
        _TIME,
        Column(
            "parameters", "cost", "Size", "M", "lower", _parameters("total"), scale=1e-6,
            digits=None, about="millions of parameters, embeddings included",
        ),
    )  # fmt: skip


def work_columns() -> tuple[Column, ...]:
    """What decoding costs: network calls, network rows and time per candidate."""
    rows = Column(
        "cost.rows", "cost", "Rows", "per cand.", "lower", _measured("rows"), digits=None,
        about="network rows per candidate, summed over the calls: the work that batching hides",
    )  # fmt: skip
    return (_NFE, rows, _TIME)


def size_columns() -> tuple[Column, ...]:
    """Numbers of parameters, in thousands."""
    heads = (("total", "Total"), ("embedding", "Embedding"), ("other", "Other"))
    about = {
        "total": "all parameters",
        "embedding": "parameters of the tables of words and positions",
        "other": "parameters outside the embedding tables",
    }
    return tuple(
        Column(
            f"parameters.{name}", "size", head, "thousand", "none", _parameters(name),
            scale=1e-3, digits=1, about=about[name],
        )
        for name, head in heads
    )  # fmt: skip


def training_columns() -> tuple[Column, ...]:
    """What training took, mean over the seeds."""

    def trained(name: str) -> Callable[[Point], Interval]:
        return lambda point: Interval(value=point.training(name))

    return (
        Column(
            "training.updates", "training", "Updates", "", "none", trained("updates"), digits=0,
            about="updates of the weights",
        ),
        Column(
            "training.tokens", "training", "Tokens", "million", "none", trained("tokens"),
            scale=1e-6, digits=None, about="target tokens seen in training, in millions",
        ),
        Column(
            "training.seconds", "training", "Time", "s", "none", trained("seconds"), digits=None,
            about="seconds of training on the machine of the run",
        ),
    )  # fmt: skip


def _measured(name: str) -> Callable[[Point], Interval]:
    return lambda point: Interval(value=point.cost(name))


def _parameters(name: str) -> Callable[[Point], Interval]:
    def read(point: Point) -> Interval:
        number = getattr(point.parameters, name, None)
        return UNDEFINED if number is None else Interval(value=number)

    return read


_NFE = Column(
    "cost.depth", "cost", "NFE", "", "lower", _measured("depth"), digits=None,
    about="sequential network calls per candidate, counted by hooks",
)  # fmt: skip
_TIME = Column(
    "cost.seconds_per_candidate", "cost", "Time", "ms", "lower",
    _measured("seconds_per_candidate"), scale=1000, digits=None,
    about="milliseconds per candidate, tokenising included, warm-up excluded",
)  # fmt: skip


def _option(name: str) -> str:
    """What sets a variant of a metric apart: `case=lower` of `bleu_sent_m4:case=lower`."""
    return name.partition(":")[2]


def _statistics(name: str, metric: MetricScore) -> tuple[str, ...]:
    wanted = ("expected", "mbr", "oracle") if base(name) == FULL else ("expected", "set")
    return tuple(s for s in wanted if s in metric.statistics)


def _metric_column(name: str, metric: MetricScore, statistic: str, num_samples: int) -> Column:
    group = group_of(name, metric)
    top = metric.range[1]
    share = base(name) in PERCENT
    sets = metric.level == "set" and group == "diversity"
    digits = 1 if share or group == "form" else 3 if top <= 1 else 1 if top >= 50 else 2
    full = base(name) == FULL
    detail = STATISTICS[statistic].format(k=num_samples) if full else ""
    if full and _option(name):
        detail += f", {_option(name)}"
    return Column(
        id=f"{name}.{statistic}",
        group=group,
        head=metric.title,
        detail=detail or ("%" if share else _option(name) or metric.unit),
        direction=metric.direction,
        read=lambda point: point.measure(name, statistic),
        scale=100.0 if share else 1.0,
        digits=digits,
        undrawn=DETERMINISTIC if sets else UNDRAWN.get(base(name), frozenset()),
        about=f"{metric.title}, signature {metric.signature}",
    )
