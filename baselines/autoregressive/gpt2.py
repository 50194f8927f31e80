"""Causal language models as sequence-to-sequence systems: system `gpt2`.

The network is transformers' GPT-2 from scratch on the task's tokeniser, or with `init` any
published causal language model on its own. A text is prompt (source and separator), target, end;
the loss is only on the target and its end.

Source: Radford et al., "Language Models are Unsupervised Multitask Learners", 2019; as a baseline
of DiffuSeq: Gong et al., arXiv 2210.08933, section 4.1.
Deviates: no loss on the source, so that capacity is used as in the other systems.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self, cast

import torch
from torch import Tensor, nn

from baselines.autoregressive.causal_language_model import CausalStepper, Columns, predict
from baselines.autoregressive.pretrained import (
    FOLDER,
    PretrainedTokenizer,
    load_pretrained,
    read_pretrained,
    save_pretrained,
)
from baselines.autoregressive.system import AutoregressiveSystem, ReadSources, TeacherForced
from baselines.left_to_right_search import Alphabet
from baselines.setting_checks import check_heads
from baselines.texts import encode_targets
from benchmark import api

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class GPT2Config(api.Settings):
    """The network and its objective; with `init`, the network is the published one."""

    dim: api.Count = 128
    layers: api.Count = 4
    heads: api.Count = 4
    ffn: api.Count = 256
    """Hidden width of the feed-forward networks (GPT-2: four times `dim`)."""
    dropout: api.ProperShare = 0.1
    """Of embeddings, attention and residuals; a published model has its own."""
    label_smoothing: api.Share = 0.0
    """Share of the mass that is spread over the vocabulary in training."""
    init: str | None = None
    """Folder or hub id of a causal language model to start from, with its own tokeniser."""
    gguf_file: str | None = None
    """Name of the GGUF file in `init` to read; None reads safetensors."""
    prefix: str | None = None
    """With `init`: text before the source; None means what the tokeniser itself adds."""
    separator: str = "\n"
    """With `init`: text between source and target; it may contain special tokens."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_heads(self.dim, self.heads)
        if self.gguf_file is not None and self.init is None:
            raise api.UserError(
                "gguf_file needs init, the folder or hub id that holds the file: set gpt2.init."
            )
        if not self.separator:
            raise api.UserError("separator is empty: give a text that marks the end of the source.")


class GPT2System(AutoregressiveSystem):
    """GPT-2 and similar models: greedy, (diverse) beam, sampling by temperature and top-p."""

    id: ClassVar[str] = "gpt2"
    Config: ClassVar[type] = GPT2Config

    config: GPT2Config

    def __init__(
        self,
        config: GPT2Config,
        resources: api.Resources,
        published: tuple["PreTrainedModel", PretrainedTokenizer] | None = None,
    ) -> None:
        super().__init__(config, resources)
        self._own = None if published is None else published[1]
        self._model = _from_scratch(config, resources) if published is None else published[0]
        # The pass over the prompts is one of the network's calls.
        self.module = self.network = cast(nn.Module, self._model)
        self._prefix, self._separator = self._marks()
        self._check_room()

    @property
    def tokenizer(self) -> api.Tokenizer:
        """The published model's own, or the task's."""
        return self._own or self.resources.tokenizer

    @classmethod
    def build(cls, config: GPT2Config, resources: api.Resources) -> Self:
        """A fresh system: weights of `init`, or from torch's global generator.

        Raises:
            UserError: if `init` cannot be loaded, or has too few positions for the canvas.
        """
        if config.init is None:
            return cls(config, resources)
        return cls(config, resources, load_pretrained(config.init, config.gguf_file))

    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """`prompt` `(batch, S)`, padded left, `target` `(batch, T)` with eos; each with a mask."""
        prompts, _ = self._prompts([e.source for e in examples])
        texts = [e.target for e in examples]
        encoded = encode_targets(self.tokenizer, texts, self.resources.lengths.target)
        targets = Columns.of(encoded.ids, self.tokenizer.pad_id)
        return {
            "prompt": prompts.ids,
            "prompt_mask": prompts.mask,
            "target": targets.ids,
            "target_mask": targets.mask,
        }

    def _teach(self, batch: api.Batch) -> TeacherForced:
        target: Tensor = batch["target"]
        ids = torch.cat((batch["prompt"], target[:, :-1]), dim=1)
        mask = torch.cat((batch["prompt_mask"], batch["target_mask"][:, :-1]), dim=1)
        logits = predict(self._model, ids, mask, last=target.size(1))
        return TeacherForced(logits, target, batch["target_mask"].bool())

    def _read(self, sources: Sequence[str], per_source: int, max_length: int) -> ReadSources:
        prompts, truncated = self._prompts(sources)
        alphabet = self._alphabet()
        prompts = prompts.to(alphabet.forbidden.device)
        return ReadSources(CausalStepper(self._model, prompts, per_source), alphabet, truncated)

    def save(self, path: Path) -> None:
        """Write config, weights and tokenisers into the folder `path`.

        A published model's own configuration and tokeniser are in a subfolder.
        """
        api.save_folder(path, self.config, self.resources, self.module, system=type(self))
        if self._own is not None:
            save_pretrained(path / FOLDER, self._model, self._own)

    @classmethod
    def load(cls, path: Path, device: str) -> Self:
        """Read what `save` wrote; `init` is not looked up again."""
        config, resources = api.read_folder(path, cls.Config, system=cls)
        published = None if config.init is None else read_pretrained(path / FOLDER)
        system = cls(config, resources, published)
        api.load_weights(path, system.module, device)
        return system

    def _prompts(self, sources: Sequence[str]) -> tuple[Columns, list[bool]]:
        """Prefix, source, separator, padded left; and whether a source was truncated."""
        room = self.resources.lengths.source - 1
        texts = [self.tokenizer.encode(source) for source in sources]
        rows = [[*self._prefix, *ids[:room], *self._separator] for ids in texts]
        columns = Columns.of(rows, self.tokenizer.pad_id, left=True)
        return columns, [len(ids) > room for ids in texts]

    def _alphabet(self) -> Alphabet:
        tokenizer, device = self.tokenizer, next(self.module.parameters()).device
        forbidden = self._forbidden(device)
        return Alphabet(self._separator[-1], tokenizer.eos_id, tokenizer.pad_id, forbidden)

    def _marks(self) -> tuple[list[int], list[int]]:
        if self._own is None:
            return [], [self.resources.tokenizer.sep_id]
        separator = self._own.encode_marked(self.config.separator)
        if not separator:
            raise api.UserError(
                f"gpt2: the tokeniser of {self.config.init} has no tokens for separator"
                f" {self.config.separator!r}: set gpt2.separator to another text."
            )
        if self.config.prefix is None:
            return self._own.prefix, separator
        return self._own.encode_marked(self.config.prefix), separator

    def _forbidden(self, device: torch.device) -> Tensor:
        """As in the base class, and what the published network has beyond its tokeniser."""
        ids = super()._forbidden(device)
        beyond = torch.arange(
            self.tokenizer.vocab_size, self._model.config.vocab_size, device=device
        )
        return torch.cat((ids, beyond))

    def _check_room(self) -> None:
        lengths = self.resources.lengths
        marks = len(self._prefix) + len(self._separator) - 1
        needed = lengths.source + marks + lengths.target
        room = getattr(self._model.config, "max_position_embeddings", None)
        if isinstance(room, int) and room < needed:
            raise api.UserError(
                f"gpt2: {self.config.init} has {room} positions, but the canvas needs {needed}:"
                " lower lengths.source or lengths.target of the task."
            )


def _from_scratch(config: GPT2Config, resources: api.Resources) -> "PreTrainedModel":
    from transformers import GPT2Config as Shape
    from transformers import GPT2LMHeadModel

    tokenizer, lengths = resources.tokenizer, resources.lengths
    return GPT2LMHeadModel(
        Shape(
            vocab_size=tokenizer.vocab_size,
            n_positions=lengths.source + lengths.target,
            n_embd=config.dim,
            n_layer=config.layers,
            n_head=config.heads,
            n_inner=config.ffn,
            resid_pdrop=config.dropout,
            embd_pdrop=config.dropout,
            attn_pdrop=config.dropout,
            bos_token_id=tokenizer.sep_id,
            eos_token_id=tokenizer.eos_id,
            pad_token_id=tokenizer.pad_id,
        )
    )
