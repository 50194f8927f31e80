from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.execution import time_estimate
from benchmark.execution.time_estimate import estimate_seconds
from benchmark.experiment.plan import Plan, make_plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import load_suite
from benchmark.store.entries import Store

NANO = Path(__file__).parents[2] / "suites" / "nano.yaml"


def plan_of(*changes: str) -> Plan:
    suite = load_suite(str(NANO), changes)
    return make_plan(suite, tasks=["dialogue"], systems=["diffuseq"], data_dir=None)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of every network call of a trial."""
    from diffuseq.denoiser import Denoiser

    rows: list[int] = []
    forward = Denoiser.forward

    def counted(self, z_t: torch.Tensor, t: torch.Tensor, present=None) -> torch.Tensor:
        rows.append(len(z_t))
        return forward(self, z_t, t, present)

    monkeypatch.setattr(Denoiser, "forward", counted)
    return rows


def test_many_steps_are_reckoned_not_taken(tmp_path: Path, calls: list[int]) -> None:
    plan = plan_of(
        "diffuseq.diffusion_steps=2000",
        "systems.diffuseq.decoding={solver: ddim, nfe: 2000}",
        "systems.diffuseq.sweep={}",
        "systems.diffuseq.nfe=[]",
    )
    (trial,) = plan.trials
    assert estimate_seconds(trial, RunContext(Store(tmp_path))) > 0
    # Nine updates, and two rehearsals of ten calls that are each warmed up.
    assert len(calls) == 9 + 4 * time_estimate.REHEARSED_NFE


def test_a_slow_system_is_tried_once(
    tmp_path: Path, calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_estimate, "SLOW_S", 0.0)
    plan = plan_of("systems.diffuseq.sweep={}", "systems.diffuseq.nfe=[]")
    (trial,) = plan.trials
    estimate_seconds(trial, RunContext(Store(tmp_path)))
    # One update of four examples, then one source and one candidate.
    assert calls == [4, *[1] * 10]
