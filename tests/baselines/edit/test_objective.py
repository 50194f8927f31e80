"""The losses against labels written out by hand."""

import math

import pytest
import torch

from baselines.edit.objective import Uniforms, Vocabulary, dual_policy_losses
from baselines.edit.operations import State

BOS, EOS, PAD, HOLE = 6, 7, 8, 9
VOCABULARY = Vocabulary(HOLE, PAD, torch.tensor([BOS, EOS, PAD, HOLE]))
TARGET = State(torch.tensor([[BOS, 1, 2, 3, EOS, PAD]]), torch.tensor([5]))
GUESS = 2
"""What the token policy of these tests writes everywhere."""


def uniforms(share: float) -> Uniforms:
    order = torch.tensor([[0.0, 0.1, 0.9, 0.5, 0.0, 0.0]], dtype=torch.float64)
    row = torch.tensor([share], dtype=torch.float64)
    return Uniforms(row, order, torch.zeros_like(row), torch.full_like(order, 0.7))


class Network:
    """Writes GUESS with certainty or nearly, else is undecided; keeps what it was asked."""

    def __init__(self, certain: bool = False) -> None:
        self.asked: list[tuple[str, list[int]]] = []
        self.certain = certain

    def __call__(self, state: State, head: str) -> torch.Tensor:
        self.asked.append((head, state.tokens[0, : int(state.lengths[0])].tolist()))
        width = state.tokens.size(1)
        if head == "deletion":
            return torch.zeros(1, width, 2)
        if head == "placeholder":
            return torch.zeros(1, width - 1, 5)
        logits = torch.zeros(1, width, 10)
        logits[..., GUESS] = 50.0 if self.certain else 1e-4
        # A forbidden id may be the likeliest and is not written.
        logits[..., EOS] = 60.0 if self.certain else 2e-4
        return logits


def losses(network, target=TARGET, share=0.3, **change):
    settings = {"beta": 0.0, "prediction": "argmax", "max_insertions": 4, "label_smoothing": 0.0}
    return dual_policy_losses(network, target, uniforms(share), VOCABULARY, **(settings | change))


def test_each_policy_sees_what_the_other_leaves():
    network = Network()
    losses(network)
    # Of 1 2 3 one token remains, the first; the token policy writes 2 2 beside it.
    assert dict(network.asked) == {
        "token": [BOS, 1, HOLE, HOLE, EOS],
        "placeholder": [BOS, 1, EOS],
        "deletion": [BOS, 1, GUESS, GUESS, EOS],
    }


def test_losses_of_an_undecided_network():
    found = losses(Network())
    assert found["deletion"].item() == pytest.approx(math.log(2))
    assert found["placeholder"].item() == pytest.approx(math.log(5))
    assert found["token"].item() == pytest.approx(math.log(10), abs=1e-3)


def test_labels_of_the_deletion_head():
    class Deleting(Network):
        def __call__(self, state, head):
            logits = super().__call__(state, head)
            if head == "deletion":
                # Sure of: keep 1, keep the first 2, delete the second.
                logits[0, 1, 0] = logits[0, 2, 0] = logits[0, 3, 1] = 50.0
            return logits

    assert losses(Deleting())["deletion"].item() == pytest.approx(0.0, abs=1e-6)


def test_labels_of_the_placeholder_head_are_the_gaps_up_to_the_limit():
    class Counting(Network):
        def __init__(self, counts):
            super().__init__()
            self.counts = counts

        def __call__(self, state, head):
            logits = super().__call__(state, head)
            if head == "placeholder":
                for slot, count in enumerate(self.counts):
                    logits[0, slot, count] = 50.0
            return logits

    assert losses(Counting([0, 2]))["placeholder"].item() == pytest.approx(0.0, abs=1e-6)
    limited = losses(Counting([0, 1]), max_insertions=1)
    assert limited["placeholder"].item() == pytest.approx(0.0, abs=1e-6)


def test_a_cut_target_shows_no_end_and_its_last_token_is_never_asked_about():
    network, last = Network(), 4
    cut = State(TARGET.tokens.masked_fill(TARGET.tokens == EOS, last), TARGET.lengths)
    losses(network, target=cut)
    assert dict(network.asked) == {
        "token": [BOS, 1, HOLE, HOLE, last],
        "placeholder": [BOS, 1, last],
        "deletion": [BOS, 1, GUESS, GUESS, last],
    }


def test_a_finished_text_has_nothing_to_write():
    found = losses(Network(), share=0.99)
    assert found["token"].item() == 0.0 and torch.isfinite(torch.stack(list(found.values()))).all()


def test_beta_starts_insertion_from_what_the_expert_leaves():
    network = Network(certain=True)
    losses(network, share=0.0, beta=1.0)
    # From nothing the model writes 2 2 2; the expert keeps one of them.
    assert network.asked[0] == ("token", [BOS, HOLE, HOLE, HOLE, EOS])
    assert dict(network.asked[1:]) == {
        "token": [BOS, HOLE, 2, HOLE, EOS],
        "deletion": [BOS, 2, 2, 2, EOS],
        "placeholder": [BOS, 2, EOS],
    }


def test_sampled_roll_ins_follow_the_uniforms():
    network = Network()
    losses(network, prediction="sample")
    # Six ids are allowed and about equal: a uniform of 0.7 falls on the fifth.
    assert dict(network.asked)["deletion"] == [BOS, 1, 4, 4, EOS]


def test_smoothing_is_a_share_of_the_mass():
    plain, smooth = (
        losses(Network(certain=True)),
        losses(Network(certain=True), label_smoothing=0.1),
    )
    log_p = torch.log_softmax(torch.tensor([0, 0, 50.0, 0, 0, 0, 0, 60.0, 0, 0]), -1)
    expected = 0.9 * plain["token"] - 0.1 * log_p.mean()
    assert smooth["token"].item() == pytest.approx(expected.item(), rel=1e-5)
