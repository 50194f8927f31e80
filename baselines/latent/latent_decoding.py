"""Candidates of latent systems: one decoded from left to right for every latent."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from baselines.attention import Memory
from baselines.cached_stepper import CachedStepper
from baselines.encoder_decoder import Decoder
from baselines.left_to_right_search import Alphabet, sample
from baselines.texts import never_generated, read_candidates
from benchmark import api


def decode(
    decoder: Decoder,
    memory: Memory,
    resources: api.Resources,
    noise: api.Noise,
    *,
    temperature: float,
    truncated: Sequence[bool],
    num_samples: int,
    on_step: api.OnStep | None,
) -> api.Candidates:
    """`num_samples` candidates of every source.

    Args:
        decoder: of the system.
        memory: of the latents, one for every row.
        resources: the source of tokeniser and maximum length.
        noise: of the rows.
        temperature: divides the logits; 0 is greedy.
        truncated: whether each source was cut.
        num_samples: candidates per source; where a source has a single row, it is repeated.
        on_step: see `benchmark.api.System.generate`.
    """
    tokenizer, length = resources.tokenizer, resources.lengths.target
    forbidden = [*never_generated(tokenizer), tokenizer.pad_id]
    hypotheses = sample(
        CachedStepper(decoder, memory, 1, length),
        Alphabet(
            tokenizer.bos_id,
            tokenizer.eos_id,
            tokenizer.pad_id,
            torch.tensor(forbidden, device=memory.encoded.device),
        ),
        noise.uniform((length,), stream="tokens").unflatten(0, (-1, 1)),
        temperature=temperature,
        top_p=1.0,
        on_step=on_step,
    )
    rows = hypotheses.tokens[:, 0].tolist()
    return read_candidates(tokenizer, rows, truncated, num_samples)
