from __future__ import annotations

import pytest
import torch

from benchmark.api import Lengths
from benchmark.experiment.suite import load_suite
from benchmark.tasks import load_task
from benchmark.timing import mini_diffuseq as mini

TINY = {"width": 8, "layers": 1, "heads": 2, "ffn": 8, "diffusion_steps": 8}


@pytest.fixture(scope="module")
def task():
    return load_task("paraphrase", limits={"train": 40, "valid": 2, "test": 3})


def test_all_but_the_named_fields_are_those_of_suite_mini(task):
    system = mini.build_diffuseq(task, TINY, lengths=Lengths(20, 12))
    suites = load_suite("mini").systems["diffuseq"].config
    assert {name: getattr(system.config, name) for name in TINY} == TINY
    rest = {name: value for name, value in suites.items() if name not in TINY}
    assert rest and {name: getattr(system.config, name) for name in rest} == rest
    assert system.canvas.length == 32


def test_the_seed_decides_the_weights(task):
    one, same, other = (
        mini.build_diffuseq(task, TINY, seed=seed).module.readout.weight for seed in (0, 0, 1)
    )
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_training_moves_the_weights(task):
    system = mini.build_diffuseq(task, TINY)
    before = system.module.readout.weight.detach().clone()
    mini.train_diffuseq(system, task, updates=2)
    assert not torch.equal(before, system.module.readout.weight)
    texts = mini.write_texts(system, task.test, {"nfe": 8}, num_samples=2)
    assert {len(of_source) for of_source in texts} == {2}


def test_scores_are_by_source_and_mean_over_candidates(task):
    texts = [[example.references[0], "zzz"] for example in task.test]
    scores = mini.score_texts(task, task.test, texts)
    assert scores["validity"].tolist() == [0.5] * len(texts)
    assert scores["bleu_sent_m4"] == pytest.approx([0.5] * len(texts), abs=0.05)
