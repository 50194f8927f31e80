import torch

from baselines.stratified_uniforms import stratified


def test_stratified_uniforms_share_out_the_interval():
    u = stratified(torch.rand(8, 1, dtype=torch.float64))
    assert ((u >= 0) & (u < 1)).all()
    gaps = u.flatten().sort().values.diff()
    torch.testing.assert_close(gaps, torch.full((7,), 1 / 8, dtype=torch.float64))
