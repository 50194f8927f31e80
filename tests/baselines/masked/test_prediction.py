import pytest
import torch

from baselines.masked.prediction import Prediction

LOGITS = torch.tensor([[[0.5, 0.5, 0.0], [0.2, 0.0, 0.8]]]).log()


def test_draws_where_they_are_wanted():
    u = torch.tensor([[0.7, 0.1]], dtype=torch.float64)
    everywhere = torch.tensor([[True, True]])
    assert Prediction(LOGITS).draw(everywhere, u).tolist() == [1, 0]
    assert Prediction(LOGITS).draw(torch.tensor([[False, True]]), u).tolist() == [0]


def test_knobs_reach_draws_and_probabilities():
    sharp, nucleus = Prediction(LOGITS, temperature=0.5), Prediction(LOGITS, top_p=0.7)
    torch.testing.assert_close(
        sharp.probabilities()[0, 1], torch.tensor([1 / 17, 0, 16 / 17], dtype=torch.float64)
    )
    u = torch.tensor([[0.1, 0.1]], dtype=torch.float64)
    where = torch.tensor([[False, True]])
    assert nucleus.probabilities()[0, 1].tolist() == [0, 0, 1]
    assert nucleus.draw(where, u).tolist() == [2]


def test_draws_come_with_what_the_denoiser_itself_gives_them():
    u = torch.tensor([[0.7, 0.1]], dtype=torch.float64)
    for where in (torch.tensor([[True, True]]), torch.tensor([[False, True]])):
        sharp = Prediction(LOGITS, temperature=0.5)
        drawn, log_p = sharp.draw_scored(where, u)
        assert drawn.tolist() == sharp.draw(where, u).tolist()
        expected = LOGITS[where].gather(-1, drawn[:, None]).squeeze(-1)
        torch.testing.assert_close(log_p, expected)


def test_without_temperature_the_most_probable_comes_out_however_many_are_wanted():
    u = torch.zeros(1, 2, dtype=torch.float64)
    certain = Prediction(LOGITS, temperature=0.0)
    assert certain.draw(torch.tensor([[True, True]]), u).tolist() == [0, 2]
    assert certain.draw(torch.tensor([[False, True]]), u).tolist() == [2]


def in_parts(where, take):
    """A reader of `LOGITS` that gives one position at a time."""
    logits = LOGITS[where]
    parts = [take(logits[i : i + 1], slice(i, i + 1)) for i in range(len(logits))]
    return tuple(torch.cat(kept) for kept in zip(*parts, strict=True))


@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_logits_that_are_read_in_parts_give_the_same_draws(temperature):
    u, where = torch.tensor([[0.7, 0.1]], dtype=torch.float64), torch.tensor([[True, True]])
    whole, parts = Prediction(LOGITS, temperature), Prediction(in_parts, temperature)
    assert parts.draw(where, u).tolist() == whole.draw(where, u).tolist()
    for part, of_whole in zip(
        parts.draw_scored(where, u), whole.draw_scored(where, u), strict=True
    ):
        torch.testing.assert_close(part, of_whole)


def test_what_is_read_in_parts_is_not_had_everywhere():
    with pytest.raises(TypeError, match="everywhere"):
        Prediction(in_parts).probabilities()
