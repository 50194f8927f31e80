"""A system small enough to reason about: it learns one letter a source letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn

from benchmark.api import (
    Candidate,
    Capabilities,
    Example,
    LossTerms,
    Resources,
    load_weights,
    make_noise,
    read_folder,
    save_folder,
)


@dataclass(frozen=True)
class ToyConfig:
    dim: int = 4
    dropout: float = 0.2
    poison_after: int = 10**9


@dataclass(frozen=True)
class ToyDecoding:
    temperature: float = 1.0
    calls: int = 2

    @property
    def nfe(self) -> int:
        return self.calls

    @property
    def kind(self) -> str:
        return "samples" if self.temperature > 0 else "single"


class Toy:
    id: ClassVar[str] = "toy"
    family: ClassVar[str] = "iterative"
    version: ClassVar[int] = 1
    capabilities = Capabilities(trainable=True, knob="temperature", nfe_knob="calls")
    Config = ToyConfig
    Decoding = ToyDecoding

    def __init__(self, config: ToyConfig, resources: Resources) -> None:
        self.config, self.resources = config, resources
        size = resources.tokenizer.vocab_size
        self.module = nn.Sequential(
            nn.Embedding(size, config.dim), nn.Dropout(config.dropout), nn.Linear(config.dim, size)
        )
        self.network = self.module
        self.losses = 0

    @classmethod
    def build(cls, config: ToyConfig, resources: Resources) -> Toy:
        return cls(config, resources)

    def _ids(self, texts: Sequence[str]) -> torch.Tensor:
        tokenizer = self.resources.tokenizer
        ids = [tokenizer.encode(text)[: self.resources.lengths.source] for text in texts]
        width = max((len(row) for row in ids), default=1) or 1
        rows = [row + [tokenizer.pad_id] * (width - len(row)) for row in ids]
        return torch.tensor(rows, dtype=torch.long).reshape(len(texts), width)

    def collate(self, examples: Sequence[Example]) -> dict[str, Any]:
        ids = self._ids([t for e in examples for t in (e.source, e.target)])
        return {"source": ids[0::2], "target": ids[1::2]}

    def loss(self, batch: dict[str, Any], noise: Any) -> LossTerms:
        self.losses += 1
        logits = self.module(batch["source"])
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), batch["target"].flatten())
        jitter = noise.uniform(()).mean().to(loss.dtype)
        poison = float("nan") if self.losses > self.config.poison_after else 0.0
        total = loss + 0.01 * jitter * self.module[2].weight.square().mean() + poison
        return LossTerms(total, {"ce": loss.detach()}, batch["target"].numel())

    @torch.no_grad()
    def generate(self, sources, decoding, *, num_samples, seed, ids, on_step=None):
        if not sources:
            return []
        noise = make_noise(seed, ids, num_samples)
        source = self._ids(sources).repeat_interleave(num_samples, 0)
        for _ in range(decoding.calls):
            logits = self.module(source)
        u = noise.uniform((source.shape[1],))
        probs = (logits.double() / max(decoding.temperature, 1e-6)).softmax(-1).cumsum(-1)
        chosen = (probs < u[..., None]).sum(-1).clamp(max=logits.shape[-1] - 1)
        texts = []
        for row, source_row in zip(chosen.tolist(), source.tolist(), strict=True):
            length = sum(i != self.resources.tokenizer.pad_id for i in source_row)
            texts.append(self.resources.tokenizer.decode(row[:length]))
        cut = [
            len(self.resources.tokenizer.encode(s)) > self.resources.lengths.source for s in sources
        ]
        flat = [
            Candidate(t, "truncated" if cut[r // num_samples] else "ok" if t else "empty")
            for r, t in enumerate(texts)
        ]
        return [flat[r : r + num_samples] for r in range(0, len(flat), num_samples)]

    def save(self, path: Path) -> None:
        save_folder(path, self.config, self.resources, self.module)

    @classmethod
    def load(cls, path: Path, device: str) -> Toy:
        system = cls.build(*read_folder(path, ToyConfig))
        load_weights(path, system.module, device)
        return system
