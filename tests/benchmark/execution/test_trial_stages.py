from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.execution import trial_stages
from benchmark.experiment.plan import make_plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import load_suite
from benchmark.store import provenance
from benchmark.store.entries import Store

NANO = Path(__file__).parents[2] / "suites" / "nano.yaml"


@pytest.mark.slow
def test_a_record_names_the_code_that_its_trial_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = load_suite(str(NANO))
    plan = make_plan(suite, tasks=["dialogue"], systems=["copy-source"], data_dir=None)
    (trial,) = plan.trials
    before = provenance.source_digest(Path(provenance.__file__).parents[2])
    run_stages = trial_stages._run_stages

    def edited(*arguments):
        monkeypatch.setattr(provenance, "source_digest", lambda _root: "edited")
        return run_stages(*arguments)

    monkeypatch.setattr(trial_stages, "_run_stages", edited)
    provenance.code.cache_clear()
    try:
        outcome = trial_stages.run_trial(trial, RunContext(Store(tmp_path)))
    finally:
        provenance.code.cache_clear()
    assert not outcome.errors
    keys = [path.name for path in (tmp_path / "generate").iterdir()]
    assert keys
    for key in keys:
        assert Store(tmp_path).record("generate", key)["code"]["digest"] == before
