from __future__ import annotations

import math

import pytest
import torch

pytest.importorskip("fairseq", reason="needs fairseq: see docs/systems/fairseq.md")

from baselines.fairseq.dictionary import TokenizerDictionary
from baselines.fairseq.sequence_generator import KeyedSampling
from baselines.fairseq.transformer import FairseqTransformer
from benchmark.api import make_noise
from benchmark.generation.measured_generation import CostMeter

SIZE = {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1}


def draws(resources, rows: list[int], seeds, log_p) -> list[int]:
    sampling = KeyedSampling(TokenizerDictionary(resources.tokenizer), seeds, top_k=-1, top_p=-1.0)
    scores = torch.zeros(len(rows), 1, 5)
    here = log_p.expand(len(rows), 1, -1).clone()
    _, tokens, _ = sampling.step(2, here, scores, None, torch.tensor(rows))
    return tokens.flatten().tolist()


def test_a_row_draws_the_same_wherever_it_stands(resources):
    vocab = resources.tokenizer.vocab_size
    log_p = torch.full((vocab,), -math.log(vocab))
    seeds = make_noise(1, [str(row) for row in range(50)]).seeds
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    together = draws(resources, list(range(50)), seeds, log_p)
    assert torch.equal(torch.random.get_rng_state(), state), "the global generator has moved"
    assert draws(resources, [7, 3, 40], seeds, log_p) == [together[k] for k in (7, 3, 40)]
    assert len(set(together)) > 1


def test_draws_follow_the_distribution(resources):
    log_p = torch.full((resources.tokenizer.vocab_size,), -math.inf)
    log_p[5], log_p[6] = math.log(0.25), math.log(0.75)
    seeds = make_noise(2, [str(row) for row in range(2000)]).seeds
    found = draws(resources, list(range(2000)), seeds, log_p)
    assert set(found) == {5, 6}
    # Five standard deviations; the seeds are fixed.
    assert abs(found.count(5) / 2000 - 0.25) < 5 * math.sqrt(0.25 * 0.75 / 2000)


def test_every_pass_of_the_decoder_is_metered(resources, pairs):
    system = FairseqTransformer.build(FairseqTransformer.Config(**SIZE), resources)
    sources, ids = [e.source for e in pairs], [e.id for e in pairs]
    calls = []
    inner = system.module.model.decoder.layers[0]
    hook = inner.register_forward_hook(lambda *_: calls.append(1))
    with CostMeter(system.network).running() as meter:
        system.generate(sources, system.Decoding(method="greedy"), num_samples=1, seed=1, ids=ids)
    hook.remove()
    assert meter.calls == len(calls) > 0
    assert meter.tokens == meter.rows, "one new position a row and call"
