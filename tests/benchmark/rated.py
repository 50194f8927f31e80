"""A report with texts to judge, and a key whose items say whose they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from handmade import bleu, trial, write_handmade

from benchmark.human_evaluation.answers import Answer, Answers
from benchmark.human_evaluation.key import Item, Key
from benchmark.human_evaluation.questions import Question

SOURCES = 20


def write_samples(folder: Path, system: str, texts: list[str], *, sources: list[str]) -> None:
    """Replace what `write_handmade` wrote for a system."""
    rows = [
        {
            "id": f"s{number}",
            "source": source,
            "references": [f"gold {number}", "another"],
            "candidates": [{"text": text}, {"text": "not the first"}],
        }
        for number, (source, text) in enumerate(zip(sources, texts, strict=True))
    ]
    path = folder / "records" / "samples" / f"generate-{system}-main-1.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def make_report(folder: Path) -> Path:
    """Three systems, one of them without a finished trial, and a yardstick on 20 sources."""
    made = write_handmade(
        folder,
        [
            trial("first-model", bleu(0.3), family="discrete diffusion"),
            trial("second-model", bleu(0.4)),
            trial("broken-model", None, family="iterative"),
            trial("nearest-neighbour", bleu(0.2), family="yardstick"),
        ],
    )
    sources = [f"source {number}" for number in range(SOURCES)]
    for system, word in (
        ("first-model", "fst"),
        ("second-model", "snd"),
        ("nearest-neighbour", "n"),
    ):
        texts = [f"text {word} {number}" for number in range(SOURCES)]
        write_samples(made, system, texts, sources=sources)
    return made


def ratings_key(
    systems: dict[str, str], *, sources: int = 20, questions: tuple[str, ...] = ("good",)
) -> Key:
    """Every system on every source, no repeats: items `s0.NAME` and so on."""
    return Key(
        sheet="sheet",
        report="r",
        task="toy",
        title="Toy",
        design="ratings",
        seed=0,
        questions=tuple(Question(id=name, text=f"Is it {name}?") for name in questions),
        systems=systems,
        items=tuple(
            Item(id=f"s{n}.{system}", example=f"s{n}", owners=((system,),))
            for n in range(sources)
            for system in systems
        ),
    )


def answered(key, given):
    """Answers from (rater, item, value) on the only question."""
    items = {item.id: item for item in key.items}
    (question,) = key.questions
    made = [Answer(rater, items[name], question.id, value) for rater, name, value in given]
    raters = tuple(sorted({answer.rater for answer in made}))
    return Answers(tuple(made), raters, dict.fromkeys(raters, 0))


def rate(key, effects, *, seed, raters=3, spread=0.0, noise=0.7):
    """Raters of differing strictness who see the effects of systems and sources, with noise."""
    rng = np.random.default_rng(seed)
    of_source = rng.normal(0, 0.5, 1000)
    given = []
    for rater in range(raters):
        strict = rng.normal(0, 0.5)
        taste = {system: rng.normal(0, spread) for system in key.systems}
        for item in key.items:
            (system,) = item.owners[0]
            source = of_source[int(item.example[1:])]
            true = 3 + effects[system] + source + strict + taste[system]
            value = float(np.clip(np.round(true + rng.normal(0, noise)), 1, 5))
            given.append((f"r{rater}", item.id, value))
    return answered(key, given)
