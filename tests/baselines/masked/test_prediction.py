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
