"""The masked systems: one class, and a table that says what each of them is made of.

A system is a corruption, a distribution of training times, a weight, a reverse policy and a
rule for lengths. Every checkpoint can be decoded by every policy of `Decoding.policy`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.attention import BlockShape, Norm
from baselines.embedding import Positions
from baselines.encoder_decoder import Encoder, EncoderDecoder
from baselines.masked.corruption import CORRUPTIONS, CorruptionName
from baselines.masked.denoiser import Denoiser
from baselines.masked.grid import GridName, decreasing_times
from baselines.masked.lengths import LENGTHS, LengthName
from baselines.masked.objective import (
    TIMES,
    WEIGHTS,
    Corrupted,
    TimesName,
    WeightName,
    cross_entropy,
    stratified,
)
from baselines.masked.policies import POLICIES, PolicyName
from baselines.masked.sampling import sample
from baselines.texts import encode_sources, encode_targets, never_generated, read_candidate
from benchmark.api import (
    Batch,
    CandidateKind,
    Candidates,
    Capabilities,
    Example,
    Family,
    LossTerms,
    Noise,
    OnStep,
    Resources,
    UserError,
    load_weights,
    make_noise,
    read_folder,
    save_folder,
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What makes a system of the family; the names are keys of the tables of their modules."""

    corruption: CorruptionName
    times: TimesName
    weight: WeightName
    length: LengthName


@dataclass(frozen=True)
class MaskedConfig:
    """The network and its objective."""

    dim: int = 128
    heads: int = 4
    ffn: int = 256
    """Hidden width of the feed-forward networks."""
    encoder_layers: int = 2
    decoder_layers: int = 2
    dropout: float = 0.1
    norm: Norm = "pre"
    positions: Positions = "learned"
    time_embedding: bool = False
    """Whether the network is told t; the number of masks tells it as well."""
    timesteps: int = 1000
    """T, the steps of the chain that is trained; decoding may take any number."""
    cross_entropy_weight: float = 0.01
    """lambda of L_vb + lambda CE."""
    corruptions: int = 1
    """Corrupted canvases of each target in a batch; they share the encoded source."""
    stratified_times: bool = True
    """Whether the times of a batch are spread evenly, which lowers the variance."""

    def __post_init__(self) -> None:
        for name in ("timesteps", "corruptions"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} {getattr(self, name)}: use 1 or more.")


@dataclass(frozen=True)
class MaskedDecoding:
    """How to decode."""

    nfe: int = 16
    """Calls of the denoiser; may exceed the length of the canvas."""
    temperature: float = 1.0
    """Of the predicted x_0; 0 takes its most probable token."""
    top_p: float = 1.0
    """Nucleus of the predicted x_0, as a share of the mass."""
    policy: PolicyName = "ancestral"
    """What becomes of a prediction: `baselines.masked.policies`."""
    grid: GridName = "linear"
    """Times of the calls: even, or denser at the start ("cosine")."""

    def __post_init__(self) -> None:
        if self.nfe < 1:
            raise UserError(f"nfe {self.nfe}: use 1 or more calls of the denoiser.")
        if not self.temperature >= 0:
            raise UserError(f"temperature {self.temperature} is negative: use 0 or more.")
        if not 0 < self.top_p <= 1:
            raise UserError(f"top_p {self.top_p} is not in (0, 1]: use up to 1.")
        if self.policy not in POLICIES:
            raise UserError(f"policy {self.policy!r} is unknown: use {', '.join(POLICIES)}.")
        if self.grid not in ("linear", "cosine"):
            raise UserError(f"grid {self.grid!r} is unknown: use linear or cosine.")

    @property
    def kind(self) -> CandidateKind:
        """Draws, also at temperature 0: the order in which masks fall is random."""
        return "samples"


class MaskedSystem:
    """What all rows of the table share; a subclass names itself and its recipe."""

    id: ClassVar[str]
    family: ClassVar[Family] = "discrete diffusion"
    version: ClassVar[int] = 1
    capabilities: ClassVar[Capabilities] = Capabilities(
        trainable=True, knob="temperature", nfe_knob="nfe", length="fixed"
    )
    Config: ClassVar[type] = MaskedConfig
    Decoding: ClassVar[type] = MaskedDecoding
    recipe: ClassVar[Recipe]

    def __init__(self, config: MaskedConfig, resources: Resources) -> None:
        self.config = config
        self.resources = resources
        tokenizer, lengths = resources.tokenizer, resources.lengths
        shape = BlockShape(config.dim, config.heads, config.ffn, config.dropout, config.norm)
        self.corruption = CORRUPTIONS[self.recipe.corruption](
            tokenizer.vocab_size, tokenizer.mask_id
        )
        self.lengths = LENGTHS[self.recipe.length]
        self._denoiser = Denoiser(
            tokenizer.vocab_size,
            config.decoder_layers,
            shape,
            length=lengths.target,
            positions=config.positions,
            time=config.time_embedding,
            length_head=self.lengths.predicted,
        )
        self._model = EncoderDecoder(
            Encoder(
                config.encoder_layers, shape, length=lengths.source, positions=config.positions
            ),
            self._denoiser,
        )

    @property
    def module(self) -> nn.Module:
        """Encoder and denoiser."""
        return self._model

    @property
    def network(self) -> nn.Module:
        """The denoiser: its calls are the function evaluations; the encoder runs once."""
        return self._denoiser

    @classmethod
    def build(cls, config: MaskedConfig, resources: Resources) -> Self:
        """A fresh system with weights from torch's global generator."""
        return cls(config, resources)

    def collate(self, examples: Sequence[Example]) -> Batch:
        """`source` `(batch, S)`, padded, and `target` `(batch, L)`, laid on the canvas."""
        tokenizer, lengths = self.resources.tokenizer, self.resources.lengths
        sources = encode_sources(tokenizer, [e.source for e in examples], lengths.source)
        targets = encode_targets(tokenizer, [e.target for e in examples], lengths.target)
        return {
            "source": sources.padded(tokenizer.pad_id),
            "target": self.lengths.lay(targets, lengths.target, tokenizer.pad_id),
        }

    def loss(self, batch: Batch, noise: Noise) -> LossTerms:
        """The objective in nats a target token: the bound on -log p(target) over its length."""
        tokenizer, config = self.resources.tokenizer, self.config
        target: Tensor = batch["target"]
        tokens, repeats = int((target != tokenizer.pad_id).sum()), config.corruptions
        x_0 = target.repeat_interleave(repeats, dim=0)
        inside = self.lengths.inside(x_0, tokenizer.pad_id)
        # (batch, repeats) and (batch, L, repeats), then repeats become rows.
        u_t = noise.uniform((repeats,), stream="time").reshape(-1, 1)
        u_x = noise.uniform((target.size(1), repeats), stream="corruption")
        u_x = u_x.transpose(1, 2).reshape(x_0.shape)
        if config.stratified_times:
            u_t = stratified(u_t)
        t = TIMES[self.recipe.times](u_t, config.timesteps)
        x_t = torch.where(inside, self.corruption.corrupt(x_0, t, u_x), x_0)
        memory = self._model.encode(batch["source"], tokenizer.pad_id)
        logits = self._denoiser(x_t, memory, t.squeeze(-1), inside)
        mask = torch.tensor([tokenizer.mask_id], device=logits.device)
        log_p = functional.log_softmax(logits.float().index_fill(-1, mask, -torch.inf), dim=-1)
        case = Corrupted(x_0, x_t, t, log_p)
        weighted = WEIGHTS[self.recipe.weight](self.corruption, case, config.timesteps)
        terms = {
            self.recipe.weight: weighted[inside].sum() / (tokens * repeats),
            "cross_entropy": cross_entropy(self.corruption, case)[inside].sum()
            / (tokens * repeats),
        }
        total = terms[self.recipe.weight] + config.cross_entropy_weight * terms["cross_entropy"]
        return LossTerms(
            total.float(), {name: term.detach() for name, term in terms.items()}, tokens
        )

    @torch.no_grad()
    def generate(
        self,
        sources: Sequence[str],
        decoding: MaskedDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: OnStep | None = None,
    ) -> Candidates:
        """`num_samples` candidates a source, which share its encoding."""
        if not sources:
            return []
        tokenizer, lengths = self.resources.tokenizer, self.resources.lengths
        encoded = encode_sources(tokenizer, sources, lengths.source)
        self._model.eval()
        device = next(self._model.parameters()).device
        memory = self._model.encode(encoded.padded(tokenizer.pad_id).to(device), tokenizer.pad_id)
        inside = self.lengths.open(self._denoiser, memory, num_samples, lengths.target)
        mask = None if bool(inside.all()) else inside
        x_0 = sample(
            lambda x_t, t: self._denoiser(x_t, memory, t, mask),
            self.corruption,
            POLICIES[decoding.policy],
            decreasing_times(decoding.grid, decoding.nfe),
            make_noise(seed, ids, num_samples, device),
            inside=inside,
            outside_id=tokenizer.pad_id,
            forbidden=torch.tensor(never_generated(tokenizer), device=device),
            temperature=decoding.temperature,
            top_p=decoding.top_p,
            on_step=on_step,
        )
        rows = x_0.tolist()
        return [
            [
                read_candidate(
                    tokenizer,
                    row,
                    truncated=truncated,
                    finished=True if self.lengths.predicted else None,
                )
                for row in rows[first * num_samples : (first + 1) * num_samples]
            ]
            for first, truncated in enumerate(encoded.truncated)
        ]

    def save(self, path: Path) -> None:
        """Write config, weights and tokeniser into the folder `path`."""
        save_folder(path, self.config, self.resources, self._model)

    @classmethod
    def load(cls, path: Path, device: str) -> Self:
        """Read what `save` wrote."""
        config, resources = read_folder(path, cls.Config)
        system = cls(config, resources)
        load_weights(path, system._model, device)
        return system


class D3PMAbsorbing(MaskedSystem):
    """D3PM with absorbing masks, L_vb + lambda CE, ancestral sampling (arXiv 2107.03006)."""

    id: ClassVar[str] = "d3pm-absorbing"
    recipe: ClassVar[Recipe] = Recipe(
        corruption="absorbing", times="lattice", weight="bound", length="canvas"
    )
