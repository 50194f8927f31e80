"""Record the golden numbers from a checkout of the official code (see README.md).

    python tests/parity/record.py CHECKOUT

Nothing of this project is imported: `diffuseq` is the official package here. The tests read
the JSON files alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

HERE = Path(__file__).parent
SHAPE = {"vocab": 23, "dim": 6, "width": 16, "layers": 2, "heads": 2, "ffn": 32, "time_dim": 8}
STEPS, BATCH, CANVAS = 40, 3, 10
STARTS = (3, 5, 4)
"""First target position of every row."""

draws = torch.Generator().manual_seed(4)


def stated(*shape: int) -> Tensor:
    """Standard normal numbers with four decimals: what is stored is what was used."""
    return (torch.randn(*shape, generator=draws) * 1e4).round() / 1e4


def numbers(values: Tensor | np.ndarray) -> object:
    """Nested lists with digits enough to restore float32 (float64 in full)."""
    array = np.asarray(values.detach() if isinstance(values, Tensor) else values)
    if array.ndim:
        return [numbers(row) for row in array]
    # Of a float32 the shortest text that restores it.
    return float(str(array)) if array.dtype == np.float32 else array.item()


def write(name: str, content: dict[str, object]) -> None:
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in content.items()]
    (HERE / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


@contextmanager
def noise_of(*values: Tensor) -> Iterator[None]:
    """Calls of `torch.randn_like` return `values`, in order."""
    with patch("torch.randn_like", side_effect=list(values)):
        yield


def import_official(checkout: str) -> SimpleNamespace:
    sys.path.insert(0, checkout)
    import transformers.models.bert.modeling_bert  # noqa: F401 - looks for wandb itself

    for absent in ("blobfile", "wandb"):  # for files and logs, not for numbers
        sys.modules.setdefault(absent, ModuleType(absent))
    vars(np).setdefault("int", int)  # gone since NumPy 1.24
    from train_util import TrainLoop

    from diffuseq import gaussian_diffusion, rounding, step_sample, transformer_model

    return SimpleNamespace(
        diffusion=gaussian_diffusion,
        rounding=rounding,
        sampler=step_sample,
        network=transformer_model,
        layout=TrainLoop._master_params_to_state_dict,
    )


def make_network(official: SimpleNamespace, **options: object) -> torch.nn.Module:
    """A network of `SHAPE` with BERT's own settings; its weights mean nothing yet."""
    from transformers import BertConfig

    config = BertConfig(
        vocab_size=SHAPE["vocab"],
        hidden_size=SHAPE["width"],
        num_hidden_layers=SHAPE["layers"],
        num_attention_heads=SHAPE["heads"],
        intermediate_size=SHAPE["ffn"],
        max_position_embeddings=CANVAS + 2,
        attn_implementation="eager",
    )
    network = official.network.TransformerNetModel(
        input_dims=SHAPE["dim"],
        output_dims=SHAPE["dim"],
        hidden_t_dim=SHAPE["time_dim"],
        config=config,
        vocab_size=SHAPE["vocab"],
        **options,
    )
    return network.eval().requires_grad_(False)


def make_checkpoint(official: SimpleNamespace, network: torch.nn.Module) -> dict[str, Tensor]:
    """What training saves of `network`: stated averages, and weights that are ahead of them."""
    averaged = []
    for name, parameter in network.named_parameters():
        scale = 1.0 if "embedding" in name else 0.1 if parameter.ndim == 1 else 0.25
        value = (stated(*parameter.shape) * scale * 1e4).round() / 1e4
        averaged.append(value + 1.0 if "LayerNorm.weight" in name else value)
        ahead = averaged[-1] + stated(*parameter.shape) * 0.05
        parameter.copy_((ahead * 1e4).round() / 1e4)
    state = official.layout(SimpleNamespace(model=network, use_fp16=False), averaged)
    return {name: value.clone() for name, value in state.items()}


def make_process(
    official: SimpleNamespace, schedule: str = "sqrt", steps: int = STEPS, **options: object
) -> object:
    return official.diffusion.SpacedDiffusion(
        use_timesteps=official.diffusion.space_timesteps(steps, [steps]),
        betas=official.diffusion.get_named_beta_schedule(schedule, steps),
        rescale_timesteps=True,
        predict_xstart=True,
        learn_sigmas=False,
        sigma_small=False,
        use_kl=False,
        rescale_learned_sigmas=False,
        **options,
    )


def record_network(network: torch.nn.Module, state: dict[str, Tensor]) -> None:
    z, t = stated(BATCH, CANVAS, SHAPE["dim"]), torch.tensor([0, 17, 39])
    weights = {name: value for name, value in state.items() if name != "position_ids"}
    write(
        "network",
        {
            "shape": SHAPE,
            "diffusion_steps": STEPS,
            "canvas": CANVAS,
            "x": numbers(z),
            "t": t.tolist(),
            "output": numbers(network(z, t.float() * (1000.0 / STEPS))),
            "logits": numbers(network.get_logits(z)),
            "table": numbers(network.word_embedding.weight),
            "position_ids": state["position_ids"].tolist(),
            **{f"weights/{name}": numbers(value) for name, value in weights.items()},
        },
    )


def record_process(official: SimpleNamespace) -> None:
    content: dict[str, object] = {}
    for schedule in ("sqrt", "cosine", "linear"):
        for steps in (STEPS, 2000):
            process = make_process(official, schedule, steps)
            at = list(range(steps)) if steps == STEPS else [0, 1, 2, 10, 500, 1000, 1998, 1999]
            content[f"{schedule}/{steps}"] = {
                "t": at,
                "betas": numbers(process.betas[at]),
                "alpha_bar": numbers(process.alphas_cumprod[at]),
            }
    process = make_process(official)
    x_0, noise, x = (stated(BATCH, CANVAS, SHAPE["dim"]) for _ in range(3))
    t = torch.tensor([0, 17, 39])
    moments = {"x_t": numbers(process.q_sample(x_0, t, noise=noise, mask=target_mask()))}
    mean, posterior, _ = process.q_posterior_mean_variance(x_0, x, t)
    with torch.no_grad():
        model = process.p_mean_variance(lambda *_: x_0, x, t, clip_denoised=False)
    content["steps"] = {
        "starts": STARTS,
        "t": t.tolist(),
        "x_0": numbers(x_0),
        "noise": numbers(noise),
        "x": numbers(x),
        **moments,
        "posterior_mean": numbers(mean),
        "posterior_variance": numbers(posterior[:, 0, 0]),
        "fixed_large_mean": numbers(model["mean"]),
        "fixed_large_variance": numbers(model["variance"][:, 0, 0]),
    }
    write("process", content)


def target_mask() -> Tensor:
    return (torch.arange(CANVAS) >= torch.tensor(STARTS)[:, None]).long()


def record_objective(official: SimpleNamespace, network: torch.nn.Module) -> None:
    process = make_process(official)
    ids = torch.randint(SHAPE["vocab"], (BATCH, CANVAS), generator=draws)
    start, noise = (stated(BATCH, CANVAS, SHAPE["dim"]) for _ in range(2))
    t = torch.tensor([0, 17, 39])
    seen: list[Tensor] = []
    discrete, moments = process._token_discrete_loss, process.q_mean_variance

    def token_loss(*arguments: object, **options: object) -> Tensor:
        seen.append(discrete(*arguments, **options))
        return seen[-1]

    def mean_variance(*arguments: object) -> object:
        found = moments(*arguments)
        seen.append((found[0] ** 2).mean((1, 2)))
        return found

    process._token_discrete_loss, process.q_mean_variance = token_loss, mean_variance
    with noise_of(start, noise), torch.no_grad():
        terms = process.training_losses(
            torch.nn.DataParallel(network),
            None,
            t,
            model_kwargs={"input_ids": ids, "input_mask": target_mask()},
        )
    prior, decoder_nll, prediction_nll = seen
    assert torch.equal(prediction_nll, terms["nll"])
    write(
        "objective",
        {
            "starts": STARTS,
            "ids": ids.tolist(),
            "t": t.tolist(),
            "start_noise": numbers(start),
            "noise": numbers(noise),
            "mse": numbers(terms["mse"]),
            "decoder_nll": numbers(decoder_nll),
            "tT": numbers(prior),
            "nll": numbers(terms["nll"]),
            "loss": numbers(terms["loss"]),
        },
    )


def record_sampling(official: SimpleNamespace, network: torch.nn.Module) -> None:
    process = make_process(official)
    ids = torch.randint(SHAPE["vocab"], (BATCH, CANVAS), generator=draws)
    source = network.get_embeds(ids)
    mask = target_mask()[..., None].expand_as(source)
    x, eps = (stated(BATCH, CANVAS, SHAPE["dim"]) for _ in range(2))
    x = torch.where(mask == 0, source, x)
    rounding = partial(official.rounding.denoised_fn_round, None, network.word_embedding)
    held = {"clip_denoised": False, "mask": mask, "x_start": source}
    content: dict[str, object] = {
        "starts": STARTS,
        "ids": ids.tolist(),
        "x": numbers(x),
        "noise": numbers(eps),
    }
    for i in (39, 17, 1, 0):
        t = torch.full((BATCH,), i)
        for name, clamp in (("clamp", rounding), ("free", None)):
            with noise_of(eps), torch.no_grad():
                step = process.p_sample(network, x, t, denoised_fn=clamp, **held)
            content[f"ancestral/{i}/{name}"] = numbers(step["sample"])
    path = stated(STEPS, BATCH, CANVAS, SHAPE["dim"])
    content["path_noise"] = numbers(path)
    common = {"noise": x, "top_p": 0, "clamp_step": 0, "clamp_first": True, **held}
    for name, clamp in (("clamp", rounding), ("free", None)):
        with noise_of(*path):
            states = process.p_sample_loop(network, x.shape, denoised_fn=clamp, **common)
        content[f"ancestral/{name}"] = numbers(states[-1])
        content[f"tokens/{name}"] = network.get_logits(states[-1]).topk(1).indices[..., 0].tolist()
        for asked in (8, 6):
            gap = STEPS // asked
            states = process.ddim_sample_loop(
                network, x.shape, denoised_fn=clamp, gap=gap, **common
            )
            content[f"ddim/{asked}/{name}"] = numbers(torch.stack(states))
    write("sampling", content)


def record_timesteps(official: SimpleNamespace) -> None:
    steps = 6
    sampler = official.sampler.LossSecondMomentResampler(SimpleNamespace(num_timesteps=steps))
    content: dict[str, object] = {"diffusion_steps": steps}
    order = torch.randint(steps, (100,), generator=draws).tolist() + list(range(steps)) * 10
    losses = (stated(len(order)).abs() + 0.1).tolist()
    content |= {"t": order, "losses": losses, "batch": 20}
    weights = []
    for at in range(0, len(order), 20):
        sampler.update_with_all_losses(order[at : at + 20], losses[at : at + 20])
        weights.append(numbers(sampler.weights() / sampler.weights().sum()))
    content["probabilities"] = weights
    with patch("numpy.random.choice", return_value=np.arange(steps)):
        content["factor"] = numbers(sampler.sample(steps, "cpu")[1])
    write("timesteps", content)


def main() -> None:
    official = import_official(sys.argv[1])
    network = make_network(official)
    state = make_checkpoint(official, network)
    network.load_state_dict(state)  # as sampling does
    record_network(network, state)
    record_process(official)
    record_objective(official, network)
    record_sampling(official, network)
    record_timesteps(official)


if __name__ == "__main__":
    main()
