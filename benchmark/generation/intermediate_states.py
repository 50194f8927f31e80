"""Intermediate states: the texts of a system after each of some decoding steps.

A trace is a separate pass over a few sources, after the candidates have been made and stored:
randomness is keyed by (seed, source, candidate), so it sees the same candidates being made and can
change neither them nor their cost. Each state is read immediately; only the latest is kept.

The state itself is read: a continuous one is rounded to words, masked tokens of a discrete one are
omitted.

Source: arXiv 2210.08933, Figure 5 (quality and diversity along the generation process).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.api import DecodingProtocol, Example, System, Traceable

if TYPE_CHECKING:
    from torch import Tensor

Texts = list[list[str]]
"""`texts[source][k]`."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Intermediate texts: `texts[i]` are those after step `steps[i]` of `total`, counted from 1."""

    steps: tuple[int, ...]
    texts: tuple[Texts, ...]
    total: int


class StateReader:
    """Reads the states of one call of `generate`: pass `on_step` to it, then take `texts`.

    Args:
        read: from a state to its texts, one per row.
        wanted: numbers of the steps to read, from 1; None reads all of them.
    """

    def __init__(
        self, read: Callable[[Tensor], list[str]], wanted: frozenset[int] | None = None
    ) -> None:
        self._read, self._wanted = read, wanted
        self._latest: Tensor | None = None
        self.total = 0
        self.texts: dict[int, list[str]] = {}

    def on_step(self, number: int, state: Tensor) -> None:
        """See `benchmark.api.OnStep`; systems may count from 0 or 1; here steps count from 1."""
        self.total += 1
        self._latest = state
        if self._wanted is None or self.total in self._wanted:
            self.texts[self.total] = self._read(state)

    def finish(self) -> None:
        """Read the last state too: a system may stop earlier than expected."""
        if self._latest is not None and self.total not in self.texts:
            self.texts[self.total] = self._read(self._latest)
        self._latest = None


def trace(
    system: System,
    examples: Sequence[Example],
    decoding: DecodingProtocol,
    *,
    num_samples: int,
    seed: int,
    batch: int,
    steps: int,
) -> Trace:
    """The texts of `examples` after at most `steps` steps, evenly spaced, including the last.

    Args:
        system: one that satisfies `benchmark.api.Traceable`.
        batch: rows decoded at once; at least one source.

    Raises:
        RuntimeError: if the system exposes no steps, or not exactly one text per candidate.
    """
    assert isinstance(system, Traceable)
    reader_of, at_once = system.read_state, max(1, batch // num_samples)
    asked = decoding.nfe
    wanted = None if asked is None else frozenset(spread(asked, steps))
    if system.module is not None:
        system.module.eval()
    readers = []
    for first in range(0, len(examples), at_once):
        few = examples[first : first + at_once]
        sources = [example.source for example in few]

        def read(state: Tensor, sources: list[str] = sources) -> list[str]:
            texts = reader_of(state, sources, decoding)
            if len(texts) != len(sources) * num_samples:
                raise RuntimeError(
                    f"System {system.id} reads {len(texts)} texts from the state of"
                    f" {len(sources)} sources with {num_samples} candidates each."
                )
            return texts

        reader = StateReader(read, wanted)
        system.generate(
            sources,
            decoding,
            num_samples=num_samples,
            seed=seed,
            ids=[example.id for example in few],
            on_step=reader.on_step,
        )
        reader.finish()
        if not reader.total:
            raise RuntimeError(f"System {system.id} has read_state and never calls on_step.")
        readers.append(reader)
    total = max(reader.total for reader in readers)
    seen = sorted({step for reader in readers for step in reader.texts})
    kept = [seen[i - 1] for i in spread(len(seen), steps)]
    return Trace(tuple(kept), tuple(_after(step, readers, num_samples) for step in kept), total)


def spread(total: int, count: int) -> list[int]:
    """At most `count` integers from 1 to `total`, evenly spaced, including 1 and `total`."""
    if total <= count:
        return list(range(1, total + 1))
    if count == 1:
        return [total]
    return [1 + round(i * (total - 1) / (count - 1)) for i in range(count)]


def curves(scores: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The metrics, and one curve per statistic, from the score records of the steps."""
    first = scores[0]["metrics"]
    return {
        "metrics": {
            name: {key: value for key, value in metric.items() if key != "statistics"}
            for name, metric in first.items()
        },
        "curves": {
            name: {
                statistic: {
                    end: [s["metrics"][name]["statistics"][statistic][end] for s in scores]
                    for end in ("value", "low", "high")
                }
                for statistic in metric["statistics"]
            }
            for name, metric in first.items()
        },
        "interval": scores[0]["interval"],
    }


def select_curves(record: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a trace's record that the report plots."""
    names = ("num_sources", "num_samples", "total", "steps", "metrics", "curves", "interval")
    return {name: record[name] for name in names}


def _after(step: int, readers: Sequence[StateReader], num_samples: int) -> Texts:
    """The texts of all sources after a step; those that had ended before stay unchanged."""
    rows = [
        text
        for reader in readers
        for text in reader.texts[max(seen for seen in reader.texts if seen <= step)]
    ]
    return [rows[i : i + num_samples] for i in range(0, len(rows), num_samples)]
