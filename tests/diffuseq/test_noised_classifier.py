from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import Tensor

from benchmark.api import UserError, load_weights, read_attributes, save_operators
from diffuseq import noised_classifier
from diffuseq.noised_classifier import ClassifierRecipe, NoisedClassifiers, WordReader
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas

ATTRIBUTES = {"first": ("a", "b"), "last": ("c", "d", "e")}
STEPS, VOCAB, LENGTH, DIM = 20, 7, 5, 4
LEVEL = cumulative_alpha_bar(discrete_betas("sqrt", STEPS))
TABLE = 2 * torch.randn(VOCAB, DIM, generator=torch.Generator().manual_seed(2))
Reads = Literal["words", "states"]


def recipe(reads: Reads) -> ClassifierRecipe:
    return ClassifierRecipe(
        reads=reads,
        width=16,
        heads=2,
        ffn=16,
        time_dim=8,
        dropout=0.0,
        updates=100,
        batch=16,
        learning_rate=0.05,
    )


def fresh(reads: Reads = "words") -> NoisedClassifiers:
    torch.manual_seed(0)
    made = NoisedClassifiers(ATTRIBUTES, recipe(reads), table=TABLE, length=LENGTH, alpha_bar=LEVEL)
    for head in made.reader.heads.values():
        torch.nn.init.normal_(head.weight)
    return made.eval().requires_grad_(False)


def states(rows: int = 6) -> Tensor:
    return torch.randn(rows, LENGTH, DIM, generator=torch.Generator().manual_seed(1))


T = torch.tensor([0, 1, 5, 10, 19, 20])
WANTED = {"first": torch.tensor([0, 1, -1, 0, 1, -1]), "last": torch.tensor([2, -1, -1, 0, 1, 2])}


@pytest.mark.parametrize("reads", ["words", "states"])
def test_the_loss_is_the_sum_over_what_is_wanted(reads: Reads) -> None:
    operators = fresh(reads)
    scores = operators.scores(states(), T)
    loss = operators.loss(states(), T, WANTED)
    for row in range(6):
        expected = sum(
            -scores[name].log_softmax(-1)[row, value[row]].item()
            for name, value in WANTED.items()
            if value[row] >= 0
        )
        assert loss[row].item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("reads", ["words", "states"])
@pytest.mark.parametrize("in_inference_mode", [False, True])
def test_the_call_is_the_gradient(reads: Reads, in_inference_mode: bool) -> None:
    operators = fresh(reads)
    with torch.inference_mode(in_inference_mode):
        gradient = operators(states() + 0.0, T + 0, {n: v + 0 for n, v in WANTED.items()})
    exact = operators.double()
    nudge = torch.zeros_like(states()).double()
    nudge[:, 2, 1] = 1e-5
    # The first step is so sharp that a finite difference needs float64.
    after, before = (exact.loss(states().double() + s * nudge, T, WANTED) for s in (1, -1))
    torch.testing.assert_close(
        gradient[:, 2, 1].double(), (after - before) / 2e-5, atol=1e-3, rtol=1e-3
    )
    assert not gradient[2].any(), "a row that wants nothing has no gradient"
    assert gradient[3].any()


@pytest.mark.parametrize("reads", ["words", "states"])
def test_a_row_has_its_gradient_alone(reads: Reads) -> None:
    operators = fresh(reads)
    together = operators(states(), T, WANTED)
    for row in range(6):
        one = slice(row, row + 1)
        alone = operators(states()[one], T[one], {n: v[one] for n, v in WANTED.items()})
        torch.testing.assert_close(alone[0], together[row])


@pytest.mark.parametrize("reads", ["words", "states"])
@pytest.mark.parametrize("elements", [1, 2 * LENGTH * VOCAB])
def test_the_gradient_is_that_of_autograd_in_blocks_of_any_size(
    reads: Reads, elements: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    operators = fresh(reads)
    z = states().requires_grad_()
    (expected,) = torch.autograd.grad(operators.loss(z, T, WANTED).sum(), z)
    monkeypatch.setattr(noised_classifier, "_BLOCK_ELEMENTS", elements)
    torch.testing.assert_close(operators(states(), T, WANTED), expected, atol=1e-5, rtol=1e-4)


def test_words_are_read_by_bayes() -> None:
    reader = WordReader(ATTRIBUTES, vocab=VOCAB, length=LENGTH)
    texts = torch.tensor([[1, 2, 3, 0, 0], [1, 4, 3, 0, 0], [1, 2, 5, 6, 0]])
    reader.count(texts)
    level = torch.tensor(0.3)
    z = states(1)
    found = reader.posterior(z, level.view(1, 1, 1), TABLE)[0]
    for position in range(LENGTH):
        weights = []
        for word in range(VOCAB):
            # Counted once more than seen, so that no word is impossible.
            seen = 1 + int((texts[:, position] == word).sum())
            distance = z[0, position] - math.sqrt(0.3) * TABLE[word]
            weights.append(seen * math.exp(-distance.square().sum().item() / (2 * 0.7)))
        expected = torch.tensor([weight / sum(weights) for weight in weights])
        torch.testing.assert_close(found[position], expected, atol=1e-5, rtol=1e-4)


def test_a_clean_text_is_read_word_by_word() -> None:
    operators = fresh()
    ids = torch.tensor([[1, 2, 3, 0, 0]])
    scores = operators.scores(TABLE[ids], torch.tensor([0]))
    head = operators.reader.heads["last"]
    expected = head.weight[:, [1, 2, 3, 0, 0]].sum(1) + head.bias
    torch.testing.assert_close(scores["last"][0], expected, atol=1e-2, rtol=1e-2)


@pytest.mark.slow
@pytest.mark.parametrize("reads", ["words", "states"])
def test_it_learns_from_labels_alone(reads: Reads) -> None:
    """Word 5 is in the texts of one class; half of the texts have no label."""
    label = torch.arange(64) // 2 % 2
    ids = torch.randint(0, 5, (64, LENGTH), generator=torch.Generator().manual_seed(3))
    ids[label == 1, 1] = 5
    known = torch.where(torch.arange(64) % 2 == 0, label, -1)
    operators = fresh(reads).requires_grad_(True)
    torch.manual_seed(1)
    operators.fit(ids, ids, {"first": known, "last": torch.full_like(known, -1)}, recipe(reads))
    clean = operators.scores(TABLE[ids], torch.zeros(64, dtype=torch.long))["first"].argmax(-1)
    assert (clean == label).float().mean() > 0.95, "the texts without a label too"
    assert torch.equal(operators.table, TABLE), "embeddings are frozen"
    assert not any(weight.requires_grad for weight in operators.parameters())


def test_saved_and_read(tmp_path: Path) -> None:
    operators = fresh()
    save_operators(tmp_path / "operators", ATTRIBUTES, operators)
    assert read_attributes(tmp_path / "operators") == {
        name: list(values) for name, values in ATTRIBUTES.items()
    }
    again = NoisedClassifiers(
        ATTRIBUTES,
        recipe("words"),
        table=torch.zeros_like(TABLE),
        length=LENGTH,
        alpha_bar=LEVEL,
    )
    load_weights(tmp_path / "operators", again, "cpu")
    assert torch.equal(again(states(), T, WANTED), operators(states(), T, WANTED))
    with pytest.raises(UserError, match="No operators can be read"):
        read_attributes(tmp_path)


@pytest.mark.parametrize("wrong", [{"updates": 0}, {"width": 15}, {"time_dim": 7}])
def test_recipes_are_checked(wrong: dict[str, int]) -> None:
    with pytest.raises(UserError, match=r"updates|width|time_dim"):
        ClassifierRecipe(**wrong)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("reads", ["words", "states"])
def test_attributes_may_have_any_name_and_no_label(reads: Reads) -> None:
    torch.manual_seed(0)
    attributes = {"type": ("a", "b"), "no. of rooms": ("1", "2")}
    made = NoisedClassifiers(attributes, recipe(reads), table=TABLE, length=LENGTH, alpha_bar=LEVEL)
    ids = torch.randint(VOCAB, (6, LENGTH))
    labels = {"type": torch.tensor([0, 1] * 3), "no. of rooms": torch.full((6,), -1)}
    made.fit(ids, ids, labels, recipe(reads))
    scores = made.scores(states(), T)
    assert scores["type"].any() and not scores["no. of rooms"].any()


@pytest.mark.parametrize(
    "wrong", [{"learning_rate": -1.0}, {"weight_decay": -1.0}, {"dropout": 1.0}, {"updates": 0}]
)
def test_a_recipe_that_cannot_be_followed_is_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(UserError, match=rf"^{name} .*use "):
        ClassifierRecipe(**wrong)  # type: ignore[arg-type]
