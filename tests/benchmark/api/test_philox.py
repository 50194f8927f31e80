"""Philox: known answers, the golden numbers of earlier versions, and one kernel for a draw."""

from __future__ import annotations

import logging

import pytest
import torch

from benchmark.api import philox as numbers
from benchmark.api.philox import draw_normal, draw_uniform, philox

FULL = 0xFFFFFFFF

# Known answers of Philox4x32-10 as published with the Random123 library (kat_vectors).
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((FULL,) * 4, (FULL, FULL), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_philox_known_answers(counter, key, words):
    made = philox(tuple(map(torch.tensor, counter)), tuple(map(torch.tensor, key)))
    assert tuple(torch.stack(made, dim=-1).flatten().tolist()) == words
