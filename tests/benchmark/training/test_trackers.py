from __future__ import annotations

import importlib.util

import pytest

from benchmark.api import UserError
from benchmark.training.trackers import EventMirror, check_installed


def test_missing_package_is_told(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install"):
        check_installed()


@pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="needs the extra tensorboard"
)
def test_events_become_scalars(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    mirror = EventMirror(tmp_path)
    mirror.add({"kind": "train", "update": 5, "loss": 2.0, "terms": {"mse": 1.5}, "lr": 0.1})
    mirror.add({"kind": "valid", "update": 5, "loss": 3.0, "quality": {"validity": 0.5}})
    read = EventAccumulator(str(tmp_path))
    read.Reload()
    tags = ["train/loss", "train/lr", "train/mse", "valid/loss", "valid/validity"]
    assert sorted(read.Tags()["scalars"]) == tags
    (scalar,) = read.Scalars("valid/validity")
    assert (scalar.step, scalar.value) == (5, 0.5)
