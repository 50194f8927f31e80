"""The recipes of the suites: complete, of one size, and the official code where they say so."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
import torch

from benchmark.api import UserError
from benchmark.experiment.configuration import fill
from benchmark.experiment.recipes import SystemRecipe
from benchmark.experiment.registry import load_system
from benchmark.experiment.suite import load_suite
from diffuseq.settings import (
    DiffuSeqConfig,
    DiffuSeqDecoding,
    DiffuSeqV2Config,
    DiffuSeqV2Decoding,
)
from diffuseq.system import DiffuSeqModule
from diffuseq.system_v2 import DiffuSeqV2Module

TYPES: dict[str, tuple[type, type]] = {
    "diffuseq": (DiffuSeqConfig, DiffuSeqDecoding),
    "diffuseq-v2": (DiffuSeqV2Config, DiffuSeqV2Decoding),
}


def recipe(suite: str, system: str) -> SystemRecipe:
    return load_suite(suite).systems[system]


def filled(suite: str, system: str) -> tuple[Any, Any]:
    config, decoding = TYPES[system]
    found = recipe(suite, system)
    return fill(config, found.config, "config"), fill(decoding, found.decoding, "decoding")


@pytest.mark.parametrize("system", TYPES)
def test_types_are_those_of_the_registry(system: str) -> None:
    found = load_system(system)
    assert (found.Config, found.Decoding) == TYPES[system]


@pytest.mark.parametrize("system", TYPES)
@pytest.mark.parametrize("suite", ["mini", "small", "paper"])
def test_recipes_are_understood(suite: str, system: str) -> None:
    config, decoding = filled(suite, system)
    assert config.embedding_dim and decoding.nfe


def test_paper_recipe_of_diffuseq_names_every_field_of_the_objective() -> None:
    named = recipe("paper", "diffuseq")
    assert set(named.config) == {field.name for field in fields(DiffuSeqConfig)}
    config, decoding = filled("paper", "diffuseq")
    assert config == DiffuSeqConfig(truncation="official")
    assert decoding == DiffuSeqDecoding()


def test_paper_recipe_of_diffuseq_v2_is_that_of_diffuseq_and_its_own() -> None:
    config, decoding = filled("paper", "diffuseq-v2")
    older, _ = filled("paper", "diffuseq")
    for field in fields(DiffuSeqConfig):
        assert getattr(config, field.name) == getattr(older, field.name), field.name
    assert (config.discrete_rate, config.absorbing_weight) == (0.5, 0.01)
    assert decoding == DiffuSeqV2Decoding(
        grid="official-uniform", centre="official", carry="prediction", clock="official"
    )
    assert recipe("paper", "diffuseq-v2").training == {
        "batch": 850, "micro_batch": 425, "keep": "last",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("suite", "size"), [("mini", 374_400), ("small", 786_000)])
def test_both_have_the_size_of_the_others(suite: str, size: int) -> None:
    for system, module in (("diffuseq", DiffuSeqModule), ("diffuseq-v2", DiffuSeqV2Module)):
        config, _ = filled(suite, system)
        lengths = [task.lengths for task in load_suite(suite).tasks.values() if task.default]
        for canvas in {x.source + x.target for x in lengths}:
            with torch.device("meta"):
                built = module(config, vocab_size=11, canvas=canvas)
            tables = sum(p.numel() for p in built.readout.parameters())
            count = sum(p.numel() for p in built.parameters()) - tables
            assert count == pytest.approx(size, rel=0.05), (suite, system, canvas)


def test_candidates_that_forget_their_noise_are_no_samples() -> None:
    drawn = DiffuSeqV2Decoding()
    assert drawn.kind == "samples"
    assert replace(drawn, carry="prediction").kind == "mode-seeking"
    assert replace(drawn, carry="prediction", temperature=0.0).kind == "single"
    assert replace(drawn, carry="prediction", solver="ddim").kind == "samples"


def test_noise_is_not_added_to_a_forgotten_state() -> None:
    with pytest.raises(UserError, match="carry prediction forgets the state"):
        DiffuSeqDecoding(solver="sde-dpm-solver++", carry="prediction")
    assert DiffuSeqDecoding(solver="dpm-solver++", carry="prediction", eta=0.5).eta == 0.5
