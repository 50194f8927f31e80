"""What metrics declare; ids and signatures are part of the keys of scores and must not move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import pytest

from benchmark.api import UserError
from benchmark.metrics import METRICS, make_metric
from benchmark.metrics.declaration import DeclaredMetric, number

SIGNATURES = {
    "bleu_sent_m4":
        "bleu_sent_m4|case:mixed|tok:whitespace|smooth:method4|order:4|equals:nltk-3.10.4"
        "|version:1",
    "bleu_sent_m4:case=lower":
        "bleu_sent_m4|case:lower|tok:whitespace|smooth:method4|order:4|equals:nltk-3.10.4"
        "|version:1",
    "bleu_sent_m4_swapped":
        "bleu_sent_m4_swapped|case:mixed|tok:whitespace|smooth:method4|order:4"
        "|hypothesis:reference|multiref:mean|equals:nltk-3.10.4|version:1",
    "bleu_sent_m4_swapped:case=lower":
        "bleu_sent_m4_swapped|case:lower|tok:whitespace|smooth:method4|order:4"
        "|hypothesis:reference|multiref:mean|equals:nltk-3.10.4|version:1",
    "bleu_corpus":
        "bleu_corpus|case:mixed|eff:no|tok:13a|smooth:exp|version:SACREBLEU",
    "bleu_corpus:case=lower":
        "bleu_corpus|case:lc|eff:no|tok:13a|smooth:exp|version:SACREBLEU",
    "rouge_l":
        "rouge_l|case:lower|tok:a-z0-9|stem:no|multiref:best|equals:rouge-score-0.1.2"
        "|version:1",
    "dist_1":
        "dist_1|case:mixed|tok:whitespace|empty:0|version:1",
    "dist_1:case=lower":
        "dist_1|case:lower|tok:whitespace|empty:0|version:1",
    "self_bleu":
        "self_bleu|case:mixed|tok:whitespace|smooth:method4|pairs:i!=j|equal:1|version:2",
    "self_bleu:case=lower":
        "self_bleu|case:lower|tok:whitespace|smooth:method4|pairs:i!=j|equal:1|version:2",
    "div_4":
        "div_4|case:mixed|tok:whitespace|order:4|empty:0|version:1",
    "div_4:case=lower":
        "div_4|case:lower|tok:whitespace|order:4|empty:0|version:1",
    "length":
        "length|tok:whitespace|version:1",
    "copy_rate":
        "copy_rate|case:lower|space:squeezed|version:1",
    "empty_rate":
        "empty_rate|version:1",
    "validity":
        "validity|space:squeezed|version:1",
    "coverage":
        "coverage|space:squeezed|version:1",
    "divergence":
        "divergence|index:1-morisita|pooled:sources|space:squeezed|version:1",
    "self_bleu:form=published":
        "self_bleu|case:mixed|tok:whitespace|smooth:method4|pairs:i<j|version:1",
    "self_bleu:case=lower,form=published":
        "self_bleu|case:lower|tok:whitespace|smooth:method4|pairs:i<j|version:1",
}  # fmt: skip
"""As the first version that had the metric wrote them."""


def conditional(source: str, temperature: float) -> Mapping[str, float]:
    return {}


@pytest.mark.parametrize("spec", SIGNATURES)
def test_id_and_signature_stay_what_they_were(spec: str) -> None:
    metric = make_metric(spec, conditional=conditional)
    assert metric.id == spec
    assert metric.signature == SIGNATURES[spec].replace("SACREBLEU", version("sacrebleu"))


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_of_the_package_declares_itself_alike(name: str) -> None:
    assert issubclass(METRICS[name], DeclaredMetric)
    assert METRICS[name].name == name


@dataclass(frozen=True, slots=True)
class Half(DeclaredMetric):
    name = "half"
    title = summary = "half"
    facts = "version:7"


def test_what_is_not_said_is_what_is_usual() -> None:
    half = Half.make({}, None)
    assert (half.level, half.direction, half.low, half.high) == ("candidate", "higher", 0.0, 1.0)
    assert (half.unit, dict(half.options), half.controlled) == ("", {}, False)
    assert (half.id, half.signature) == ("half", "half|version:7")


def test_numbers_of_options() -> None:
    assert number("m", "k", "0.5", low=0, high=1) == 0.5
    assert number("m", "k", "inf", low=0, high=np.inf) == np.inf
    for text in ("1.1", "-1", "x", "nan", ""):
        with pytest.raises(UserError, match=f"option 'k' is '{text}', not a number from 0 to 1"):
            number("m", "k", text, low=0, high=1)
