import torch

from baselines.stratified_uniforms import stratified


def test_stratified_uniforms_share_out_the_interval():
    u = stratified(torch.rand(8, 1, dtype=torch.float64))
    assert ((u >= 0) & (u < 1)).all()
    gaps = u.flatten().sort().values.diff()
    torch.testing.assert_close(gaps, torch.full((7,), 1 / 8, dtype=torch.float64))


def test_neighbouring_rows_share_an_interval_of_their_own():
    drawn = torch.rand(6, 1, dtype=torch.float64)
    u = stratified(drawn, 3)
    for first in (0, 3):
        assert torch.equal(u[first : first + 3], stratified(drawn[first : first + 3]))
