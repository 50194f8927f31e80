"""Records of control tasks without a run: every candidate is an attempt of known success.

Attributes are asked for one to four at once, as many examples each. A system succeeds at a share of
its attempts that falls with their number, and breaks a share of its sentences.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.api import Control

Row = dict[str, Any]

ATTRIBUTES = {"sentiment": "positive", "tense": "past", "food": "soup", "length": "short"}
SAMPLES = 4


@dataclass(frozen=True)
class Attempt:
    """A setting of a system; shares of candidates."""

    system: str
    success: float
    """Per attribute."""
    sentence: float = 1.0
    kept: float = 0.5
    family: str = "yardstick"
    label: str = "main"
    roles: tuple[str, ...] = ("main",)
    strength: float | None = None
    labels: int | None = None
    alone: bool = False
    """Whether it learnt from labelled texts and no others."""
    kind: str = "samples"


SWEPT = ("sweep",)
GUIDED: Row = {"family": "latent", "labels": 200}
ATTEMPTS = (
    Attempt("latentops", 0.9, 0.8, 0.5, strength=5.0, **GUIDED),
    Attempt("latentops", 0.3, 0.8, 0.9, strength=0.0, label="strength=0", roles=SWEPT, **GUIDED),
    Attempt("latentops", 0.7, 0.8, 0.7, strength=1.0, label="strength=1", roles=SWEPT, **GUIDED),
    Attempt("latentops", 0.6, 0.8, 0.5, label="labels=50", roles=("labels",), strength=5.0,
            family="latent", labels=50),
    Attempt("latentops", 0.95, 0.8, 0.5, label="labels=1000", roles=("labels",), strength=5.0,
            family="latent", labels=1000),
    Attempt("transformer", 0.4, 0.9, 0.3, family="autoregressive", labels=200),
    Attempt("transformer", 0.95, 0.9, 0.3, family="autoregressive", label="labels=1000",
            roles=("labels",), labels=1000),
    Attempt("bayes", 0.95, labels=200),
    Attempt("bayes", 0.8, label="labels=50", roles=("labels",), labels=50),
    Attempt("copy-source", 0.0, 1.0, 1.0, kind="single"),
    Attempt("oracle", 1.0, 1.0, 1.0),
    Attempt("transformer", 0.1, 0.9, 0.3, family="autoregressive", label="labels=200-alone",
            roles=("labels",), labels=200, alone=True),
)  # fmt: skip


def write_controlled(
    folder: Path,
    *,
    edits: bool,
    sources: int = 40,
    seeds: tuple[int, ...] = (1,),
    ceilings: Mapping[str, float] | None = None,
    attempts: Sequence[Attempt] = ATTEMPTS,
    kept: str = "kept",
) -> Path:
    """Write `folder/records` of the task `toy`; with `edits` it has texts to be edited.

    `ceilings` are those of a judge that is not always right, by attribute; `kept` is the metric
    that says what an edit leaves as it is.
    """
    asked = [_ask(number, edits=edits) for number in range(sources)]
    trials = []
    for number, attempt in enumerate(attempts):
        if not edits and attempt.system == "copy-source":
            continue
        for seed in seeds:
            key = f"{attempt.system}-{attempt.label}-{seed}"
            rng = np.random.default_rng([number, seed])
            rows = [_attempt(attempt, wanted, rng, kept if edits else "") for _, wanted in asked]
            _write_rows(folder / "records" / "values" / f"score-{key}.jsonl.gz", rows)
            texts = [{"text": f"text {k} of {attempt.system}"} for k in range(SAMPLES)]
            samples: list[Row] = [
                {"source": source, "references": ["the reference"], "candidates": texts}
                for source, _ in asked
            ]
            _write_rows(folder / "records" / "samples" / f"generate-{key}.jsonl", samples[:20])
            trials.append(_trial(attempt, seed, key, rows, ceilings or {}))
    _write_rows(folder / "records" / "cells.jsonl", trials)
    systems = {
        attempt.system: {
            "family": attempt.family, "title": attempt.system,
            "knob": "strength" if attempt.system == "latentops" else None,
            "control": "guided" if attempt.system == "latentops" else "conditional",
            "trainable": attempt.labels is not None,
        }
        for attempt in attempts
    }  # fmt: skip
    title = "Toy edits" if edits else "Toy control"
    judge = [f"Judge of {name}: right on {of:.1%}." for name, of in (ceilings or {}).items()]
    task: Row = {"title": title, "kind": "control", "counts": {"test": sources}}
    run = {
        "run": folder.name, "suite": "toy", "seeds": list(seeds), "systems": systems,
        "tasks": {"toy": task | {"notes": {"judge": judge}}},
    }  # fmt: skip
    (folder / "records" / "run.json").write_text(json.dumps(run), encoding="utf-8")
    return folder


def _ask(number: int, *, edits: bool) -> tuple[str, tuple[str, ...]]:
    """The control line of an example, and the attributes that it names: one more each time."""
    names = tuple(ATTRIBUTES)[: number % 4 + 1]
    text = f"text {number} to be edited" if edits else None
    return str(Control({name: ATTRIBUTES[name] for name in names}, text)), names


def _attempt(attempt: Attempt, wanted: tuple[str, ...], rng: np.random.Generator, kept: str) -> Row:
    """The values of an example; without `kept` it asks for no edit."""
    sentence = rng.random(SAMPLES) < attempt.sentence
    hits = {name: sentence & (rng.random(SAMPLES) < attempt.success) for name in wanted}
    success = np.logical_and.reduce(list(hits.values()))
    metrics: Row = {
        "control": success.astype(float).tolist(),
        "sentence": sentence.astype(float).tolist(),
        "control_if_sentence": np.stack([success, sentence], axis=1).astype(int).tolist(),
        "bleu_sent_m4": [0.5] * SAMPLES,
        "self_bleu": 0.4,
    }
    for name in ATTRIBUTES:
        of_name = hits.get(name)
        hit = [None] * SAMPLES if of_name is None else of_name.astype(float).tolist()
        metrics[f"control:attribute={name}"] = hit
    if kept:
        metrics[kept] = (rng.random(SAMPLES) < attempt.kept).astype(float).tolist()
    else:
        metrics["feature_divergence"] = 1 - attempt.success
        metrics["feature_divergence:of=tense"] = 0.5 * (1 - attempt.success)
    return {"mbr_index": 0, "metrics": metrics, "wanted": list(wanted)}


def known_success(folder: Path, key: str, metric: str = "control") -> dict[int, float]:
    """A mean by number of attributes, counted in the file of values."""
    path = folder / "records" / "values" / f"score-{key}.jsonl.gz"
    found: dict[int, list[float]] = {}
    for line in gzip.decompress(path.read_bytes()).splitlines():
        row = json.loads(line)
        found.setdefault(len(row["wanted"]), []).extend(row["metrics"][metric])
    return {number: sum(values) / len(values) for number, values in sorted(found.items())}


def _trial(
    attempt: Attempt, seed: int, key: str, rows: list[Row], ceilings: Mapping[str, float]
) -> Row:
    return {
        "task": "toy", "system": attempt.system, "family": attempt.family, "seed": seed,
        "status": "ok",
        "setting": {
            "label": attempt.label, "roles": list(attempt.roles),
            "knob": None if attempt.strength is None else "strength",
            "knob_value": attempt.strength, "kind": attempt.kind,
            "decoding": {"strength": attempt.strength},
        },
        "keys": {"train": None, "generate": f"generate-{key}", "score": f"score-{key}"},
        "score": {
            "metrics": {name: _metric(name, rows, ceilings) for name in rows[0]["metrics"]},
            "num_sources": len(rows), "num_samples": SAMPLES, "mbr_utility": "bleu_sent_m4",
            "interval": {"method": "by hand", "level": 0.95, "resamples": 200, "seed": 0},
        },
        "cost": {"depth": 10, "seconds_per_candidate": 0.001 * (1 + (attempt.strength or 0))},
        "statuses": {"ok": len(rows)},
        "labels": attempt.labels, "labels_alone": attempt.alone,
    }  # fmt: skip


def _metric(name: str, rows: list[Row], ceilings: Mapping[str, float]) -> Row:
    table = np.array([row["metrics"][name] for row in rows], dtype=float)
    level: str = "candidate"
    value: float | None = None
    if name == "control_if_sentence":
        level, value = "corpus", float(table[..., 0].sum() / table[..., 1].sum())
    else:
        level = "set" if table.ndim == 1 else "candidate"
        defined = table[~np.isnan(table)]
        value = float(defined.mean()) if defined.size else None
    statistic = "set" if level == "set" else "expected"
    interval: Row = {"value": value}
    if value is not None:
        interval |= {"low": max(0.0, value - 0.03), "high": min(1.0, value + 0.03)}
    lower = name.startswith(("feature_divergence", "self_bleu"))
    title, _, attribute = name.partition(":attribute=")
    named = [f"{n}={share:.3f}" for n, share in ceilings.items() if attribute in ("", n)]
    ceiling = f"|ceiling:{','.join(named)}" if title == "control" and named else ""
    return {
        "title": title.partition(":")[0], "level": level, "range": [0, 1],
        "direction": "lower" if lower else "higher", "signature": f"{name}|version:1{ceiling}",
        "statistics": {statistic: interval},
    }  # fmt: skip


def _write_rows(path: Path, rows: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    named: list[Mapping[str, Any]] = [{"id": f"s{at}"} | row for at, row in enumerate(rows)]
    data = "".join(json.dumps(row) + "\n" for row in named).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
