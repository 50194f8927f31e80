"""Record the golden numbers from a checkout of the branch diffuseq-v2 (see README.md).

    python tests/parity/record_v2.py CHECKOUT

The weights are those of `network.json`, which `record.py` writes, and a stated absorbing state.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

import record
import torch
from record import BATCH, CANVAS, HERE, SHAPE, STARTS, STEPS, noise_of, numbers, stated
from torch import Tensor, nn

RATE = 0.5
SIZE = (BATCH, CANVAS, SHAPE["dim"])


class Wrapped(nn.Module):
    """The loss reaches through two wrappers, and asks the outer one for the absorbing state."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.mean_embed = module.mean_embed

    def forward(self, *arguments: Tensor) -> Tensor:
        return self.module(*arguments)


def uniforms(*shape: int) -> Tensor:
    return (torch.rand(*shape, generator=record.draws) * 1e4).floor() / 1e4


@contextmanager
def choices_of(*values: Tensor) -> Iterator[None]:
    """A call of `bernoulli` is 1 where the next of `values` falls below the probability."""
    left = iter(values)

    def draw(rate: Tensor) -> Tensor:
        return (next(left) < rate).to(rate.dtype)

    with patch.object(torch.Tensor, "bernoulli", draw):
        yield


def record_training(process: object, network: nn.Module) -> dict[str, object]:
    x_0, start, noise = (stated(*SIZE) for _ in range(3))
    u, t, mask = uniforms(BATCH, CANVAS), torch.tensor([0, 17, 39]), record.target_mask()
    ids = torch.randint(SHAPE["vocab"], (BATCH, CANVAS), generator=record.draws)
    with choices_of(u):
        x_t = process.q_sample(x_0, t, noise=noise, mask=mask, mean_embed=network.mean_embed)
    with choices_of(u), noise_of(start, noise), torch.no_grad():
        terms = process.training_losses(
            Wrapped(network), None, t, model_kwargs={"input_ids": ids, "input_mask": mask}
        )
    return {
        "ids": ids.tolist(),
        "t": t.tolist(),
        "x_0": numbers(x_0),
        "start_noise": numbers(start),
        "noise": numbers(noise),
        "u": numbers(u),
        "x_t": numbers(x_t),
        "mse": numbers(terms["mse"]),
        "nll": numbers(terms["nll"]),
        "loss": numbers(terms["loss"]),
    }


def record_sampling(
    official: object, process: object, network: nn.Module, ids: Tensor
) -> dict[str, object]:
    source = network.get_embeds(ids)
    mask = record.target_mask()[..., None].expand_as(source)
    x, path, u = stated(*SIZE), stated(STEPS, *SIZE), uniforms(STEPS - 1, BATCH, CANVAS)
    x = torch.where(mask == 0, source, x)
    rounding = partial(official.rounding.denoised_fn_round, None, network.word_embedding)
    content: dict[str, object] = {
        "x": numbers(x),
        "path_noise": numbers(path),
        "path_u": numbers(u),
    }
    # The last step draws as well, with probability 0.
    with noise_of(*path), choices_of(*u, u[0]):
        states = process.p_sample_loop(
            network,
            x.shape,
            noise=x.clone(),  # it is written to
            denoised_fn=rounding,
            clip_denoised=False,
            top_p=0,
            clamp_step=0,
            clamp_first=True,
            mask=mask,
            x_start=source,
        )
    content["ancestral"] = numbers(states[-1])

    from dpm_solver_pytorch import DPM_Solver, NoiseScheduleVP, model_wrapper

    # Between prediction and noise, and back, it divides by alpha: in float32 four digits go.
    schedule = NoiseScheduleVP(
        schedule="discrete", betas=torch.from_numpy(process.betas), dtype=torch.float64
    )

    def in_float64(z: Tensor, t: Tensor) -> Tensor:
        return network(z.float(), t.float()).double()

    predict = model_wrapper(in_float64, schedule, model_type="x_start", guidance_type="uncond")
    solver = DPM_Solver(predict, schedule, algorithm_type="dpmsolver++")
    for calls in (3, 13, 4, 10):
        z_0 = solver.sample(
            x.double(),
            steps=calls,
            order=2,
            skip_type="time_uniform",
            method="multistep",
            input_ids_mask=mask,
            x_start=source.double(),
        )
        content[f"dpm-solver++/{calls}"] = numbers(z_0.float())
    return content


def main() -> None:
    record.draws.manual_seed(5)
    official = record.import_official(sys.argv[1])
    network = record.make_network(official, learned_mean_embed=True)
    golden = json.loads((HERE / "network.json").read_text(encoding="utf-8"))
    state = {
        name.removeprefix("weights/"): torch.tensor(value)
        for name, value in golden.items()
        if name.startswith("weights/")
    }
    state["position_ids"] = torch.tensor(golden["position_ids"])
    state["mean_embed"] = stated(SHAPE["dim"])
    network.load_state_dict(state)
    process = record.make_process(
        official, denoise=True, denoise_rate=RATE, device="cpu", max_T=STEPS
    )
    training = record_training(process, network)
    record.write(
        "v2",
        {
            "starts": STARTS,
            "denoise_rate": RATE,
            "reg_rate": process.reg_rate,
            "mean_embed": numbers(network.mean_embed),
            **training,
            **record_sampling(official, process, network, torch.tensor(training["ids"])),
        },
    )


if __name__ == "__main__":
    main()
