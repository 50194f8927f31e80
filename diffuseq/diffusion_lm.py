"""Diffusion-LM: text diffusion without a source, steered by classifiers: system `diffusion-lm`.

Trained on the targets alone. Classifiers of noised embeddings are fitted to the labelled examples,
and each step of the sampler is followed by moves along their gradients (`diffuseq.guidance`).

Source: Li et al., arXiv 2205.14217, sections 4 and 5.
Deviates: where the released code differs, a field chooses; editing a text, which the paper does not
do, noises it to a step and samples from there (arXiv 2108.01073).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Literal

import torch
from torch import Tensor

from benchmark import api
from diffuseq.canvas import Canvas
from diffuseq.grid import time_grid
from diffuseq.guidance import Gradient, Guide, GuidedSolver
from diffuseq.noised_classifier import ClassifierRecipe, NoisedClassifiers
from diffuseq.process import diffuse
from diffuseq.sampling import AfterStep
from diffuseq.settings import DiffuSeqConfig, DiffuSeqDecoding
from diffuseq.solvers import SolverName, Transition, make_solver
from diffuseq.system import DiffuSeq, Reverse
from diffuseq.text_canvas import TextCanvas

Network = Callable[[Tensor, Tensor], Tensor]
"""Maps the state z_t and its steps `(rows,)` to z0_hat."""

_WANTED = "wanted "
"""Before the name of an attribute, in a batch."""


@dataclass(frozen=True)
class DiffusionLMConfig(DiffuSeqConfig):
    """Network and objective; the defaults are those of the released code on E2E.

    There is no source, so `mse_over`, `truncation` and `fit` have nothing to choose from.
    """

    embedding_dim: api.Count = 16
    timesteps: Literal["uniform", "loss-second-moment"] = "uniform"


@dataclass(frozen=True)
class DiffusionLMDecoding(DiffuSeqDecoding):
    """How to sample and to steer; the defaults are those of the released code."""

    solver: SolverName = "ddim"
    eta: api.Share = 1.0
    nfe: api.Count = 200
    strength: api.NotNegative = 0.1
    """Size of a move: the knob; 0 does not steer. For `gradient` a factor of sigma^2."""
    guide: Guide = "sign"
    """`sign` as in the released code, `adagrad` as in the paper, `gradient` is the shift by
    sigma^2 times the gradient of arXiv 2105.05233: see `diffuseq.guidance.descend`."""
    inner: api.Count = 3
    """Moves after each step."""
    pull: api.NotNegative = 0.01
    """Weight of what keeps the state where the model put it; not for `gradient`."""
    until: api.Share = 0.05
    """Share of the chain, at its clean end, without moves: 10 of 200 steps."""
    edit_from: api.Share = 0.5
    """Where the chain of a text to be edited begins: 1 = noise alone, 0 = nearly clean."""
    tokens: api.Count | None = None
    """Number of tokens of every text, by moving the end mark behind them; None = free."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tokens is not None and not self.strength:
            raise api.UserError(
                f"tokens {self.tokens} needs a strength above 0, as 0 moves nothing:"
                " give one, or tokens: null."
            )
        solver = make_solver(self.solver, eta=self.eta, variance=self.variance)
        if self.guide == "gradient" and not solver.stochastic:
            raise api.UserError(
                f"guide gradient moves by the size of the noise of a step, and {self.solver} adds"
                " none: take ancestral, ddim with eta above 0, or guide sign."
            )


class DiffusionLM(DiffuSeq):
    """Diffusion on word embeddings without a source, steered by classifiers."""

    id: ClassVar[str] = "diffusion-lm"
    version: ClassVar[int] = 1
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(
        trainable=True,
        knob="strength",
        nfe_knob="nfe",
        length="fixed",
        control="guided",
        ablations={
            "guides": (
                {"guide": "adagrad"},
                {"guide": "gradient", "strength": 5.0},
                {"guide": "gradient", "strength": 50.0},
            ),
            "clamp": ({"clamp": True}, {"clamp": False}),
            "steps": ({"nfe": 10}, {"nfe": 50}, {"nfe": 200}),
            "strengths": ({"strength": 0.03}, {"strength": 0.3}),
        },
    )
    Config: ClassVar[type] = DiffusionLMConfig
    Decoding: ClassVar[type] = DiffusionLMDecoding
    OperatorConfig: ClassVar[type] = ClassifierRecipe

    config: DiffusionLMConfig

    def __init__(self, config: DiffusionLMConfig, resources: api.Resources) -> None:
        super().__init__(config, resources)
        self.operators: NoisedClassifiers | None = None

    def fit_operators(
        self,
        train: Sequence[api.Example],
        labelled: Sequence[api.Example],
        attributes: Mapping[str, Sequence[str]],
        recipe: ClassifierRecipe,
        *,
        seed: int,
    ) -> None:
        """See `benchmark.api.Steerable`."""
        device = self.module.alpha_bar.device
        given = [example.attributes for example in labelled]
        labels = api.index_labels(attributes, given, device)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            operators = self._classifiers(attributes, recipe).to(device)
            texts, ids = (self.collate(e)["ids"].to(device) for e in (train, labelled))
            operators.fit(texts, ids, labels, recipe)
        self.operators = operators

    def save_operators(self, path: Path) -> None:
        """See `benchmark.api.Steerable`."""
        assert self.operators is not None
        api.save_operators(path, self.operators.attributes, self.operators)
        api.write_identity(path, type(self))

    def load_operators(self, path: Path, recipe: ClassifierRecipe) -> None:
        """See `benchmark.api.Steerable`."""
        api.check_identity(path, type(self))
        operators = self._classifiers(api.read_attributes(path), recipe)
        api.load_weights(path, operators, str(self.module.alpha_bar.device))
        self.operators = operators.eval().requires_grad_(False)

    def _classifiers(
        self, attributes: Mapping[str, Sequence[str]], recipe: ClassifierRecipe
    ) -> NoisedClassifiers:
        return NoisedClassifiers(
            attributes,
            recipe,
            table=self.module.readout.table(),
            length=self.canvas.length,
            alpha_bar=self.module.alpha_bar,
        )

    def _canvas(self, resources: api.Resources) -> Canvas:
        return TextCanvas(resources.tokenizer, resources.lengths)

    def _placed(
        self, batch: api.Batch, sources: Sequence[str], decoding: DiffuSeqDecoding
    ) -> api.Batch:
        """With the wanted values.

        Raises:
            UserError: if a value is wanted and no operators were fitted, or `tokens` do not fit.
        """
        assert isinstance(decoding, DiffusionLMDecoding)
        controls = api.read_controls(
            self.id,
            sources,
            self.operators.attributes if self.operators else None,
            steered=decoding.strength > 0,
        )
        if self.operators is not None:
            asked = [control.wanted for control in controls]
            wanted = api.index_labels(self.operators.attributes, asked, "cpu")
            batch |= {f"{_WANTED}{name}": indices for name, indices in wanted.items()}
        if decoding.tokens is not None:
            room = self.canvas.length - 2
            if not 1 <= decoding.tokens <= room:
                raise api.UserError(
                    f"decoding.tokens is {decoding.tokens}: give null or a number from 1 to {room}."
                )
        return batch

    def _reverse_process(
        self, decoding: DiffuSeqDecoding, noise: api.Noise, rows: api.Batch
    ) -> Reverse:
        assert isinstance(decoding, DiffusionLMDecoding)
        plain = super()._reverse_process(decoding, noise, rows)
        solver = plain.solver
        wanted = {
            name.removeprefix(_WANTED): values
            for name, values in rows.items()
            if name.startswith(_WANTED)
        }
        is_asked = torch.zeros_like(rows["is_edit"])
        gradients: list[Gradient] = []
        if self.operators is not None and wanted:
            is_asked = (torch.stack(tuple(wanted.values())) >= 0).any(0)
            gradients.append(_at_each_row(self.operators, wanted))
        if decoding.tokens is not None:
            is_asked = torch.ones_like(is_asked)
            gradients.append(self._towards_length(decoding.tokens))
        if decoding.strength and gradients:
            first = self._edit_step(decoding)
            solver = GuidedSolver(
                solver,
                lambda z_s, s: torch.stack([gradient(z_s, s) for gradient in gradients]).sum(0),
                # A text to be edited is put back until its chain begins.
                wants=lambda s: is_asked if s < first else is_asked & ~rows["is_edit"],
                alpha_bar=self.module.alpha_bar,
                guide=decoding.guide,
                strength=decoding.strength,
                inner=decoding.inner,
                pull=decoding.pull,
                until=decoding.until,
            )
        return Reverse(
            self._from_edit_step(plain.network, decoding, rows),
            solver,
            after_step=self._put_back(decoding, noise, rows),
        )

    def _towards_length(self, tokens: int) -> Gradient:
        """The gradient of the squared distance of z0_hat from the marks round `tokens` tokens.

        Deviates: the released code divides the distance by sigma.
        """
        module, tokenizer = self.module, self.resources.tokenizer

        def gradient(z_s: Tensor, s: int) -> Tensor:
            with torch.inference_mode(False), torch.enable_grad():
                z = z_s.clone().requires_grad_()
                t = torch.full((len(z),), s, device=z.device)
                marks = torch.tensor([tokenizer.bos_id, tokenizer.sep_id], device=z.device)
                goal = module.readout.embed(marks).detach()
                distance = module.denoiser(z, t)[:, [0, tokens + 1]] - goal
                (found,) = torch.autograd.grad(distance.square().sum(), z)
            return found

        return gradient

    def _from_edit_step(
        self, network: Network, decoding: DiffusionLMDecoding, rows: api.Batch
    ) -> Network:
        """`network` without the calls that no text depends on, where all texts are to be edited.

        The last call before the chain of an edit is made: a solver of second order reads it.
        """
        is_edit: Tensor = rows["is_edit"]
        if not (bool(is_edit.any()) and bool(is_edit.all())):
            return network
        first = self._edit_step(decoding)
        grid = time_grid(decoding.grid, decoding.steps, alpha_bar=self.module.alpha_bar)
        is_one_step = decoding.grid == "official-gap"
        is_put_back = [(t - 1 if is_one_step else s) >= max(1, first) for t, s in pairwise(grid)]
        unused = {t for t, both in zip(grid, pairwise(is_put_back), strict=False) if all(both)}

        def called_where_used(z_t: Tensor, t: Tensor) -> Tensor:
            return z_t if int(t[0]) in unused else network(z_t, t)

        return called_where_used

    def _put_back(
        self, decoding: DiffusionLMDecoding, noise: api.Noise, rows: api.Batch
    ) -> AfterStep | None:
        """Sets the texts to be edited to their noised selves until their chain begins."""
        is_edit: Tensor = rows["is_edit"]
        if not bool(is_edit.any()):
            return None
        embedding = self.module.readout.embed(rows["ids"])
        first = float(self.module.alpha_bar[self._edit_step(decoding)])
        # One draw for all steps: only the last of them counts.
        eps = noise.normal(tuple(embedding.shape[1:]), stream="edit")

        def put_back(_: int, z_s: Tensor, move: Transition) -> Tensor:
            if float(move.alpha_bar_s) > first:
                return z_s
            noised = diffuse(embedding, eps, move.alpha_bar_s)
            return torch.where(is_edit[:, None, None], noised, z_s)

        return put_back

    def _edit_step(self, decoding: DiffusionLMDecoding) -> int:
        return round(decoding.edit_from * self.config.diffusion_steps)


def _at_each_row(operators: NoisedClassifiers, wanted: Mapping[str, Tensor]) -> Gradient:
    """The gradient of the classifiers at a step that all rows share."""

    def gradient(z_s: Tensor, s: int) -> Tensor:
        return operators(z_s, torch.full((len(z_s),), s, device=z_s.device), wanted)

    return gradient
