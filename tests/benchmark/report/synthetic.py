"""A realistic records folder without a run: toy grammars, toy systems, real counting.

Each task has sources with a known set of valid targets; each system draws from a tempered
copy of that distribution and spoils a share of its draws that grows with the temperature.
So the curves have the shapes that real ones have, and the report can be looked at before
anything was trained: `python tests/benchmark/report/synthetic.py FOLDER`.
"""

import functools
import gzip
import hashlib
import itertools
import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.metrics.bleu_corpus import bleu_from_statistics

Row = dict[str, Any]


@dataclass(frozen=True)
class ToyTask:
    """Slots fill the source and the target templates; weights fall off like 1 / rank."""

    id: str
    title: str
    source: str
    targets: tuple[str, ...]
    slots: Mapping[str, tuple[str, ...]]


TASKS = (
    ToyTask(
        "paraphrase",
        "Paraphrase",
        "how do i {verb} my {noun} {time} ?",
        (
            "what is the best way to {verb} my {noun} {time} ?",
            "how can i {verb} my {noun} {time} ?",
            "which way should i {verb} my {noun} {time} ?",
            "how should one {verb} a {noun} {time} ?",
            "is there a good way to {verb} my {noun} {time} ?",
            "what do i need to {verb} my {noun} {time} ?",
            "can anyone tell me how to {verb} a {noun} {time} ?",
            "how could i {verb} the {noun} {time} ?",
        ),
        {
            "verb": ("repair", "sell", "clean", "paint"),
            "noun": ("old car", "bicycle", "garden fence"),
            "time": ("in winter", "at home", "quickly"),
        },
    ),
    ToyTask(
        "question-generation",
        "Question generation",
        "the {noun} was built by {who} in {year} .",
        (
            "who built the {noun} ?",
            "when was the {noun} built ?",
            "what was built by {who} in {year} ?",
            "in which year did {who} build the {noun} ?",
            "what did {who} build in {year} ?",
        ),
        {
            "noun": ("stone bridge", "lighthouse", "town hall", "harbour wall"),
            "who": ("the romans", "a monk", "two brothers"),
            "year": ("1203", "1650", "1891"),
        },
    ),
    ToyTask(
        "simplification",
        "Simplification",
        "the {noun} , which was {past} by the {who} , is located in the {place} .",
        (
            "the {noun} is in the {place} . the {who} {past} it .",
            "the {who} {past} the {noun} in the {place} .",
        ),
        {
            "noun": ("castle", "museum", "chapel", "mill"),
            "past": ("restored", "founded", "sold"),
            "who": ("council", "duke", "villagers"),
            "place": ("north", "old town", "valley"),
        },
    ),
    ToyTask(
        "dialogue",
        "Dialogue",
        "i went to the {place} with my {who} {time} .",
        tuple(
            f"{start} {end}"
            for start, end in itertools.product(
                ("oh nice ,", "really ?", "sounds fun !", "i see ,", "lucky you ,", "wow ,"),
                (
                    "how was the {place} ?",
                    "does your {who} like the {place} ?",
                    "i want to go there too .",
                    "what did you do {time} ?",
                ),
            )
        ),
        {
            "place": ("beach", "cinema", "lake", "market"),
            "who": ("sister", "friend", "class"),
            "time": ("yesterday", "last week", "on sunday"),
        },
    ),
)


@dataclass(frozen=True)
class ToySystem:
    """`skill`: share of valid draws at temperature 1; `bias`: how far its mode is off."""

    id: str
    family: str
    skill: float
    knob: str | None = None
    knob_values: tuple[float, ...] = ()
    nfe_knob: str | None = None
    nfes: tuple[int, ...] = ()
    depth: float = 10
    seconds: float = 2e-3
    kind: str = "samples"
    trainable: bool = True
    parameters: int | None = 1_200_000
    loss: tuple[float, float] = (6.0, 1.0)
    why_size: str = ""
    ablation: tuple[dict[str, Any], ...] = ()
    """Variants of the ablation `policies`, the first of which is the main setting."""


TEMPERATURES = (0.5, 0.7, 0.85, 1.0, 1.2, 1.5)
SYSTEMS = (
    ToySystem(
        "diffuseq", "continuous diffusion", 0.72, "clamp_temperature", (0.2, 0.5, 1.0, 1.5, 2.0),
        "steps", (2, 5, 10, 20, 50), depth=10, seconds=6e-3, loss=(2.4, 0.12),
    ),
    ToySystem(
        "d3pm-absorbing", "discrete diffusion", 0.86, "temperature", TEMPERATURES,
        "steps", (2, 4, 10, 20, 40), depth=20, seconds=4e-3, loss=(80.0, 9.0),
        ablation=({"policy": "ancestral"}, {"policy": "stratified"}, {"policy": "remask"}),
    ),
    ToySystem("transformer", "autoregressive", 0.95, "temperature", TEMPERATURES, depth=9.4),
    ToySystem(
        "gpt2", "autoregressive", 0.93, "temperature", TEMPERATURES, depth=9.6, seconds=3e-3,
        parameters=124_439_808, loss=(9.0, 0.8), why_size="the size that was published.",
    ),
    ToySystem("nat", "iterative", 0.45, kind="single", depth=1, seconds=3e-4),
    ToySystem(
        "cmlm", "iterative", 0.8, None, (), "iterations", (1, 2, 4, 8), depth=4, seconds=9e-4,
        kind="n-best",
    ),
    ToySystem("levenshtein", "edit", 0.7, kind="single", depth=3.7, seconds=1.2e-3),
    ToySystem("copy-source", "yardstick", 0, kind="single", depth=0, trainable=False,
              parameters=None, seconds=1e-6),
    ToySystem("nearest-neighbour", "yardstick", 0, kind="n-best", depth=0, trainable=False,
              parameters=None, seconds=2e-5),
    ToySystem("reference", "yardstick", 1, kind="n-best", depth=0, trainable=False,
              parameters=None, seconds=1e-6),
    ToySystem("oracle", "yardstick", 1, "temperature", (0.3, *TEMPERATURES), depth=0,
              trainable=False, parameters=None, seconds=1e-5),
)  # fmt: skip

MORE_SYSTEMS = (
    ToySystem(
        "diffuseq-v2", "continuous diffusion", 0.78, "temperature", TEMPERATURES, "steps",
        (2, 5, 10, 20), depth=10, seconds=5e-3,
    ),
    ToySystem(
        "d3pm-uniform", "discrete diffusion", 0.74, "temperature", TEMPERATURES, "steps",
        (2, 4, 10, 20), depth=20, seconds=4.2e-3,
    ),
    ToySystem(
        "mdlm", "discrete diffusion", 0.88, "temperature", TEMPERATURES, "steps", (2, 4, 10, 20),
        depth=20, seconds=3.9e-3,
    ),
    ToySystem(
        "rdm-absorbing", "discrete diffusion", 0.84, "temperature", TEMPERATURES, "steps",
        (2, 4, 10, 20), depth=10, seconds=2.5e-3,
    ),
    ToySystem(
        "rdm-multinomial", "discrete diffusion", 0.8, "temperature", TEMPERATURES, "steps",
        (2, 4, 10, 20), depth=10, seconds=2.6e-3,
    ),
    ToySystem("fairseq-transformer", "autoregressive", 0.94, kind="n-best", depth=9.2),
    ToySystem("fairseq-nat", "iterative", 0.44, kind="single", depth=1, seconds=5e-4),
    ToySystem("fairseq-cmlm", "iterative", 0.79, None, (), "iterations", (1, 2, 4, 8), depth=4,
              seconds=1.4e-3, kind="n-best"),
    ToySystem("fairseq-levenshtein", "edit", 0.68, kind="single", depth=3.9, seconds=2e-3),
)  # fmt: skip
"""What a run of all systems holds beside `SYSTEMS`."""

METRICS: dict[str, tuple[str, str, str, str, tuple[float, float | None]]] = {
    # id: title, level, direction, unit, range
    "bleu_sent_m4": ("BLEU (sent)", "candidate", "higher", "", (0, 1)),
    "bleu_corpus": ("BLEU (corpus)", "corpus", "higher", "", (0, 100)),
    "rouge_l": ("ROUGE-L", "candidate", "higher", "", (0, 1)),
    "dist_1": ("dist-1", "candidate", "higher", "", (0, 1)),
    "self_bleu": ("self-BLEU", "set", "lower", "", (0, 1)),
    "div_4": ("div-4", "set", "higher", "", (0, 1)),
    "length": ("length", "candidate", "none", "tokens", (0, None)),
    "copy_rate": ("copies", "candidate", "none", "", (0, 1)),
    "empty_rate": ("empty", "candidate", "lower", "", (0, 1)),
    "validity": ("validity", "candidate", "higher", "", (0, 1)),
    "coverage": ("coverage", "set", "higher", "", (0, 1)),
    "divergence": ("divergence", "set", "lower", "", (0, 1)),
}


def _key(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


def _rng(*parts: object) -> np.random.Generator:
    return np.random.default_rng(int(_key(*parts), 16))


@functools.cache
def _grams(text: str, n: int) -> Counter[tuple[str, ...]]:
    words = text.split()
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


@functools.cache
def _overlap(a: str, b: str, n: int) -> float:
    """F1 of n-grams: cheap, and moves as BLEU and ROUGE do."""
    left, right = _grams(a, n), _grams(b, n)
    total = left.total() + right.total()
    return 2 * (left & right).total() / total if total else 0.0


def _counts(text: str, references: Sequence[str]) -> list[int]:
    """The ten statistics of corpus BLEU: lengths, matches and totals of four orders."""
    nearest = min((len(r.split()) for r in references), key=lambda n: abs(n - len(text.split())))
    matches, totals = [], []
    for n in range(1, 5):
        most: Counter[tuple[str, ...]] = Counter()
        for reference in references:
            most |= _grams(reference, n)
        matches.append((_grams(text, n) & most).total())
        totals.append(_grams(text, n).total())
    return [len(text.split()), nearest, *matches, *totals]


def _spoil(text: str, rng: np.random.Generator) -> str:
    words = text.split()
    for _ in range(int(rng.integers(1, 3))):
        at = int(rng.integers(len(words)))
        kind = int(rng.integers(3))
        if kind == 0 and len(words) > 2:
            del words[at]
        elif kind == 1:
            words[at] = ("the", "was", "garden", "is", "who")[int(rng.integers(5))]
        else:
            words.insert(at, words[at])
    return " ".join(words)


@dataclass(frozen=True)
class Question:
    """A source with its valid targets and their probabilities."""

    id: str
    source: str
    targets: tuple[str, ...]
    probs: np.ndarray
    references: tuple[str, ...]


def questions(task: ToyTask, count: int) -> list[Question]:
    fillings = list(itertools.product(*task.slots.values()))
    _rng("order", task.id).shuffle(fillings)
    out = []
    for i in range(count):
        slots = dict(zip(task.slots, fillings[i % len(fillings)], strict=True))
        targets = tuple(t.format(**slots) for t in task.targets)
        weights = 1 / np.arange(1, len(targets) + 1) ** (2.5 if len(targets) == 2 else 0.8)
        rng = _rng("probs", task.id, i)
        probs = rng.permutation(weights / weights.sum())
        picks = rng.choice(len(targets), size=min(3, len(targets)), replace=False, p=probs)
        references = tuple(targets[int(j)] for j in picks)
        out.append(
            Question(f"{task.id}-{i:04d}", task.source.format(**slots), targets, probs, references)
        )
    return out


def candidates(
    system: ToySystem, question: Question, k: int, temperature: float, skill: float, seed: int
) -> list[str]:
    rng = _rng("draw", system.id, question.id, temperature, skill, seed)
    if system.id == "copy-source":
        return [question.source] * k
    if system.id == "reference":
        return [question.references[i % len(question.references)] for i in range(k)]
    if system.id == "nearest-neighbour":
        return [_spoil(question.targets[i % len(question.targets)], rng) for i in range(k)]
    probs = question.probs ** (1 / temperature)
    probs /= probs.sum()
    if system.kind == "single":
        probs, k_draws = question.probs, 1
    else:
        k_draws = k
    if system.kind == "n-best":
        order = np.argsort(-question.probs)
        picks = [int(order[i % len(order)]) for i in range(k_draws)]
    else:
        picks = [int(p) for p in rng.choice(len(probs), size=k_draws, p=probs)]
    invalid = min(0.98, (1 - skill) * temperature**2.2)
    texts = [question.targets[p] for p in picks]
    texts = [_spoil(t, rng) if rng.random() < invalid else t for t in texts]
    if system.id == "diffuseq" and rng.random() < 0.01:
        texts[0] = ""
    return (texts * k)[:k]


def values(question: Question, texts: Sequence[str]) -> Row:
    """Per-example values of every toy metric."""
    bleu = [max(_overlap(t, r, 2) for r in question.references) * 0.9 for t in texts]
    rouge = [max(_overlap(t, r, 1) for r in question.references) for t in texts]
    mass = dict(zip(question.targets, question.probs, strict=True))
    pairs = [_overlap(a, b, 2) for a, b in itertools.permutations(texts, 2)] or [math.nan]
    grams = [g for t in texts for g in _grams(t, 4).elements()]
    shares = Counter(texts)
    drawn = {t: n / len(texts) for t, n in shares.items()}
    gaps = [drawn.get(t, 0.0) - mass.get(t, 0.0) for t in {*drawn, *mass}]
    norms = sum(q * q for q in drawn.values()) + sum(p * p for p in mass.values())
    divergence = sum(gap * gap for gap in gaps) / norms
    return {
        "bleu_sent_m4": bleu,
        "bleu_corpus": [_counts(t, question.references) for t in texts],
        "rouge_l": rouge,
        "validity": [float(t in mass) for t in texts],
        "coverage": float(sum(mass.get(t, 0.0) for t in shares)),
        "divergence": divergence,
        "dist_1": [len(set(t.split())) / max(1, len(t.split())) for t in texts],
        "self_bleu": float(np.mean(pairs)),
        "div_4": len(set(grams)) / len(grams) if grams else math.nan,
        "length": [float(len(t.split())) for t in texts],
        "copy_rate": [float(t == question.source) for t in texts],
        "empty_rate": [float(not t) for t in texts],
    }


def _interval(per_source: np.ndarray) -> Row:
    if np.isnan(per_source).all():
        return {"value": None, "low": None, "high": None}
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(per_source), (200, len(per_source)))
    means = np.nanmean(per_source[picks], axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return {
        "value": float(np.nanmean(per_source)),
        "low": float(low),
        "high": float(high),
    }


def _around(value: float) -> Row:
    return {"value": float(value), "low": float(value) - 2, "high": float(value) + 2}


def score(rows: Sequence[Row], k: int, metrics: Iterable[str]) -> Row:
    """The score record of per-example rows."""
    out: Row = {}
    for name in metrics:
        title, level, direction, unit, span = METRICS[name]
        statistics: Row
        table = np.array([r["metrics"][name] for r in rows], dtype=float)
        chosen = [r["mbr_index"] for r in rows]
        if level == "set":
            statistics = {"set": _interval(table)}
        elif level == "corpus":
            picked = table[np.arange(len(rows)), chosen]
            statistics = {
                "expected": _around(bleu_from_statistics(table.sum(axis=0)).mean()),
                "mbr": _around(bleu_from_statistics(picked.sum(axis=0))),
            }
        else:
            best = np.max if direction == "higher" else np.min
            statistics = {
                "expected": _interval(table.mean(axis=1)),
                "mbr": _interval(table[np.arange(len(rows)), chosen]),
                "oracle": _interval(best(table, axis=1)),
            }
        out[name] = {
            "signature": f"{name}|case:mixed|tok:toy|version:1",
            "title": title,
            "level": level,
            "direction": direction,
            "unit": unit,
            "range": list(span),
            "statistics": statistics,
        }
    return {
        "metrics": out,
        "num_sources": len(rows),
        "num_samples": k,
        "mbr_utility": "bleu_sent_m4",
        "interval": {
            "method": "percentile bootstrap over sources",
            "level": 0.95,
            "resamples": 200,
            "seed": 0,
        },
    }


def _settings(system: ToySystem) -> list[Row]:
    """Main, sweep and NFE settings of a system, each once."""
    out: dict[str, Row] = {}

    def add(label: str, role: str, knob_value: float | None, nfe: int | None) -> None:
        entry = out.setdefault(
            label,
            {
                "label": label,
                "roles": [],
                "knob": system.knob,
                "knob_value": knob_value,
                "nfe": nfe,
                "kind": system.kind,
                "decoding": {"nfe": nfe, system.knob or "seedless": knob_value},
            },
        )
        entry["roles"].append(role)

    main_nfe = int(system.depth) if system.nfe_knob else None
    if system.knob is None:
        add("default" if main_nfe is None else f"{system.nfe_knob}={main_nfe}", "main", None,
            main_nfe)  # fmt: skip
    else:
        add(f"{system.knob}=1.0", "main", 1.0, main_nfe)
    for value in system.knob_values:
        add(f"{system.knob}={value}", "sweep", value, main_nfe)
    for nfe in system.nfes:
        at_main = nfe == main_nfe
        label = next(iter(out)) if at_main else f"{system.nfe_knob}={nfe}"
        add(label, "nfe", 1.0 if system.knob else None, nfe)
    main = next(iter(out.values()))
    for number, changes in enumerate(system.ablation):
        label = ", ".join(f"{name}={value}" for name, value in changes.items())
        entry = main
        if number:
            entry = main | {"label": label, "roles": []}
            out[label] = entry
        entry["roles"].append("ablation")
        entry["decoding"] = entry["decoding"] | changes
        entry["ablations"] = ["policies"]
    return list(out.values())


def _events(system: ToySystem, task: str, seed: int) -> list[Row]:
    rng = _rng("events", system.id, task, seed)
    start, end = system.loss
    out: list[Row] = []
    for update in range(20, 1501, 20):
        loss = end + (start - end) * math.exp(-update / 300)
        noisy = loss * float(rng.normal(1, 0.04))
        out.append({"update": update, "kind": "train", "loss": noisy, "terms": {"total": noisy},
                    "lr": 1e-3, "tokens": update * 640, "seconds": update * 0.03})  # fmt: skip
        if update % 250 == 0:
            quality = 0.6 * system.skill * (1 - math.exp(-update / 500))
            measured = {"bleu_sent_m4": quality, "validity": quality * 1.5}
            out.append({"update": update, "kind": "valid", "loss": loss * 1.03,
                        "quality": measured})  # fmt: skip
    return out


def _write_lines(path: Path, rows: Iterable[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode(), mtime=0))
    else:
        path.write_text(text, encoding="utf-8")


NOTES = {
    "duplicates": 12,
    "duplicates_normalised": 14,
    "copies": {"train": 0, "valid": 0, "test": 0},
    "copies_normalised": {"train": 0, "valid": 0, "test": 0},
    "overlaps": {
        "train/test": {
            "of": 60, "pairs": 0, "pairs_normalised": 0, "swapped": 0, "sources": 3,
            "sources_normalised": 3, "sources_on_either_side": 3,
        }
    },
    "missing": [],
    "available": {"train": 12000, "valid": 200, "test": 60},
    "limited": {"train": 6000},
    "ignored_keys": {},
    "empty_references": {},
    "unread_files": [],
}  # fmt: skip

CARD = """# {title}

A toy grammar with **known answers**: `{count}` valid targets a source.

- licence: same as the code
- leakage: none by construction

| split | examples |
| --- | --- |
| train | 6000 |
| test | {test} |
"""


def write_records(
    folder: Path,
    *,
    tasks: Sequence[str] = tuple(t.id for t in TASKS),
    systems: Sequence[str] = tuple(s.id for s in SYSTEMS),
    sources: int = 60,
    samples: int = 6,
    seeds: Sequence[int] = (0,),
    failed: Sequence[tuple[str, str]] = (("dialogue", "levenshtein"),),
    metrics: Sequence[str] = tuple(METRICS),
) -> Path:
    """Write `folder/records`; returns `folder`.

    `failed` holds (task, system) pairs whose cells failed; `metrics` the metrics that the
    score records and the per-example rows hold.
    """
    records = folder / "records"
    chosen = [s for s in (*SYSTEMS, *MORE_SYSTEMS) if s.id in systems]
    trials: list[Row] = []
    toy_tasks = [t for t in TASKS if t.id in tasks]
    for task in toy_tasks:
        asked = questions(task, sources)
        for system, seed in itertools.product(chosen, seeds):
            train_key = _key("train", task.id, system.id, seed) if system.trainable else None
            broken = (task.id, system.id) in failed
            if train_key and not broken:
                _write_lines(
                    records / "events" / f"{train_key}.jsonl", _events(system, task.id, seed)
                )
            for setting in _settings(system):
                trial: Row = {
                    "task": task.id, "system": system.id, "family": system.family, "seed": seed,
                    "status": "failed" if broken else "ok", "error": None, "setting": setting,
                }  # fmt: skip
                if broken:
                    trial |= {
                        "error": 'Traceback (most recent call last):\n  File "edit.py", line 12\n'
                        "ValueError: loss is not finite at update 40 <deletion head>",
                        "keys": {"train": train_key, "generate": None, "score": None},
                        "score": None, "cost": None, "statuses": None, "training": None,
                    }  # fmt: skip
                    trials.append(trial)
                    continue
                label = setting["label"]
                generate_key = _key("generate", train_key, task.id, system.id, label, seed)
                score_key = _key("score", generate_key)
                nfe = setting["nfe"] or system.depth
                skill = system.skill
                if system.nfe_knob:
                    skill *= 1 - 0.7 * math.exp(-1.2 * nfe / system.depth * 2)
                if task.id == "dialogue" and system.trainable:
                    skill *= 0.93
                texts = [
                    candidates(system, q, samples, setting["knob_value"] or 1.0, skill, seed)
                    for q in asked
                ]
                rows = []
                for q, ts in zip(asked, texts, strict=True):
                    found = values(q, ts)
                    mbr = int(np.argmax([sum(_overlap(a, b, 2) for b in ts) for a in ts]))
                    kept = {m: found[m] for m in metrics}
                    rows.append({"id": q.id, "mbr_index": mbr, "metrics": kept})
                _write_lines(records / "values" / f"{score_key}.jsonl.gz", rows)
                _write_lines(
                    records / "samples" / f"{generate_key}.jsonl",
                    (
                        {
                            "id": q.id, "source": q.source, "references": list(q.references),
                            "candidates": [
                                {"text": t, "status": "ok" if t else "empty", "logprob": None}
                                for t in ts
                            ],
                        }
                        for q, ts in list(zip(asked, texts, strict=True))[:20]
                    ),
                )  # fmt: skip
                each = system.seconds * (nfe / system.depth if system.depth else 1)
                total = each * sources * samples
                empty = sum(not t for ts in texts for t in ts)
                parameters = (
                    {"total": system.parameters, "embedding": 64_000} if system.parameters else None
                )
                trial |= {
                    "keys": {"train": train_key, "generate": generate_key, "score": score_key},
                    "score": score(rows, samples, metrics),
                    "cost": {"depth": nfe, "rows": nfe, "tokens": nfe * 20,
                             "network_s": total * 0.8, "wall_s": total, "peak_bytes": 400_000_000,
                             "seconds_per_candidate": each},
                    "statuses": {"ok": sources * samples - empty, "empty": empty},
                    "training": {"updates": 1500, "tokens": 960_000, "seconds": 45.0,
                                 "ended_by": "updates", "final_loss": system.loss[1],
                                 "valid_loss": system.loss[1] * 1.03, "parameters": parameters,
                                 "batch": 64} if train_key else None,
                }  # fmt: skip
                trials.append(trial)
    _write_lines(records / "cells.jsonl", trials)
    run = {
        "run": folder.name,
        "suite": "mini",
        "suite_yaml": "name: mini\nbudget:\n  updates: 1500\nnum_samples: 6\n",
        "command": ["python", "-m", "benchmark.run", "--task", "all"],
        "created": "2026-01-02T03:04:05+00:00",
        "machine": {"cpu": "Toy CPU @ 2.4 GHz", "cores": 2, "memory_bytes": 8_589_934_592,
                    "gpu": None, "platform": "Linux-6.1-x86_64"},
        "versions": {"python": "3.11.9", "torch": "2.13.0", "sacrebleu": "2.6.0"},
        "code": {"commit": "0123456789abcdef0123456789abcdef01234567", "dirty": False,
                 "version": "0.1.0"},
        "seeds": list(seeds),
        "tasks": {
            t.id: {
                "title": t.title, "kind": "controlled", "digest": _key("digest", t.id) * 4,
                "counts": {"train": 6000, "valid": 200, "test": sources},
                "notes": NOTES,
                "card": CARD.format(title=t.title, count=len(t.targets), test=sources),
            }
            for t in toy_tasks
        },
        "systems": {
            s.id: {
                "family": s.family, "title": s.id, "knob": s.knob, "nfe_knob": s.nfe_knob,
                "trainable": s.trainable, "from_scratch": s.trainable, "why_size": s.why_size,
                "parameters": {"total": s.parameters, "embedding": 64_000}
                if s.parameters else None,
            }
            for s in chosen
        },
    }  # fmt: skip
    (records / "run.json").write_text(json.dumps(run, indent=1), encoding="utf-8")
    return folder


if __name__ == "__main__":
    write_records(Path(sys.argv[1]), systems=[s.id for s in (*SYSTEMS, *MORE_SYSTEMS)])
