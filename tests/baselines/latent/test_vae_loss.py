from __future__ import annotations

from baselines.latent.vae_loss import RisingBeta


def test_beta_rises_in_training_and_is_its_end_in_evaluation() -> None:
    beta = RisingBeta(0.5, 4)
    assert [float(beta()) for _ in range(6)] == [0.0, 0.125, 0.25, 0.375, 0.5, 0.5]
    beta = RisingBeta(0.5, 4).eval()
    assert float(beta()) == 0.5
    assert int(beta.updates) == 0


def test_without_a_rise_it_is_constant() -> None:
    beta = RisingBeta(0.5, 0)
    assert float(beta()) == float(beta()) == 0.5
