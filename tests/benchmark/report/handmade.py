"""A records folder small enough to work out by hand: one task, every number given."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]

BLEU = "bleu_sent_m4"


def interval(value: float | None, half: float = 0.01) -> Row:
    if value is None:
        return {"value": None, "low": None, "high": None}
    return {"value": value, "low": value - half, "high": value + half}


def metric(statistics: Row, *, title: str, level: str = "candidate", **facts: Any) -> Row:
    defaults = {"direction": "higher", "unit": "", "range": [0, 1], "signature": f"{title}|v:1"}
    return {"title": title, "level": level, "statistics": statistics} | defaults | facts


def bleu(value: float | None, half: float = 0.01) -> Row:
    spread = {"expected": interval(value, half)}
    if value is not None:
        spread |= {"mbr": interval(value + 0.1, half), "oracle": interval(value + 0.2, half)}
    return {BLEU: metric(spread, title="BLEU (sent)")}


def self_bleu(value: float | None) -> Row:
    return {
        "self_bleu": metric(
            {"set": interval(value)}, title="self-BLEU", level="set", direction="lower"
        )
    }


def curved(
    by_utility: dict[str, Sequence[float]], *, name: str = BLEU, title: str = "BLEU (sent)"
) -> Row:
    """A metric with curves over numbers of candidates; the bound lies 0.1 above the first."""

    def curve(values: Sequence[float]) -> Row:
        return {
            "value": list(values),
            "low": [value - 0.01 for value in values],
            "high": [value + 0.01 for value in values],
        }

    first = next(iter(by_utility.values()))
    curves = {utility: curve(values) for utility, values in by_utility.items()}
    bound = {"mbr_curve": curves, "oracle_curve": curve([value + 0.1 for value in first])}
    return {name: metric({"expected": interval(first[0])}, title=title, **bound)}


def trial(
    system: str,
    metrics: Row | None,
    *,
    family: str = "autoregressive",
    seed: int = 1,
    label: str = "main",
    roles: Sequence[str] = ("main",),
    kind: str = "samples",
    knob_value: float | None = None,
    decoding: Row | None = None,
    depth: float = 10,
    task: str = "toy",
) -> Row:
    """A line of cells.jsonl; without metrics it is a trial that failed.

    On the valid split everything is as on the test split, and costs what `cost` of the line says.
    """
    name = f"{system}-{label}-{seed}"
    ok = metrics is not None
    cost = {"depth": depth, "seconds_per_candidate": 0.0125} if ok else None
    return {
        "task": task,
        "system": system,
        "family": family,
        "seed": seed,
        "status": "ok" if ok else "failed",
        "error": None if ok else "Traceback\nValueError: it broke & <fell>",
        "setting": {
            "label": label,
            "roles": list(roles),
            "knob": None if knob_value is None else "temperature",
            "knob_value": knob_value,
            "nfe": depth,
            "kind": kind,
            "decoding": decoding or {},
        },
        "keys": {
            "train": None,
            "generate": f"generate-{name}" if ok else None,
            "score": f"score-{name}" if ok else None,
        },
        "score": None
        if metrics is None
        else {
            "metrics": metrics,
            "num_sources": 2,
            "num_samples": 2,
            "mbr_utility": BLEU,
            "interval": {"method": "by hand", "level": 0.95, "resamples": 200, "seed": 0},
        },
        "cost": cost,
        "valid": {
            "generate": f"generate-{name}-valid",
            "score": f"score-{name}-valid",
            "num_sources": 4,
            "cost": cost,
            "measures": {
                metric: {name: of["value"] for name, of in entry["statistics"].items()}
                for metric, entry in metrics.items()
            },
        }
        if metrics is not None
        else None,
        "statuses": {"ok": 4} if ok else {},
        "training": None,
    }


def with_valid(line: Row, quality: float, seconds: float) -> Row:
    """The line with another quality and another time on the valid split."""
    line["valid"] = {
        "generate": "g", "score": "s", "num_sources": 4,
        "cost": {"depth": line["cost"]["depth"], "seconds_per_candidate": seconds},
        "measures": {BLEU: {"expected": quality}},
    }  # fmt: skip
    return line


def write_handmade(
    folder: Path, trials: Sequence[Row], *, values: dict[str, Sequence[Row]] | None = None
) -> Path:
    """Write `folder/records`; `values` maps score keys to the `metrics` of each source."""
    records = folder / "records"
    records.mkdir(parents=True)
    lines = "".join(json.dumps(line) + "\n" for line in trials)
    (records / "cells.jsonl").write_text(lines, encoding="utf-8")
    systems = {c["system"]: c["family"] for c in trials}
    run = {
        "run": "by-hand",
        "suite": "toy",
        "command": ["python", "-m", "benchmark.run", "--set", "a b=1"],
        "seeds": sorted({c["seed"] for c in trials}),
        "tasks": {
            task: {"title": task.title(), "kind": "jsonl", "counts": {"test": 2}}
            for task in dict.fromkeys(c["task"] for c in trials)
        },
        "systems": {
            name: {"family": family, "title": name, "nfe_knob": "steps"}
            for name, family in systems.items()
        },
    }
    (records / "run.json").write_text(json.dumps(run), encoding="utf-8")
    for line in trials:
        key, generated = line["keys"]["score"], line["keys"]["generate"]
        if key is None:
            continue
        rows = (values or {}).get(key, [{}, {}])
        _write(
            records / "values" / f"{key}.jsonl.gz",
            [{"id": f"s{i}", "mbr_index": 1, "metrics": row} for i, row in enumerate(rows)],
        )
        sample = {
            "source": "a <b> source",
            "references": ["the reference"],
            "candidates": [{"text": f"one of {line['system']}"}, {"text": "two"}],
        }
        _write(
            records / "samples" / f"{generated}.jsonl", [{"id": f"s{i}"} | sample for i in range(2)]
        )
    return folder


def _write(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(exist_ok=True)
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
