"""DiffuSeq as a system of the benchmark: text in, text out.

Source: arXiv 2210.08933, section 3.
Deviates: where the official code differs, `diffuseq.settings` has a named field.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn

from benchmark import api
from diffuseq.canvas import Canvas, Opened
from diffuseq.denoiser import Denoiser
from diffuseq.grid import time_grid
from diffuseq.likelihood import Chain, importance_bound, variational_bound
from diffuseq.objective import loss_terms
from diffuseq.process import diffuse
from diffuseq.readout import Readout
from diffuseq.sampling import AfterStep, sample
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas
from diffuseq.settings import DiffuSeqConfig, DiffuSeqDecoding
from diffuseq.solvers import Solver, make_solver
from diffuseq.timesteps import LossSecondMoment, UniformTimesteps

__all__ = ["DiffuSeq", "DiffuSeqConfig", "DiffuSeqDecoding", "DiffuSeqModule"]

_CLOCK_STEPS = 1000
"""With a chain of this many steps the network receives t unscaled."""


SOLVERS: tuple[dict[str, object], ...] = (
    {"solver": "ancestral"},
    {"solver": "ddim", "eta": 0.0},
    {"solver": "ddim", "eta": 1.0},
    {"solver": "dpm-solver++", "carry": "state"},
    {"solver": "sde-dpm-solver++"},
    {"solver": "dpm-solver++", "carry": "prediction"},
)
"""One checkpoint, every solver: the ablation `solvers`."""


class DiffuSeqModule(nn.Module):
    """All that is trained and stored: embeddings, network, and the distribution of t."""

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
            diffusion_steps=config.diffusion_steps if config.rescale_time else _CLOCK_STEPS,
            dropout=config.dropout,
        )
        learns = config.timesteps == "loss-second-moment"
        drawer = LossSecondMoment if learns else UniformTimesteps
        self.timesteps: LossSecondMoment | UniformTimesteps = drawer(config.diffusion_steps)
        self.evenly = UniformTimesteps(config.diffusion_steps)


@dataclass(frozen=True)
class Reverse:
    """What a variant of the process changes in sampling; see `diffuseq.sampling.sample`."""

    network: Callable[[Tensor, Tensor], Tensor]
    solver: Solver
    start_mean: Tensor | None = None
    after_step: AfterStep | None = None


class DiffuSeq(api.NeuralSystem):
    """Sequence-to-sequence diffusion on word embeddings, the target noised, the source not."""

    id: ClassVar[str] = "diffuseq"
    family: ClassVar[api.Family] = "continuous diffusion"
    version: ClassVar[int] = 2
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(
        trainable=True,
        knob="temperature",
        nfe_knob="nfe",
        likelihood="lower bound",
        length="fixed",
        ablations={"solvers": SOLVERS},
    )
    Config: ClassVar[type] = DiffuSeqConfig
    Decoding: ClassVar[type] = DiffuSeqDecoding
    Module: ClassVar[type[DiffuSeqModule]] = DiffuSeqModule
    noise_of: Callable[[int, Sequence[str], int, str | torch.device], api.Noise] = staticmethod(
        api.make_noise
    )
    """The source of noise in `generate`; sampler studies replace it on an instance."""

    config: DiffuSeqConfig
    module: DiffuSeqModule

    def __init__(self, config: DiffuSeqConfig, resources: api.Resources) -> None:
        super().__init__(config, resources)
        tokenizer = resources.tokenizer
        self.canvas = self._canvas(resources)
        self.module = self.Module(
            config, vocab_size=tokenizer.vocab_size, canvas=self.canvas.length
        )
        self.network = self.module.denoiser

    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """`ids`, `is_target` and, where rows differ, `present`; see `diffuseq.canvas`.

        `tokens` is the number of target tokens, counted here since a GPU would have to be waited
        for.
        """
        batch = self.canvas.lay(examples)
        is_word = batch["ids"] != self.resources.tokenizer.pad_id
        return batch | {"tokens": int((batch["is_target"] & is_word).sum())}

    def loss(self, batch: api.Batch, noise: api.Noise) -> api.LossTerms:
        """The weighted sum of the terms of the paper.

        In training mode t is drawn as `config.timesteps` sets, which may learn from the losses; in
        evaluation mode t is uniform and nothing is learnt, so that losses are comparable.
        """
        module, config = self.module, self.config
        ids, is_target, present = batch["ids"], batch["is_target"], batch.get("present")
        shape = (ids.shape[1], config.embedding_dim)
        drawer = module.timesteps if module.training else module.evenly
        t, weight = drawer.draw(noise.uniform((1,), stream="t")[:, 0])
        terms = loss_terms(
            partial(module.denoiser, present=present),
            module.readout,
            ids=ids,
            is_target=is_target,
            t=t,
            alpha_bar=module.alpha_bar,
            start_eps=noise.normal(shape, stream="start"),
            eps=noise.normal(shape, stream="forward"),
            mse_over=config.mse_over,
            with_prediction_nll=config.prediction_nll_weight > 0,
            start_noise=config.start_noise,
            forward=self._forward_process(noise, ids.shape[1]),
            present=present,
        )
        factors = {
            "mse": config.mse_weight,
            "decoder_nll": config.decoder_nll_weight,
            "tT": config.prior_weight,
            "prediction_nll": config.prediction_nll_weight,
        }
        terms = {name: factors[name] * values for name, values in terms.items()}
        terms |= self._more_terms(len(ids))
        losses = torch.stack(tuple(terms.values())).sum(0)
        drawer.observe(t, losses)
        weight = weight.to(losses.dtype)
        return api.LossTerms(
            total=(weight * losses).mean(),
            terms={name: (weight * values.detach()).mean() for name, values in terms.items()},
            tokens=batch["tokens"],
            mean_over="examples",
        )

    @torch.no_grad()
    def log_likelihood(
        self,
        examples: Sequence[api.Example],
        noise: api.Noise,
        *,
        num_samples: int,
        weighting: api.Weighting = "mean",
        steps: int | None = None,
    ) -> list[api.LogLikelihood]:
        """A bound by a chain of even steps; see `diffuseq.likelihood`.

        It is that of one canvas, with padding behind the end of the text: others read as the text
        too.
        """
        if not examples:
            return []
        module = self.module
        was_training = module.training
        module.eval()
        device = module.alpha_bar.device
        laid = self.canvas.lay(examples)
        batch = {name: _each(rows.to(device), num_samples) for name, rows in laid.items()}
        present = batch.get("present")
        over = batch["is_target"] if present is None else batch["is_target"] & present
        last = len(module.alpha_bar) - 1
        grid = time_grid("uniform", min(steps or last, last), alpha_bar=module.alpha_bar)
        chain = Chain(
            partial(module.denoiser, present=present),
            module.readout,
            module.alpha_bar,
            torch.tensor(grid[::-1], device=device),
        )
        bound = importance_bound if weighting == "importance" else variational_bound
        nats = bound(chain, batch["ids"], over, noise, num_samples).tolist()
        module.train(was_training)
        return [
            api.LogLikelihood(
                value if self.canvas.holds(example) else -math.inf,
                self.canvas.count(example.target),
                "lower bound",
            )
            for value, example in zip(nats, examples, strict=True)
        ]

    def generate(
        self,
        sources: Sequence[str],
        decoding: DiffuSeqDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: api.OnStep | None = None,
    ) -> api.Candidates:
        """`num_samples` candidates for every source, all of them rows of one batch.

        Raises:
            UserError: if `decoding.nfe` is not a number of calls that `decoding.grid` can make.
        """
        module, readout = self.module, self.module.readout
        device = module.alpha_bar.device
        grid = time_grid(decoding.grid, decoding.steps, alpha_bar=module.alpha_bar)
        opened = self.canvas.open(sources)
        noise = self.noise_of(seed, ids, num_samples, device)
        batch = self._placed(opened.batch, sources, decoding)
        placed = {name: _each(rows.to(device), num_samples) for name, rows in batch.items()}
        reverse = self._reverse_process(decoding, noise, placed)
        clamp_to = int(grid[0]) if decoding.clamp_to is None else decoding.clamp_to
        was_training = module.training
        module.eval()
        with torch.inference_mode():
            z_0 = sample(
                reverse.network,
                source=readout.embed(placed["ids"]),
                is_target=placed["is_target"],
                grid=grid,
                alpha_bar=module.alpha_bar,
                solver=reverse.solver,
                noise=noise,
                temperature=decoding.temperature,
                clamp=readout.clamp if decoding.clamp else None,
                clamp_steps=range(decoding.clamp_from, clamp_to + 1),
                noise_bound=decoding.noise_bound,
                start_mean=reverse.start_mean,
                one_step=decoding.grid == "official-gap",
                after_step=reverse.after_step,
                on_step=on_step,
            )
            rows = self._round(z_0, decoding)
        module.train(was_training)
        return self._read(rows, opened, decoding)

    @torch.inference_mode()
    def read_state(
        self, state: Tensor, sources: Sequence[str], decoding: DiffuSeqDecoding
    ) -> list[str]:
        """See `benchmark.api.Traceable`: z_s is rounded as z_0 would be."""
        rows = self._round(state, decoding)
        read = self._read(rows, self.canvas.open(sources), decoding)
        return [candidate.text for of_source in read for candidate in of_source]

    def _round(self, z: Tensor, decoding: DiffuSeqDecoding) -> list[list[int]]:
        readout = self.module.readout
        is_likely = decoding.rounding == "most-likely"
        ids = readout.most_likely(z) if is_likely else readout.nearest(z)
        rows: list[list[int]] = ids.tolist()
        return rows

    def _read(
        self, rows: list[list[int]], opened: Opened, decoding: DiffuSeqDecoding
    ) -> api.Candidates:
        """The candidates on the canvases of `rows`, an equal number for each source."""
        num_samples = len(rows) // max(1, len(opened.starts))
        return [
            [
                self.canvas.read(row[start:end], is_cut=is_cut, reading=decoding.reading)
                for row in rows[i * num_samples : (i + 1) * num_samples]
            ]
            for i, (start, end, is_cut) in enumerate(
                zip(opened.starts, opened.ends, opened.is_cut, strict=True)
            )
        ]

    # What a variant of the process overrides.

    def _canvas(self, resources: api.Resources) -> Canvas:
        """How texts are laid out."""
        config = self.config
        return Canvas(
            resources.tokenizer, resources.lengths, truncation=config.truncation, fit=config.fit
        )

    def _placed(
        self, batch: api.Batch, sources: Sequence[str], decoding: DiffuSeqDecoding
    ) -> api.Batch:
        """The batch of the opened canvases, with what `_reverse_process` needs to know of them."""
        return batch

    def _forward_process(
        self, noise: api.Noise, length: int
    ) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
        """z_t from (z_0, eps, alpha_bar_t), on a canvas of `length`."""
        return diffuse

    def _more_terms(self, rows: int) -> dict[str, Tensor]:
        """Further weighted terms of the loss, `(rows,)` each."""
        return {}

    def _reverse_process(
        self, decoding: DiffuSeqDecoding, noise: api.Noise, rows: api.Batch
    ) -> Reverse:
        """The plain network, the configured solver, and a first state around 0."""
        # The official DPM-Solver++ ends with a first-order step below 10 calls.
        is_short = decoding.grid == "official-uniform" and decoding.steps < 10
        solver = make_solver(
            decoding.solver,
            eta=decoding.eta,
            variance=decoding.variance,
            carry=decoding.carry,
            low_order_end=is_short,
        )
        return Reverse(partial(self.module.denoiser, present=rows.get("present")), solver)


def _each(rows: Tensor, num_samples: int) -> Tensor:
    """Every row `num_samples` times, source-major."""
    return rows.repeat_interleave(num_samples, dim=0)
