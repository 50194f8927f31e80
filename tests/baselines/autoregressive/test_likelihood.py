import math
from dataclasses import replace

import pytest
import torch

from baselines.autoregressive.likelihood import log_probability
from baselines.autoregressive.transformer import TransformerConfig, TransformerSystem
from benchmark.api import make_noise

SMALL = {"dim": 8, "heads": 2, "ffn": 8, "encoder_layers": 1, "decoder_layers": 1}


def test_log_probability_by_hand():
    """Of four ids one is never written; padding does not count."""
    p = torch.tensor([[[0.1, 0.2, 0.3, 0.4], [0.4, 0.4, 0.1, 0.1], [0.7, 0.1, 0.1, 0.1]]])
    found = log_probability(
        p.log(),
        torch.tensor([[2, 1, 0]]),
        torch.tensor([[True, True, False]]),
        forbidden=torch.tensor([3]),
    )
    assert found.tolist() == pytest.approx([math.log(0.3 / 0.6) + math.log(0.4 / 0.9)], rel=1e-6)


def test_a_greedy_text_is_as_probable_as_its_decoding_says(pairs, resources):
    torch.manual_seed(0)
    system = TransformerSystem.build(TransformerConfig(**SMALL), resources)
    decoding = TransformerSystem.Decoding(method="greedy")
    made = system.generate(
        [e.source for e in pairs], decoding, num_samples=1, seed=1, ids=[e.id for e in pairs]
    )
    asked = [replace(e, target=c.text) for e, (c,) in zip(pairs, made, strict=True)]
    scored = system.log_likelihood(asked, make_noise(1, [e.id for e in asked]), num_samples=1)
    known = [(c.logprob, len(c.text.split()) + (c.status != "unfinished")) for (c,) in made]
    assert len(known) == len(scored) > 0
    for one, (logprob, tokens) in zip(scored, known, strict=True):
        if tokens <= resources.lengths.target:
            assert (one.nats, one.tokens) == (pytest.approx(logprob, rel=1e-4), tokens)


def test_what_cannot_be_written_has_no_likelihood(pairs, resources):
    system = TransformerSystem.build(TransformerConfig(**SMALL), resources)
    odd = [replace(pairs[0], target=text) for text in ("red purple", "red " * 7, "red " * 6, "")]
    scored = system.log_likelihood(odd, make_noise(1, [e.id for e in odd]), num_samples=1)
    assert [math.isfinite(one.nats) for one in scored] == [False, False, True, True]
    # A text that fills the canvas has no room for its end.
    assert [one.tokens for one in scored[2:]] == [6, 1]
