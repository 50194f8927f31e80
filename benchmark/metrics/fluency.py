"""Fluency: perplexity of the candidates under a causal language model that no system has seen.

Candidate k of every source together is a corpus; its perplexity is the exponential of the summed
negative log-likelihood over the number of tokens, each text read on its own after a start
token. The end of a text is not counted, nor is an empty text. Tokens are those of the model,
so figures of different models are not comparable.

Low perplexity is not quality: repetition and bland text have the lowest ("generative perplexity"
alone ranks degenerate samplers first), so read it beside `repetition` and the diversity metrics.
No direction is better.

Source: generative perplexity, as in Lou et al., "Discrete diffusion modeling by estimating the
ratios of the data distribution" (arXiv 2310.16834); what it hides: Zheng et al. (arXiv
2409.02908).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from benchmark.api import UserError
from benchmark.metrics.declaration import DEVICE, libraries
from benchmark.metrics.encoder import (
    NotLoadedError,
    batches_of_one_length,
    describe,
    is_missing_folder,
    load_pretrained,
)
from benchmark.metrics.interface import (
    Direction,
    FloatArray,
    Item,
    Level,
    Option,
    Scores,
    sign,
)
from benchmark.metrics.text import CASE_OPTION, TextMetric, fold

_BATCH_TOKENS = 2048
"""Tokens that pass at once: times the vocabulary they are 400 MB of logits of GPT-2."""


@dataclass(frozen=True, slots=True)
class Fluency(TextMetric):
    """Perplexity of one candidate of every source."""

    name = "fluency"
    title = "perplexity"
    summary = "perplexity under a causal language model, by folder or hub id"
    level: ClassVar[Level] = "corpus"
    direction: ClassVar[Direction] = "none"
    low = 1.0
    high = float("inf")
    options: ClassVar[Mapping[str, Option]] = {
        **CASE_OPTION,
        "model": Option("gpt2"),
        DEVICE: Option("cpu"),
    }

    model: str = "gpt2"
    """A folder or a hub id."""
    device: str = "cpu"
    """Where the model runs; no part of id and signature."""

    def __post_init__(self) -> None:
        if is_missing_folder(self.model):
            raise UserError(
                f"Metric 'fluency': the folder {self.model!r} does not exist: name one that holds "
                "a causal language model of transformers."
            )

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        options = sign(self.name, case=self.case, model=describe(self.model))
        return f"{options}|begin:bos|end:uncounted|{libraries('transformers', 'torch')}|version:1"

    def score(self, items: Sequence[Item]) -> Scores:
        """Statistics `(S, K, 2)`: negative log-likelihood in nats, tokens; perplexity `(S, K)`.

        Raises:
            UserError: if the model cannot be loaded.
        """
        texts = [[fold(text, self.case) for text in item.candidates] for item in items]
        found = load_model(self.model, self.device).surprise([t for row in texts for t in row])
        statistics = np.array([[found[text] for text in row] for row in texts])
        return Scores(perplexity(statistics), self.signature, statistics, perplexity)


def perplexity(sums: FloatArray) -> FloatArray:
    """exp(nats / tokens) of `(..., 2)` sums: `(...)`; infinite where there is no token."""
    nats, tokens = sums[..., 0], sums[..., 1]
    mean = np.where(tokens > 0, nats / np.maximum(tokens, 1.0), np.inf)
    score: FloatArray = np.exp(mean)
    return score


@dataclass(frozen=True)
class LanguageModel:
    """A tokeniser and a causal language model, ready to be called."""

    tokenizer: Any
    network: Any
    device: str
    begin: int
    """The token before every text."""
    limit: int
    """Longest text in tokens; what is beyond is cut off."""

    def surprise(self, texts: Sequence[str]) -> dict[str, tuple[float, int]]:
        """Negative log-likelihood in nats and number of tokens of every distinct text.

        Texts of one length form a batch, so nothing is padded.
        """
        distinct = list(dict.fromkeys(text.strip() for text in texts))
        ids = [self.tokenizer.encode(t, add_special_tokens=False)[: self.limit] for t in distinct]
        found: dict[str, tuple[float, int]] = {}
        for batch in batches_of_one_length(ids, _BATCH_TOKENS, extra=1):
            nats = self._nats([ids[row] for row in batch])
            for row, value in zip(batch, nats, strict=True):
                found[distinct[row]] = (value, len(ids[row]))
        return {text: found[text.strip()] for text in texts}

    def _nats(self, ids: list[list[int]]) -> list[float]:
        import torch

        if not ids[0]:
            return [0.0] * len(ids)
        tokens = torch.tensor([[self.begin, *row] for row in ids], device=self.device)
        with torch.inference_mode():
            logits = self.network(input_ids=tokens).logits[:, :-1]
            lost = torch.nn.functional.cross_entropy(
                logits.flatten(0, 1).float(), tokens[:, 1:].flatten(), reduction="none"
            )
        sums: list[float] = lost.view(len(ids), -1).double().sum(dim=1).tolist()
        return sums


@functools.lru_cache(maxsize=1)
def load_model(name: str, device: str) -> LanguageModel:
    """Load a causal language model by folder or hub id.

    Raises:
        UserError: if it cannot be loaded, or has neither a start nor an end token.
    """
    try:
        tokenizer, network = load_pretrained("AutoModelForCausalLM", name, device)
    except NotLoadedError as error:
        raise UserError(
            f"Metric 'fluency' cannot load the language model {name!r} on {device} ({error}): "
            "name a folder or hub id of one as fluency:model=FOLDER-OR-HUB-ID."
        ) from error
    marks = (tokenizer.bos_token_id, tokenizer.eos_token_id)
    begin = next((mark for mark in marks if mark is not None), None)
    if begin is None:
        raise UserError(
            f"Metric 'fluency': the tokeniser of {name!r} has neither a start nor "
            "an end token, so the first token cannot be predicted: use another model."
        )
    positions = getattr(network.config, "max_position_embeddings", None) or 1024
    return LanguageModel(tokenizer, network, device, begin, int(positions) - 1)
