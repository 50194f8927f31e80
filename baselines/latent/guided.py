"""Guided systems on latents: what `latentops` and `della` share.

A VAE is trained on the targets alone. Operators are fitted to the latents of the labelled
sentences; generation starts from a mixture of Gaussians that is fitted to all latents, an edit from
the latent of its text, and both follow the gradient of the wanted values
(`operators.Operators.flow`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from baselines.attention import Memory
from baselines.encoder_decoder import Decoder
from baselines.latent.latent_decoding import decode
from baselines.latent.operators import LatentOperatorRecipe, Operators, Solver
from baselines.latent.vae import Inferred
from baselines.latent.vae_loss import RisingBeta, vae_loss
from baselines.texts import encode_targets
from benchmark import api


@dataclass(frozen=True)
class GuidedLatentDecoding(api.Settings):
    """How to steer and to decode."""

    strength: api.NotNegative = 5.025
    """Length S of the flow: the knob; 0 does not steer. 5.025 is that of the paper."""
    solver: Solver = "rk4"
    steps: api.Count = 20
    """Steps of the solver; strength / steps of 0.5 and less is safe."""
    candidates: api.Count = 1
    """Draws of a start, of which the operators' favourite is taken: best of k where `strength` is
    0. The operators choose, never the judge; an edit has one start."""
    spread: api.NotNegative = 1.0
    """Standard deviation of the start, in those of the components of the prior."""
    posterior_spread: api.NotNegative = 0.0
    """The same for the latent of a text to be edited, in those of its posterior."""
    temperature: api.NotNegative = 0.0
    """Of the decoder; 0 is greedy."""

    @property
    def nfe(self) -> int | None:
        """One call for each token of the longest candidate."""
        return None

    @property
    def kind(self) -> api.CandidateKind:
        """Independent draws."""
        return "samples"

    @property
    def kind_of_edits(self) -> api.CandidateKind:
        """One where neither latent nor decoder is drawn: an edit starts from its text."""
        return "samples" if self.posterior_spread or self.temperature else "single"


class LatentModel(Protocol):
    """A text VAE as operators see it."""

    decoder: Decoder
    latent: int
    """Dimensions of the latent."""
    beta: RisingBeta

    def infer(self, tokens: Tensor, pad_id: int, noise: Tensor) -> Inferred:
        """The texts at `noise` standard deviations from their means.

        Args:
            tokens: `(texts, length)`.
            pad_id: of the tokens that are none.
            noise: `(rows, latent)`, as many rows for every text, text by text.
        """

    def remember(self, z: Tensor) -> Memory:
        """Latents `(rows, latent)` as the decoder reads them."""


class GuidedLatentSystem(api.NeuralSystem):
    """A text VAE whose latents follow operators; a subclass sets `module`, a `LatentModel`."""

    id: ClassVar[str]
    family: ClassVar[api.Family] = "latent"
    version: ClassVar[int] = 1
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(
        trainable=True,
        knob="strength",
        control="guided",
        ablations={
            "selection": ({"strength": 0.0, "candidates": 16}, {"strength": 0.0, "candidates": 128})
        },
    )
    Decoding: ClassVar[type] = GuidedLatentDecoding
    OperatorConfig: ClassVar[type] = LatentOperatorRecipe

    module: Any

    def __init__(self, config: Any, resources: api.Resources) -> None:
        super().__init__(config, resources)
        self.operators: Operators | None = None

    @property
    def model(self) -> LatentModel:
        """`module`, typed."""
        return self.module

    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """`target` `(batch, length)`, ended by eos and padded; sources are not read."""
        return {"target": self._encoded([example.target for example in examples])}

    def loss(self, batch: api.Batch, noise: api.Noise) -> api.LossTerms:
        """Cross entropy + beta KL, both in nats a text, per target token."""
        model, tokenizer, target = self.model, self.resources.tokenizer, batch["target"]
        eps = noise.normal((model.latent,), stream="latent").to(self._device)
        latents, kl = model.infer(target, tokenizer.pad_id, eps)
        memory = model.remember(latents)
        return vae_loss(model.decoder, memory, target, kl, model.beta(), tokenizer)

    def fit_operators(
        self,
        train: Sequence[api.Example],
        labelled: Sequence[api.Example],
        attributes: Mapping[str, Sequence[str]],
        recipe: LatentOperatorRecipe,
        *,
        seed: int,
    ) -> None:
        """See `benchmark.api.Steerable`."""
        generator = torch.Generator().manual_seed(seed)
        operators = Operators(attributes, self.model.latent, recipe).to(self._device)
        operators.fit_prior(self.infer([example.target for example in train]), generator)
        labels = operators.index([example.attributes for example in labelled])
        latents = self.infer([example.target for example in labelled])
        operators.fit(latents, labels, recipe, generator)
        self.operators = operators.requires_grad_(False)

    def save_operators(self, path: Path) -> None:
        """See `benchmark.api.Steerable`."""
        assert self.operators is not None
        self.operators.save(path)
        api.write_identity(path, type(self))

    def load_operators(self, path: Path, recipe: LatentOperatorRecipe) -> None:
        """See `benchmark.api.Steerable`."""
        api.check_identity(path, type(self))
        device = str(self._device)
        self.operators = Operators.load(path, self.model.latent, recipe, device)

    @torch.no_grad()
    def infer(self, texts: Sequence[str], noise: Tensor | None = None) -> Tensor:
        """Latents `(rows, latent)` of texts, one a text, or as many as there is noise for.

        Args:
            texts: to encode.
            noise: `(rows, latent)`, as many rows for every text, text by text, in standard
                deviations of the posterior; None = its means.
        """
        self.module.eval()
        parts = []
        for first in range(0, len(texts), 512):
            tokens = self._encoded(texts[first : first + 512]).to(self._device)
            eps = tokens.new_zeros((len(tokens), self.model.latent), dtype=torch.float32)
            if noise is not None:
                rows = len(noise) // len(texts)
                eps = noise[first * rows : (first + 512) * rows]
            parts.append(self.model.infer(tokens, self.resources.tokenizer.pad_id, eps).latents)
        return torch.cat(parts)

    def decode(
        self,
        latents: Tensor,
        noise: api.Noise,
        *,
        temperature: float = 0.0,
        num_samples: int = 1,
        on_step: api.OnStep | None = None,
    ) -> api.Candidates:
        """The texts of latents `(sources * num_samples, latent)`.

        Args:
            latents: source-major.
            noise: of the rows, for a temperature above 0.
            temperature: of the decoder; 0 is greedy.
            num_samples: rows of a source.
            on_step: see `benchmark.api.System.generate`.
        """
        return decode(
            self.model.decoder,
            self.model.remember(latents),
            self.resources,
            noise,
            temperature=temperature,
            truncated=[False] * (len(latents) // num_samples),
            num_samples=num_samples,
            on_step=on_step,
        )

    @torch.no_grad()
    def generate(
        self,
        sources: Sequence[str],
        decoding: GuidedLatentDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: api.OnStep | None = None,
    ) -> api.Candidates:
        """`num_samples` candidates per control line; a source without one asks for nothing.

        Raises:
            UserError: if a value is wanted and no operators were fitted.
        """
        if not sources:
            return []
        self.module.eval()
        controls = api.read_controls(
            self.id,
            sources,
            self.operators.attributes if self.operators else None,
            steered=decoding.strength > 0 or decoding.candidates > 1,
        )
        noise = api.make_noise(seed, ids, num_samples, self._device)
        wanted = self._wanted(self.operators, controls, num_samples) if self.operators else {}
        z = self._starts(controls, wanted, decoding, noise, num_samples)
        if self.operators is not None and decoding.strength:
            z = self.operators.flow(
                z,
                wanted,
                length=decoding.strength,
                steps=decoding.steps,
                solver=decoding.solver,
            )
        return self.decode(
            z,
            noise,
            temperature=decoding.temperature,
            num_samples=num_samples,
            on_step=on_step,
        )

    def _starts(
        self,
        controls: Sequence[api.Control],
        wanted: Mapping[str, Tensor],
        decoding: GuidedLatentDecoding,
        noise: api.Noise,
        num_samples: int,
    ) -> Tensor:
        """Where the flow begins, `(rows, latent)`: a draw, or the latent of the text to edit."""
        texts = [control.text for control in controls if control.text is not None]
        is_edit = torch.tensor([control.text is not None for control in controls])
        is_edit = is_edit.repeat_interleave(num_samples).to(self._device)
        z = torch.empty(len(is_edit), self.model.latent, device=self._device)
        if texts:
            spread, eps = decoding.posterior_spread, None
            if spread:
                of_edits = noise.select(is_edit.nonzero().squeeze(-1))
                eps = spread * of_edits.normal((1, self.model.latent), stream="start")[:, 0]
            latents = self.infer(texts, eps)
            z[is_edit] = latents.repeat_interleave(int(is_edit.sum()) // len(latents), 0)
        if len(texts) < len(controls):
            drawn = (~is_edit).nonzero().squeeze(-1)
            of_drawn = {name: value[drawn] for name, value in wanted.items()}
            z[drawn] = self._draw(of_drawn, decoding, noise.select(drawn))
        return z

    def _draw(
        self, wanted: Mapping[str, Tensor], decoding: GuidedLatentDecoding, noise: api.Noise
    ) -> Tensor:
        """Draws from the prior, `(rows, latent)`: of several the operators' favourite."""
        eps = noise.normal((decoding.candidates, self.model.latent), stream="start")
        z = decoding.spread * eps
        if self.operators is None:
            return z[:, 0]
        u = noise.uniform((decoding.candidates,), stream="component")
        z = self.operators.prior.draw(z, u)
        return self.operators.choose(z, wanted) if decoding.candidates > 1 else z[:, 0]

    def _wanted(
        self, operators: Operators, controls: Sequence[api.Control], num_samples: int
    ) -> Mapping[str, Tensor]:
        of_sources = operators.index([control.wanted for control in controls])
        return {name: index.repeat_interleave(num_samples) for name, index in of_sources.items()}

    @property
    def _device(self) -> torch.device:
        return self.model.decoder.tokens.weight.device

    def _encoded(self, texts: Sequence[str]) -> Tensor:
        tokenizer = self.resources.tokenizer
        encoded = encode_targets(tokenizer, texts, self.resources.lengths.target)
        return encoded.padded(tokenizer.pad_id)
