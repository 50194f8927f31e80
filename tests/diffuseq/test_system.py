from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmark.api import Example, Lengths, Resources, UserError, make_noise
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer
from diffuseq.system import DiffuSeq, DiffuSeqConfig, DiffuSeqDecoding

PAIRS = (
    ("the cat sat", "a feline rested"),
    ("the dog ran", "a hound sped away"),
    ("birds sing", "there is music"),
    ("it rains", "water falls from above"),
    ("we sleep", "nobody is awake"),
    ("they eat soup", "soup is eaten"),
    ("he sings", "a song"),
    ("she left", "gone"),
)
EXAMPLES = tuple(Example(f"e{i}", x, y, (y,)) for i, (x, y) in enumerate(PAIRS))
SMALL = DiffuSeqConfig(
    embedding_dim=12,
    width=48,
    layers=2,
    heads=4,
    ffn=96,
    time_dim=16,
    dropout=0.0,
    diffusion_steps=200,
    timesteps="uniform",
)
CANVAS = Lengths(7, 7)
FEW = DiffuSeqDecoding(solver="ddim", nfe=5, clamp=False)


def build(config: DiffuSeqConfig = SMALL, lengths: Lengths = CANVAS) -> DiffuSeq:
    torch.manual_seed(0)
    tokenizer = train_tokenizer([t for pair in PAIRS for t in pair], TokenizerRecipe())
    return DiffuSeq.build(config, Resources(tokenizer, lengths))


def texts(
    system: DiffuSeq,
    examples: Sequence[Example] = EXAMPLES,
    decoding: DiffuSeqDecoding = FEW,
    num_samples: int = 2,
) -> dict[str, list[str]]:
    drawn = system.generate(
        [e.source for e in examples],
        decoding,
        num_samples=num_samples,
        seed=5,
        ids=[e.id for e in examples],
    )
    return {e.id: [c.text for c in row] for e, row in zip(examples, drawn, strict=True)}


@pytest.fixture(scope="module")
def trained(teach: Callable[..., None]) -> DiffuSeq:
    """A tiny model after some 400 updates on eight pairs: a few seconds."""
    system = build(replace(SMALL, mse_over="target"))
    teach(system, EXAMPLES, 400)
    return system


@pytest.mark.slow
@pytest.mark.parametrize(
    "decoding",
    [
        FEW,
        replace(FEW, solver="dpm-solver++", nfe=10),
        replace(FEW, eta=1.0, nfe=20, clamp=True),
        replace(FEW, solver="ancestral", variance="posterior", nfe=50, temperature=0.5),
        DiffuSeqDecoding(nfe=200),
    ],
    ids=["ddim", "dpm-solver++", "ddim eta 1 clamp", "ancestral", "paper"],
)
def test_eight_pairs_are_learnt_by_heart(trained: DiffuSeq, decoding: DiffuSeqDecoding) -> None:
    wanted = {e.id: [e.target] * 2 for e in EXAMPLES}
    assert texts(trained, decoding=decoding) == wanted


def test_both_sides_are_cut_to_their_own_part() -> None:
    system = build(lengths=Lengths(5, 4))
    words = "the cat sat"
    batch = system.collate([Example("a", words, words, (words,))])
    tokenizer = system.resources.tokenizer
    kept = tokenizer.encode("the cat")
    bos, sep = tokenizer.bos_id, tokenizer.sep_id
    assert batch["ids"].tolist() == [[bos, *kept, sep, sep, bos, *kept, sep]]
    sources = [words, "the cat", ""]
    assert system.canvas.open(sources).is_cut == [True, False, False]
    drawn = system.generate(sources, FEW, num_samples=1, seed=0, ids=["a", "b", "c"])
    assert drawn[0][0].status in ("truncated", "unfinished", "empty")
    assert "truncated" not in {row[0].status for row in drawn[1:]}


def test_a_text_depends_on_nothing_but_its_own_row() -> None:
    system = build()  # untrained, so that texts differ
    decoding = replace(FEW, eta=1.0)
    together = texts(system, decoding=decoding, num_samples=3)
    assert len({text for row in together.values() for text in row}) > 10
    assert texts(system, EXAMPLES[::-1], decoding, 3) == together
    alone = texts(system, EXAMPLES[2:3], decoding, 2)
    assert alone["e2"] == together["e2"][:2]


@pytest.mark.parametrize("decoding", [FEW, replace(FEW, solver="ancestral", nfe=37)])
def test_network_calls_are_those_asked_for(decoding: DiffuSeqDecoding) -> None:
    system = build()
    calls: list[tuple[int, ...]] = []
    system.network.register_forward_pre_hook(lambda _, inputs: calls.append(inputs[0].shape))
    texts(system, EXAMPLES[:3], decoding, 2)
    assert calls == [(6, 14, 12)] * decoding.nfe


@pytest.mark.slow
def test_saved_and_loaded_is_the_same(trained: DiffuSeq, tmp_path: Path) -> None:
    decoding = replace(FEW, temperature=2.0)
    trained.save(tmp_path)
    loaded = DiffuSeq.load(tmp_path, "cpu")
    assert loaded.config == trained.config
    assert texts(loaded, decoding=decoding) == texts(trained, decoding=decoding)


def test_the_loss_is_the_sum_of_its_terms_and_of_its_rows() -> None:
    system = build(replace(SMALL, prediction_nll_weight=0.5, decoder_nll_weight=2.0))
    system.module.eval()
    ids = [e.id for e in EXAMPLES]
    out = system.loss(system.collate(EXAMPLES), make_noise(0, ids))
    assert set(out.terms) == {"mse", "decoder_nll", "tT", "prediction_nll"}
    torch.testing.assert_close(torch.stack(list(out.terms.values())).sum(), out.total)
    assert not any(value.requires_grad for value in out.terms.values())
    assert out.tokens == sum(len(y.split()) + 2 for _, y in PAIRS)
    single = [
        system.loss(system.collate([e]), make_noise(0, [e.id])).total.item() for e in EXAMPLES
    ]
    assert out.total.item() == pytest.approx(sum(single) / len(single), rel=1e-5)


def test_plain_time_is_the_number_of_the_step() -> None:
    """With 1,000 steps both clocks agree; a shorter chain is told as the beginning of it."""
    config = replace(SMALL, diffusion_steps=1000)
    long, scaled = build(config), build(SMALL)
    plain = build(replace(SMALL, rescale_time=False))
    z, t = torch.randn(2, 14, 12), torch.tensor([3, 150])
    for system in (long, scaled, plain):
        system.module.eval()
    with torch.inference_mode():
        assert torch.equal(plain.network(z, t), long.network(z, t))
        assert not torch.allclose(scaled.network(z, t), long.network(z, t))
        assert torch.equal(scaled.network(z, t), long.network(z, (t - 1) * 5 + 1))


@pytest.mark.slow
def test_rounding(trained: DiffuSeq) -> None:
    module = trained.module
    bias = module.readout.bias.detach().clone()
    word = trained.resources.tokenizer.encode("gone")[0]
    with torch.no_grad():
        module.readout.bias[word] = 1e4
    likely = texts(trained, EXAMPLES[:2], replace(FEW, rounding="most-likely"), 1)
    nearest = texts(trained, EXAMPLES[:2], replace(FEW, rounding="nearest"), 1)
    with torch.no_grad():
        module.readout.bias.copy_(bias)
    assert nearest == {e.id: [e.target] for e in EXAMPLES[:2]}
    assert {w for row in likely.values() for w in row[0].split()} == {"gone"}


def test_words_behind_an_end_mark_are_read_if_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    system = build()
    tokenizer = system.resources.tokenizer
    a, b, c = tokenizer.encode("cat sat soup")
    sep, pad = tokenizer.sep_id, tokenizer.pad_id
    row = [0] * 6 + [tokenizer.bos_id, a, b, sep, c, sep, pad, pad]
    answer = torch.tensor([row])
    monkeypatch.setattr(system.module.readout, "most_likely", lambda z: answer)
    for reading, text in (("first-mark", "cat sat"), ("official", "cat sat soup")):
        decoding = replace(FEW, reading=reading)  # type: ignore[arg-type]
        assert texts(system, EXAMPLES[:1], decoding, 1) == {"e0": [text]}


@pytest.mark.parametrize(
    "options",
    [
        {"clamp": True},
        {"clamp": True, "clamp_from": 100},
        {"clamp": True, "clamp_to": 100},
        {"noise_bound": 0.5},
        {"grid": "official-gap"},
        {"grid": "official-uniform"},
        {"eta": 0.5},
        {"solver": "ancestral"},
        {"solver": "dpm-solver++", "carry": "state"},
        {"solver": "dpm-solver++", "carry": "prediction"},
        {"solver": "sde-dpm-solver++"},
    ],
    ids=str,
)
def test_every_option_of_sampling_reaches_the_sampler(options: dict[str, Any]) -> None:
    system = build()
    ends: list[Tensor] = []
    for decoding in (replace(FEW, eta=1.0), replace(FEW, **{"eta": 1.0, **options})):
        states: list[Tensor] = []
        system.generate(
            ["the cat sat"], decoding, num_samples=1, seed=0, ids=["a"],
            on_step=lambda _, z, kept=states: kept.append(z),  # type: ignore[misc]
        )  # fmt: skip
        ends.append(states[-2])
    assert not torch.allclose(*ends)


def test_official_truncation_reaches_the_batch() -> None:
    example = [Example("a", "the cat sat", "we", ("we",))]
    for truncation, words in (("own-part", 2), ("official", 3)):
        config = replace(SMALL, truncation=truncation)  # type: ignore[arg-type]
        is_target = build(config, Lengths(5, 4)).collate(example)["is_target"]
        assert (~is_target).sum() == words + 3


def test_time_steps_are_learnt_in_training_alone() -> None:
    system = build(replace(SMALL, timesteps="loss-second-moment"))
    batch, noise = system.collate(EXAMPLES), make_noise(0, [e.id for e in EXAMPLES])
    system.module.eval()
    system.loss(batch, noise)
    seen = system.module.state_dict()["timesteps.seen"]
    assert seen.sum() == 0
    system.module.train()
    system.loss(batch, noise)
    assert system.module.state_dict()["timesteps.seen"].sum() == len(EXAMPLES)


def test_generation_keeps_the_mode_of_the_module() -> None:
    system = build(replace(SMALL, dropout=0.5))
    system.module.train()
    first = texts(system)
    assert system.module.training
    system.module.eval()
    assert texts(system) == first


def test_kind_of_the_candidates() -> None:
    assert DiffuSeqDecoding().kind == "samples"
    assert DiffuSeqDecoding(temperature=0.0).kind == "single"


def test_mistakes_are_told() -> None:
    with pytest.raises(UserError, match="canvas of 3 \\+ 7"):
        build(lengths=Lengths(3, 7))
    with pytest.raises(UserError, match="multiple of heads"):
        build(replace(SMALL, heads=5))
    with pytest.raises(UserError, match="temperature -1: use 0 or more"):
        replace(FEW, temperature=-1)
    with pytest.raises(UserError, match="eta 2: use 0 to 1"):
        replace(FEW, eta=2)
    with pytest.raises(UserError, match=r"noise_bound 0\.0: use above 0"):
        replace(FEW, noise_bound=0.0)
    with pytest.raises(UserError, match=r"decoding\.nfe is 201"):
        texts(build(), decoding=replace(FEW, nfe=201))


def test_on_a_canvas_of_its_own_a_row_does_not_know_its_neighbours() -> None:
    system = build(replace(SMALL, fit="row"), Lengths(8, 7))
    long, short = Example("l", "the cat sat we", "a", ("a",)), EXAMPLES[3]
    system.module.eval()
    alone = system.loss(system.collate([short]), make_noise(1, ["s"])).total
    other = system.loss(system.collate([long]), make_noise(1, ["l"])).total
    both = system.loss(system.collate([short, long]), make_noise(1, ["s", "l"])).total
    torch.testing.assert_close(both, (alone + other) / 2)
    assert texts(system, [short])["e3"] == texts(system, [long, short])["e3"]


def test_a_canvas_of_its_own_is_the_whole_one_where_the_source_fills_its_part() -> None:
    whole, fitted = (build(replace(SMALL, fit=fit), Lengths(6, 7)) for fit in ("whole", "row"))
    fitted.module.load_state_dict(whole.module.state_dict())
    full = [EXAMPLES[0], EXAMPLES[1], EXAMPLES[5]]
    noise = make_noise(1, ["a", "b", "c"])
    losses = [system.loss(system.collate(full), noise).total for system in (whole, fitted)]
    torch.testing.assert_close(*losses)
    assert texts(whole, full) == texts(fitted, full)
