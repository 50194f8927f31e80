"""What training and sampling ask of a GPU: kernels, waits of the host, copies. None is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from device_counts import CUDA, DeviceCounts, fake_cuda, move

from benchmark.api import Example, Lengths, Resources, make_noise
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer
from benchmark.experiment.recipes import Budget, TrainingRecipe
from benchmark.training.trainer import Trainer
from diffuseq.system import DiffuSeq, DiffuSeqConfig, DiffuSeqDecoding

EXAMPLES = [
    Example(str(i), f"how do i learn {word} now", f"what is {word}", (f"what is {word}",))
    for i, word in enumerate(("python", "rust", "music", "spanish"))
]
LAYERS = 2


def build(**config: Any) -> DiffuSeq:
    texts = [text for e in EXAMPLES for text in (e.source, e.target)]
    sizes = {"embedding_dim": 8, "width": 16, "layers": LAYERS, "heads": 2, "ffn": 32}
    chosen = DiffuSeqConfig(**sizes, time_dim=8, diffusion_steps=20, dropout=0.1, **config)
    tokenizer = train_tokenizer(texts, TokenizerRecipe())
    return DiffuSeq.build(chosen, Resources(tokenizer, Lengths(9, 7)))


def of_a_step(**decoding: Any) -> dict[str, int]:
    """Counts of one more sampling step."""
    found = []
    for nfe in (4, 5):
        with fake_cuda() as counts:
            system = build()
            move(system.module)
            system.noise_of = lambda seed, ids, num, _: make_noise(seed, ids, num, CUDA)
            system.generate(
                [e.source for e in EXAMPLES],
                DiffuSeqDecoding(nfe=nfe, **decoding),
                num_samples=1,
                seed=1,
                ids=[e.id for e in EXAMPLES],
            )
        found.append(counts.totals())
    return {name: found[1][name] - found[0][name] for name in found[0]}


@pytest.mark.parametrize(
    "decoding",
    [{}, {"solver": "ddim", "eta": 1.0, "clamp": False}, {"noise_bound": 2.0}],
    ids=["ancestral", "ddim", "bounded"],
)
def test_a_sampling_step_waits_for_nothing_and_copies_nothing(decoding):
    counts = of_a_step(**decoding)
    assert counts["waits"] == counts["copies"] == 0
    assert 0 < counts["kernels"] <= 100


def test_a_forward_pass_of_training_waits_for_nothing_and_copies_its_keys_alone():
    with fake_cuda() as counts:
        system = build(timesteps="uniform")
        move(system.module)
        system.module.train()
        batch = {
            name: rows.to(CUDA) if isinstance(rows, torch.Tensor) else rows
            for name, rows in system.collate(EXAMPLES).items()
        }
        for counter in (counts.kernels, counts.waits, counts.copies):
            counter.clear()
        with torch.no_grad():
            system.loss(batch, make_noise(1, [e.id for e in EXAMPLES], 1, CUDA))
    assert counts.totals() | {"kernels": 0} == {"kernels": 0, "waits": 0, "copies": 1}
    assert counts.kernels["normal"] == 2 and counts.kernels["uniform"] == 1
    assert counts.kernels.total() <= 300


@pytest.mark.parametrize("timesteps", ["uniform", "loss-second-moment"])
def test_no_micro_batch_of_an_update_waits_for_the_device(timesteps, tmp_path: Path, monkeypatch):
    """On the CPU, where operators are the same; laying out a batch is the host's own work."""
    found = []
    for micro in (4, 2):
        system = build(timesteps=timesteps)
        recipe = TrainingRecipe(batch=4, micro_batch=micro)
        trainer = Trainer(
            system,
            EXAMPLES,
            [],
            recipe=recipe,
            budget=Budget(updates=2),
            seed=1,
            folder=tmp_path / str(micro),
        )
        laid = {len(part): system.collate(part) for part in (EXAMPLES, EXAMPLES[:2])}
        monkeypatch.setattr(system, "collate", lambda part, laid=laid: laid[len(part)])
        trainer._update(1e-3)
        with DeviceCounts("cpu") as counts:
            trainer._update(1e-3)
        found.append(counts.waits)
    assert found[0] == found[1]


def test_the_counter_sees_what_waits_and_what_copies():
    with fake_cuda() as counts:
        rows = torch.zeros(3, 4).to(CUDA)
        torch.tensor([1, 2], device=CUDA)
        int(rows.sum())
    assert counts.waits.total() == 3 and counts.copies.total() == 2
