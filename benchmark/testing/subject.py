"""A system under test: trained for a few updates, and asked for texts."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch

from benchmark.api import (
    Candidates,
    DecodingProtocol,
    Example,
    Lengths,
    Resources,
    Scorable,
    System,
    make_noise,
)
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer
from benchmark.experiment.configuration import fill
from benchmark.experiment.recipes import Budget, TrainingRecipe
from benchmark.tasks import Task, load_task
from benchmark.testing.listed_texts import listed_resources
from benchmark.training.trainer import Trainer

SEED = 7
NUM_SAMPLES = 3
UPDATES = 12
ODD = ("odd-empty", "odd-long", "odd-unknown")
LENGTHS = Lengths(source=16, target=16)


@dataclass
class Subject:
    """A system under test: its class, a small configuration, and settings to try."""

    system_class: type[System]
    config: dict[str, Any] = field(default_factory=dict)
    decodings: tuple[dict[str, Any], ...] = ({},)
    lengths: Lengths = LENGTHS
    sampling: dict[str, Any] = field(default_factory=dict)
    """The decoding whose draws have the probabilities that `log_likelihood` gives, where that is
    not the default one."""
    system: System = field(init=False)

    def __post_init__(self) -> None:
        self.system = self.fresh()
        if self.system.module is not None:
            with tempfile.TemporaryDirectory() as folder:
                self.train(self.system, Path(folder), checkpoint_s=1e9)

    @classmethod
    def of(
        cls,
        system_class: type[System],
        *,
        config: dict[str, Any] | None = None,
        decodings: Sequence[dict[str, Any]] = ({},),
        sampling: dict[str, Any] | None = None,
    ) -> Subject:
        """The subject for a class, trained for a few updates on a controlled task."""
        return cls(system_class, config or {}, tuple(decodings), sampling=sampling or {})

    def fresh(self, known: Resources | None = None) -> System:
        """A fresh system, always with the same initial weights."""
        torch.manual_seed(SEED)
        config = fill(self.system_class.Config, self.config, "config")
        return self.system_class.build(config, known or resources(self.lengths))

    @cached_property
    def scorable(self) -> Scorable | None:
        """A system that has learnt `TRUTH` a little; None if it declares no likelihood."""
        if self.system_class.capabilities.likelihood is None:
            return None
        system = self.fresh(listed_resources())
        assert isinstance(system, Scorable), "capabilities.likelihood needs log_likelihood"
        if system.module is not None:
            optimiser = torch.optim.Adam(system.module.parameters(), lr=1e-2)
            batch = system.collate(listed_resources().train)
            for update in range(40):
                optimiser.zero_grad()
                ids = [f"{update} {e.id}" for e in listed_resources().train]
                system.loss(batch, make_noise(SEED, ids)).total.backward()
                optimiser.step()
            system.module.eval()
        return system

    def train(self, system: System, folder: Path, *, checkpoint_s: float) -> None:
        """Train for a few updates with the harness's own loop."""
        Trainer(
            system,
            small_task().train,
            small_task().valid,
            recipe=TrainingRecipe(
                batch=8,
                warmup_updates=2,
                ema_decay=0.9,
                valid_examples=4,
                quality_examples=0,
                checkpoint_s=checkpoint_s,
            ),
            budget=Budget(updates=UPDATES),
            seed=SEED,
            folder=folder,
        ).run()

    def settings(self) -> list[DecodingProtocol]:
        """The decodings as the system's own dataclass."""
        return [fill(self.system_class.Decoding, values, "decoding") for values in self.decodings]

    def texts(
        self,
        decoding: DecodingProtocol,
        *,
        examples: Sequence[Example] | None = None,
        num_samples: int = NUM_SAMPLES,
        system: System | None = None,
    ) -> list[list[str]]:
        """The generated texts for the examples.

        Args:
            decoding: one of `settings()`.
            examples: None is a few of the test split.
            num_samples: candidates per example.
            system: in place of the subject's own.
        """
        examples = few_examples() if examples is None else examples
        made = self.candidates(decoding, examples, num_samples, system)
        return [[candidate.text for candidate in of_source] for of_source in made]

    def candidates(
        self,
        decoding: DecodingProtocol,
        examples: Sequence[Example],
        num_samples: int = NUM_SAMPLES,
        system: System | None = None,
    ) -> Candidates:
        """What the system returns."""
        used = system or self.system
        if used.module is not None:
            used.module.eval()
        return used.generate(
            [example.source for example in examples],
            decoding,
            num_samples=num_samples,
            seed=SEED,
            ids=[example.id for example in examples],
        )


@lru_cache(maxsize=1)
def small_task() -> Task:
    """A controlled task with few examples."""
    return load_task("paraphrase", data_dir=None, limits={"train": 64, "valid": 8, "test": 5})


def few_examples() -> Sequence[Example]:
    """Those of its test split."""
    return small_task().test


@lru_cache(maxsize=4)
def resources(lengths: Lengths) -> Resources:
    """The resources of a small controlled task."""
    task = small_task()
    texts = [text for e in task.train for text in (e.source, e.target)]
    return Resources(
        tokenizer=train_tokenizer(texts, TokenizerRecipe()),
        lengths=lengths,
        train=task.train,
        references={e.id: e.references for e in task.test}
        | dict.fromkeys(ODD, task.test[0].references),
        conditional=task.conditional,
        # A task without labels leaves every target possible.
        informed_draw=lambda train: lambda source, seed: train[seed % len(train)].target,
    )
