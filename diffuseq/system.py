"""DiffuSeq as a system of the benchmark: text in, text out.

Source: arXiv 2210.08933.
Deviates: the source is cut to its own part of the canvas, where the official code cuts the
longer of source and target in turn, so that the length of the answer decides how much of the
question is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from benchmark.api import (
    Batch,
    Candidate,
    CandidateKind,
    Candidates,
    Capabilities,
    Example,
    Family,
    LossTerms,
    Noise,
    OnStep,
    Resources,
    Status,
    UserError,
    load_weights,
    make_noise,
    read_folder,
    save_folder,
)
from diffuseq.denoiser import Denoiser
from diffuseq.grid import Spacing, time_grid
from diffuseq.objective import MseOver, loss_terms
from diffuseq.readout import Readout
from diffuseq.sampling import sample
from diffuseq.schedule import ScheduleName, cumulative_alpha_bar, discrete_betas
from diffuseq.solvers import SolverName, Variance, make_solver
from diffuseq.timesteps import LossSecondMoment, UniformTimesteps

_SOURCE_MARKS = 3
"""`[CLS] x [SEP] [SEP]`"""
_TARGET_MARKS = 2
"""`[CLS] y [SEP]`"""


@dataclass(frozen=True)
class DiffuSeqConfig:
    """Network and objective; the defaults are those of the paper and its code."""

    embedding_dim: int = 128
    width: int = 768
    layers: int = 12
    heads: int = 12
    ffn: int = 3072
    time_dim: int = 128
    """Size of the sinusoidal code of t."""
    dropout: float = 0.1
    diffusion_steps: int = 2000
    """T."""
    schedule: ScheduleName = "sqrt"
    timesteps: Literal["uniform", "loss-second-moment"] = "loss-second-moment"
    """How training draws t."""
    mse_over: MseOver = "all"
    """`all` as in the official code; `target`, without the source, as in eq. 2 of the paper."""
    mse_weight: float = 1.0
    decoder_nll_weight: float = 1.0
    prior_weight: float = 1.0
    """Of the term `tT`."""
    prediction_nll_weight: float = 0.0
    """Deviates: adds the cross entropy of the predicted z_0, target alone (paper: 0)."""


@dataclass(frozen=True)
class DiffuSeqDecoding:
    """How to sample; the defaults are those of the paper and its code."""

    solver: SolverName = "ancestral"
    nfe: int = 2000
    """Network calls, 1..T."""
    temperature: float = 1.0
    """Factor of all injected noise; 0 makes every solver deterministic."""
    clamp: bool = True
    """Whether every prediction is moved to the nearest embeddings."""
    eta: float = 0.0
    """Share of fresh noise, of `ddim` alone: 0 deterministic, 1 ancestral."""
    variance: Variance = "fixed-large"
    """Of `ancestral` alone."""
    grid: Spacing = "uniform"

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise UserError(
                f"decoding.temperature is {self.temperature}: give a number that is not negative."
            )
        if not 0 <= self.eta <= 1:
            raise UserError(f"decoding.eta is {self.eta}: give a number from 0 to 1.")

    @property
    def kind(self) -> CandidateKind:
        """Independent draws, unless all noise is switched off."""
        return "samples" if self.temperature > 0 else "single"


class DiffuSeqModule(nn.Module):
    """All that is trained and stored: embeddings, network, and what is known about t."""

    alpha_bar: Tensor

    def __init__(self, config: DiffuSeqConfig, *, vocab_size: int, canvas: int) -> None:
        super().__init__()
        betas = discrete_betas(config.schedule, config.diffusion_steps)
        self.register_buffer("alpha_bar", cumulative_alpha_bar(betas), persistent=False)
        self.readout = Readout(vocab_size, config.embedding_dim)
        self.denoiser = Denoiser(
            dim=config.embedding_dim,
            width=config.width,
            layers=config.layers,
            heads=config.heads,
            ffn=config.ffn,
            time_dim=config.time_dim,
            canvas=canvas,
            diffusion_steps=config.diffusion_steps,
            dropout=config.dropout,
        )
        learns = config.timesteps == "loss-second-moment"
        drawer = LossSecondMoment if learns else UniformTimesteps
        self.timesteps: LossSecondMoment | UniformTimesteps = drawer(config.diffusion_steps)
        self.evenly = UniformTimesteps(config.diffusion_steps)


class DiffuSeq:
    """Sequence-to-sequence diffusion on word embeddings, the target noised, the source not."""

    id: ClassVar[str] = "diffuseq"
    family: ClassVar[Family] = "continuous diffusion"
    version: ClassVar[int] = 1
    capabilities: ClassVar[Capabilities] = Capabilities(
        trainable=True, knob="temperature", nfe_knob="nfe", length="fixed"
    )
    Config: ClassVar[type] = DiffuSeqConfig
    Decoding: ClassVar[type] = DiffuSeqDecoding

    def __init__(self, config: DiffuSeqConfig, resources: Resources) -> None:
        self.config = config
        self.resources = resources
        lengths = resources.lengths
        if lengths.source <= _SOURCE_MARKS or lengths.target <= _TARGET_MARKS:
            raise UserError(
                f"A canvas of {lengths.source} + {lengths.target} tokens is too short for diffuseq:"
                f" raise lengths.source above {_SOURCE_MARKS}"
                f" and lengths.target above {_TARGET_MARKS}."
            )
        if config.width % config.heads or config.time_dim % 2:
            raise UserError(
                f"diffuseq has width {config.width}, heads {config.heads}, time_dim"
                f" {config.time_dim}: make width a multiple of heads and time_dim even."
            )
        self._canvas = lengths.source + lengths.target
        self._module = DiffuSeqModule(
            config, vocab_size=resources.tokenizer.vocab_size, canvas=self._canvas
        )

    @property
    def module(self) -> DiffuSeqModule:
        """Embeddings and network."""
        return self._module

    @property
    def network(self) -> nn.Module:
        """The denoiser: one call, one function evaluation."""
        return self._module.denoiser

    @classmethod
    def build(cls, config: DiffuSeqConfig, resources: Resources) -> DiffuSeq:
        """A fresh system; weights come from torch's global generator."""
        return cls(config, resources)

    def collate(self, examples: Sequence[Example]) -> Batch:
        """`ids` int64 and `is_target` bool, both `(batch, canvas)`.

        `[CLS] x [SEP] [SEP] [CLS] y [SEP]`, then padding to the end of the canvas, which
        belongs to the target: the model generates it and so learns the length.

        Source: arXiv 2210.08933, section 3.
        """
        tokenizer = self.resources.tokenizer
        room = self.resources.lengths.target - _TARGET_MARKS
        rows, starts = [], []
        for example in examples:
            source, _ = self._source_ids(example.source)
            words = tokenizer.encode(example.target)[:room]
            rows.append([*source, tokenizer.bos_id, *words, tokenizer.sep_id])
            starts.append(len(source))
        return self._canvas_of(rows, starts)

    def loss(self, batch: Batch, noise: Noise) -> LossTerms:
        """The weighted sum of the terms of the paper.

        In training mode t is drawn, and what is seen is learnt, as `config.timesteps` says; in
        evaluation mode t is uniform and nothing is learnt, so that losses can be compared.
        """
        module, config = self._module, self.config
        ids, is_target = batch["ids"], batch["is_target"]
        shape = (self._canvas, config.embedding_dim)
        drawer = module.timesteps if module.training else module.evenly
        t, weight = drawer.draw(noise.uniform((1,), stream="t")[:, 0])
        terms = loss_terms(
            module.denoiser,
            module.readout,
            ids=ids,
            is_target=is_target,
            t=t,
            alpha_bar=module.alpha_bar,
            start_eps=noise.normal(shape, stream="start"),
            eps=noise.normal(shape, stream="forward"),
            mse_over=config.mse_over,
            with_prediction_nll=config.prediction_nll_weight > 0,
        )
        factors = {
            "mse": config.mse_weight,
            "decoder_nll": config.decoder_nll_weight,
            "tT": config.prior_weight,
            "prediction_nll": config.prediction_nll_weight,
        }
        terms = {name: factors[name] * values for name, values in terms.items()}
        losses = torch.stack(tuple(terms.values())).sum(0)
        drawer.observe(t, losses)
        weight = weight.to(losses.dtype)
        return LossTerms(
            total=(weight * losses).mean(),
            terms={name: (weight * values.detach()).mean() for name, values in terms.items()},
            tokens=int((is_target & (ids != self.resources.tokenizer.pad_id)).sum()),
        )

    def generate(
        self,
        sources: Sequence[str],
        decoding: DiffuSeqDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: OnStep | None = None,
    ) -> Candidates:
        """`num_samples` candidates for every source, all of them rows of one batch.

        Raises:
            UserError: if `decoding.nfe` is not in 1..T.
        """
        module = self._module
        device = module.alpha_bar.device
        grid = time_grid(decoding.grid, decoding.nfe, alpha_bar=module.alpha_bar)
        layout = [self._source_ids(source) for source in sources]
        starts = [len(row) for row, _ in layout]
        batch = self._canvas_of([row for row, _ in layout], starts)
        was_training = module.training
        module.eval()
        with torch.inference_mode():
            z_0 = sample(
                module.denoiser,
                source=_each(module.readout.embed(batch["ids"].to(device)), num_samples),
                is_target=_each(batch["is_target"].to(device), num_samples),
                grid=grid,
                alpha_bar=module.alpha_bar,
                solver=make_solver(decoding.solver, eta=decoding.eta, variance=decoding.variance),
                noise=make_noise(seed, ids, num_samples, device),
                temperature=decoding.temperature,
                clamp=module.readout.clamp if decoding.clamp else None,
                on_step=on_step,
            )
            rows = module.readout.most_likely(z_0).tolist()
        module.train(was_training)
        return [
            [
                self._candidate(row[starts[i] :], is_cut=layout[i][1])
                for row in rows[i * num_samples : (i + 1) * num_samples]
            ]
            for i in range(len(sources))
        ]

    def save(self, path: Path) -> None:
        """Write config, safetensors and tokeniser into the folder `path`."""
        save_folder(path, self.config, self.resources, self._module)

    @classmethod
    def load(cls, path: Path, device: str) -> DiffuSeq:
        """Read what `save` wrote."""
        config, resources = read_folder(path, cls.Config)
        system = cls(config, resources)
        load_weights(path, system.module, device)
        return system

    def _source_ids(self, source: str) -> tuple[list[int], bool]:
        """`[CLS] x [SEP] [SEP]`, and whether x was cut to fit."""
        tokenizer = self.resources.tokenizer
        room = self.resources.lengths.source - _SOURCE_MARKS
        words = tokenizer.encode(source)
        marks = [tokenizer.sep_id, tokenizer.sep_id]
        return [tokenizer.bos_id, *words[:room], *marks], len(words) > room

    def _canvas_of(self, rows: Sequence[list[int]], starts: Sequence[int]) -> Batch:
        """`rows` padded to the canvas; the target begins at `starts`."""
        pad = self.resources.tokenizer.pad_id
        padded = [row + [pad] * (self._canvas - len(row)) for row in rows]
        ids = torch.tensor(padded, dtype=torch.long).reshape(len(rows), self._canvas)
        first = torch.tensor(starts, dtype=torch.long)[:, None]
        is_target = torch.arange(self._canvas) >= first
        return {"ids": ids, "is_target": is_target}

    def _candidate(self, ids: list[int], *, is_cut: bool) -> Candidate:
        """The text of the generated `ids` up to the end mark, which padding is as well."""
        tokenizer = self.resources.tokenizer
        ends = {tokenizer.sep_id, tokenizer.pad_id}
        end = next((i for i, token in enumerate(ids) if token in ends), None)
        text = tokenizer.decode(ids[:end])
        status: Status = "ok"
        if is_cut:
            status = "truncated"
        elif not text:
            status = "empty"
        elif end is None:
            status = "unfinished"
        return Candidate(text, status)


def _each(rows: Tensor, num_samples: int) -> Tensor:
    """Every row `num_samples` times, source-major."""
    return rows.repeat_interleave(num_samples, dim=0)
