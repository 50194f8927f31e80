"""Time training and sampling beside the official code, at the size of the paper.

    python tests/parity/compare_speed.py CHECKOUT [--rows 8] [--repeats 5] [--only sampling]

Both start from the same weights (random: what a step costs does not depend on them) and take turns
in one process, with one thread; seconds are of the processor. Rows are pairs of the task
dialogue; the official code pads them to its canvas of 128 tokens.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from conftest import ARGUMENTS
from record import import_official, make_process

from benchmark.api import Example, make_noise
from benchmark.runtime.precision import calculating
from benchmark.tasks import load_task
from benchmark.timing.learners import Learner
from diffuseq.official import read_official
from diffuseq.system import DiffuSeq

CANVAS, DIM, WIDTH, LAYERS, HEADS, FFN, VOCABULARY = 128, 128, 768, 12, 12, 3072, 30522
STEPS = 2000
CALLS = 2
"""Sampling steps of a turn: the costs of all are alike."""
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
OFFICIAL = "official code, float32"


def import_beside_ours(checkout: str) -> SimpleNamespace:
    """The official package, whose name is ours too: ours gets it back."""
    ours = {name: sys.modules.pop(name) for name in list(sys.modules) if is_of_diffuseq(name)}
    path = list(sys.path)
    official = import_official(checkout)
    from diffuseq.utils import nn

    official.update_ema = nn.update_ema  # type: ignore[attr-defined]
    for name in filter(is_of_diffuseq, list(sys.modules)):
        del sys.modules[name]
    sys.modules.update(ours)
    sys.path[:] = path
    return official


def is_of_diffuseq(name: str) -> bool:
    """Whether a module is of a package of that name."""
    return name.split(".")[0] == "diffuseq"


def make_official_network(official: SimpleNamespace) -> torch.nn.Module:
    """The network of the paper, with attention as the libraries of its time computed it."""
    from transformers import BertConfig

    config = BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=FFN,
        attn_implementation="eager",
    )
    return official.network.TransformerNetModel(
        input_dims=DIM, output_dims=DIM, hidden_t_dim=128, config=config, vocab_size=VOCABULARY
    )


def read_as_ours(network: torch.nn.Module, words: list[str]) -> dict[str, DiffuSeq]:
    """`diffuseq` with the weights of the official network, by `fit`."""
    arguments = ARGUMENTS | {
        "diffusion_steps": STEPS,
        "schedule_sampler": "uniform",
        "seq_len": CANVAS,
    }
    filler = (f"##{number}" for number in range(VOCABULARY))
    vocabulary = [*SPECIAL, *words, *islice(filler, VOCABULARY - len(SPECIAL) - len(words))]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.save(network.state_dict(), folder / "ema_0.9999_000000.pt")
        (folder / "training_args.json").write_text(json.dumps(arguments))
        (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
        whole = read_official(folder / "ema_0.9999_000000.pt", heads=HEADS)
    row = DiffuSeq(replace(whole.config, fit="row", truncation="own-part"), whole.resources)
    row.module.load_state_dict(whole.module.state_dict())
    return {"whole": whole, "row": row}


def prepare_official_update(
    official: SimpleNamespace, network: torch.nn.Module, batch: Mapping[str, Any]
) -> Callable[[], object]:
    """An update as its `TrainLoop` makes it, but for its logs."""
    network = deepcopy(network).train()
    process = make_process(official, steps=STEPS)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4, weight_decay=0.0)
    averaged = [weight.detach().clone() for weight in network.parameters()]
    given = {"input_ids": batch["ids"], "input_mask": batch["is_target"].long()}
    wrapped = torch.nn.DataParallel(network)

    def update() -> None:
        optimiser.zero_grad()
        t = torch.randint(STEPS, (len(batch["ids"]),))
        losses = process.training_losses(wrapped, None, t, model_kwargs=dict(given))
        losses["loss"].mean().backward()
        optimiser.step()
        official.update_ema(averaged, network.parameters(), rate=0.9999)

    return update


def prepare_official_sampling(
    official: SimpleNamespace, network: torch.nn.Module, batch: Mapping[str, Any]
) -> Callable[[], object]:
    """`CALLS` steps of its sampling script, with its clamp."""
    process = make_process(official, steps=STEPS)
    network = deepcopy(network).eval().requires_grad_(False)
    table = torch.nn.Embedding(VOCABULARY, DIM, _weight=network.word_embedding.weight.clone())
    source = network.get_embeds(batch["ids"])
    is_target = batch["is_target"][..., None].expand_as(source)

    def sample() -> None:
        steps = process.p_sample_loop_progressive(
            network,
            source.shape,
            noise=torch.where(is_target, torch.randn_like(source), source),
            clip_denoised=False,
            denoised_fn=partial(official.rounding.denoised_fn_round, None, table),
            model_kwargs={},
            clamp_step=0,
            clamp_first=True,
            mask=is_target,
            x_start=source,
        )
        for _ in islice(steps, CALLS):
            pass

    return sample


def prepare_our_update(
    system: DiffuSeq, pairs: Sequence[Example], *, is_bf16: bool
) -> Callable[[], object]:
    """An update of the same parts: loss, gradient, AdamW, average."""
    learner = Learner(deepcopy(system), ema_decay=0.9999)
    noise = make_noise(1, [pair.id for pair in pairs])

    def update() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=is_bf16):
            learner.update(learner.system.collate(pairs), noise)

    return update


def prepare_our_sampling(
    system: DiffuSeq, pairs: Sequence[Example], *, is_bf16: bool
) -> Callable[[], object]:
    """`CALLS` steps of `generate`, from texts to texts."""
    decoding = system.Decoding(solver="ddim", eta=1.0, nfe=CALLS, clamp=True)
    sources, ids = [pair.source for pair in pairs], [pair.id for pair in pairs]

    def sample() -> None:
        with calculating(system.network, "bf16" if is_bf16 else "float32", "cpu"):
            system.generate(sources, decoding, num_samples=1, seed=1, ids=ids)

    return sample


def compare(sides: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of every turn by side; a first turn of each is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(repeats + 1):
        order = list(sides) if turn % 2 else list(sides)[::-1]
        for name in order:
            started = time.process_time()
            sides[name]()
            if turn:
                taken[name].append(time.process_time() - started)
    return taken


def print_table(title: str, taken: Mapping[str, Sequence[float]]) -> None:
    """A line for each side: median, range, and how many times as fast as the official code."""
    print(f"\n{title}\n\n| side | seconds | range | times |\n| :--- | ---: | ---: | ---: |")
    first = statistics.median(taken[OFFICIAL])
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
        print(f"| {name} | {median:.2f} | {spread} | {first / median:.2f} |", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("checkout", help="of the official code, commit f78945d")
    parser.add_argument("--rows", type=int, default=8, help="pairs of a batch (default: 8)")
    parser.add_argument("--repeats", type=int, default=5, help="turns that count (default: 5)")
    parser.add_argument("--only", choices=("training", "sampling"), help="one of the two")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    task = load_task("dialogue")
    pairs = task.test[: options.rows]
    words = sorted({word for example in task.train for word in example.source.split()})
    official = import_beside_ours(options.checkout)
    network = make_official_network(official)
    systems = read_as_ours(network, words)
    batch = systems["whole"].collate(pairs)
    settings = [(fit, is_bf16) for fit in systems for is_bf16 in (False, True)]
    for title, theirs, ours in (
        ("training", prepare_official_update, prepare_our_update),
        ("sampling", prepare_official_sampling, prepare_our_sampling),
    ):
        if options.only in (None, title):
            sides = {OFFICIAL: theirs(official, network, batch)}
            for fit, is_bf16 in settings:
                name = f"`fit: {fit}`, {'bf16' if is_bf16 else 'float32'}"
                sides[name] = ours(systems[fit], pairs, is_bf16=is_bf16)
            print_table(f"{title}, {options.rows} rows", compare(sides, options.repeats))


if __name__ == "__main__":
    main()
