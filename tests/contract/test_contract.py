"""Every registered system keeps the contract of the generation interface."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest

from benchmark.registry import load_system, system_entries
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
    "transformer": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1},
        (
            {"method": "sample"},
            {"method": "sample", "temperature": 0.7, "top_p": 0.9},
            {"method": "greedy"},
            {"method": "beam", "beam": 4},
        ),
    ),
    "d3pm-absorbing": (
        {"dim": 16, "heads": 2, "ffn": 32, "encoder_layers": 1, "decoder_layers": 1},
        ({"nfe": 4}, {"nfe": 16, "temperature": 0.5}),
    ),
}  # fmt: skip
"""Id to small configuration and settings; a system that is not here runs with its defaults."""


def registered() -> list[str]:
    return list(system_entries())


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
