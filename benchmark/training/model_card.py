"""The card of a trained system: `README.md` in its folder, so that a copy says what it is.

Beside it lies `diffuseq_bench.json` with the same facts for programs, from which the card is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.api.checkpoint import IDENTITY
from benchmark.experiment.trial import Trial
from benchmark.store.files import write_json, write_text
from benchmark.store.provenance import code
from benchmark.tasks import TASKS
from benchmark.tasks import card as task_card
from benchmark.training.trainer import TrainingSummary

CARD = "README.md"
FACTS = "diffuseq_bench.json"
OPERATORS = "operators"
"""Folder of the operators of a guided system in a folder that is shared."""

BESIDE_WEIGHTS = (IDENTITY, CARD, FACTS)
"""What says of a folder what it is, and is no part of the digest of the system."""


def write_card(folder: Path, trial: Trial, summary: TrainingSummary) -> None:
    """Write facts and card of the system that was saved in `folder`; its own card stays."""
    facts = describe_training(trial, summary)
    write_json(folder / FACTS, facts)
    if not (folder / CARD).exists():
        write_text(folder / CARD, format_card(facts))


def describe_training(trial: Trial, summary: TrainingSummary) -> dict[str, Any]:
    """What a folder says of its system: task, data, training and the setting of the table."""
    cls, task, main = trial.system_class, trial.task, trial.main
    known = TASKS.get(task.id)
    written = code()
    return {
        "system": trial.system,
        "class": f"{cls.__module__}:{cls.__qualname__}",
        "version": cls.version,
        "source": trial.source.digest if trial.source else None,
        "task": task.id,
        "title": task.title,
        "kind": task.kind,
        "data": task.digest,
        "licence": find_licence(task_card(task.id)) if known else "",
        "suite": trial.suite,
        "seed": trial.seed,
        "training": {
            "updates": summary.updates,
            "tokens": summary.tokens,
            "batch": summary.batch,
        },
        "code": {"version": written["version"], "digest": written["digest"]},
        "setting": {"kind": main.setting.kind, "decoding": main.setting.decoding},
    }


def find_licence(card: str) -> str:
    """The paragraph of the card of a task on source and licence; empty where it has none."""
    found = re.search(r"^\*\*Source, licence\.\*\*\s*(.+?)(?:\n\s*\n|\Z)", card, re.M | re.S)
    return _plain(found[1]) if found else ""


def format_card(facts: Mapping[str, Any]) -> str:
    """The card as Markdown, with the metadata that a model hub reads at its head."""
    name, task = facts["system"], facts["task"]
    source = f", digest of its source `{facts['source']}`" if facts.get("source") else ""
    training, written = facts["training"], facts["code"]
    licence = facts.get("licence") or "not known here: see the card of the task."
    # Grammars are of this package, and under its licence; other data have their own.
    is_own = facts["kind"] in ("controlled", "control")
    return f"""---
license: {"mit" if is_own else "other"}
library_name: diffuseq-bench
pipeline_tag: text-generation
tags: [diffuseq-bench]
---
# {_quote(name)} on {_quote(task)}

A text generator that diffuseq-bench trained, and that needs this package: its README has the line
that installs it. `{IDENTITY}` says which system it is, and no other loads it.

- System: {_quote(name)}, class `{facts["class"].replace(":", ".")}`, version \
{facts["version"]}{source}
- Task: {_quote(task)}, {_plain(facts["title"])}; digest of its data `{facts["data"]}`
- Suite: {_quote(facts["suite"])}, seed {facts["seed"]}
- Training: {training["updates"]} updates, {training["tokens"]} target tokens, batch \
{training["batch"]}
- Code: diffuseq-bench {written["version"]}, digest `{written["digest"]}`
- Weights and texts that it gives follow the terms of its data. Source and licence of these: \
{licence}

## Scores
{_format_scores(facts.get("scores"))}
## Use it

```bash
python -m benchmark.generate --from FOLDER "a source" -n 5
```

```python
from benchmark.library import load

load("FOLDER").generate(["a source"], num_samples=5)
```

`FOLDER` is this folder, or its name on a model hub. It decodes with the setting of the table:

```json
{json.dumps(facts["setting"]["decoding"], indent=1, ensure_ascii=False)}
```

## Share it

```bash
hf upload OWNER/NAME FOLDER
```
"""


def _format_scores(scores: Mapping[str, Any] | None) -> str:
    """A table of what the setting of the table scored; a sentence where nothing is known."""
    if not scores:
        return (
            "\nNone here: a training is not scored. `python -m benchmark.share` copies this folder"
            " with those of\nits run.\n"
        )
    level = f"{100 * scores['level']:g} %"
    lines = [
        "",
        f"On the {scores['num_sources']} sources of its test part, candidates per source:"
        f" {scores['num_samples']}; intervals of {level}.",
        "",
        "`expected` is the mean over the candidates, `mbr` the candidate that minimum Bayes risk"
        " chooses, `set` a figure\nof all candidates of a source together.",
        "",
        "| metric | of | value | interval |",
        "| --- | --- | ---: | --- |",
    ]
    for of in scores["values"]:
        low, high = (_figure(of[end]) for end in ("low", "high"))
        named = f"`{of['metric']}` | {of['statistic']}"
        lines.append(f"| {named} | {_figure(of['value'])} | {low} to {high} |")
    signatures = dict.fromkeys(of["signature"] for of in scores["values"])
    return "\n".join([*lines, "", "Signatures:", "", *(f"- `{of}`" for of in signatures), ""])


def _figure(number: float | None) -> str:
    return "-" if number is None else f"{number:.4f}"


def _quote(name: str) -> str:
    return f"`{_plain(name).replace('`', ' ')}`"


def _plain(text: str) -> str:
    return " ".join(text.split())
