from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from baselines.autoregressive.decoding import AutoregressiveDecoding
from baselines.autoregressive.transformer import (
    CachedStepper,
    TransformerConfig,
    TransformerSystem,
)
from benchmark.api import UserError, make_noise

TINY = TransformerConfig(dim=32, heads=2, ffn=64, encoder_layers=1, decoder_layers=2, dropout=0.0)


@pytest.fixture
def system(resources):
    built = TransformerSystem.build(TINY, resources)
    # Wide logits: an untrained model is so flat that wrong keys would hardly show.
    torch.nn.init.normal_(built.network.tokens.weight, std=1.0)
    return built


def fit(system, pairs, updates=80):
    optimiser = torch.optim.Adam(system.module.parameters(), lr=5e-3)
    batch = system.collate(pairs)
    for update in range(updates):
        terms = system.loss(batch, make_noise(1, [f"{update}.{e.id}" for e in pairs]))
        optimiser.zero_grad()
        terms.total.backward()
        optimiser.step()
    return float(terms.terms["nll"])


def texts(system, pairs, decoding, num_samples=1, seed=1):
    made = system.generate(
        [e.source for e in pairs],
        decoding,
        num_samples=num_samples,
        seed=seed,
        ids=[e.id for e in pairs],
    )
    return [[candidate.text for candidate in row] for row in made]


def test_cached_equals_uncached(system, pairs):
    batch = system.collate(pairs)
    memory = system.module.encode(batch["source"], system.resources.tokenizer.pad_id)
    tokens = torch.randint(6, 9, (16, 6))
    stepper = CachedStepper(system.network, memory, 2, 6)
    with torch.no_grad():
        whole = system.network(tokens, memory)
        parts = [stepper.step(tokens[:, i]) for i in range(6)]
    torch.testing.assert_close(torch.stack(parts, dim=1), whole, rtol=1e-4, atol=1e-4)


def test_a_stepper_that_lost_sources_and_turned_rows_goes_on_right(system, pairs):
    batch = system.collate(pairs)
    memory = system.module.encode(batch["source"], system.resources.tokenizer.pad_id)
    tokens = torch.randint(6, 9, (16, 6))
    stepper = CachedStepper(system.network, memory, 2, 6)
    with torch.no_grad():
        whole = system.network(tokens, memory)
        for i in range(3):
            stepper.step(tokens[:, i])
        stepper.reorder(torch.arange(16).view(8, 2).flip(1).flatten())
        stepper.keep(torch.tensor([1, 4, 6]))
        rows = torch.tensor([3, 2, 9, 8, 13, 12])
        got = stepper.step(tokens[rows, 3])
    torch.testing.assert_close(got, whole[rows, 3], rtol=1e-4, atol=1e-4)


def test_logprob_is_that_of_the_model(system, pairs):
    tokenizer = system.resources.tokenizer
    [[candidate]] = system.generate(
        [pairs[0].source], AutoregressiveDecoding(), num_samples=1, seed=3, ids=["0"]
    )
    ids = torch.tensor([[*tokenizer.encode(candidate.text), tokenizer.eos_id]])
    ids = ids[:, : system.resources.lengths.target]
    memory = system.module.encode(system.collate(pairs[:1])["source"], tokenizer.pad_id)
    start = torch.tensor([[tokenizer.bos_id]])
    with torch.no_grad():
        logits = system.network(torch.cat((start, ids[:, :-1]), 1), memory)[0]
    for banned in (tokenizer.bos_id, tokenizer.sep_id, tokenizer.mask_id, tokenizer.pad_id):
        logits[:, banned] = -torch.inf
    expected = logits.log_softmax(-1).gather(-1, ids[0][:, None]).sum()
    assert candidate.logprob == pytest.approx(float(expected), abs=1e-3)


def test_loss_is_the_mean_over_target_tokens(system, pairs):
    tokenizer = system.resources.tokenizer
    batch = system.collate(pairs)
    terms = system.loss(batch, make_noise(1, [e.id for e in pairs]))
    total, count = 0.0, 0
    for example in pairs:
        one = system.collate([example])
        memory = system.module.encode(one["source"], tokenizer.pad_id)
        start = torch.tensor([[tokenizer.bos_id]])
        logits = system.network(torch.cat((start, one["target"][:, :-1]), 1), memory)[0]
        total += float(functional.cross_entropy(logits, one["target"][0], reduction="sum").detach())
        count += one["target"].numel()
    assert terms.tokens == count
    assert float(terms.total.detach()) == pytest.approx(total / count, rel=1e-5)


def test_label_smoothing_is_that_of_torch(system, pairs):
    system.config = replace(TINY, label_smoothing=0.1)
    one = system.collate(pairs[:1])
    terms = system.loss(one, make_noise(1, ["0"]))
    memory = system.module.encode(one["source"], system.resources.tokenizer.pad_id)
    start = torch.tensor([[system.resources.tokenizer.bos_id]])
    logits = system.network(torch.cat((start, one["target"][:, :-1]), 1), memory)[0]
    expected = functional.cross_entropy(logits, one["target"][0], label_smoothing=0.1)
    torch.testing.assert_close(terms.total, expected)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, {"norm": "post", "positions": "sinusoidal"}])
def test_eight_pairs_are_learnt_and_written_by_every_method(resources, pairs, changes):
    system = TransformerSystem.build(replace(TINY, **changes), resources)
    assert fit(system, pairs) < 0.05
    expected = [[e.target] for e in pairs]
    for method in ("greedy", "beam", "diverse-beam", "sample"):
        decoding = AutoregressiveDecoding(method=method, top_p=0.9)
        assert texts(system, pairs, decoding) == expected


@pytest.mark.parametrize(
    "decoding",
    [
        AutoregressiveDecoding(temperature=0.9),
        AutoregressiveDecoding(temperature=1.2, top_p=0.8),
        AutoregressiveDecoding(method="beam", beam=3),
        AutoregressiveDecoding(method="diverse-beam", beam=4, groups=2, diversity=1.0),
        AutoregressiveDecoding(method="greedy"),
    ],
)
def test_candidates_hang_on_nothing_but_their_source(system, pairs, decoding):
    together = texts(system, pairs, decoding, num_samples=3)
    assert texts(system, pairs[::-1], decoding, num_samples=3) == together[::-1]
    assert texts(system, pairs[2:3], decoding, num_samples=3) == together[2:3]
    few = texts(system, pairs, decoding, num_samples=2)
    assert few == [row[:2] for row in together]


def test_calls_of_the_network_are_the_tokens_of_the_longest(system, pairs):
    calls, made = [], []
    hook = system.network.register_forward_hook(lambda *_: calls.append(1))
    system.generate(
        [e.source for e in pairs],
        AutoregressiveDecoding(),
        num_samples=2,
        seed=1,
        ids=[e.id for e in pairs],
        on_step=lambda step, tokens: made.append(tokens.clone()),
    )
    hook.remove()
    ends = (made[-1] != system.resources.tokenizer.pad_id).sum(-1)
    assert len(calls) == len(made) == int(ends.max())


def test_saved_and_loaded_it_writes_the_same(system, pairs, tmp_path):
    system.save(tmp_path)
    loaded = TransformerSystem.load(tmp_path, "cpu")
    decoding = AutoregressiveDecoding()
    assert loaded.config == TINY
    assert texts(loaded, pairs, decoding, 2) == texts(system, pairs, decoding, 2)


def test_statuses(system):
    [[candidate]] = system.generate(
        ["red " * 20], AutoregressiveDecoding(max_length=1), num_samples=1, seed=1, ids=["x"]
    )
    assert candidate.status in ("unfinished", "empty")
    assert system.generate([], AutoregressiveDecoding(), num_samples=1, seed=1, ids=[]) == []


def test_settings_beyond_the_model_are_told(system):
    ask = {"num_samples": 3, "seed": 1, "ids": ["0"]}
    with pytest.raises(UserError, match="beam to 3"):
        system.generate(["red"], AutoregressiveDecoding(method="beam", beam=2), **ask)
    with pytest.raises(UserError, match="canvas"):
        system.generate(["red"], AutoregressiveDecoding(max_length=99), **ask)
