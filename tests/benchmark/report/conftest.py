from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parent / "figures"))

from handmade import bleu, cell, self_bleu, write_handmade
from synthetic import write_records

from benchmark.report.points import Board
from benchmark.report.records import read_records


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two systems that differ, one that does not, one that failed, and the copy."""
    return write_handmade(
        tmp_path / "toy",
        [
            cell("worse", bleu(0.30) | self_bleu(0.5), family="discrete diffusion"),
            cell("best", bleu(0.50) | self_bleu(0.4)),
            cell("near", bleu(0.485) | self_bleu(0.6)),
            cell("fixed", bleu(0.40) | self_bleu(0.9), family="edit", kind="single"),
            cell("broken", None, family="iterative"),
            cell("copy-source", bleu(0.55) | self_bleu(1.0), family="yardstick", kind="single"),
        ],
    )


@pytest.fixture
def board(folder) -> Board:
    return Board(read_records(folder))


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory) -> Path:
    """A realistic folder: one task, all systems, one of which failed."""
    return write_records(
        tmp_path_factory.mktemp("synthetic") / "toy",
        tasks=("dialogue",),
        sources=14,
        samples=4,
    )


@pytest.fixture(scope="session")
def realistic(synthetic) -> Board:
    return Board(read_records(synthetic))
