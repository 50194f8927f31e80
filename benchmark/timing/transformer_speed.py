"""`transformer`, greedy and cached, against `generate` of Hugging Face's transformers.

Their side is a BART with random weights: encoder, decoder, widths, heads and vocabulary are
the same. Both take texts and give texts, with the same tokeniser, and neither may end early, so
both write the same number of tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from benchmark.api import Lengths, Resources
from benchmark.api.tokenizers import SubwordTokenizer
from benchmark.timing.alternation import Contender, alternate
from benchmark.timing.random_texts import SIZES, Size, examples, vocabulary
from benchmark.timing.speed_result import Result
from benchmark.timing.systems import build_system, make_decoding


def measure(name: str, *, repeats: int) -> Result:
    """The measurement `transformer-128` or `transformer-256`."""
    return measure_size(name, SIZES[name.rpartition("-")[2]], repeats=repeats)


def measure_size(name: str, size: Size, *, repeats: int) -> Result:
    """Greedy decoding of one batch on both sides.

    Raises:
        RuntimeError: if one of them did not write the number of tokens that was asked for.
    """
    tokenizer = vocabulary(size)
    sources = [example.source for example in examples(size, size.batch)]
    ours, theirs = alternate(
        _build_ours(size, tokenizer, sources),
        _build_theirs(size, tokenizer, sources),
        sentences=size.batch,
        repeats=repeats,
    )
    return Result(
        name,
        ours,
        theirs,
        f"greedy, cached, {size}; untrained weights, the end is forbidden on both sides (theirs:"
        f" min_new_tokens = max_new_tokens), so that each sentence has {size.target} tokens;"
        " tokenising included",
    )


class Endless(SubwordTokenizer):
    """A vocabulary in which texts do not end: its end is its padding, which is never written."""

    def __init__(self, tokenizer: SubwordTokenizer) -> None:
        super().__init__(tokenizer.backend, tokenizer.special_tokens)
        self.eos_id = self.pad_id


def _build_ours(size: Size, tokenizer: SubwordTokenizer, sources: Sequence[str]) -> Contender:
    known = Resources(Endless(tokenizer), Lengths(size.source, size.target))
    system = build_system("transformer", {**size.network, "dropout": 0.0}, known)
    system.module.eval()
    decoding = make_decoding(system, {"method": "greedy"})
    ids = [str(i) for i in range(len(sources))]

    def run() -> None:
        made = system.generate(sources, decoding, num_samples=1, seed=0, ids=ids)
        if any(candidate.status != "unfinished" for of_source in made for candidate in of_source):
            raise RuntimeError("transformer ended a text that must not end.")

    return Contender("transformer", run, network=system.network, module=system.module)


def _build_theirs(size: Size, tokenizer: SubwordTokenizer, sources: Sequence[str]) -> Contender:
    from transformers import BartConfig, BartForConditionalGeneration

    torch.manual_seed(0)
    model: Any = BartForConditionalGeneration(
        BartConfig(
            vocab_size=size.vocab,
            d_model=size.dim,
            encoder_layers=size.layers,
            decoder_layers=size.layers,
            encoder_ffn_dim=size.ffn,
            decoder_ffn_dim=size.ffn,
            encoder_attention_heads=size.heads,
            decoder_attention_heads=size.heads,
            max_position_embeddings=max(size.source, size.target) + 2,
            activation_function="relu",
            dropout=0.0,
            pad_token_id=tokenizer.pad_id,
            bos_token_id=tokenizer.bos_id,
            eos_token_id=tokenizer.eos_id,
            decoder_start_token_id=tokenizer.bos_id,
            forced_eos_token_id=None,
        )
    ).eval()

    def run() -> None:
        rows = [torch.tensor([*tokenizer.encode(text), tokenizer.eos_id]) for text in sources]
        batch = pad_sequence(rows, batch_first=True, padding_value=tokenizer.pad_id)
        with torch.no_grad():
            made = model.generate(
                input_ids=batch,
                attention_mask=batch != tokenizer.pad_id,
                num_beams=1,
                do_sample=False,
                use_cache=True,
                min_new_tokens=size.target,
                max_new_tokens=size.target,
            )
        if made.shape != (len(sources), size.target + 1):
            raise RuntimeError(f"BART wrote {tuple(made.shape)} instead of {size.target} tokens.")
        for row in made.tolist():
            tokenizer.decode(row)

    return Contender("BART (transformers)", run, network=model.model.decoder, module=model)
