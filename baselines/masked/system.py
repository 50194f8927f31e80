"""The one class of the masked systems; `baselines.masked.systems` is the table of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from baselines.encoder_decoder import Encoder, EncoderDecoder
from baselines.masked.corruption import CORRUPTIONS, Absorbing, CorruptionName
from baselines.masked.denoiser import Denoiser, Reading
from baselines.masked.grid import decreasing_times
from baselines.masked.lengths import LENGTHS, LengthName, Wanted, length_loss
from baselines.masked.likelihood import (
    Chain,
    importance_bound,
    one_at_a_time,
    one_pass,
    variational_bound,
)
from baselines.masked.objective import (
    NOISINGS,
    WEIGHTS,
    Corrupted,
    NoisingName,
    WeightName,
    cross_entropy,
)
from baselines.masked.policies import PolicySettings
from baselines.masked.prediction import Read, Take
from baselines.masked.sampling import sample
from baselines.masked.settings import MaskedConfig, MaskedDecoding
from baselines.setting_checks import check_beam
from baselines.stratified_uniforms import stratified
from baselines.texts import (
    can_be_written,
    encode_sources,
    encode_targets,
    list_likelihoods,
    never_generated,
    read_candidates,
    read_texts,
)
from benchmark import api

_POLICIES: tuple[dict[str, object], ...] = (
    {"policy": "ancestral", "grid": "linear"},
    {"policy": "stratified", "grid": "linear"},
    {"policy": "remdm", "grid": "linear"},
    {"policy": "mask-predict", "grid": "linear"},
    {"policy": "routed", "grid": "cosine"},
    {"policy": "confidence", "grid": "linear", "nfe": None},
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What makes a system of the family; the names are keys of the tables in their modules."""

    noising: NoisingName
    weight: WeightName
    corruption: CorruptionName = "absorbing"
    length: LengthName = "canvas"
    own_token: bool = False
    """Whether the network says p(x_0|x_t), so that the evidence of a position's own token is taken
    out for the reverse process; without masks, the two differ."""


class MaskedSystem(api.NeuralSystem):
    """Base class of all rows of the table; a subclass sets its id and recipe."""

    id: ClassVar[str]
    family: ClassVar[api.Family] = "discrete diffusion"
    version: ClassVar[int] = 2
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(
        trainable=True,
        knob="temperature",
        nfe_knob="nfe",
        likelihood="lower bound",
        length="fixed",
        ablations={"policies": _POLICIES},
    )
    Config: ClassVar[type] = MaskedConfig
    Decoding: ClassVar[type] = MaskedDecoding
    recipe: ClassVar[Recipe]

    config: MaskedConfig
    module: EncoderDecoder
    network: Denoiser

    def __init__(self, config: MaskedConfig, resources: api.Resources) -> None:
        super().__init__(config, resources)
        tokenizer, lengths = resources.tokenizer, resources.lengths
        self.corruption = CORRUPTIONS[self.recipe.corruption](
            tokenizer.vocab_size, tokenizer.mask_id
        )
        self.lengths = LENGTHS[self.recipe.length](tokenizer)
        # The encoder runs once and does not count.
        self.network = Denoiser(
            config,
            tokenizer.vocab_size,
            self.lengths.positions(lengths.target),
            time=config.time_embedding,
            lengths=lengths.target if self.lengths.predicted else 0,
        )
        self.module = EncoderDecoder(Encoder(config, lengths.source), self.network)

    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """`source` `(batch, S)`, padded, and `target` `(batch, L)`, laid on the canvas."""
        tokenizer, lengths = self.resources.tokenizer, self.resources.lengths
        sources = encode_sources(tokenizer, [e.source for e in examples], lengths.source)
        targets = encode_targets(tokenizer, [e.target for e in examples], lengths.target)
        return {
            "source": sources.padded(tokenizer.pad_id),
            "target": self.lengths.lay(targets, lengths.target),
        }

    def loss(self, batch: api.Batch, noise: api.Noise) -> api.LossTerms:
        """The objective in nats per target token, and the length loss in nats per source.

        If the main term is a bound, it bounds -log p(target), over the target's tokens.
        """
        tokenizer, config, recipe = self.resources.tokenizer, self.config, self.recipe
        target: Tensor = batch["target"]
        repeats = config.corruptions
        x_0 = target.repeat_interleave(repeats, dim=0)
        canvas = self.lengths.canvas(x_0)
        inside = canvas.inside
        tokens = int((target[:, int(self.lengths.predicted) :] != tokenizer.pad_id).sum())
        # (batch, repeats) and (batch, L, repeats), then repeats become rows.
        u_t = noise.uniform((repeats,), stream="time")
        u_x = noise.uniform((target.size(1), repeats), stream="corruption")
        u_x = u_x.transpose(1, 2).reshape(x_0.shape)
        if config.stratified_times:
            # Neighbouring times go to different targets, those of one target lie far apart.
            u_t = stratified(u_t.T.reshape(-1, 1)).view(repeats, -1).T
        u_t = u_t.reshape(-1, 1)
        noised = NOISINGS[recipe.noising](self.corruption, x_0, inside, u_t, u_x, config.timesteps)
        memory = self.module.encode(batch["source"], tokenizer.pad_id)
        logits = self.network(noised.x_t, memory, noised.t.squeeze(-1), canvas.present)
        mask = torch.tensor([tokenizer.mask_id], device=logits.device)
        log_p = functional.log_softmax(logits.float().index_fill(-1, mask, -torch.inf), dim=-1)
        case = Corrupted(x_0, noised.x_t, noised.t, log_p, config.label_smoothing)
        weighted = WEIGHTS[recipe.weight](self.corruption, self._reverse(case), config.timesteps)
        main = weighted[inside].sum() / (tokens * repeats)
        terms: dict[str, Tensor] = {recipe.weight: main}
        total = main
        if config.cross_entropy_weight:
            nll = cross_entropy(self.corruption, case)[inside].sum() / (tokens * repeats)
            terms["cross_entropy"] = nll
            total = total + config.cross_entropy_weight * nll
        if self.lengths.predicted:
            terms["length"] = length_loss(self.network, memory, inside[::repeats])
            total = total + config.length_weight * terms["length"]
        return api.LossTerms(
            total.float(), {name: term.detach() for name, term in terms.items()}, tokens
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
        """See `baselines.masked.likelihood`; a predicted length counts with the tokens.

        A whole canvas is one of those that read as the text, so it is a bound for it as well.
        """
        kind = self.capabilities.likelihood
        assert kind is not None
        if not examples:
            return []
        self.module.eval()
        tokenizer, device = self.resources.tokenizer, next(self.module.parameters()).device
        batch = self.collate(examples)
        x_0: Tensor = batch["target"].to(device)
        canvas = self.lengths.canvas(x_0)
        memory = self.module.encode(batch["source"].to(device), tokenizer.pad_id)
        forbidden = self._forbidden(device)

        def log_predict(x_t: Tensor, t: Tensor) -> Tensor:
            per_source = x_t.size(0) // x_0.size(0)
            present = canvas.present
            if present is not None:
                present = present.repeat_interleave(per_source, dim=0)
            logits = self.network(x_t, memory, t.squeeze(-1), present).float()
            logits = self._leave_out(logits, x_t, t).index_fill_(-1, forbidden, -torch.inf)
            return logits.log_softmax(-1)

        inside, n = canvas.inside, canvas.inside.sum(1)
        if kind == "lower bound":
            bound = importance_bound if weighting == "importance" else variational_bound
            timesteps = min(steps or self.config.timesteps, self.config.timesteps)
            chain = Chain(self.corruption, timesteps, log_predict)
            nats = bound(chain, x_0, inside, noise, num_samples)
        else:
            of_tokens = one_pass if kind == "exact" else one_at_a_time
            nats = of_tokens(log_predict, tokenizer.mask_id, x_0, inside)
        targets, length = [e.target for e in examples], self.resources.lengths.target
        possible = can_be_written(tokenizer, targets, length).to(device)
        if self.lengths.predicted:
            log_p = self.network.length_logits(memory).double().log_softmax(-1)
            nats = nats + log_p.gather(1, (n.clamp(min=1) - 1)[:, None]).squeeze(1)
            # No length is 0.
            possible &= n > 0
        tokens = (x_0 != tokenizer.pad_id).sum(1) - int(self.lengths.predicted)
        return list_likelihoods(nats, tokens, possible, kind)

    def _reverse(self, case: Corrupted) -> Corrupted:
        """The case with what the reverse process needs of its prediction."""
        if not self.recipe.own_token:
            return case
        left = self.corruption.leave_out(case.log_p, case.x_t, case.t)
        return replace(case, log_p=left.log_softmax(-1))

    def _leave_out(self, logits: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """What the reverse process needs of the network's logits; times `(rows, 1)`."""
        return self.corruption.leave_out(logits, x_t, t) if self.recipe.own_token else logits

    def _forbidden(self, device: torch.device) -> Tensor:
        """Ids that are never written, `(n,)`; where a length is predicted, nothing else ends."""
        tokenizer = self.resources.tokenizer
        marks = [tokenizer.eos_id, tokenizer.pad_id] if self.lengths.predicted else []
        return torch.tensor([*never_generated(tokenizer), *marks], device=device)

    @torch.no_grad()
    def generate(
        self,
        sources: Sequence[str],
        decoding: MaskedDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: api.OnStep | None = None,
    ) -> api.Candidates:
        """`num_samples` candidates per source, which share its encoding.

        Raises:
            UserError: if the length beam is narrower than `num_samples`.
        """
        ranked = decoding.kind == "n-best"
        if ranked:
            check_beam(self.id, num_samples, decoding.length_beam, "length_beam")
        if not sources:
            return []
        tokenizer, lengths = self.resources.tokenizer, self.resources.lengths
        memory, truncated = self.module.encode_texts(tokenizer, sources, lengths.source)
        device = memory.mask.device
        per_source = decoding.length_beam if ranked else num_samples
        noise = api.make_noise(seed, ids, per_source, device)
        canvas = self.lengths.open(
            self.network,
            memory,
            noise,
            Wanted(per_source, lengths.target, decoding.temperature, decoding.length_beam),
        )

        def denoise(x_t: Tensor, t: Tensor) -> Tensor | Read:
            def read(where: Tensor, take: Take) -> tuple[Tensor, ...]:
                return self.network(x_t, memory, t, canvas.present, reading=Reading(where, take))

            if isinstance(self.corruption, Absorbing):
                return read
            return self._leave_out(self.network(x_t, memory, t, canvas.present), x_t, t[:, None])

        state = sample(
            denoise,
            self.corruption,
            decoding.policy,
            # A policy that runs until no masks are left takes at most one step per position.
            decreasing_times(decoding.grid, decoding.nfe or canvas.inside.size(1)),
            noise,
            canvas=canvas,
            forbidden=self._forbidden(device),
            settings=PolicySettings(
                decoding.remask, decoding.threshold, decoding.routing_noise, last_scores=ranked
            ),
            temperature=decoding.temperature,
            top_p=decoding.top_p,
            on_step=on_step,
        )
        x_0 = state.tokens.unflatten(0, (len(sources), per_source))
        if ranked:
            inside = canvas.inside
            mean = (state.scores * inside).sum(1) / inside.sum(1).clamp(min=1)
            order = mean.view(len(sources), -1).argsort(dim=1, descending=True, stable=True)
            x_0 = x_0.gather(1, order[..., None].expand_as(x_0))[:, :num_samples]
        finished = True if self.lengths.predicted else None
        rows = x_0.flatten(0, 1).tolist()
        return read_candidates(tokenizer, rows, truncated, num_samples, finished=finished)

    def read_state(
        self, state: Tensor, sources: Sequence[str], decoding: MaskedDecoding
    ) -> list[str]:
        """See `benchmark.api.Traceable`."""
        return read_texts(self.resources.tokenizer, state)
