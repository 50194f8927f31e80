"""fairseq's encoder-decoder Transformer: system `fairseq-transformer`.

Source: Vaswani et al., arXiv 1706.03762, section 3, in the code of Ott et al., arXiv 1904.01038,
section 3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from fairseq.criterions.label_smoothed_cross_entropy import LabelSmoothedCrossEntropyCriterion
from fairseq.search import BeamSearch, DiverseBeamSearch
from fairseq.sequence_generator import SequenceGenerator
from fairseq.tasks.translation import TranslationConfig, TranslationTask
from torch import Tensor, nn

from baselines.fairseq.dictionary import TokenizerDictionary
from baselines.fairseq.model_inputs import make_sample
from baselines.fairseq.networks import NetworkConfig, as_stored, build_network
from baselines.fairseq.sequence_generator import DecoderPass, KeyedSampling, SteppingModel
from baselines.left_to_right import LeftToRightDecoding
from baselines.setting_checks import check_beam
from baselines.texts import collate_pairs, encode_sources, read_candidate
from benchmark import api


@dataclass(frozen=True)
class FairseqTransformerDecoding(LeftToRightDecoding):
    """How to decode; the decoder is called once for each token of the longest candidate."""

    top_k: api.Whole = 0
    """Of `sample`: number of most probable tokens to draw from; 0 means all."""
    groups: api.Count = 4
    """Of `diverse-beam`: groups that divide the beam."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.top_k and self.top_p < 1:
            raise api.UserError("top_k and top_p: use top_p below 1, or top_k above 0, not both.")
        if self.method == "diverse-beam" and self.beam % self.groups:
            raise api.UserError(
                f"groups {self.groups} do not divide a beam of {self.beam} evenly:"
                " set beam to a multiple of groups."
            )


class FairseqTransformer(api.NeuralSystem):
    """fairseq's Transformer: greedy, beam, diverse beam, and sampling."""

    id: ClassVar[str] = "fairseq-transformer"
    family: ClassVar[api.Family] = "autoregressive"
    version: ClassVar[int] = 1
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(
        trainable=True, knob="temperature", length="free"
    )
    Config: ClassVar[type] = NetworkConfig
    Decoding: ClassVar[type] = FairseqTransformerDecoding

    config: NetworkConfig

    def __init__(self, config: NetworkConfig, resources: api.Resources) -> None:
        super().__init__(config, resources)
        self.dictionary = TokenizerDictionary(resources.tokenizer)
        task = TranslationTask(TranslationConfig(), self.dictionary, self.dictionary)
        self._criterion = LabelSmoothedCrossEntropyCriterion(
            task, sentence_avg=False, label_smoothing=config.label_smoothing
        )
        # The start and, behind a text that did not end, the end that fairseq forces.
        positions = api.Lengths(resources.lengths.source, resources.lengths.target + 2)
        self._model = build_network("transformer", config, task, positions, {})
        self._passes = DecoderPass(self._model.decoder)  # type: ignore[arg-type]
        self.module = as_stored(self._model)
        # The decoder as the generator calls it; the encoder runs once.
        self.network = self._passes

    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """`source` `(batch, S)` and `target` `(batch, T)`, both ended by eos and padded."""
        return collate_pairs(examples, self.resources)

    def loss(self, batch: api.Batch, noise: api.Noise) -> api.LossTerms:
        """The criterion of fairseq, in nats per target token; draws no noise."""
        tokenizer = self.resources.tokenizer
        target: Tensor = batch["target"]
        # fairseq starts a text with its end mark.
        start = target.new_full((target.size(0), 1), tokenizer.eos_id)
        before = target[:, :-1]
        before = before.masked_fill(before == tokenizer.eos_id, tokenizer.pad_id)
        sample = make_sample(batch["source"], target, tokenizer.pad_id)
        sample["net_input"]["prev_output_tokens"] = torch.cat((start, before), dim=1)
        loss, tokens, logged = self._criterion(self._model, sample)
        terms = {"nll": logged["nll_loss"].detach() / tokens}
        return api.LossTerms(loss / tokens, terms, int(tokens))

    @torch.no_grad()
    def generate(
        self,
        sources: Sequence[str],
        decoding: FairseqTransformerDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: api.OnStep | None = None,
    ) -> api.Candidates:
        """`num_samples` candidates per source; a single one is decoded once and repeated.

        `on_step` is not called: fairseq's generator does not expose steps.

        Raises:
            UserError: if the beam is narrower than `num_samples`.
        """
        if decoding.kind == "n-best":
            check_beam(self.id, num_samples, decoding.beam)
        if not sources:
            return []
        tokenizer, lengths = self.resources.tokenizer, self.resources.lengths
        device = next(self._model.parameters()).device
        encoded = encode_sources(tokenizer, sources, lengths.source)
        source = encoded.padded(tokenizer.pad_id).to(device)
        drawn = decoding.kind == "samples"
        if drawn:
            source = source.repeat_interleave(num_samples, dim=0)
        noise = api.make_noise(seed, ids, num_samples if drawn else 1, device)
        self._model.eval()
        generator = self._generator(decoding, noise)
        lists = generator.generate([], make_sample(source, None, tokenizer.pad_id))
        if drawn:
            first_of = range(0, len(lists), num_samples)
            lists = [[hypos[0] for hypos in lists[k : k + num_samples]] for k in first_of]
        candidates = []
        for hypos, truncated in zip(lists, encoded.truncated, strict=True):
            few = [self._candidate(hypo, decoding, truncated) for hypo in hypos[:num_samples]]
            # A single candidate is repeated, and so is the last of an incomplete pool.
            candidates.append(few + few[-1:] * (num_samples - len(few)))
        return candidates

    def _generator(self, decoding: FairseqTransformerDecoding, noise: api.Noise) -> Any:
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
    ) -> api.Candidate:
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
