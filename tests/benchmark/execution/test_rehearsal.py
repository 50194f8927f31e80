from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.execution import rehearsal
from benchmark.execution.rehearsal import rehearse
from benchmark.execution.workload import list_work
from benchmark.experiment.plan import make_plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import load_suite
from benchmark.generation import measured_generation
from benchmark.store.entries import Store
from benchmark.training import trainer

NANO = Path(__file__).parents[2] / "suites" / "nano.yaml"
MAIN_ALONE = ("systems.diffuseq.sweep={}", "systems.diffuseq.nfe=[]")
CALL_S, ROW_S = 0.01, 0.001
"""What a call of the network and each of its rows take on the clock of these tests."""


class Clock:
    """Stands still but while the network is called."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rows: list[int] = []
        """Of every call."""

    def monotonic(self) -> float:
        return self.now

    perf_counter = monotonic


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    from diffuseq.denoiser import Denoiser

    made, forward = Clock(), Denoiser.forward

    def timed(self, z_t: torch.Tensor, t: torch.Tensor, present=None) -> torch.Tensor:
        made.rows.append(len(z_t))
        made.now += CALL_S + ROW_S * len(z_t)
        return forward(self, z_t, t, present)

    monkeypatch.setattr(Denoiser, "forward", timed)
    monkeypatch.setattr(trainer, "time", made)
    monkeypatch.setattr(measured_generation, "time", made)
    return made


def estimate(store: Path, *changes: str) -> float:
    suite = load_suite(str(NANO), [*MAIN_ALONE, *changes])
    (trial,) = make_plan(suite, tasks=["dialogue"], systems=["diffuseq"], data_dir=None).trials
    speeds = rehearse(trial, RunContext(Store(store)), list_work(trial, "cpu"))
    assert [speed.kind for speed in speeds] == ["train", "generate"]
    return sum(speed.seconds for speed in speeds)


# Of nano: 40 updates of 8 examples, 3 candidates for each of 6 sources in 5 calls.
TRAINING_S = 40 * (CALL_S + 8 * ROW_S)
DECODING_S = 5 * (CALL_S + 18 * ROW_S)


@pytest.mark.slow
def test_seconds_are_those_of_all_updates_and_all_candidates(tmp_path: Path, clock: Clock) -> None:
    assert estimate(tmp_path) == pytest.approx(TRAINING_S + DECODING_S)


@pytest.mark.slow
def test_many_steps_are_reckoned_not_taken(tmp_path: Path, clock: Clock) -> None:
    seconds = estimate(
        tmp_path,
        "diffuseq.diffusion_steps=2000",
        "systems.diffuseq.decoding={solver: ddim, nfe: 2000}",
    )
    assert seconds == pytest.approx(TRAINING_S + 400 * DECODING_S)
    # Nine updates, and two trials of ten calls that are each warmed up.
    assert len(clock.rows) == 9 + 4 * rehearsal.REHEARSED_NFE


@pytest.mark.slow
def test_large_batches_and_test_splits_are_reckoned_from_a_part(
    tmp_path: Path, clock: Clock
) -> None:
    seconds = estimate(tmp_path, "training.batch=256", "limits.test=30")
    assert max(clock.rows) == 64
    training = 40 * 256 / 64 * (CALL_S + 64 * ROW_S)
    assert seconds == pytest.approx(training + 30 / 12 * 5 * (CALL_S + 36 * ROW_S))


@pytest.mark.slow
def test_a_slow_system_is_tried_with_one_source(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal, "SLOW_S", 0.0)
    seconds = estimate(tmp_path)
    # One update of four examples, then twice one source and one candidate.
    assert clock.rows == [4, *[1] * 20]
    training = 40 * 8 / 4 * (CALL_S + 4 * ROW_S)
    assert seconds == pytest.approx(training + 6 * 3 * 5 * (CALL_S + ROW_S))


@pytest.mark.slow
def test_the_bound_of_the_budget_that_is_reached_first_counts(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert estimate(tmp_path, "budget.seconds=0.5") == pytest.approx(0.5 + DECODING_S)
    summaries = []
    run = trainer.Trainer.run
    monkeypatch.setattr(
        trainer.Trainer, "run", lambda self: summaries.append(run(self)) or summaries[-1]
    )
    seconds = estimate(tmp_path, "budget.tokens=100")
    last = summaries[-1]
    assert last.seconds == pytest.approx(6 * (CALL_S + 8 * ROW_S))
    assert seconds == pytest.approx(100 * last.seconds / last.tokens + DECODING_S)
