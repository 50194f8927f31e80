"""A task with curves, worked out by hand: values a source are constant, so draws are exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from handmade import BLEU, Row, bleu, self_bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board

Setting = tuple[float, float]
"""Diversity and quality of a setting."""


def _move(part: Row, to: Setting) -> Row:
    diversity, quality = to
    return part | {"measures": {BLEU: {"expected": quality}, "self_bleu": {"set": 1 - diversity}}}


def swept_board(
    folder: Path,
    curves: Mapping[str, Sequence[Setting]],
    *,
    depths: Mapping[str, float] | None = None,
    yardsticks: Sequence[str] = (),
    single: Sequence[str] = (),
    uncounted: Sequence[str] = (),
    valid: Mapping[str, Sequence[Setting]] | None = None,
    sources: int = 12,
) -> Board:
    """Systems with a sweep each; the first setting is the main one.

    The text decides the number of calls of the `uncounted`. On the valid split everything is as on
    the test split, unless `valid` says what it is; systems that it does not name have none.
    """
    trials, values = [], {}
    for system, curve in curves.items():
        for number, (diversity, quality) in enumerate(curve):
            label = "main" if number == 0 else f"temperature={number}"
            line = trial(
                system,
                bleu(quality) | self_bleu(1 - diversity),
                family="yardstick" if system in yardsticks else "autoregressive",
                label=label,
                roles=("main", "sweep") if number == 0 else ("sweep",),
                knob_value=number,
                kind="single" if system in single else "samples",
                depth=(depths or {}).get(system, 10),
            )
            line["cost"]["rows"] = 1.0
            if system in uncounted:
                line["setting"]["nfe"] = None
            if valid is not None and system in valid:
                line["valid"] = _move(line["valid"], valid[system][number])
            elif valid is not None:
                line["valid"] = None
            trials.append(line)
            row = {BLEU: [quality, quality], "self_bleu": 1 - diversity}
            values[f"score-{system}-{label}-1"] = [row] * sources
    return Board(read_records(write_handmade(folder / "x", trials, values=values)))
