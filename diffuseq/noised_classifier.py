"""Classifiers of noised embeddings: log p(value | z_t) of every attribute.

Source: arXiv 2205.14217, section 5.1; the released code trains them on frozen copies of the
generator's embeddings, noised to a step drawn uniformly, the clean text included.
Deviates: one small Transformer with a head for each attribute, where the paper trains a BERT or a
GPT-2 for each control; only the labelled examples are seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark import api
from diffuseq.denoiser import Block, projection, sinusoidal
from diffuseq.process import diffuse

_ATTRIBUTES = "attributes.json"
_CLOCK = 1000.0
"""Steps are given on the scale 0..1000, as to the denoiser."""


@dataclass(frozen=True)
class ClassifierRecipe:
    """The network of the classifiers, and how they are fitted to labelled texts."""

    width: int = 64
    layers: int = 1
    heads: int = 4
    ffn: int = 128
    time_dim: int = 32
    dropout: float = 0.1
    updates: int = 1000
    batch: int = 64
    learning_rate: float = 1.0e-3
    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        for name in ("width", "layers", "heads", "ffn", "time_dim", "updates", "batch"):
            if getattr(self, name) < 1:
                raise api.UserError(f"operators.{name} is {getattr(self, name)}: give 1 or more.")
        if self.width % self.heads or self.time_dim % 2:
            raise api.UserError(
                f"operators have width {self.width}, heads {self.heads}, time_dim {self.time_dim}:"
                " make width a multiple of heads and time_dim even."
            )


class NoisedClassifiers(nn.Module):
    """Reads z_t and t, and has a head for every attribute; its forward call is the gradient.

    Args:
        attributes: the values of every attribute, in order.
        recipe: sizes.
        dim: of the embeddings.
        length: of the canvas.
        diffusion_steps: T.
    """

    def __init__(
        self,
        attributes: Mapping[str, Sequence[str]],
        recipe: ClassifierRecipe,
        *,
        dim: int,
        length: int,
        diffusion_steps: int,
    ) -> None:
        super().__init__()
        width = recipe.width
        self.attributes = {name: tuple(values) for name, values in attributes.items()}
        self.diffusion_steps = diffusion_steps
        self.time_dim = recipe.time_dim
        self.project_in = projection(dim, width, width)
        self.positions = nn.Parameter(0.02 * torch.randn(length, width))
        self.time = nn.Linear(recipe.time_dim, width)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(recipe.dropout)
        self.blocks = nn.ModuleList(
            Block(width, recipe.heads, recipe.ffn, recipe.dropout) for _ in range(recipe.layers)
        )
        self.heads = nn.ModuleDict(
            {name: nn.Linear(width, len(values)) for name, values in self.attributes.items()}
        )

    def scores(self, z_t: Tensor, t: Tensor) -> dict[str, Tensor]:
        """By attribute the logits `(rows, values)`.

        Args:
            z_t: `(rows, length, dim)`.
            t: steps 0..T, int64 `(rows,)`; 0 is a clean text.
        """
        clock = t.to(torch.float32) * (_CLOCK / self.diffusion_steps)
        time = self.time(sinusoidal(clock, self.time_dim))[:, None]
        h = self.project_in(z_t) + self.positions + time
        h = self.dropout(self.norm(h))
        for block in self.blocks:
            h = block(h)
        pooled = h.mean(1)
        return {name: head(pooled) for name, head in self.heads.items()}

    def loss(self, z_t: Tensor, t: Tensor, wanted: Mapping[str, Tensor]) -> Tensor:
        """Sum over attributes of -log p(value | z_t) `(rows,)`: composed controls are added.

        Args:
            z_t: `(rows, length, dim)`.
            t: steps 0..T, int64 `(rows,)`.
            wanted: by attribute the index of the value `(rows,)`; -1 where it is free.
        """
        scores = self.scores(z_t, t)
        losses = [
            functional.cross_entropy(scores[name], value, ignore_index=-1, reduction="none")
            for name, value in wanted.items()
        ]
        return torch.stack(losses).sum(0)

    def forward(self, z_t: Tensor, t: Tensor, wanted: Mapping[str, Tensor]) -> Tensor:
        """The gradient of `loss` by row with respect to `z_t`; arguments as there.

        It may be called in inference mode, whose tensors cannot enter a gradient: they are copied.
        """
        with torch.inference_mode(False), torch.enable_grad():
            z = z_t.clone().requires_grad_()
            asked = {name: value.clone() for name, value in wanted.items()}
            # Rows do not see each other: the gradient of the sum is that of each row.
            (gradient,) = torch.autograd.grad(self.loss(z, t.clone(), asked).sum(), z)
        return gradient

    def fit(
        self,
        embeddings: Tensor,
        labels: Mapping[str, Tensor],
        recipe: ClassifierRecipe,
        *,
        alpha_bar: Tensor,
    ) -> None:
        """Fit all weights to labelled texts; all draws come from torch's global generator.

        Args:
            embeddings: of the texts, frozen, `(texts, length, dim)`.
            labels: by attribute the index of the value `(texts,)`; -1 where it is not known.
            recipe: of the training.
            alpha_bar: float64 `(T + 1,)`.
        """
        device, steps = embeddings.device, self.diffusion_steps
        optimizer = torch.optim.AdamW(
            self.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        falling = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda update: 1.0 - update / recipe.updates
        )
        self.train()
        for _ in range(recipe.updates):
            chosen = torch.randint(len(embeddings), (recipe.batch,))
            t = torch.randint(steps + 1, (recipe.batch,))
            eps = torch.randn(recipe.batch, *embeddings.shape[1:])
            chosen, t, eps = chosen.to(device), t.to(device), eps.to(device)
            z_t = diffuse(embeddings[chosen], eps, alpha_bar[t][:, None, None])
            loss = self.loss(z_t, t, {name: of[chosen] for name, of in labels.items()}).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            falling.step()
        self.eval().requires_grad_(False)

    def save(self, path: Path) -> None:
        """Write `attributes.json` and `model.safetensors` into the folder `path`."""
        from safetensors.torch import save_model

        path.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.attributes, ensure_ascii=False, indent=2)
        (path / _ATTRIBUTES).write_text(text + "\n", encoding="utf-8")
        save_model(self, str(path / "model.safetensors"))

    @staticmethod
    def read_attributes(path: Path) -> dict[str, list[str]]:
        """The attributes of the classifiers that `save` wrote into the folder `path`.

        Raises:
            UserError: if the file is missing or broken.
        """
        try:
            found: dict[str, list[str]] = json.loads(
                (path / _ATTRIBUTES).read_text(encoding="utf-8")
            )
        except (OSError, ValueError) as error:
            raise api.UserError(f"No operators can be read from {path}: {error}.") from error
        return found
