import pytest
import torch
from torch.nn import functional

from baselines.next_token_loss import next_token_loss


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_it_is_torch_s_own_over_the_tokens_inside(smoothing):
    logits, target = torch.randn(3, 5, 7), torch.randint(7, (3, 5))
    inside = torch.tensor([[1, 1, 1, 1, 1], [1, 0, 0, 0, 0], [1, 1, 1, 0, 0]]).bool()
    terms = next_token_loss(logits, target, inside, smoothing)
    expected = functional.cross_entropy(logits[inside], target[inside], label_smoothing=smoothing)
    torch.testing.assert_close(terms.total, expected)
    torch.testing.assert_close(
        terms.terms["nll"], functional.cross_entropy(logits[inside], target[inside])
    )
    assert terms.tokens == 9
