"""The non-autoregressive models of fairseq: `fairseq-nat`, `-cmlm` and `-levenshtein`.

Source: Gu et al., arXiv 1711.02281, section 3 (NAT; fairseq's has no fertilities); Ghazvininejad
et al., arXiv 1904.09324, section 3 (CMLM); Gu et al., arXiv 1905.11006, section 3 (Levenshtein).
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
from fairseq.criterions.nat_loss import LabelSmoothedDualImitationCriterion
from fairseq.tasks.translation_lev import TranslationLevenshteinConfig, TranslationLevenshteinTask
from torch import Tensor, nn

from baselines.fairseq.dictionary import TokenizerDictionary
from baselines.fairseq.keyed_generator import keyed_generator
from baselines.fairseq.model_inputs import frame_texts, make_sample
from baselines.fairseq.networks import as_stored, build_network
from baselines.fairseq.refinement import Hypothesis, refine
from baselines.fairseq.settings import (
    CMLMDecoding,
    LengthConfig,
    LevenshteinConfig,
    LevenshteinDecoding,
    NATConfig,
    NATDecoding,
    RefinementConfig,
    RefinementDecoding,
)
from baselines.fairseq.suppressed_output import suppress_output
from baselines.setting_checks import check_beam
from baselines.texts import read_candidate
from benchmark import api

LENGTH_CLASSES = 256
"""Number of length classes, and of insertion classes, of fairseq's heads."""


class RefinementSystem(api.NeuralSystem):
    """Base class of fairseq's non-autoregressive systems; a subclass names its parts."""

    id: ClassVar[str]
    family: ClassVar[api.Family]
    version: ClassVar[int] = 1
    capabilities: ClassVar[api.Capabilities]
    Config: ClassVar[type]
    Decoding: ClassVar[type]
    architecture: ClassVar[str]
    """fairseq's name of the network."""
    noise: ClassVar[str]
    """fairseq's name of the noise on targets in training."""

    def __init__(self, config: RefinementConfig, resources: api.Resources) -> None:
        super().__init__(config, resources)
        self.dictionary = TokenizerDictionary(resources.tokenizer)
        self._task = TranslationLevenshteinTask(
            TranslationLevenshteinConfig(noise=self.noise), self.dictionary, self.dictionary
        )
        self._criterion = LabelSmoothedDualImitationCriterion(self._task, config.label_smoothing)
        lengths = resources.lengths
        # bos comes in addition to the marks that the canvas of a task counts.
        self._positions = min(lengths.target + 1, LENGTH_CLASSES - 1)
        self._model = build_network(
            self.architecture,
            config,
            self._task,
            api.Lengths(lengths.source + 1, self._positions),
            config.options(),
        )
        self.module = as_stored(self._model)
        # The encoder runs once and does not count.
        decoder = self._model.decoder
        assert isinstance(decoder, nn.Module)
        self.network = decoder

    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """`source` `(batch, S)` and `target` `(batch, T)`: bos, tokens, eos, padding."""
        tokenizer, pad_id = self.resources.tokenizer, self.resources.tokenizer.pad_id
        lengths = self.resources.lengths
        targets = frame_texts(tokenizer, [e.target for e in examples], self._positions - 1)
        return {
            "source": frame_texts(tokenizer, [e.source for e in examples], lengths.source).padded(
                pad_id
            ),
            "target": targets.padded(pad_id),
        }

    def loss(self, batch: api.Batch, noise: api.Noise) -> api.LossTerms:
        """The criterion of fairseq: the sum over heads of mean cross entropies, in nats.

        The noise on the targets is one draw per batch, from the seed of its first row.
        """
        target: Tensor = batch["target"]
        sample = make_sample(batch["source"], target, self.dictionary.pad())
        with keyed_generator(noise.seeds[0], 0, target.device):
            sample["prev_target"] = self._task.inject_noise(target)
        with suppress_output():
            loss, _, logged = self._criterion(self._model, sample)
        terms = {
            name.removesuffix("-loss"): torch.as_tensor(value, device=target.device)
            for name, value in logged.items()
            if name.endswith("-loss")
        }
        return api.LossTerms(loss, terms, sample["ntokens"])

    @torch.no_grad()
    def generate(
        self,
        sources: Sequence[str],
        decoding: RefinementDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: api.OnStep | None = None,
    ) -> api.Candidates:
        """`num_samples` candidates per source; a single one is decoded once and repeated.

        Nothing is drawn. `on_step` is not called: fairseq's generator does not expose steps.

        Raises:
            UserError: if the beam has fewer lengths than `num_samples`.
        """
        if decoding.kind == "n-best":
            check_beam(self.id, num_samples, decoding.lengths)
        if not sources:
            return []
        tokenizer = self.resources.tokenizer
        encoded = frame_texts(tokenizer, sources, self.resources.lengths.source)
        self._model.eval()
        lists = refine(
            self._model,
            self.dictionary,
            encoded.padded(tokenizer.pad_id).to(next(self._model.parameters()).device),
            passes=decoding.passes,
            adaptive=decoding.adaptive,
            beam=decoding.lengths,
            positions=self._positions,
        )
        candidates = []
        for hypotheses, truncated in zip(lists, encoded.truncated, strict=True):
            few = [self._candidate(one, truncated) for one in hypotheses[:num_samples]]
            candidates.append(few * num_samples if decoding.kind == "single" else few)
        return candidates

    def _candidate(self, hypothesis: Hypothesis, truncated: bool) -> api.Candidate:
        # bos may have the id of eos, and a NAT may overwrite both: the frame is found by position.
        inner = hypothesis.tokens[1:-1]
        return read_candidate(self.resources.tokenizer, inner, truncated=truncated, finished=True)


class FairseqNAT(RefinementSystem):
    """One pass over a canvas of masks of the predicted length."""

    id: ClassVar[str] = "fairseq-nat"
    family: ClassVar[api.Family] = "iterative"
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(trainable=True, length="predicted")
    Config: ClassVar[type] = NATConfig
    Decoding: ClassVar[type] = NATDecoding
    architecture: ClassVar[str] = "nonautoregressive_transformer"
    noise: ClassVar[str] = "full_mask"


class FairseqCMLM(RefinementSystem):
    """Mask-predict: each pass rewrites the least certain tokens."""

    id: ClassVar[str] = "fairseq-cmlm"
    family: ClassVar[api.Family] = "iterative"
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(
        trainable=True, nfe_knob="nfe", length="predicted"
    )
    Config: ClassVar[type] = LengthConfig
    Decoding: ClassVar[type] = CMLMDecoding
    architecture: ClassVar[str] = "cmlm_transformer"
    noise: ClassVar[str] = "random_mask"


class FairseqLevenshtein(RefinementSystem):
    """Insertions and deletions until nothing changes."""

    id: ClassVar[str] = "fairseq-levenshtein"
    family: ClassVar[api.Family] = "edit"
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(
        trainable=True,
        length="free",
        unstable="its validations swing to the end; one seed of paraphrase in mini ended at a"
        " validity of .75 with the instructions AVX-512 and at .34 with AVX2.",
    )
    Config: ClassVar[type] = LevenshteinConfig
    Decoding: ClassVar[type] = LevenshteinDecoding
    architecture: ClassVar[str] = "levenshtein_transformer"
    noise: ClassVar[str] = "random_delete"
