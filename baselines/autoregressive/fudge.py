"""FUDGE: a language model whose next token is rescored by attribute operators: system `fudge`.

The language model is that of `gpt2`, trained on the targets alone. Operators are fitted to all
prefixes of the labelled texts, and rescore every step of the sampling (`rescoring`).

Source: Yang and Klein, arXiv 2104.05218, section 3; see `rescoring` for what deviates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from baselines.attribute_operators import OperatorRecipe
from baselines.autoregressive.causal_language_model import (
    Columns,
    StateStepper,
    predict_with_states,
)
from baselines.autoregressive.gpt2 import GPT2System
from baselines.autoregressive.rescoring import PrefixOperators, RescoredStepper
from baselines.left_to_right_search import sample
from baselines.texts import encode_targets, read_candidates
from benchmark import api

_TEXTS_AT_ONCE = 256


@dataclass(frozen=True)
class PrefixOperatorRecipe(OperatorRecipe):
    """How the operators are fitted to the prefixes of labelled texts."""

    hidden: api.Whole = 64
    """Width of the hidden layer. A linear classifier cannot see that the end of a text means
    another thing early than late."""
    batch: api.Count = 4096
    """Maximum number of prefixes in an update."""


@dataclass(frozen=True)
class FudgeDecoding(api.Settings):
    """How to steer and to sample; the network is called once for each token of the longest."""

    strength: api.NotNegative = 1.0
    """Factor of the operators' log probability: the knob; 0 does not steer, 1 is Bayes' rule."""
    top_k: api.Count = 200
    """Most probable tokens of the language model that are rescored; the others are never drawn."""
    temperature: api.NotNegative = 1.0
    """Divides the rescored logits; 0 is greedy decoding."""

    @property
    def nfe(self) -> int | None:
        """None: the number depends on the text."""
        return None

    @property
    def kind(self) -> api.CandidateKind:
        """Independent draws; greedy text is a single one."""
        return "samples" if self.temperature > 0 else "single"


class FudgeSystem(GPT2System):
    """GPT-2 steered by operators on its states."""

    id: ClassVar[str] = "fudge"
    version: ClassVar[int] = 1
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(
        trainable=True,
        knob="strength",
        control="guided",
        length="free",
        ablations={"strengths": ({"strength": 1.0}, {"strength": 2.0}, {"strength": 5.0})},
        unstable="after 1,000 updates its language model has learnt the grammar of mini or not;"
        " trained on another processor it wrote 2 of 480 candidates again.",
    )
    Decoding: ClassVar[type] = FudgeDecoding
    OperatorConfig: ClassVar[type] = PrefixOperatorRecipe

    operators: PrefixOperators | None = None

    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """As `gpt2` with empty sources: the prompt is the separator alone."""
        return super().collate([replace(example, source="") for example in examples])

    def fit_operators(
        self,
        train: Sequence[api.Example],
        labelled: Sequence[api.Example],
        attributes: Mapping[str, Sequence[str]],
        recipe: PrefixOperatorRecipe,
        *,
        seed: int,
    ) -> None:
        """See `benchmark.api.Steerable`."""
        embeddings = self._embeddings()
        operators = PrefixOperators(attributes, 2 * embeddings.size(-1), recipe)
        operators.to(embeddings.device)
        inputs, lengths = self._prefixes([example.target for example in labelled])
        operators.standardise_by(inputs)
        labels = operators.index([example.attributes for example in labelled])
        of_prefixes = {name: label.repeat_interleave(lengths) for name, label in labels.items()}
        generator = torch.Generator().manual_seed(seed)
        operators.fit(inputs, of_prefixes, recipe, generator, batch=recipe.batch)
        self.operators = operators.requires_grad_(False)

    def save_operators(self, path: Path) -> None:
        """See `benchmark.api.Steerable`."""
        assert self.operators is not None
        self.operators.save(path)
        api.write_identity(path, type(self))

    def load_operators(self, path: Path, recipe: PrefixOperatorRecipe) -> None:
        """See `benchmark.api.Steerable`."""
        api.check_identity(path, type(self))
        embeddings = self._embeddings()
        inputs, device = 2 * embeddings.size(-1), str(embeddings.device)
        self.operators = PrefixOperators.load(path, inputs, recipe, device)

    @torch.no_grad()
    def generate(  # type: ignore[override]
        self,
        sources: Sequence[str],
        decoding: FudgeDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: api.OnStep | None = None,
    ) -> api.Candidates:
        """`num_samples` candidates per control line; a source without one asks for nothing.

        A text to be edited is not read: there is no edit in FUDGE.

        Raises:
            UserError: if a value is wanted and no operators were fitted.
        """
        if not sources:
            return []
        self.module.eval()
        operators, length = self.operators, self.resources.lengths.target
        controls = api.read_controls(
            self.id,
            sources,
            operators.attributes if operators else None,
            steered=decoding.strength > 0,
        )
        per_source = 1 if decoding.kind == "single" else num_samples
        alphabet = self._alphabet()
        device = alphabet.forbidden.device
        wanted = operators.index([control.wanted for control in controls]) if operators else {}
        stepper = RescoredStepper(
            StateStepper(self._model, self._starts(len(sources)).to(device), per_source),
            operators,
            operators.read_tokens(self._embeddings()) if operators else {},
            {name: value.repeat_interleave(per_source) for name, value in wanted.items()},
            decoding.strength,
            decoding.top_k,
            alphabet.forbidden,
        )
        noise = api.make_noise(seed, ids, per_source, device)
        hypotheses = sample(
            stepper,
            alphabet,
            noise.uniform((length,)).unflatten(0, (-1, per_source)),
            temperature=decoding.temperature,
            top_p=1.0,
            on_step=on_step,
        )
        rows = hypotheses.tokens.flatten(0, 1).tolist()
        return read_candidates(self.tokenizer, rows, [False] * len(sources), num_samples)

    @torch.no_grad()
    def _prefixes(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """What operators read at every token of the texts, and the number of tokens of each.

        States of the prefixes beside embeddings of the tokens, `(tokens, inputs)`, text by text.
        """
        self.module.eval()
        embeddings, tokenizer = self._embeddings(), self.tokenizer
        device, lengths = embeddings.device, []
        found = [embeddings.new_empty(0, 2 * embeddings.size(-1))]
        for first in range(0, len(texts), _TEXTS_AT_ONCE):
            some = texts[first : first + _TEXTS_AT_ONCE]
            rows = encode_targets(tokenizer, some, self.resources.lengths.target).ids
            target = Columns.of(rows, tokenizer.pad_id).to(device)
            start = self._starts(len(rows)).to(device)
            _, states = predict_with_states(
                self._model,
                torch.cat((start.ids, target.ids[:, :-1]), dim=1),
                torch.cat((start.mask, target.mask[:, :-1]), dim=1),
                last=target.ids.size(1),
            )
            inputs = torch.cat((states, embeddings[target.ids]), dim=-1)
            found.append(inputs[target.mask.bool()])
            lengths += [len(row) for row in rows]
        return torch.cat(found), torch.tensor(lengths, dtype=torch.int64, device=device)

    def _starts(self, rows: int) -> Columns:
        """The prompts of texts without a source."""
        return self._prompts([""] * rows)[0]

    def _embeddings(self) -> Tensor:
        """Of all tokens, `(vocab, dim)`, as wide as the states."""
        weight: Tensor = self._model.get_input_embeddings().weight
        return weight.detach()
