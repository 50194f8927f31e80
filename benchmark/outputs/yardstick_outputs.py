"""Outputs of the yardsticks for the sources that a system's outputs cover.

Yardsticks are rows to compare with: copies of the source, the references, and on controlled tasks
draws from the grammar itself. They are made by the systems with these names, without their costs
and without a tokeniser.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from benchmark.api import Lengths, Resources, Tokenizer
from benchmark.experiment.configuration import fill
from benchmark.experiment.registry import load_system, system_entries
from benchmark.experiment.settings import Setting, settings_of
from benchmark.experiment.suite import Suite
from benchmark.outputs.source_matching import Outputs
from benchmark.tasks import Task

KNOWN = ("copy-source", "reference", "oracle")
"""The oracle needs a task with known answers."""


def yardsticks(
    suite: Suite, task: Task, *, num_samples: int, seed: int
) -> Iterator[tuple[str, dict[str, Any], Setting, Outputs]]:
    """Name, `SystemInfo`, setting and outputs of every yardstick, including the suite's sweeps.

    Args:
        num_samples: candidates per source, for yardsticks whose candidates differ.
    """
    examples = task.test
    resources = Resources(
        tokenizer=cast("Tokenizer", None),  # they read texts, not tokens
        lengths=Lengths(0, 0),
        references={example.id: example.references for example in examples},
        conditional=task.conditional,
    )
    for name in KNOWN:
        if name == "oracle" and task.conditional is None:
            continue
        system_class = load_system(name)
        system = system_class.build(system_class.Config(), resources)
        info = {
            "family": system_class.family,
            "title": system_entries()[name].summary,
            "knob": system_class.capabilities.knob,
            "trainable": False,
            "from_scratch": False,
        }
        for setting in settings_of(suite, name, system_class):
            made = system.generate(
                [example.source for example in examples],
                fill(system_class.Decoding, setting.decoding, "decoding"),
                num_samples=1 if setting.kind == "single" else num_samples,
                seed=seed,
                ids=[example.id for example in examples],
            )
            candidates = tuple(tuple(of_source) for of_source in made)
            yield name, info, setting, Outputs(examples, candidates, "id", None, len(examples))
