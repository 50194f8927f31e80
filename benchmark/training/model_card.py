"""The card of a trained system: `README.md` in its folder, so that a copy says what it is."""

from __future__ import annotations

import json
from pathlib import Path

from benchmark.experiment.trial import Trial
from benchmark.store.files import write_text
from benchmark.store.provenance import code
from benchmark.training.trainer import TrainingSummary

CARD = "README.md"


def write_card(folder: Path, trial: Trial, summary: TrainingSummary) -> None:
    """Write the card of the system that was saved in `folder`, unless it has one of its own."""
    if (folder / CARD).exists():
        return
    cls, task = trial.system_class, trial.task
    written = code()
    source = f", digest of its source `{trial.source.digest}`" if trial.source else ""
    text = f"""# {_quote(trial.system)} on {_quote(task.id)}

A text generator that diffuseq-bench trained. `system_identity.json` says which system it is, and no
other loads it.

- System: {_quote(trial.system)}, class `{cls.__module__}.{cls.__qualname__}`, version \
{cls.version}{source}
- Task: {_quote(task.id)}, {_plain(task.title)}; digest of its data `{task.digest}`
- Suite: {_quote(trial.suite)}, seed {trial.seed}
- Training: {summary.updates} updates, {summary.tokens} target tokens, batch {summary.batch}
- Code: diffuseq-bench {written["version"]}, digest `{written["digest"]}`
- Weights and texts that it gives follow the terms of its data: see the card of the task.

## Load it

```python
from pathlib import Path

from {cls.__module__} import {cls.__qualname__}

system = {cls.__qualname__}.load(Path("FOLDER"), "cpu")
system.generate(["a source"], system.Decoding(), num_samples=1, seed=1, ids=["1"])
```

The setting of the table is `system.Decoding(**settings)` with these settings:

```json
{json.dumps(trial.main.setting.decoding, indent=1, ensure_ascii=False)}
```
"""
    write_text(folder / CARD, text)


def _quote(name: str) -> str:
    return f"`{_plain(name).replace('`', ' ')}`"


def _plain(text: str) -> str:
    return " ".join(text.split())
