"""Classifiers of noised embeddings: log p(value | z_t) of every attribute.

Source: arXiv 2205.14217, section 5.1; the released code trains them on frozen copies of the
generator's embeddings, noised to a step drawn uniformly, the clean text included.
`reads: states`, the default, is a small Transformer on the vectors with a head for each attribute.
Deviates: the paper trains a BERT or a GPT-2, one for each attribute. `reads: words` is ours: linear
in the words that a noised vector may be, which need not learn where in their space each word lies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark import api
from diffuseq.denoiser import Block, projection, sinusoidal
from diffuseq.process import diffuse
from diffuseq.settings import check_sizes

_CLOCK = 1000.0
"""Steps are given on the scale 0..1000, as to the denoiser."""

_BLOCK_ELEMENTS = 2**19
"""Probabilities held at a time on a CPU (2 MiB of float32): more than its cache are slower."""


@dataclass(frozen=True)
class ClassifierRecipe(api.Settings):
    """The network of the classifiers, and how they are fitted to labelled texts."""

    reads: Literal["words", "states"] = "states"
    """`states`: a Transformer that reads z_t, as in the paper, to which the fields from `width` to
    `dropout` belong; `words`: linear in the words that z_t may be."""
    width: api.Count = 64
    layers: api.Count = 1
    heads: api.Count = 4
    ffn: api.Count = 128
    time_dim: api.Count = 32
    dropout: api.ProperShare = 0.1
    updates: api.Count = 600
    batch: api.Count = 64
    learning_rate: api.NotNegative = 1.0e-3
    """Of AdamW, falling linearly to 0; about .05 for `words`."""
    weight_decay: api.NotNegative = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(self.width, self.heads, self.time_dim)


class WordReader(nn.Module):
    """Logits that are linear in the expected number of times each word stands in the text.

    At step 0 it is logistic regression on words. Noise takes words away from it, and with them its
    certainty, so that one set of weights serves all steps.
    """

    log_prior: Tensor

    def __init__(self, attributes: Mapping[str, Sequence[str]], *, vocab: int, length: int) -> None:
        super().__init__()
        self.attributes, self.heads = tuple(attributes), _heads(vocab, attributes)
        for weight in self.parameters():
            nn.init.zeros_(weight)
        self.register_buffer("log_prior", torch.zeros(length, vocab))

    def count(self, ids: Tensor) -> None:
        """Take how often each word stands at each position of the texts `(texts, length)`."""
        counts = torch.ones_like(self.log_prior)
        for position, of_position in enumerate(ids.unbind(1)):
            counts[position] += torch.bincount(of_position, minlength=counts.size(1))
        self.log_prior.copy_((counts / counts.sum(1, keepdim=True)).log())

    def posterior(self, z_t: Tensor, level: Tensor, table: Tensor) -> Tensor:
        """p(word | z_t) `(rows, length, vocab)`, each position by itself.

        Bayes' rule for z_t = sqrt(level) e + sqrt(1 - level) eps, e the embedding of a word that is
        drawn by its frequency at that position.
        """
        # log p(z_t | word) is (sqrt(level) z_t.e - level / 2 |e|^2) / (1 - level), but for what is
        # the same for all words: one product, with |e|^2 as a further coordinate of e.
        of_square = (-level / 2.0 / (1.0 - level)).expand(*z_t.shape[:-1], 1)
        state = torch.cat((_sharpness(level) * z_t, of_square), dim=-1)
        words = torch.cat((table, table.square().sum(-1, keepdim=True)), dim=-1)
        return torch.softmax((state @ words.T).add_(self.log_prior), dim=-1)

    def forward(self, z_t: Tensor, level: Tensor, table: Tensor) -> dict[str, Tensor]:
        """By attribute the logits `(rows, values)`.

        Args:
            z_t: `(rows, length, dim)`.
            level: alpha_bar below 1, `(rows, 1, 1)`.
            table: embeddings `(vocab, dim)`.
        """
        return self.logits(self.posterior(z_t, level, table).sum(1))

    def logits(self, counts: Tensor) -> dict[str, Tensor]:
        """By attribute the logits `(rows, values)` of expected numbers of words `(rows, vocab)`."""
        return {name: self.heads[api.module_name(name)](counts) for name in self.attributes}

    def gradient(
        self,
        z_t: Tensor,
        level: Tensor,
        table: Tensor,
        loss: Callable[[dict[str, Tensor]], Tensor],
    ) -> Tensor:
        """The gradient of `loss` of the logits, summed over rows, with respect to `z_t`.

        At each position sqrt(level) / (1 - level) times the covariance, over p(word | z_t), of the
        embedding of the word and the slope of the loss in its number. It is what autograd finds,
        with fewer passes over all words.
        """
        p = self.posterior(z_t, level, table)
        counts = p.sum(1).requires_grad_()
        (slope,) = torch.autograd.grad(loss(self.logits(counts)).sum(), counts)
        mean = p @ table
        weighted = p.mul_(slope[:, None])
        covariance = weighted @ table - weighted.sum(-1, keepdim=True) * mean
        return _sharpness(level) * covariance


class StateReader(nn.Module):
    """A Transformer over z_t with a head for every attribute, as in the paper."""

    def __init__(
        self,
        attributes: Mapping[str, Sequence[str]],
        recipe: ClassifierRecipe,
        *,
        dim: int,
        length: int,
    ) -> None:
        super().__init__()
        width = recipe.width
        self.time_dim = recipe.time_dim
        self.project_in = projection(dim, width, width)
        self.positions = nn.Parameter(0.02 * torch.randn(length, width))
        self.time = nn.Linear(recipe.time_dim, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(recipe.dropout)
        self.blocks = nn.ModuleList(
            Block(width, recipe.heads, recipe.ffn, recipe.dropout) for _ in range(recipe.layers)
        )
        self.attributes, self.heads = tuple(attributes), _heads(width, attributes)

    def forward(self, z_t: Tensor, clock: Tensor) -> dict[str, Tensor]:
        """By attribute the logits `(rows, values)`.

        Args:
            z_t: `(rows, length, dim)`.
            clock: steps on the scale 0..1000, `(rows,)`.
        """
        time = self.time(sinusoidal(clock, self.time_dim))[:, None]
        h = self.dropout(self.norm(self.project_in(z_t) + self.positions + time))
        for block in self.blocks:
            h = block(h)
        pooled = h.mean(1)
        return {name: self.heads[api.module_name(name)](pooled) for name in self.attributes}


class NoisedClassifiers(nn.Module):
    """The classifiers of all attributes; the forward call is the gradient.

    Args:
        attributes: the values of every attribute, in order.
        recipe: sizes.
        table: embeddings of the generator `(vocab, dim)`, of which a frozen copy is kept.
        length: of the canvas.
        alpha_bar: float64 `(T + 1,)`.
    """

    table: Tensor
    alpha_bar: Tensor

    def __init__(
        self,
        attributes: Mapping[str, Sequence[str]],
        recipe: ClassifierRecipe,
        *,
        table: Tensor,
        length: int,
        alpha_bar: Tensor,
    ) -> None:
        super().__init__()
        self.attributes = {name: tuple(values) for name, values in attributes.items()}
        self.register_buffer("table", table.detach().clone())
        self.register_buffer("alpha_bar", alpha_bar.clone(), persistent=False)
        vocab, dim = table.shape
        self.reader: WordReader | StateReader = (
            WordReader(attributes, vocab=vocab, length=length)
            if recipe.reads == "words"
            else StateReader(attributes, recipe, dim=dim, length=length)
        )

    def scores(self, z_t: Tensor, t: Tensor) -> dict[str, Tensor]:
        """By attribute the logits `(rows, values)`.

        Args:
            z_t: `(rows, length, dim)`.
            t: steps 0..T, int64 `(rows,)`; 0 is a clean text.
        """
        if isinstance(self.reader, StateReader):
            return self.reader(z_t, t.to(z_t.dtype) * (_CLOCK / (len(self.alpha_bar) - 1)))
        return self.reader(z_t, self._level(z_t, t), self.table)

    def _level(self, z_t: Tensor, t: Tensor) -> Tensor:
        """alpha_bar at `t` `(rows, 1, 1)`; a clean text counts as one of the first step."""
        return self.alpha_bar[t.clamp(min=1)][:, None, None].to(z_t.dtype)

    def loss(self, z_t: Tensor, t: Tensor, wanted: Mapping[str, Tensor]) -> Tensor:
        """Sum over attributes of -log p(value | z_t) `(rows,)`: composed controls are added.

        Args:
            z_t: `(rows, length, dim)`.
            t: steps 0..T, int64 `(rows,)`.
            wanted: by attribute the index of the value `(rows,)`; -1 where it is free.
        """
        return _cross_entropy(self.scores(z_t, t), wanted)

    def forward(self, z_t: Tensor, t: Tensor, wanted: Mapping[str, Tensor]) -> Tensor:
        """The gradient of `loss` by row with respect to `z_t`; arguments as there.

        It may be called in inference mode, whose tensors cannot enter a gradient: they are copied.
        """
        with torch.inference_mode(False), torch.enable_grad():
            z, at = z_t.clone(), t.clone()
            asked = {name: value.clone() for name, value in wanted.items()}
            blocks = torch.arange(len(z), device=z.device).split(self._rows_at_once(z))
            found = [
                self._gradient(z[rows], at[rows], {n: value[rows] for n, value in asked.items()})
                for rows in blocks
            ]
        return torch.cat(found)

    def _rows_at_once(self, z: Tensor) -> int:
        if isinstance(self.reader, StateReader) or z.device.type != "cpu":
            return max(1, len(z))
        return max(1, _BLOCK_ELEMENTS // (z.shape[1] * len(self.table)))

    def _gradient(self, z: Tensor, t: Tensor, wanted: Mapping[str, Tensor]) -> Tensor:
        # Rows do not see each other: the gradient of the sum is that of each row.
        if isinstance(self.reader, WordReader):
            return self.reader.gradient(
                z, self._level(z, t), self.table, lambda scores: _cross_entropy(scores, wanted)
            )
        z.requires_grad_()
        (gradient,) = torch.autograd.grad(self.loss(z, t, wanted).sum(), z)
        return gradient

    def fit(
        self,
        texts: Tensor,
        ids: Tensor,
        labels: Mapping[str, Tensor],
        recipe: ClassifierRecipe,
    ) -> None:
        """Fit all weights to labelled texts; all draws come from torch's global generator.

        Args:
            texts: ids of the texts without labels, int64 `(texts, length)`.
            ids: of the labelled texts.
            labels: by attribute the index of the value `(texts,)`; -1 where it is not known.
            recipe: of the training.
        """
        if isinstance(self.reader, WordReader):
            self.reader.count(texts)
        for name, of in labels.items():
            if not bool((of >= 0).any()):
                # Without a label nothing is known: all values are alike everywhere.
                for weight in self.reader.heads[api.module_name(name)].parameters():
                    nn.init.zeros_(weight)
        embeddings, last = self.table[ids], len(self.alpha_bar) - 1
        optimizer = torch.optim.AdamW(
            self.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        falling = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda update: 1.0 - update / recipe.updates
        )
        self.train()
        for _ in range(recipe.updates):
            chosen = torch.randint(len(embeddings), (recipe.batch,))
            t = torch.randint(last + 1, (recipe.batch,))
            eps = torch.randn(recipe.batch, *embeddings.shape[1:])
            chosen, t, eps = (drawn.to(ids.device) for drawn in (chosen, t, eps))
            z_t = diffuse(embeddings[chosen], eps, self.alpha_bar[t][:, None, None])
            loss = self.loss(z_t, t, {name: of[chosen] for name, of in labels.items()}).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            falling.step()
        self.eval().requires_grad_(False)


def _cross_entropy(scores: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Tensor:
    """Sum over attributes of -log p(value) `(rows,)`; nothing where a value is -1."""
    losses = [
        functional.cross_entropy(scores[name], value, ignore_index=-1, reduction="none")
        for name, value in wanted.items()
    ]
    return torch.stack(losses).sum(0)


def _sharpness(level: Tensor) -> Tensor:
    """Factor of z_t in log p(z_t | word)."""
    return level.sqrt() / (1.0 - level)


def _heads(width: int, attributes: Mapping[str, Sequence[str]]) -> nn.ModuleDict:
    """A linear layer for each attribute."""
    return nn.ModuleDict(
        {api.module_name(n): nn.Linear(width, len(values)) for n, values in attributes.items()}
    )
