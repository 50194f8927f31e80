from __future__ import annotations

import pytest
import torch
from torch import Tensor

from baselines.attribute_operators import OperatorRecipe
from baselines.autoregressive.rescoring import PrefixOperators, RescoredStepper

ATTRIBUTES = {"mood": ("good", "bad"), "kind": ("a", "b", "c")}
STATES, VOCAB, DIM = 4, 7, 3
WANTED = {"mood": torch.tensor([0, 1, -1, -1]), "kind": torch.tensor([2, -1, 1, -1])}


def operators(hidden: int = 5) -> PrefixOperators:
    torch.manual_seed(1)
    made = PrefixOperators(ATTRIBUTES, 2 + DIM, OperatorRecipe(hidden))
    made.mean.copy_(torch.randn(2 + DIM))
    made.scale.copy_(torch.rand(2 + DIM) + 0.5)
    return made.requires_grad_(False)


def one_by_one(of: PrefixOperators, state: Tensor, embeddings: Tensor) -> Tensor:
    """Sum of log p(value | prefix + token) of every token, each read as a whole."""
    total = torch.zeros(STATES, VOCAB)
    for row in range(STATES):
        for token in range(VOCAB):
            x = (torch.cat((state[row], embeddings[token])) - of.mean) / of.scale
            for name, value in WANTED.items():
                if value[row] >= 0:
                    total[row, token] += of.of[name](x)[value[row]]
    return total


class FixedModel:
    """A language model that says the same at every step."""

    per_source = 2

    def __init__(self) -> None:
        torch.manual_seed(2)
        self.state, self.logits = torch.randn(STATES, 2), torch.randn(STATES, VOCAB)

    def step(self, tokens: Tensor) -> Tensor:
        return self.logits

    def keep(self, sources: Tensor) -> None:
        rows = torch.tensor([2 * s + k for s in sources.tolist() for k in range(2)])
        self.state, self.logits = self.state[rows], self.logits[rows]


def stepper(of: PrefixOperators | None, embeddings: Tensor, **settings: float) -> RescoredStepper:
    return RescoredStepper(
        FixedModel(),  # type: ignore[arg-type]
        of,
        of.read_tokens(embeddings) if of else {},
        WANTED,
        settings.get("strength", 1.0),
        int(settings.get("top_k", VOCAB)),
        torch.tensor([3]),
    )


@pytest.mark.parametrize("hidden", [0, 5])
def test_the_operators_read_the_prefix_and_each_token(hidden: int) -> None:
    of, state, embeddings = operators(hidden), torch.randn(STATES, 2), torch.randn(VOCAB, DIM)
    ids = torch.stack([torch.randperm(VOCAB) for _ in range(STATES)])[:, :5]
    expected = one_by_one(of, state, embeddings).gather(1, ids)
    torch.testing.assert_close(of(state, ids, of.read_tokens(embeddings), WANTED), expected)


@pytest.mark.parametrize("strength", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("top_k", [2, 4, VOCAB])
def test_the_distribution_is_that_of_the_model_times_the_operators(
    strength: float, top_k: int
) -> None:
    of, embeddings = operators(), torch.randn(VOCAB, DIM)
    rescored = stepper(of, embeddings, strength=strength, top_k=top_k)
    found = rescored.step(torch.zeros(STATES, dtype=torch.int64)).softmax(-1)
    model = FixedModel()
    p_attributes = one_by_one(of, model.state, embeddings).double().exp()
    for row in range(STATES):
        p = model.logits[row].double().softmax(-1)
        p[3] = 0.0  # forbidden
        allowed = sorted(range(VOCAB), key=lambda token: -p[token])[:top_k]
        mass = [
            p[token] * p_attributes[row, token] ** strength if token in allowed else 0.0
            for token in range(VOCAB)
        ]
        expected = torch.tensor(mass, dtype=torch.float64) / sum(mass)
        torch.testing.assert_close(found[row], expected, rtol=1e-5, atol=1e-9)


def test_without_operators_it_is_the_model() -> None:
    logits = stepper(None, torch.randn(VOCAB, DIM)).step(torch.zeros(STATES, dtype=torch.int64))
    expected = FixedModel().logits.double().index_fill(1, torch.tensor([3]), -torch.inf)
    assert torch.equal(logits, expected)


def test_what_is_wanted_stays_with_its_rows() -> None:
    of, embeddings = operators(), torch.randn(VOCAB, DIM)
    start = torch.zeros(STATES, dtype=torch.int64)
    rescored = stepper(of, embeddings)
    expected = rescored.step(start)[2:]
    rescored.keep(torch.tensor([1]))
    torch.testing.assert_close(rescored.step(start[2:]), expected)
