"""Refinement with policies that are written by hand."""

import pytest
import torch

from baselines.edit.decoding import LevenshteinDecoding, refine
from baselines.edit.objective import Vocabulary
from baselines.edit.operations import State, empty_state
from benchmark.api import UserError, make_noise

BOS, EOS, PAD, HOLE = 6, 7, 8, 9
WIDTH = 8
VOCABULARY = Vocabulary(HOLE, PAD, torch.tensor([BOS, EOS, PAD, HOLE]))


class Scripted:
    """Writes 0 1 2 ... by position up to `goal` tokens and deletes what is out of place."""

    def __init__(self, goals: list[int]) -> None:
        self.goals = torch.tensor(goals)
        self.calls: list[tuple[str, int, int]] = []

    def __call__(self, sources: torch.Tensor, state: State, head: str) -> torch.Tensor:
        rows, width = state.tokens.shape
        self.calls.append((head, rows, width))
        goals = self.goals[sources].repeat_interleave(rows // len(sources))
        place = torch.arange(width) - 1
        if head == "deletion":
            wrong = (state.tokens != place) | (place >= goals[:, None])
            return torch.stack((~wrong, wrong), dim=-1).float()
        if head == "placeholder":
            missing = (goals - (state.lengths - 2)).clamp(min=0)
            logits = torch.zeros(rows, width - 1, 20)
            # All that is missing goes in front of the closing mark.
            logits[torch.arange(rows), state.lengths - 2, missing] = 9.0
            return logits
        return torch.nn.functional.one_hot(place.clamp(min=0), 10).expand(rows, -1, -1) * 9.0


def run(network, sources=2, per_source=1, start=None, **settings) -> list[list[int]]:
    rows = sources * per_source
    final = refine(
        network,
        start or empty_state(rows, WIDTH, (BOS, EOS, PAD), torch.device("cpu")),
        make_noise(0, [str(i) for i in range(sources)], per_source),
        LevenshteinDecoding(**settings),
        VOCABULARY,
        per_source=per_source,
    )
    return [
        row[1 : length - 1]
        for row, length in zip(final.tokens.tolist(), final.lengths.tolist(), strict=True)
    ]


def test_it_writes_and_stops_when_nothing_changes():
    network = Scripted([3, 2])
    assert run(network) == [[0, 1, 2], [0, 1]]
    # Nothing can be deleted at first; the second round changes nothing and writes nothing.
    assert [head for head, _, _ in network.calls] == [
        "placeholder",
        "token",
        "deletion",
        "placeholder",
    ]


def test_one_round_is_one_round():
    network = Scripted([3, 2])
    assert run(network, max_iter=1) == [[0, 1, 2], [0, 1]]
    assert len(network.calls) == 2


def test_wrong_tokens_are_replaced():
    start = State(torch.tensor([[BOS, 0, 5, EOS, PAD, PAD, PAD, PAD]]), torch.tensor([4]))
    assert run(Scripted([3]), sources=1, start=start) == [[0, 1, 2]]
    assert int(start.lengths) == 4, "the initial texts were overwritten"


def test_a_wild_placeholder_head_stays_on_the_canvas():
    class Wild(Scripted):
        def __call__(self, sources, state, head):
            logits = super().__call__(sources, state, head)
            if head == "placeholder":
                logits = torch.zeros_like(logits)
                logits[..., 19] = 1.0
            return logits

    for settings in ({}, {"temperature": 1.0}):
        texts = run(Wild([3, 2]), max_iter=5, **settings)
        assert all(len(text) <= WIDTH - 2 for text in texts)


def test_finished_sources_leave_the_batch_and_stay():
    class Restless(Scripted):
        """Source 1 is rewritten in every round."""

        def __call__(self, sources, state, head):
            logits = super().__call__(sources, state, head)
            if head == "deletion":
                logits[sources == 1, 1] = torch.tensor([0.0, 9.0])
            if head == "token":
                logits = logits.float()
                logits[sources == 1, :, len(self.calls) % 5] = 99.0
            return logits

    network = Restless([1, 3])
    texts = run(network, max_iter=4)
    assert texts[0] == [0] and len(texts[1]) == 3
    # Source 0 is found unchanged in the second round.
    assert [rows for _, rows, _ in network.calls] == [2] * 5 + [1] * 6


def test_the_penalty_lengthens():
    class Unsure(Scripted):
        def __call__(self, sources, state, head):
            if head != "placeholder":
                return super().__call__(sources, state, head)
            logits = torch.zeros(state.tokens.size(0), state.tokens.size(1) - 1, 2)
            logits[..., 0] = 1.0
            return logits

    assert run(Unsure([9, 9]), max_iter=1) == [[], []]
    assert run(Unsure([9, 9]), max_iter=1, eos_penalty=0.5) == [[], []]
    assert run(Unsure([9, 9]), max_iter=1, eos_penalty=1.5) == [[0], [0]]


def test_forbidden_ids_are_never_written():
    class Marks(Scripted):
        def __call__(self, sources, state, head):
            logits = super().__call__(sources, state, head)
            if head == "token":
                logits = logits.float()
                logits[..., EOS] = 99.0
            return logits

    assert run(Marks([3, 2])) == [[0, 1, 2], [0, 1]]


def test_draws_differ_by_candidate_and_follow_the_temperature():
    class Flat(Scripted):
        def __call__(self, sources, state, head):
            logits = super().__call__(sources, state, head)
            return torch.zeros_like(logits) if head == "token" else logits

    texts = run(Flat([5]), sources=1, per_source=6, temperature=1.0, max_iter=1)
    assert len({tuple(text) for text in texts}) > 1
    assert {token for text in texts for token in text} <= {0, 1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    "settings", [{"max_iter": 0}, {"temperature": -1.0}, {"eos_penalty": -0.1}]
)
def test_settings_without_sense_are_refused(settings):
    with pytest.raises(UserError, match=next(iter(settings))):
        LevenshteinDecoding(**settings)


def test_kinds():
    assert LevenshteinDecoding().kind == "single"
    assert LevenshteinDecoding(temperature=0.5).kind == "samples"
    assert LevenshteinDecoding().nfe is None
