"""What a system learns: its loss, its weights after a stop, and its operators."""

from __future__ import annotations

import dataclasses
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmark.api import Example, Steerable, System, make_noise
from benchmark.testing.subject import SEED, UPDATES, Subject, few_examples, small_task


def check_save_load(subject: Subject) -> None:
    """A system that was saved and loaded generates the same texts."""
    if subject.system.module is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "system"
        subject.system.save(path)
        assert not [p for p in path.iterdir() if p.suffix in (".pt", ".bin", ".pkl")]
        loaded = subject.system_class.load(path, "cpu")
        for decoding in subject.settings():
            assert subject.texts(decoding, system=loaded) == subject.texts(decoding)


def check_resume(subject: Subject) -> None:
    """Training that was stopped and resumed equals training that was not, bit for bit."""
    if subject.system.module is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        broken = subject.fresh()
        _stop_after(broken, UPDATES // 2)
        try:
            subject.train(broken, Path(folder), checkpoint_s=1e-9)
        except _StoppedError:
            pass
        else:
            raise AssertionError("the training was not stopped")
        resumed = subject.fresh()
        subject.train(resumed, Path(folder), checkpoint_s=1e9)
    assert resumed.module is not None
    expected = subject.system.module.state_dict()
    for name, value in resumed.module.state_dict().items():
        assert torch.equal(value, expected[name]), f"{name} differs after resuming"


def check_loss(subject: Subject) -> None:
    """The loss is finite, named, a function of its noise alone, and reaches every parameter."""
    system = subject.system
    if system.module is None:
        return
    examples = small_task().train[:8]
    batch = system.collate(examples)
    ids = [example.id for example in examples]
    system.module.eval()
    first, again = (system.loss(batch, make_noise(SEED, ids)) for _ in range(2))
    assert torch.isfinite(first.total) and first.total.ndim == 0
    assert first.terms and first.tokens > 0
    assert torch.equal(first.total, again.total), "the loss draws from a global generator"
    system.module.zero_grad()
    first.total.backward()
    idle = [n for n, p in system.module.named_parameters() if p.requires_grad and p.grad is None]
    assert not idle, f"no gradient reaches {idle}"


def check_mean(subject: Subject) -> None:
    """The loss is a mean over what `LossTerms.mean_over` declares, not over the other unit.

    Noise is keyed by the position in the batch here, and each of two examples occupies each
    position once, so that for either kind of mean the equation holds exactly. A sum of means over
    randomly drawn positions is neither, and may declare the nearest one.
    """
    system = subject.system
    if system.module is None:
        return
    system.module.eval()
    some = sorted(small_task().train, key=lambda e: len(e.target.split()))
    a, b = some[0], some[-1]
    ids = ["place 0", "place 1"]
    with torch.no_grad():
        ab, ba, aa, bb = (
            system.loss(system.collate(pair), make_noise(SEED, ids))
            for pair in ([a, b], [b, a], [a, a], [b, b])
        )
    found = float(ab.total + ba.total)
    means = {
        "tokens": 2 * float(aa.tokens * aa.total + bb.tokens * bb.total) / (aa.tokens + bb.tokens),
        "examples": float(aa.total + bb.total),
    }
    exact = [name for name, mean in means.items() if math.isclose(mean, found, rel_tol=1e-5)]
    assert not exact or ab.mean_over in exact, (
        f"mean_over is {ab.mean_over}, but the loss is a mean over {exact[0]}"
    )


def check_operators(subject: Subject) -> None:
    """Operators are a function of labels and seed, are restored, and steer what names a value.

    A control line that names none is answered as without operators but for the start, and fitting
    changes no weight of the generator.
    """
    system = subject.system
    is_guided = subject.system_class.capabilities.control == "guided"
    assert isinstance(system, Steerable) == is_guided, "guided systems are Steerable, no others"
    if not isinstance(system, Steerable):
        return
    attributes = {"first": ("a", "b"), "last": ("c", "d")}
    labelled = [
        dataclasses.replace(e, attributes={"first": "ab"[i % 2], "last": "cd"[i // 2 % 2]})
        for i, e in enumerate(small_task().train[:32])
    ]
    lines = ("first: a", "first: b | last: c", "", "last: d", "=> a text to be edited")
    asked = [
        dataclasses.replace(e, source=line) for e, line in zip(few_examples(), lines, strict=True)
    ]
    recipe = subject.system_class.OperatorConfig()  # type: ignore[attr-defined]
    assert system.module is not None
    weights = {name: tensor.clone() for name, tensor in system.module.state_dict().items()}
    (decoding, *_) = subject.settings()
    system.fit_operators(small_task().train, labelled, attributes, recipe, seed=SEED)
    steered = subject.texts(decoding, examples=asked)
    after = system.module.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in weights.items())
    with tempfile.TemporaryDirectory() as folder:
        system.save(Path(folder) / "system")
        system.save_operators(Path(folder) / "operators")
        again = subject.system_class.load(Path(folder) / "system", "cpu")
        again.load_operators(Path(folder) / "operators", recipe)  # type: ignore[attr-defined]
    assert subject.texts(decoding, examples=asked, system=again) == steered
    for example, of_source in zip(asked, steered, strict=True):
        assert subject.texts(decoding, examples=[example])[0] == of_source
    system.fit_operators(small_task().train, labelled, attributes, recipe, seed=SEED)
    assert subject.texts(decoding, examples=asked) == steered, "fitting is not a function of seed"


class _StoppedError(Exception):
    """Simulates the process being killed."""


def _stop_after(system: System, updates: int) -> None:
    """Make the system's `collate` fail after a number of updates."""
    collate, calls = system.collate, 0

    def stopping(examples: Sequence[Example]) -> Any:
        nonlocal calls
        calls += 1
        if calls > updates:
            raise _StoppedError
        return collate(examples)

    system.collate = stopping  # type: ignore[method-assign]
