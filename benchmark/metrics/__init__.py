"""Metrics by spec: `bleu_sent_m4`, `bleu_sent_m4:case=lower`, `bertscore:encoder=PATH,layer=9`.

The module of a metric has the name that the metric has in specs and tables.

`METRICS` and the facts in it cost no heavy import; torch, transformers and sacreBLEU are loaded
when a metric that needs them scores. Other people's metrics come by the entry point group
`diffuseq_bench.metrics` (name = id, value = `module:Class`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import metadata
from typing import cast

from benchmark.api import UserError
from benchmark.api.control import Judge
from benchmark.api.did_you_mean import suggestion
from benchmark.api.script import Script, detect_script
from benchmark.api.token_unit import Unit
from benchmark.metrics.bertscore import BertScore
from benchmark.metrics.bleu_corpus import BleuCorpus
from benchmark.metrics.bleu_sent_m4 import BleuSentM4
from benchmark.metrics.bleu_sent_m4_swapped import BleuSentM4Swapped
from benchmark.metrics.control import Control
from benchmark.metrics.control_if_sentence import ControlIfSentence
from benchmark.metrics.copy_rate import CopyRate
from benchmark.metrics.coverage import Coverage
from benchmark.metrics.declaration import DeclaredMetric
from benchmark.metrics.dist_1 import Dist1
from benchmark.metrics.distinct_1 import Distinct1
from benchmark.metrics.distinct_2 import Distinct2
from benchmark.metrics.div_4 import Div4
from benchmark.metrics.divergence import Divergence
from benchmark.metrics.empty_rate import EmptyRate
from benchmark.metrics.feature_divergence import FeatureDivergence
from benchmark.metrics.fluency import Fluency
from benchmark.metrics.ibleu import IBleu
from benchmark.metrics.interface import (
    Conditional,
    Direction,
    Item,
    Level,
    Metric,
    Option,
    PairwiseMetric,
    Scores,
    count_references,
    metric_id,
    sign,
)
from benchmark.metrics.judged import JudgedMetric
from benchmark.metrics.kept import Kept
from benchmark.metrics.length import Length
from benchmark.metrics.mauve import Mauve
from benchmark.metrics.ngram_fluency import NgramFluency
from benchmark.metrics.others_kept import OthersKept
from benchmark.metrics.pair_model import PairModel
from benchmark.metrics.repetition import Repetition
from benchmark.metrics.right_vendi import RightVendi
from benchmark.metrics.rouge_l import RougeL
from benchmark.metrics.sari import Sari
from benchmark.metrics.self_bleu import SelfBleu
from benchmark.metrics.semantic_ibleu import SemanticIBleu
from benchmark.metrics.semantic_similarity import SemanticSimilarity
from benchmark.metrics.sentence import Sentence
from benchmark.metrics.source_bleu import SourceBleu
from benchmark.metrics.text import TokenMetric
from benchmark.metrics.validity import Validity
from benchmark.metrics.vendi import Vendi

__all__ = [
    "ENTRY_POINT_GROUP",
    "METRICS",
    "Conditional",
    "DeclaredMetric",
    "Direction",
    "Item",
    "Level",
    "Metric",
    "Option",
    "PairwiseMetric",
    "Scores",
    "Script",
    "count_references",
    "detect_script",
    "make_metric",
    "metric_id",
    "metric_types",
    "sign",
]

ENTRY_POINT_GROUP = "diffuseq_bench.metrics"

_BUILT_IN: tuple[type[Metric], ...] = (
    BleuSentM4,
    BleuSentM4Swapped,
    BleuCorpus,
    RougeL,
    BertScore,
    Sari,
    IBleu,
    SourceBleu,
    SemanticSimilarity,
    SemanticIBleu,
    PairModel,
    Mauve,
    Fluency,
    Dist1,
    Distinct1,
    Distinct2,
    SelfBleu,
    Div4,
    Vendi,
    RightVendi,
    Length,
    CopyRate,
    EmptyRate,
    Repetition,
    Validity,
    Coverage,
    Divergence,
    Control,
    Sentence,
    ControlIfSentence,
    Kept,
    OthersKept,
    FeatureDivergence,
    NgramFluency,
)

METRICS: Mapping[str, type[Metric]] = {metric.name: metric for metric in _BUILT_IN}
"""The metrics of this package by name; title, summary, level, ... are attributes."""


def metric_types() -> dict[str, type[Metric]]:
    """All known metrics by name: ours first, then those of installed packages.

    Raises:
        UserError: if the metric of an installed package cannot be imported.
    """
    found = dict(METRICS)
    for point in metadata.entry_points(group=ENTRY_POINT_GROUP):
        if point.name not in found:
            try:
                found[point.name] = cast("type[Metric]", point.load())
            except (ImportError, AttributeError) as error:
                raise UserError(
                    f"Metric {point.name!r} of an installed package cannot be imported from "
                    f"{point.value!r} ({error}): fix or remove that package."
                ) from error
    return found


def make_metric(
    spec: str,
    *,
    conditional: Conditional | None = None,
    judge: Judge | None = None,
    script: Script = "latin",
    unit: Unit | None = None,
) -> Metric:
    """The metric that a spec names.

    Args:
        spec: `name` or `name:key=value,key=value`; values hold no comma.
        conditional: the true distribution of a controlled task.
        judge: decides what candidates do with their control, on a task with attributes.
        script: of the texts of the task.
        unit: what they are counted by; None = as the script asks for.

    Raises:
        UserError: if the name, an option or its value is unknown, or the metric needs what the task
            does not have.
    """
    name, _, rest = spec.strip().partition(":")
    metric = METRICS.get(name)
    if metric is None:
        known = metric_types()
        if name not in known:
            raise UserError(f"There is no metric {name!r}: {suggestion(name, known)}")
        metric = known[name]
    chosen = {key: option.default for key, option in metric.options.items()}
    for part in filter(None, rest.split(",")):
        key, equals, value = (text.strip() for text in part.partition("="))
        if key not in metric.options:
            raise UserError(f"Metric {name!r} has no option {key!r}: {_options(key, metric)}")
        allowed = metric.options[key].values
        if not equals or not value or (allowed and value not in allowed):
            wanted = f"one of {', '.join(allowed)}" if allowed else "a value"
            raise UserError(f"Metric {name!r}: option {key!r} is {value!r} and must be {wanted}.")
        chosen[key] = value
    if issubclass(metric, JudgedMetric) and judge is not None:
        return metric.judged(chosen, judge)
    made = metric.make(chosen, conditional)
    if isinstance(made, TokenMetric):
        made = replace(made, script=script, task_unit=unit)
        made.check()
    return made


def _options(key: str, metric: type[Metric]) -> str:
    return suggestion(key, metric.options) if metric.options else "it has none."
