"""The list of metrics and their specs."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest

from benchmark import metrics
from benchmark.api import Judgement, UserError
from benchmark.metrics import METRICS, Item, PairwiseMetric, make_metric
from benchmark.metrics.encoder import MissingEncoderError

NEURAL = {"bertscore", "fluency", "mauve", "pair_model", "semantic_ibleu", "semantic_similarity"}
PLAIN = sorted(name for name, metric in METRICS.items() if name not in NEURAL)


def conditional(source: str, temperature: float) -> dict[str, float]:
    return {"a b c d e": 0.5, "x": 0.5}


class Even:
    """A language model to which every text is equally likely."""

    name = "even"

    def log_probability(self, text: str) -> float:
        return -1.0

    def of_held_out(self) -> float | None:
        return None


class OneWord:
    """A judge to whom one word is a sentence, whatever is asked for."""

    name = "task"
    language_model = Even()

    def ceilings(self) -> dict[str, float]:
        return {}

    def remarks(self) -> tuple[str, ...]:
        return ()

    def judge(self, source: str, text: str) -> Judgement:
        found = len(text.split()) == 1
        return Judgement(found, {"a": found}, found, found)

    def features(self, text: str) -> dict[str, str] | None:
        return {"dish": text} if text else None

    def shares(self, source: str, feature: str) -> dict[str, float]:
        return {"x": 0.5, "y": 0.5}


def test_all_that_were_promised_are_there() -> None:
    assert set(METRICS) == {
        *("bleu_sent_m4", "bleu_sent_m4_swapped", "bleu_corpus", "rouge_l", "bertscore"),
        *("sari", "ibleu", "source_bleu", "mauve", "fluency"),
        *("semantic_similarity", "semantic_ibleu", "pair_model", "right_vendi"),
        *("dist_1", "distinct_1", "distinct_2", "self_bleu", "div_4", "vendi"),
        *("repetition", "length", "copy_rate", "empty_rate", "validity", "coverage", "divergence"),
        *("control", "sentence", "control_if_sentence", "kept", "others_kept"),
        "feature_divergence",
        "ngram_fluency",
    }


@pytest.mark.parametrize("name", PLAIN)
def test_facts_and_shapes_agree(name: str) -> None:
    metric = make_metric(name, conditional=conditional, judge=OneWord())
    items = [Item(str(i), "a b", ("a b c d e",), ("x", "", "x")) for i in range(2)]
    scores = metric.score(items)
    assert metric.id == name
    assert metric.signature.startswith(f"{name}|")
    assert "version:" in metric.signature
    assert metric.low < metric.high
    assert metric.title
    assert metric.summary
    shape = (2,) if metric.level == "set" else (2, 3)
    assert scores.values.shape == shape
    assert scores.values.dtype == np.float64
    assert (scores.values >= metric.low - 1e-12).all()
    assert (scores.values <= metric.high + 1e-12).all()
    assert (scores.statistics is not None) == (metric.level == "corpus")


def test_id_is_the_shortest_spec() -> None:
    assert make_metric("bleu_sent_m4:case=mixed").id == "bleu_sent_m4"
    assert make_metric(" self_bleu:form=published, case=lower").id == (
        "self_bleu:case=lower,form=published"
    )
    for spec in ("bleu_corpus:case=lower", "self_bleu:case=lower,form=published"):
        assert make_metric(make_metric(spec).id) == make_metric(spec)


def test_options_change_signatures() -> None:
    for name in PLAIN:
        if "case" in METRICS[name].options:
            try:
                plain = make_metric(name).signature
            except MissingEncoderError:  # the extra bertscore brings it
                continue
            assert make_metric(f"{name}:case=lower").signature != plain


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("blue_sent_m4", "no metric 'blue_sent_m4': did you mean 'bleu_sent_m4'?"),
        ("", "no metric ''"),
        ("bleu_sent_m4:cse=lower", "no option 'cse': did you mean 'case'?"),
        ("bleu_sent_m4:case=upper", "'case' is 'upper' and must be one of mixed, lower"),
        ("bleu_sent_m4:case", "must be one of mixed, lower"),
        ("empty_rate:case=lower", "'empty_rate' has no option 'case': it has none."),
        ("rouge_l:case=lower", "'rouge_l' has no option 'case': there is pieces, tokens."),
        ("bertscore:layer=last", "'layer' is 'last', not a whole number"),
    ],
)
def test_mistakes_in_specs_are_told(spec: str, message: str) -> None:
    with pytest.raises(UserError, match=message.replace("?", r"\?")):
        make_metric(spec)


def test_utilities_for_mbr() -> None:
    pairwise = {name for name in PLAIN if issubclass(METRICS[name], PairwiseMetric)}
    assert pairwise == {"bleu_sent_m4", "bleu_sent_m4_swapped", "rouge_l"}


@pytest.mark.slow
def test_the_list_costs_no_heavy_import() -> None:
    code = (
        "import sys, benchmark.metrics as m; [m.make_metric(x).signature for x in "
        "('bleu_sent_m4', 'bleu_corpus', 'self_bleu')]; "
        "print([x for x in ('torch', 'transformers', 'nltk', 'sacrebleu', 'pandas', 'scipy', "
        "'rouge_score', 'matplotlib') if x in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_metrics_of_installed_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    def points(group: str) -> list[metadata.EntryPoint]:
        assert group == metrics.ENTRY_POINT_GROUP
        return [
            metadata.EntryPoint("mine", "benchmark.metrics.length:Length", group),
            metadata.EntryPoint("length", "nowhere:Hijack", group),
        ]

    monkeypatch.setattr(metadata, "entry_points", points)
    assert make_metric("mine").title == "length"
    assert "length" in metrics.metric_types()


def test_a_broken_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    point = metadata.EntryPoint("mine", "no_such_module:Metric", metrics.ENTRY_POINT_GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point])
    with pytest.raises(UserError, match="'mine' of an installed package"):
        make_metric("mine")
