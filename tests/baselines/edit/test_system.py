"""The system on a toy language."""

import dataclasses

import pytest
import torch

from baselines.edit.decoding import LevenshteinDecoding
from baselines.edit.system import LevenshteinConfig, LevenshteinSystem
from benchmark.api import Example, Lengths, UserError, make_noise
from benchmark.generation.measured_generation import CostMeter

TINY = {"dim": 24, "heads": 2, "ffn": 48, "encoder_layers": 1, "decoder_layers": 1, "dropout": 0.0}


@pytest.mark.slow
def test_it_learns_the_toy_language(pairs, resources):
    system = LevenshteinSystem.build(LevenshteinConfig(**TINY, roll_ins=3), resources)
    optimiser = torch.optim.AdamW(system.module.parameters(), lr=1e-2, weight_decay=0.0)
    batch = system.collate(pairs)
    for update in range(80):
        optimiser.zero_grad()
        system.loss(batch, make_noise(update, [e.id for e in pairs])).total.backward()
        optimiser.step()
    made = system.generate(
        [e.source for e in pairs],
        LevenshteinDecoding(),
        num_samples=1,
        seed=0,
        ids=[e.id for e in pairs],
    )
    right = sum(
        candidates[0].text == example.target
        for candidates, example in zip(made, pairs, strict=True)
    )
    assert right >= 6


def test_the_loss_names_the_three_heads(pairs, resources):
    system = LevenshteinSystem.build(LevenshteinConfig(**TINY), resources)
    terms = system.loss(system.collate(pairs), make_noise(0, [e.id for e in pairs]))
    assert set(terms.terms) == {"deletion", "placeholder", "token"}
    assert terms.total.item() == pytest.approx(sum(t.item() for t in terms.terms.values()))
    assert terms.tokens == sum(len(e.target.split()) + 1 for e in pairs)


def test_a_long_target_is_cut_and_has_no_end(resources):
    system = LevenshteinSystem.build(LevenshteinConfig(**TINY), resources)
    fits, cut = (" ".join(["red"] * n) for n in (5, 6))
    batch = system.collate([Example("a", "red", fits, (fits,)), Example("b", "red", cut, (cut,))])
    assert batch["length"].tolist() == [7, 7] and batch["target"].shape == (2, 7)
    (red,) = resources.tokenizer.encode("red")
    assert batch["target"][:, -1].tolist() == [resources.tokenizer.eos_id, red]


def test_the_meter_counts_each_head(pairs, resources):
    """An untrained system: at most three calls a round, of the rows that are not finished."""
    system = LevenshteinSystem.build(LevenshteinConfig(**TINY), resources)
    decoding = LevenshteinDecoding(max_iter=3, temperature=1.0)
    with CostMeter(system.network).running() as meter:
        system.generate(
            [e.source for e in pairs], decoding, num_samples=2, seed=0, ids=[e.id for e in pairs]
        )
    # The first round has nothing to delete.
    assert 2 <= meter.calls <= 8
    assert meter.rows <= meter.calls * 2 * len(pairs)


def test_the_placeholder_head_is_no_wider_than_the_canvas(resources):
    system = LevenshteinSystem.build(LevenshteinConfig(**TINY), resources)
    assert system.network.placeholder.out_features == resources.lengths.target
    narrow = LevenshteinSystem.build(LevenshteinConfig(**TINY, max_insertions=2), resources)
    assert narrow.network.placeholder.out_features == 3


def test_a_canvas_of_one_token_is_answered(pairs, resources):
    small = dataclasses.replace(resources, lengths=Lengths(6, 1))
    system = LevenshteinSystem.build(LevenshteinConfig(**TINY), small)
    assert torch.isfinite(
        system.loss(system.collate(pairs), make_noise(0, [e.id for e in pairs])).total
    )
    made = system.generate(
        ["red"], LevenshteinDecoding(eos_penalty=9.0), num_samples=2, seed=0, ids=["a"]
    )
    assert [c.status for c in made[0]] == ["empty", "empty"]


@pytest.mark.parametrize(
    "change",
    [{"beta": 1.5}, {"roll_ins": 0}, {"max_insertions": 0}, {"label_smoothing": -0.1},
     {"deletion_roll_in": "beam"}],
)  # fmt: skip
def test_settings_without_sense_are_refused(change):
    with pytest.raises(UserError, match=next(iter(change))):
        LevenshteinConfig(**change)
