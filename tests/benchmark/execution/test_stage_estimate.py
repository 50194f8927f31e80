from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from benchmark.execution import speed_records
from benchmark.execution.speed_records import Speed, read_reference, read_speeds
from benchmark.execution.stage_estimate import Estimator
from benchmark.execution.workload import Work
from benchmark.store.entries import Store

SPEED = Speed(
    kind="generate", system="s", task="t", config="c", way="w", device="cpu", calls=10.0,
    size=100.0, tokens=0.0, chars=50.0, seconds=20.0,
)  # fmt: skip


def work_of(speed: Speed, **changes) -> Work:
    """The planned stage that a measured one was."""
    known = {f.name: getattr(speed, f.name) for f in fields(Work) if hasattr(speed, f.name)}
    return replace(Work(**known | {"key": "k", "tokens": None, "seconds": None}), **changes)


def seconds(work: Work, *speeds: Speed) -> float:
    return Estimator(speeds).estimate(work).seconds


def test_what_was_measured_takes_as_long_again():
    assert seconds(work_of(SPEED), SPEED) == pytest.approx(20.0)
    other = replace(SPEED, seconds=40.0)
    assert seconds(work_of(SPEED), SPEED, other) == pytest.approx(30.0)


def test_more_of_the_same_takes_longer():
    assert seconds(work_of(SPEED, size=300.0), SPEED) == pytest.approx(60.0)
    assert seconds(work_of(SPEED, calls=5.0), SPEED) == pytest.approx(10.0)
    assert seconds(work_of(SPEED, chars=100.0), SPEED) == pytest.approx(40.0)
    assert seconds(work_of(SPEED, chars=0.0), SPEED) == pytest.approx(20.0)


def test_the_nearest_counts():
    near, far = replace(SPEED, calls=8.0), replace(SPEED, calls=1.0, seconds=9.0)
    assert seconds(work_of(SPEED), near, far) == pytest.approx(25.0)
    guess = replace(SPEED, seconds=1.0, is_own=False)
    assert seconds(work_of(SPEED), guess, replace(SPEED, task="u")) == pytest.approx(20.0)
    # Another configuration of the same system says less than a guess about this one.
    assert seconds(work_of(SPEED), guess, replace(SPEED, config="d")) == pytest.approx(1.0)
    assert not Estimator([guess]).is_guess(work_of(SPEED))
    assert Estimator([replace(SPEED, config="d")]).is_guess(work_of(SPEED))
    assert Estimator([replace(SPEED, system="r")]).estimate(work_of(SPEED)) is None
    assert Estimator([replace(SPEED, device="cuda")]).estimate(work_of(SPEED)) is None


def test_a_trace_takes_as_long_as_a_decoding_where_none_was_measured():
    trace = work_of(SPEED, kind="trace", size=30.0)
    assert seconds(trace, SPEED) == pytest.approx(6.0)
    assert seconds(trace, SPEED, replace(SPEED, kind="trace", seconds=40.0)) == pytest.approx(12.0)


def test_the_bound_that_is_reached_first_counts():
    speed = replace(SPEED, kind="train", calls=1.0, size=1000.0, tokens=5000.0)
    assert seconds(work_of(speed), speed) == pytest.approx(20.0)
    assert seconds(work_of(speed, tokens=500.0), speed) == pytest.approx(2.0)
    assert seconds(work_of(speed, seconds=3.0), speed) == pytest.approx(3.0)
    assert seconds(work_of(speed, size=None, tokens=10_000.0), speed) == pytest.approx(40.0)
    assert seconds(work_of(speed, size=None, seconds=7.0), speed) == pytest.approx(7.0)


def recorded() -> dict[tuple[str, str], list[Speed]]:
    """Trials of kept reports that ran on several tasks: the speeds of their stages."""
    kept = json.loads(speed_records.REFERENCE.read_text())
    found: dict[tuple[str, str], list[Speed]] = {}
    for row in kept["speeds"]:
        speed = Speed(**dict(zip(kept["fields"], row, strict=True)))
        found.setdefault((speed.task, speed.system), []).append(speed)
    systems = [system for _, system in found]
    return {
        of: speeds
        for of, speeds in found.items()
        # Those of real data have other sizes: what they tell of these is marked as rough.
        if systems.count(of[1]) > 2 and not of[0].startswith("qqp")
    }


@pytest.mark.parametrize(("task", "system"), recorded())
def test_recorded_trials_are_foretold_within_a_factor_of_two_from_other_tasks(task, system):
    trials = recorded()
    mine = trials[task, system]
    known = [s for (of, _), speeds in trials.items() if of != task for s in speeds]
    estimates = [Estimator(known).estimate(work_of(speed)) for speed in mine]
    assert None not in estimates
    took = sum(speed.seconds for speed in mine)
    told = sum(estimate.seconds for estimate in estimates)
    # Half a second is no matter: what a yardstick does not take is not foretold.
    assert took / 2 - 0.5 <= told <= took * 2 + 0.5


def test_speeds_of_a_store(tmp_path):
    store = Store(tmp_path)
    setting = {"kind": "samples", "knob": "temperature", "nfe": 20}
    setting["decoding"] = {"nfe": 20, "temperature": 0.7, "clamp": False}
    training = {"batch": 8, "precision": "float32"}
    summary = {"updates": 5, "tokens": 90, "seconds": 3.5, "batch": 8}
    named = {"task": "t", "system": "s", "device": "cpu", "chars": 30.0}
    store.finish(
        "train", "a", named | {"config": {"x": 1}, "training": training, "summary": summary}
    )
    counts = {"num_sources": 6, "num_samples": 2}
    generated = counts | {"train": "a", "setting": setting, "cost": {"wall_s": 2.5}}
    store.finish("generate", "b", named | generated | {"candidates_digest": "d"})
    with store.lock("score", "e"):
        store.finish("score", "e", counts | {"candidates_digest": "d"})
    store.finish("likelihood", "f", {"num_sources": 6})  # of an earlier version: no time is known
    train, generate, *_ = read_speeds(store)
    assert (train.kind, train.size, train.tokens, train.seconds) == ("train", 40.0, 90.0, 3.5)
    assert (generate.kind, generate.size, generate.calls) == ("generate", 12.0, 20.0)
    assert generate.seconds == 2.5 and generate.config == train.config != ""
    hotter = setting | {"decoding": {"nfe": 5, "temperature": 1.0, "clamp": False}, "nfe": 5}
    clamped = setting | {"decoding": {"nfe": 20, "temperature": 0.7, "clamp": True}}
    assert speed_records.way_of_setting(hotter) == generate.way
    assert speed_records.way_of_setting(clamped) != generate.way


def test_kept_reports_are_a_first_guess_at_the_speed_of_this_machine(monkeypatch):
    kept = json.loads(speed_records.REFERENCE.read_text())
    monkeypatch.setattr(speed_records, "measure_product_s", lambda: 2 * kept["product_s"])
    speeds = list(read_reference())
    assert not any(speed.is_own for speed in speeds)
    (first,) = (s for s in speeds if (s.kind, s.system, s.task) == ("train", "diffuseq", "qqp"))
    row = next(row for row in kept["speeds"] if row[:3] == ["train", "diffuseq", "qqp"])
    assert first.seconds == 2 * row[-1]
