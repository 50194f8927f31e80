"""fairseq's encoder-decoder Transformer: system `fairseq-transformer`.

Source: Vaswani et al., arXiv 1706.03762, in the code of Ott et al., arXiv 1904.01038.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from fairseq.criterions.label_smoothed_cross_entropy import LabelSmoothedCrossEntropyCriterion
from fairseq.search import BeamSearch, DiverseBeamSearch
from fairseq.sequence_generator import SequenceGenerator
from fairseq.tasks.translation import TranslationConfig, TranslationTask
from torch import Tensor, nn

from baselines.fairseq.dictionary import TokenizerDictionary
from baselines.fairseq.model_inputs import sample_of
from baselines.fairseq.networks import NetworkConfig, build_network, stored
from baselines.fairseq.sequence_generator import DecoderPass, KeyedSampling, SteppingModel
from baselines.texts import encode_sources, encode_targets, read_candidate
from benchmark.api import (
    Batch,
    Candidate,
    CandidateKind,
    Candidates,
    Capabilities,
    Example,
    Family,
    Lengths,
    LossTerms,
    NeuralSystem,
    Noise,
    OnStep,
    Resources,
    UserError,
    make_noise,
)

Method = Literal["sample", "greedy", "beam", "diverse-beam"]


@dataclass(frozen=True)
class FairseqTransformerDecoding:
    """How to decode; the decoder is called once for each token of the longest candidate."""

    method: Method = "sample"
    temperature: float = 1.0
    """Of `sample`; 0 is greedy decoding."""
    top_p: float = 1.0
    """Of `sample`: the nucleus, as a share of the mass."""
    top_k: int = 0
    """Of `sample`: the most probable tokens that are drawn from; 0 is all."""
    beam: int = 4
    """Of the beams: live hypotheses, and the length of the n-best list."""
    groups: int = 4
    """Of `diverse-beam`: groups that share out the beam."""
    diversity: float = 0.5
    """Of `diverse-beam`: what a token costs that another group has taken."""
    length_penalty: float = 1.0
    """Of the beams: exponent of the length that divides the log probability."""

    def __post_init__(self) -> None:
        known = ("sample", "greedy", "beam", "diverse-beam")
        if self.method not in known:
            raise UserError(
                f"fairseq-transformer: method {self.method!r} is unknown: use {', '.join(known)}."
            )
        if not self.temperature >= 0:
            raise UserError(
                f"fairseq-transformer: temperature {self.temperature} is negative: use 0 or more."
            )
        if not 0 < self.top_p <= 1:
            raise UserError(
                f"fairseq-transformer: top_p {self.top_p} is not in (0, 1]: use up to 1."
            )
        if self.top_k < 0 or (self.top_k and self.top_p < 1):
            raise UserError("fairseq-transformer: use top_p below 1, or top_k above 0, not both.")
        if self.beam < 1:
            raise UserError(f"fairseq-transformer: beam {self.beam} holds nothing: use 1 or more.")
        if self.method == "diverse-beam" and (self.groups < 1 or self.beam % self.groups):
            raise UserError(
                f"fairseq-transformer: {self.groups} groups cannot share a beam of {self.beam}:"
                " set beam to a multiple of groups."
            )

    @property
    def nfe(self) -> int | None:
        """None: the text decides when it ends."""
        return None

    @property
    def kind(self) -> CandidateKind:
        """Draws are samples, a beam is an n-best list, greedy text is a single one."""
        if self.method in ("beam", "diverse-beam"):
            return "n-best"
        return "single" if self.method == "greedy" or self.temperature == 0 else "samples"


class FairseqTransformer(NeuralSystem):
    """fairseq's Transformer: greedy, beam, diverse beam, and sampling."""

    id: ClassVar[str] = "fairseq-transformer"
    family: ClassVar[Family] = "autoregressive"
    version: ClassVar[int] = 1
    capabilities: ClassVar[Capabilities] = Capabilities(
        trainable=True, knob="temperature", likelihood=True, length="free"
    )
    Config: ClassVar[type] = NetworkConfig
    Decoding: ClassVar[type] = FairseqTransformerDecoding

    config: NetworkConfig

    def __init__(self, config: NetworkConfig, resources: Resources) -> None:
        super().__init__(config, resources)
        self.dictionary = TokenizerDictionary(resources.tokenizer)
        task = TranslationTask(TranslationConfig(), self.dictionary, self.dictionary)
        self._criterion = LabelSmoothedCrossEntropyCriterion(
            task, sentence_avg=False, label_smoothing=config.label_smoothing
        )
        # The start and, behind a text that did not end, the end that fairseq forces.
        positions = Lengths(resources.lengths.source, resources.lengths.target + 2)
        self._model = build_network("transformer", config, task, positions, {})
        self._passes = DecoderPass(self._model.decoder)  # type: ignore[arg-type]
        self.module = stored(self._model)
        # The decoder as the generator calls it; the encoder runs once.
        self.network = self._passes

    def collate(self, examples: Sequence[Example]) -> Batch:
        """`source` `(batch, S)` and `target` `(batch, T)`, both ended by eos and padded."""
        tokenizer, lengths = self.resources.tokenizer, self.resources.lengths
        sources = encode_sources(tokenizer, [e.source for e in examples], lengths.source)
        targets = encode_targets(tokenizer, [e.target for e in examples], lengths.target)
        return {
            "source": sources.padded(tokenizer.pad_id),
            "target": targets.padded(tokenizer.pad_id),
        }

    def loss(self, batch: Batch, noise: Noise) -> LossTerms:
        """The criterion of fairseq, in nats a target token; draws no noise."""
        tokenizer = self.resources.tokenizer
        target: Tensor = batch["target"]
        # fairseq starts a text with its end mark.
        start = target.new_full((target.size(0), 1), tokenizer.eos_id)
        before = target[:, :-1]
        before = before.masked_fill(before == tokenizer.eos_id, tokenizer.pad_id)
        sample = sample_of(batch["source"], target, tokenizer.pad_id)
        sample["net_input"]["prev_output_tokens"] = torch.cat((start, before), dim=1)
        loss, tokens, logged = self._criterion(self._model, sample)
        terms = {"nll": logged["nll_loss"].detach() / tokens}
        return LossTerms(loss / tokens, terms, int(tokens))

    @torch.no_grad()
    def generate(
        self,
        sources: Sequence[str],
        decoding: FairseqTransformerDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: OnStep | None = None,
    ) -> Candidates:
        """`num_samples` candidates a source; a single one is decoded once and repeated.

        `on_step` is not called: fairseq's generator shows no steps.

        Raises:
            UserError: if the beam is narrower than `num_samples`.
        """
        if decoding.kind == "n-best" and num_samples > decoding.beam:
            raise UserError(
                f"fairseq-transformer: a beam of {decoding.beam} has no {num_samples} candidates:"
                f" set beam to {num_samples} or more."
            )
        if not sources:
            return []
        tokenizer, lengths = self.resources.tokenizer, self.resources.lengths
        device = next(self._model.parameters()).device
        encoded = encode_sources(tokenizer, sources, lengths.source)
        source = encoded.padded(tokenizer.pad_id).to(device)
        drawn = decoding.kind == "samples"
        if drawn:
            source = source.repeat_interleave(num_samples, dim=0)
        noise = make_noise(seed, ids, num_samples if drawn else 1, device)
        self._model.eval()
        generator = self._generator(decoding, noise)
        lists = generator.generate([], sample_of(source, None, tokenizer.pad_id))
        if drawn:
            first_of = range(0, len(lists), num_samples)
            lists = [[hypos[0] for hypos in lists[k : k + num_samples]] for k in first_of]
        candidates = []
        for hypos, truncated in zip(lists, encoded.truncated, strict=True):
            few = [self._candidate(hypo, decoding, truncated) for hypo in hypos[:num_samples]]
            # A single candidate is repeated, and so is the last of a pool that did not fill.
            candidates.append(few + few[-1:] * (num_samples - len(few)))
        return candidates

    def _generator(self, decoding: FairseqTransformerDecoding, noise: Noise) -> Any:
        """The sequence generator of fairseq under this setting."""
        n_best = decoding.kind == "n-best"
        strategy: nn.Module = BeamSearch(self.dictionary)
        if decoding.kind == "samples":
            strategy = KeyedSampling(
                self.dictionary,
                noise.seeds,
                top_k=decoding.top_k or -1,
                top_p=decoding.top_p if decoding.top_p < 1 else -1.0,
            )
        elif decoding.method == "diverse-beam":
            strategy = DiverseBeamSearch(self.dictionary, decoding.groups, decoding.diversity)
        return SequenceGenerator(
            [SteppingModel(self._model, self._passes)],
            self.dictionary,
            beam_size=decoding.beam if n_best else 1,
            max_len_b=self.resources.lengths.target,
            len_penalty=decoding.length_penalty if n_best else 1.0,
            temperature=decoding.temperature if decoding.kind == "samples" else 1.0,
            search_strategy=strategy,
        )

    def _candidate(
        self, hypo: Mapping[str, Tensor], decoding: FairseqTransformerDecoding, truncated: bool
    ) -> Candidate:
        """The text of a hypothesis; an end that fairseq forced at the last position is none."""
        tokens = hypo["tokens"].tolist()
        finished = len(tokens) <= self.resources.lengths.target
        tempered = decoding.kind == "samples" and (
            decoding.temperature != 1 or decoding.top_p < 1 or decoding.top_k > 0
        )
        return read_candidate(
            self.resources.tokenizer,
            tokens,
            truncated=truncated,
            finished=finished,
            # Scores of a changed distribution are not the model's.
            logprob=None if tempered else float(hypo["positional_scores"].sum()),
        )
