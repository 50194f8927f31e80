"""LatentOps: control by operators on the latent space of a VAE: system `latentops`.

The VAE is trained on the targets alone. Operators are fitted to the latents of the labelled
sentences; generation starts from the Gaussian of all latents, an edit from the latent of its text,
and both follow the gradient of the wanted values (`operators.Operators.flow`).

Source: Liu et al., arXiv 2208.00638; see `vae` and `operators` for what deviates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, get_args

import torch
from torch import Tensor

from baselines.cached_stepper import CachedStepper
from baselines.encoder_decoder import Encoder
from baselines.latent.operators import OperatorRecipe, Operators, Solver
from baselines.latent.vae import VAE, LatentDecoder, VAEConfig, kl
from baselines.left_to_right_search import Alphabet, sample
from baselines.next_token_loss import next_token_loss
from baselines.setting_checks import check_at_least_one, check_choice, check_not_negative
from baselines.texts import encode_targets, never_generated, read_candidates
from benchmark import api


@dataclass(frozen=True)
class LatentOpsDecoding:
    """How to steer and to decode."""

    strength: float = 5.025
    """Length S of the flow: the knob; 0 does not steer. 5.025 is that of the paper."""
    solver: Solver = "rk4"
    steps: int = 20
    """Steps of the solver; strength / steps of 0.5 and less is safe."""
    candidates: int = 1
    """Draws of a start, of which the operators' favourite is taken: best of k where `strength` is
    0. The operators choose, never the judge; an edit has one start."""
    spread: float = 1.0
    """Standard deviation of the start, in those of the Gaussian of the latents."""
    posterior_spread: float = 0.0
    """The same for the latent of a text to be edited, in those of its posterior."""
    temperature: float = 0.0
    """Of the decoder; 0 is greedy."""

    def __post_init__(self) -> None:
        check_not_negative(
            "decoding", self, "strength", "spread", "posterior_spread", "temperature"
        )
        check_at_least_one("decoding", self, "steps", "candidates")
        check_choice("decoding", self, "solver", get_args(Solver))

    @property
    def nfe(self) -> int | None:
        """One call for each token of the longest candidate."""
        return None

    @property
    def kind(self) -> api.CandidateKind:
        """Independent draws."""
        return "samples"


class LatentOpsSystem(api.NeuralSystem):
    """A text VAE whose latents follow operators."""

    id: ClassVar[str] = "latentops"
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
    Config: ClassVar[type] = VAEConfig
    Decoding: ClassVar[type] = LatentOpsDecoding
    OperatorConfig: ClassVar[type] = OperatorRecipe

    config: VAEConfig
    module: VAE

    def __init__(self, config: VAEConfig, resources: api.Resources) -> None:
        super().__init__(config, resources)
        length = resources.lengths.target
        self.module = VAE(
            Encoder(config, length),
            LatentDecoder(config, resources.tokenizer.vocab_size, length),
            config.latent,
        )
        self.network = self.module.decoder
        self.operators: Operators | None = None

    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """`target` `(batch, length)`, ended by eos and padded; sources are not read."""
        return {"target": self._encoded([example.target for example in examples])}

    def loss(self, batch: api.Batch, noise: api.Noise) -> api.LossTerms:
        """Cross entropy + beta KL, both in nats a text, per target token."""
        tokenizer, target = self.resources.tokenizer, batch["target"]
        mu, log_variance = self.module.encode(target, tokenizer.pad_id)
        eps = noise.normal((self.config.latent,), stream="latent").to(mu)
        z = mu + torch.exp(0.5 * log_variance) * eps
        start = target.new_full((target.size(0), 1), tokenizer.bos_id)
        logits = self.module.decoder(
            torch.cat((start, target[:, :-1]), dim=1), self.module.remember(z)
        )
        nll = next_token_loss(logits, target, target != tokenizer.pad_id, 0.0)
        divergence = kl(mu, log_variance).sum() / nll.tokens
        terms = {**nll.terms, "kl": divergence.detach()}
        return api.LossTerms(nll.total + self.config.beta * divergence, terms, nll.tokens)

    def fit_operators(
        self,
        train: Sequence[api.Example],
        labelled: Sequence[api.Example],
        attributes: Mapping[str, Sequence[str]],
        recipe: OperatorRecipe,
        *,
        seed: int,
    ) -> None:
        """See `benchmark.api.Steerable`."""
        operators = Operators(attributes, self.config.latent, recipe.hidden)
        operators.to(self.module.posterior.weight.device)
        operators.fit_prior(self._latents([example.target for example in train])[0])
        indices = api.index_labels(attributes, [example.attributes for example in labelled])
        labels = {
            name: torch.tensor(of_texts, device=operators.mean.device)
            for name, of_texts in indices.items()
        }
        latents = self._latents([example.target for example in labelled])[0]
        operators.fit(latents, labels, recipe, torch.Generator().manual_seed(seed))
        self.operators = operators.requires_grad_(False)

    def save_operators(self, path: Path) -> None:
        """See `benchmark.api.Steerable`."""
        assert self.operators is not None
        self.operators.save(path)

    def load_operators(self, path: Path, recipe: OperatorRecipe) -> None:
        """See `benchmark.api.Steerable`."""
        device = str(self.module.posterior.weight.device)
        self.operators = Operators.load(path, self.config.latent, recipe.hidden, device)

    @torch.no_grad()
    def generate(
        self,
        sources: Sequence[str],
        decoding: LatentOpsDecoding,
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
        controls = [api.read_control(source) or api.Control() for source in sources]
        device = self.module.posterior.weight.device
        noise = api.make_noise(seed, ids, num_samples, device)
        steered = decoding.strength > 0 or decoding.candidates > 1
        if self.operators is not None or steered:
            known = self.operators.attributes if self.operators else {}
            api.check_wanted(self.id, known, controls)
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
        return self._decode(z, decoding.temperature, noise, num_samples, on_step)

    def _starts(
        self,
        controls: Sequence[api.Control],
        wanted: Mapping[str, Tensor],
        decoding: LatentOpsDecoding,
        noise: api.Noise,
        num_samples: int,
    ) -> Tensor:
        """Where the flow begins, `(rows, latent)`: a draw, or the latent of the text to edit."""
        eps = noise.normal((decoding.candidates, self.config.latent), stream="start")
        z = decoding.spread * eps
        if self.operators is not None:
            z = self.operators.draw(z)
        if self.operators is not None and decoding.candidates > 1:
            z = self.operators.choose(z, wanted)
        else:
            z = z[:, 0]
        edited = [i for i, control in enumerate(controls) if control.text is not None]
        if edited:
            mu, log_variance = self._latents([controls[i].text or "" for i in edited])
            rows = torch.tensor(edited, device=z.device)[:, None] * num_samples
            rows = (rows + torch.arange(num_samples, device=z.device)).flatten()
            sigma = decoding.posterior_spread * torch.exp(0.5 * log_variance)
            z[rows] = mu.repeat_interleave(num_samples, 0) + eps[rows, 0] * (
                sigma.repeat_interleave(num_samples, 0)
            )
        return z

    def _wanted(
        self, operators: Operators, controls: Sequence[api.Control], num_samples: int
    ) -> Mapping[str, Tensor]:
        indices = api.index_labels(operators.attributes, [control.wanted for control in controls])
        return {
            name: torch.tensor(of_sources, device=operators.mean.device).repeat_interleave(
                num_samples
            )
            for name, of_sources in indices.items()
        }

    def _decode(
        self,
        z: Tensor,
        temperature: float,
        noise: api.Noise,
        num_samples: int,
        on_step: api.OnStep | None,
    ) -> api.Candidates:
        tokenizer, length = self.resources.tokenizer, self.resources.lengths.target
        forbidden = [*never_generated(tokenizer), tokenizer.pad_id]
        hypotheses = sample(
            CachedStepper(self.module.decoder, self.module.remember(z), 1, length),
            Alphabet(
                tokenizer.bos_id,
                tokenizer.eos_id,
                tokenizer.pad_id,
                torch.tensor(forbidden, device=z.device),
            ),
            noise.uniform((length,), stream="tokens").unflatten(0, (-1, 1)),
            temperature=temperature,
            top_p=1.0,
            on_step=on_step,
        )
        rows = hypotheses.tokens[:, 0].tolist()
        return read_candidates(tokenizer, rows, [False] * (len(rows) // num_samples), num_samples)

    @torch.no_grad()
    def _latents(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Mu and log variance `(texts, latent)`, in parts."""
        self.module.eval()
        parts = []
        for first in range(0, len(texts), 512):
            tokens = self._encoded(texts[first : first + 512])
            tokens = tokens.to(self.module.posterior.weight.device)
            parts.append(self.module.encode(tokens, self.resources.tokenizer.pad_id))
        mus, log_variances = zip(*parts, strict=True)
        return torch.cat(mus), torch.cat(log_variances)

    def _encoded(self, texts: Sequence[str]) -> Tensor:
        tokenizer = self.resources.tokenizer
        encoded = encode_targets(tokenizer, texts, self.resources.lengths.target)
        return encoded.padded(tokenizer.pad_id)
