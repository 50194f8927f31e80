from __future__ import annotations

import importlib.util
import sys
from types import SimpleNamespace

import pytest

from benchmark.api import UserError
from benchmark.training.trackers import TensorBoardTracker, WandbTracker, check_installed

EVENTS = (
    {"kind": "train", "update": 5, "loss": 2.0, "terms": {"mse": 1.5}, "lr": 0.1},
    {"kind": "valid", "update": 5, "loss": 3.0, "quality": {"validity": 0.5}, "selection": None},
)


@pytest.mark.parametrize("package", ["tensorboard", "wandb"])
def test_missing_package_is_told(monkeypatch, package):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=rf"--{package} .*pip install .*\[{package}\]"):
        check_installed(package)


@pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="needs the extra tensorboard"
)
def test_events_become_scalars(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tracker = TensorBoardTracker(tmp_path)
    for event in EVENTS:
        tracker.add(event)
    tracker.close()
    read = EventAccumulator(str(tmp_path))
    read.Reload()
    tags = ["train/loss", "train/lr", "train/mse", "valid/loss", "valid/validity"]
    assert sorted(read.Tags()["scalars"]) == tags
    (scalar,) = read.Scalars("valid/validity")
    assert (scalar.step, scalar.value) == (5, 0.5)


def test_a_training_is_one_run_that_goes_on_where_it_was_stopped(monkeypatch, tmp_path):
    logged, asked = [], {}
    run = SimpleNamespace(
        log=lambda values, step: logged.append((step, values)),
        finish=lambda: logged.append("finished"),
    )
    module = SimpleNamespace(init=lambda **options: asked.update(options) or run, Error=OSError)
    monkeypatch.setitem(sys.modules, "wandb", module)
    tracker = WandbTracker(
        "bench", key="k1", name="toy / a / seed 1", config={"seed": 1}, folder=tmp_path / "w"
    )
    for event in EVENTS:
        tracker.add(event)
    tracker.close()
    assert (asked["project"], asked["id"], asked["resume"]) == ("bench", "k1", "allow")
    assert (asked["config"], asked["dir"]) == ({"seed": 1}, str(tmp_path / "w"))
    assert logged == [
        (5, {"train/loss": 2.0, "train/lr": 0.1, "train/mse": 1.5}),
        (5, {"valid/loss": 3.0, "valid/validity": 0.5}),
        "finished",
    ]


@pytest.mark.skipif(importlib.util.find_spec("wandb") is None, reason="needs the extra wandb")
def test_wandb_takes_what_it_is_given(monkeypatch, tmp_path):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    tracker = WandbTracker("bench", key="k1", name="toy", config={"seed": 1}, folder=tmp_path)
    for event in EVENTS:
        tracker.add(event)
    tracker.close()
    assert [*tmp_path.glob("wandb/offline-run-*-k1/run-k1.wandb")]
