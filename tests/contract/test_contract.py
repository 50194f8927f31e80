"""Every registered system keeps the contract of the generation interface."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest

from benchmark.experiment.registry import load_system, system_entries
from benchmark.testing import CHECKS, Subject

TINY: dict[str, tuple[dict[str, Any], tuple[dict[str, Any], ...]]] = {
    "diffuseq": (
        {"embedding_dim": 8, "width": 16, "layers": 1, "heads": 2, "ffn": 32, "time_dim": 8,
         "diffusion_steps": 50},
        (
            {"solver": "ddim", "nfe": 5},
            {"solver": "dpm-solver++", "nfe": 4, "clamp": False},
            {"solver": "ancestral", "nfe": 50},
        ),
    ),
    "diffuseq-v2": (
        {"embedding_dim": 8, "width": 16, "layers": 1, "heads": 2, "ffn": 32, "time_dim": 8,
         "diffusion_steps": 50},
        (
            {"nfe": 5},
            {"nfe": 4, "centre": "official", "carry": "prediction", "clock": "official",
             "grid": "official-uniform"},
            {"solver": "ancestral", "nfe": 5, "temperature": 0.7},
            {"solver": "ddim", "eta": 1.0, "nfe": 4, "temperature": 0.0},
        ),
    ),
    "diffusion-lm": (
        {"embedding_dim": 8, "width": 16, "layers": 1, "heads": 2, "ffn": 32, "time_dim": 8,
         "diffusion_steps": 50},
        (
            {"nfe": 5},
            {"nfe": 4, "guide": "adagrad", "edit_from": 0.8, "clamp": False},
            {"solver": "ancestral", "nfe": 5, "guide": "gradient", "strength": 5.0},
        ),
    ),
    "diffuseq-cfg": (
        {"embedding_dim": 8, "width": 16, "layers": 1, "heads": 2, "ffn": 32, "time_dim": 8,
         "diffusion_steps": 50, "source_dropout": 0.5},
        (
            {"solver": "ddim", "nfe": 8, "guidance_scale": 1.5},
            {"solver": "ddim", "eta": 1.0, "nfe": 5},
            {"solver": "dpm-solver++", "nfe": 6, "clamp": False, "guidance_scale": 3.0},
        ),
    ),
    "transformer": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1},
        (
            {"method": "sample"},
            {"method": "sample", "temperature": 0.7, "top_p": 0.9},
            {"method": "greedy"},
            {"method": "beam", "beam": 4},
            {"method": "diverse-beam", "beam": 4, "groups": 2, "diversity": 0.8},
        ),
    ),
    "gpt2": (
        {"dim": 16, "layers": 2, "heads": 2, "ffn": 32},
        (
            {"method": "sample"},
            {"method": "sample", "temperature": 0.7, "top_p": 0.9},
            {"method": "greedy"},
            {"method": "beam", "beam": 4},
            {"method": "diverse-beam", "beam": 4, "groups": 2, "diversity": 0.8},
        ),
    ),
    "fudge": (
        {"dim": 16, "layers": 2, "heads": 2, "ffn": 32},
        ({"strength": 3.0, "top_k": 20}, {"strength": 0.0}, {"temperature": 0.0}),
    ),
    "d3pm-absorbing": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1},
        (
            {"nfe": 4},
            {"nfe": 16, "temperature": 0.5},
            {"nfe": 5, "policy": "stratified"},
            {"nfe": 5, "policy": "remdm"},
            {"nfe": None, "policy": "confidence", "threshold": 0.2},
        ),
    ),
    "nat": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1},
        ({}, {"temperature": 0.0}, {"temperature": 0.0, "length_beam": 4},),
    ),
    "cmlm": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1},
        ({"nfe": 4}, {"temperature": 0.0, "length_beam": 3}, {"nfe": 3, "policy": "ancestral"},),
    ),
    "levenshtein": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1, "beta": 0.5,
         "deletion_roll_in": "sample", "roll_ins": 2},
        (
            {"max_iter": 4},
            {"max_iter": 6, "temperature": 1.0, "eos_penalty": 1.0},
            {"temperature": 0.7},
        ),
    ),
    "d3pm-uniform": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1,
         "timesteps": 20},
        ({"nfe": 4}, {"nfe": 5, "temperature": 0.0},),
    ),
    "mdlm": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1},
        ({"nfe": 4},),
    ),
    "rdm-absorbing": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1},
        ({"nfe": 4}, {"nfe": 5, "routing_noise": 5.0},),
    ),
    "rdm-multinomial": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1},
        ({"nfe": 4},),
    ),
    "della": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 2, "decoder_layers": 2, "latent": 4},
        ({}, {"strength": 0.0, "temperature": 0.7},),
    ),
    "cvae": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 2, "decoder_layers": 2, "latent": 4,
         "share": False},
        ({}, {"spread": 0.5, "temperature": 0.7},),
    ),
    "fairseq-transformer": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1},
        (
            {"method": "sample"},
            {"method": "sample", "temperature": 0.7, "top_p": 0.9},
            {"method": "sample", "top_k": 5},
            {"method": "greedy"},
            {"method": "beam", "beam": 4},
            {"method": "diverse-beam", "beam": 4, "groups": 2},
        ),
    ),
    "fairseq-nat": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1,
         "copy_source": True},
        ({}, {"beam": 4}),
    ),
    "fairseq-cmlm": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1,
         "positions": "learned", "length_offset": True},
        ({"nfe": 4}, {"nfe": 2, "beam": 3}),
    ),
    "fairseq-levenshtein": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1,
         "positions": "learned"},
        ({"rounds": 3},),
    ),
}  # fmt: skip
"""Id to small configuration and settings; a system that is not here runs with its defaults."""


QUICK = ("diffuseq", "copy-source")
"""The reference and a yardstick; all of them together are slow."""


def registered() -> list[Any]:
    slow = pytest.mark.slow
    return [pytest.param(i, marks=() if i in QUICK else slow) for i in system_entries()]


@lru_cache(maxsize=4)
def subject(system: str) -> Subject:
    config, decodings = TINY.get(system, ({}, ({},)))
    return Subject.of(load_system(system), config=config, decodings=decodings)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize("system", registered())
def test_contract(system: str, check: Any) -> None:
    entry = system_entries()[system]
    if not entry.available:
        pytest.skip(f"{system} needs {', '.join(entry.requires)}: {entry.install}")
    check(subject(system))
