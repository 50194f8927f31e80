"""Record the golden numbers of Diffusion-LM from a checkout of its code (see README.md).

    python tests/parity/record_diffusion_lm.py CHECKOUT

Nothing of this project is imported. The tests read the JSON file alone.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import torch
from record import numbers, stated, write

VOCAB, BATCH, LENGTH, DIM, STEPS = 7, 2, 4, 3, 20


def main(checkout: str) -> None:
    for folder in ("improved-diffusion", "improved-diffusion/scripts"):
        sys.path.insert(0, str(Path(checkout) / folder))
    import infill_util
    from improved_diffusion import gaussian_diffusion as theirs
    from improved_diffusion.respace import SpacedDiffusion, space_timesteps

    def chain(steps: int) -> SpacedDiffusion:
        return SpacedDiffusion(
            use_timesteps=space_timesteps(steps, [steps]),
            betas=theirs.get_named_beta_schedule("sqrt", steps),
            model_mean_type=theirs.ModelMeanType.START_X,
            model_var_type=theirs.ModelVarType.FIXED_LARGE,
            loss_type=theirs.LossType.E2E_MSE,
            rescale_timesteps=True,
            model_arch="transformer",
            training_mode="e2e",
        )

    content: dict[str, object] = {
        f"alpha_bar_{steps}": numbers(chain(steps).alphas_cumprod[:: steps // 20])
        for steps in (200, 2000)
    }
    content |= {
        f"std_0_{steps}": float(chain(steps).sqrt_one_minus_alphas_cumprod[0])
        for steps in (200, 2000)
    }

    # The loss, with a network whose answer is fixed.
    shape = (3, LENGTH, DIM)
    table, bias, answer, start, noise = (
        stated(VOCAB, DIM),
        stated(VOCAB),
        *(stated(*shape) for _ in range(3)),
    )
    ids, t = torch.tensor([[1, 4, 2, 0], [1, 6, 5, 2], [3, 2, 0, 0]]), torch.tensor([0, 9, 19])
    inner = SimpleNamespace(
        get_embeds=lambda words: table[words], get_logits=lambda x: x @ table.T + bias
    )

    class Fixed:
        model = SimpleNamespace(module=inner)

        def __call__(self, x, ts, **_):
            return answer

    with patch("torch.randn_like", side_effect=[start, noise]):
        # Of the base class: the spaced one wraps the model away.
        terms = theirs.GaussianDiffusion.training_losses_e2e(
            chain(STEPS), Fixed(), None, t, {"input_ids": ids}
        )
    content |= {"table": numbers(table), "bias": numbers(bias), "answer": numbers(answer)}
    content |= {"start_noise": numbers(start), "noise": numbers(noise), "ids": ids.tolist()}
    content |= {"t": t.tolist(), "mse": numbers(terms["mse"]), "loss": numbers(terms["loss"])}

    # The guide, with a classifier whose loss is a sum of squares, mean over the batch as theirs.
    goal, weight = stated(LENGTH, DIM), stated(LENGTH, DIM).abs()

    def classify(input_embs, labels, t):
        square = weight * (input_embs[:, :LENGTH] - goal) ** 2
        return SimpleNamespace(loss=square.mean(dim=0).sum())

    state, mean = stated(BATCH, LENGTH, DIM), stated(BATCH, LENGTH, DIM)
    sigma = torch.full_like(state, 0.4)
    labels = torch.zeros(BATCH, LENGTH + 1, dtype=torch.long)
    guide = partial(
        infill_util.langevin_fn3,
        [],
        classify,
        lambda words: torch.zeros(*words.shape, DIM),
        labels,
        0.1,
    )
    content |= {"goal": numbers(goal), "weight": numbers(weight)}
    content |= {"state": numbers(state), "mean": numbers(mean)}
    with patch("torch.Tensor.cuda", lambda self: self):
        for name, noise_size, step in (
            ("guided", sigma, 120),
            ("guided_without_noise", torch.zeros_like(sigma), 120),
            ("guided_at_9", sigma, 9),
            ("guided_at_10", sigma, 10),
        ):
            at = torch.full((BATCH,), step)
            content[name] = numbers(guide(state.clone(), mean, noise_size, None, at, None))

        # A whole guided chain, with a network that halves its input.
        first, draws = (
            stated(BATCH, LENGTH, DIM),
            [stated(BATCH, LENGTH, DIM) for _ in range(STEPS)],
        )
        given = iter(draws)

        def guided(*arguments):
            with patch("torch.randn_like", torch.zeros_like):  # multiplied by 0 there
                return guide(*arguments)

        with patch("torch.randn_like", lambda _: next(given)), torch.no_grad():
            final = chain(STEPS).ddim_sample_loop(
                lambda x, ts: 0.5 * x,
                (BATCH, LENGTH, DIM),
                noise=first,
                clip_denoised=False,
                model_kwargs={},
                device="cpu",
                eta=1.0,
                langevin_fn=guided,
            )
    content |= {"chain_start": numbers(first), "chain_noise": [numbers(d) for d in draws]}
    content["chain_end"] = numbers(final)
    write("diffusion_lm", content)


if __name__ == "__main__":
    main(sys.argv[1])
