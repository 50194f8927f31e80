from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from diffuseq.objective import MseOver, StartNoise, loss_terms, mse, prior_term, rounding_nll
from diffuseq.readout import Readout
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas

LEVEL = cumulative_alpha_bar(discrete_betas("sqrt", 2000))
IDS = torch.tensor([[3, 1, 4, 1], [2, 0, 2, 4]])
IS_TARGET = torch.tensor([[False, True, True, True], [False, False, True, True]])
T = torch.tensor([1, 900])


class Fixed:
    """A network with one answer, which writes down what it is shown."""

    def __init__(self, answer: Tensor) -> None:
        self.answer = answer
        self.state = torch.empty(0)

    def __call__(self, z_t: Tensor, t: Tensor) -> Tensor:
        self.state = z_t
        return self.answer


@pytest.fixture
def readout() -> Readout:
    torch.manual_seed(0)
    return Readout(vocab_size=5, dim=3)


def noise(seed: int) -> Tensor:
    return torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(seed))


def compute(readout: Readout, network: Fixed, over: MseOver = "all") -> dict[str, Tensor]:
    return loss_terms(
        network,
        readout,
        ids=IDS,
        is_target=IS_TARGET,
        t=T,
        alpha_bar=LEVEL,
        start_eps=noise(1),
        eps=noise(2),
        mse_over=over,
        with_prediction_nll=True,
    )


def log_softmax_by_hand(scores: list[float], chosen: int) -> float:
    return scores[chosen] - math.log(sum(math.exp(s) for s in scores))


def test_terms_against_hand_computation(readout: Readout) -> None:
    answer = noise(3)
    network = Fixed(answer)
    terms = compute(readout, network)
    over_target = compute(readout, network, "target")["mse"]
    table = readout.weight.tolist()
    spread_0 = math.sqrt(1 - LEVEL[1].item())
    for row in range(2):
        errors: list[float] = []
        nll: list[float] = []
        prior: list[float] = []
        prediction: list[float] = []
        for place in range(4):
            word = int(IDS[row, place])
            embedding = table[word]
            z_0 = [
                e + spread_0 * n
                for e, n in zip(embedding, noise(1)[row, place].tolist(), strict=True)
            ]
            goal = embedding if int(T[row]) == 1 else z_0
            guess = answer[row, place].tolist()
            errors.append(sum((g - a) ** 2 for g, a in zip(goal, guess, strict=True)) / 3)
            for into, vector in ((nll, z_0), (prediction, guess)):
                scores = [sum(a * b for a, b in zip(vector, e, strict=True)) for e in table]
                into.append(-log_softmax_by_hand(scores, word))
            prior.append(sum(LEVEL[-1].item() * z**2 for z in z_0) / 3)
        places = [p for p in range(4) if IS_TARGET[row, p]]
        expected = {
            "mse": sum(errors) / 4,
            "decoder_nll": sum(nll) / 4,
            "tT": sum(prior) / 4,
            "prediction_nll": sum(prediction[p] for p in places) / len(places),
        }
        for name, value in expected.items():
            assert terms[name][row].item() == pytest.approx(value, rel=1e-4), name
        by_hand = sum(errors[p] for p in places) / len(places)
        assert over_target[row].item() == pytest.approx(by_hand, rel=1e-4)


def test_the_network_sees_the_target_noised_and_the_source_not(readout: Readout) -> None:
    network = Fixed(noise(3))
    compute(readout, network)
    z_0 = readout.embed(IDS) + (1 - LEVEL[1]).sqrt().float() * noise(1)
    level = LEVEL[T][:, None, None].float()
    noised = level.sqrt() * z_0 + (1 - level).sqrt() * noise(2)
    assert torch.equal(network.state[~IS_TARGET], z_0[~IS_TARGET])
    torch.testing.assert_close(network.state[IS_TARGET], noised[IS_TARGET])


@pytest.mark.parametrize("start", ["all", "target", "none"])
def test_start_noise_is_drawn_where_it_is_asked_for(readout: Readout, start: StartNoise) -> None:
    network = Fixed(noise(3))
    seen: list[Tensor] = []

    def forward(z_0: Tensor, eps: Tensor, alpha_bar_t: Tensor) -> Tensor:
        seen.append(z_0)
        assert torch.equal(eps, noise(2)) and torch.equal(alpha_bar_t.flatten(), LEVEL[T])
        return 7 * torch.ones_like(z_0)

    terms = loss_terms(
        network, readout, ids=IDS, is_target=IS_TARGET, t=T, alpha_bar=LEVEL, start_eps=noise(1),
        eps=noise(2), mse_over="all", with_prediction_nll=False, start_noise=start, forward=forward,
    )  # fmt: skip
    (z_0,) = seen
    is_drawn = (z_0 != readout.embed(IDS)).any(-1)
    expected = {"all": torch.ones_like(IS_TARGET), "target": IS_TARGET, "none": IS_TARGET & False}
    assert torch.equal(is_drawn, expected[start])
    spread = (1 - LEVEL[1]).sqrt().float() * noise(1)
    torch.testing.assert_close(z_0[is_drawn], (readout.embed(IDS) + spread)[is_drawn])
    assert (network.state[IS_TARGET] == 7).all()
    assert torch.equal(network.state[~IS_TARGET], z_0[~IS_TARGET])
    by_hand = rounding_nll(readout, z_0, IDS, torch.ones_like(IS_TARGET))
    torch.testing.assert_close(terms["decoder_nll"], by_hand)


def test_the_embedding_learns_from_every_term(readout: Readout) -> None:
    for name, values in compute(readout, Fixed(noise(3))).items():
        (gradient,) = torch.autograd.grad(values.sum(), readout.weight, retain_graph=True)
        assert gradient.abs().sum() > 0, name


def test_single_terms() -> None:
    z0_hat, goal = (
        torch.tensor([[[1.0, 3.0], [0.0, 0.0]]]),
        torch.tensor([[[0.0, 1.0], [2.0, 2.0]]]),
    )
    everything, first = torch.tensor([[True, True]]), torch.tensor([[True, False]])
    assert mse(z0_hat, goal, everything).tolist() == [(2.5 + 4.0) / 2]
    assert mse(z0_hat, goal, first).tolist() == [2.5]
    ids, z = torch.tensor([[3, 7]]), torch.zeros(1, 2, 3)
    assert rounding_nll(Readout(8, 3), z, ids, everything).tolist() == pytest.approx([math.log(8)])
    level = torch.tensor(0.25, dtype=torch.float64)
    z_0 = torch.tensor([[[2.0, 2.0], [4.0, 0.0]]])
    assert prior_term(z_0, level, everything).tolist() == [(1.0 + 2.0) / 2]
    assert prior_term(z_0, level, first).tolist() == [1.0]


@pytest.mark.parametrize("mse_over", ["all", "target"])
def test_what_is_not_present_does_not_count(readout: Readout, mse_over: MseOver) -> None:
    present = torch.tensor([[True, True, True, False]] * 2)
    kept = [x[:, :3] for x in (IDS, IS_TARGET, noise(1), noise(2), noise(3))]
    cut = [x.clone() for x in (IDS, IS_TARGET, noise(1), noise(2), noise(3))]
    cut[0][:, 3] = 1
    cut[2][:, 3], cut[3][:, 3], cut[4][:, 3] = 5.0, 6.0, 7.0
    found = [
        loss_terms(
            Fixed(answer), readout, ids=ids, is_target=is_target, t=T, alpha_bar=LEVEL,
            start_eps=start_eps, eps=eps, mse_over=mse_over, with_prediction_nll=True,
            present=where,
        )
        for (ids, is_target, start_eps, eps, answer), where in ((kept, None), (cut, present))
    ]  # fmt: skip
    for name, values in found[0].items():
        torch.testing.assert_close(found[1][name], values, msg=name)
