import torch

from baselines.masked.corruption import Absorbing
from baselines.masked.policies import State, Transition, ancestral
from baselines.masked.prediction import Prediction

MASK = 3


def test_ancestral_by_hand():
    """From t = 0.8 to s = 0.6 a mask stays with probability 3/4, else x_0 is drawn."""
    u = {"reverse": torch.tensor([[0.74, 0.75 + 0.25 * 0.4, 0.75 + 0.25 * 0.6, 0.99]]).double()}
    logits = torch.tensor([0.5, 0.5, 0.0, 0.0]).log().expand(1, 4, 4)
    state = State(torch.tensor([[MASK, MASK, MASK, 2]]), torch.zeros(1, 4).double())
    transition = Transition(
        t=torch.tensor(0.8, dtype=torch.float64),
        s=torch.tensor(0.6, dtype=torch.float64),
        index=1,
        count=5,
        inside=torch.ones(1, 4, dtype=torch.bool),
        corruption=Absorbing(4, MASK),
        uniform=u.__getitem__,
    )
    after = ancestral(state, Prediction(logits), transition)
    assert after.tokens.tolist() == [[MASK, 0, 1, 2]]
    assert torch.equal(after.scores, state.scores)
    assert state.tokens.tolist() == [[MASK, MASK, MASK, 2]], "a policy changes nothing in place"
