from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_model
from torch import nn

from benchmark.training.checkpoints import (
    Progress,
    cut_events,
    find_best,
    load_checkpoint,
    save_best,
    save_checkpoint,
    set_damaged_aside,
)
from benchmark.training.ema import moving_average

CPU = torch.device("cpu")
PROGRESS = Progress(
    update=7, tokens=80, seconds=1.5, stale_validations=2, loss=0.5, valid_loss=0.75,
    ended_by="updates", best_update=5, best_valid_loss=0.8,
)  # fmt: skip
BEST_AT_5 = replace(PROGRESS, best_value=0.8)


class Training:
    """A network, its average and its optimiser, some updates on."""

    def __init__(self, seed: int, updates: int, *, averaged: bool = True) -> None:
        torch.manual_seed(seed)
        self.module = nn.Linear(3, 2)
        self.average = moving_average(self.module, 0.9) if averaged else None
        self.optimiser = torch.optim.AdamW(self.module.parameters(), lr=0.1)
        for _ in range(updates):
            self.update()

    def update(self) -> None:
        self.optimiser.zero_grad()
        self.module(torch.ones(1, 3)).square().sum().backward()
        self.optimiser.step()
        if self.average is not None:
            self.average.update_parameters(self.module)

    def save(self, folder: Path, progress: Progress = PROGRESS) -> None:
        save_checkpoint(folder, progress, self.module, self.average, self.optimiser)

    def load(self, folder: Path) -> Progress:
        return load_checkpoint(folder, self.module, self.average, self.optimiser, CPU)

    @property
    def weights(self) -> list[list[float]]:
        networks = [self.module] + ([self.average.module] if self.average is not None else [])
        return [p.flatten().tolist() for network in networks for p in network.parameters()]


@pytest.mark.parametrize("averaged", [True, False])
def test_what_was_kept_goes_on_as_if_it_had_not_stopped(tmp_path, averaged):
    kept = Training(0, 3, averaged=averaged)
    kept.save(tmp_path / "train" / "key")
    other = Training(1, 1, averaged=averaged)
    assert other.load(tmp_path / "train" / "key") == PROGRESS
    assert other.weights == kept.weights
    kept.update()
    other.update()
    assert other.weights == kept.weights


def test_a_checkpoint_replaces_the_one_before_and_leaves_nothing_else(tmp_path):
    training = Training(0, 1)
    training.save(tmp_path)
    for leftover in ("checkpoint.tmp", "checkpoint.old"):
        (tmp_path / leftover).mkdir()
        (tmp_path / leftover / "half").touch()
    training.update()
    training.save(tmp_path, Progress(update=8))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]
    assert sorted(path.name for path in (tmp_path / "checkpoint").iterdir()) == [
        "average.safetensors", "averaged.pt", "model.safetensors", "optimiser.pt", "progress.json",
    ]  # fmt: skip
    assert Training(1, 0).load(tmp_path).update == 8


def test_without_a_checkpoint_it_begins(tmp_path):
    training = Training(0, 1)
    before = training.weights
    assert repr(training.load(tmp_path)) == repr(Progress())
    assert training.weights == before
    assert repr(Progress()) == (
        "Progress(update=0, tokens=0, seconds=0.0, stale_validations=0, loss=nan, valid_loss=None,"
        " ended_by='', best_value=None, best_update=0, best_valid_loss=None)"
    )


def test_the_old_checkpoint_counts_where_a_kill_came_between_the_renames(tmp_path):
    Training(0, 1).save(tmp_path)
    (tmp_path / "checkpoint").rename(tmp_path / "checkpoint.old")
    assert Training(1, 1).load(tmp_path) == PROGRESS


def test_losses_without_a_value_are_null_in_the_file(tmp_path):
    training = Training(0, 1)
    training.save(tmp_path, Progress())
    text = (tmp_path / "checkpoint" / "progress.json").read_text()
    values = json.loads(text, parse_constant=pytest.fail)
    assert (values["best_value"], values["loss"], values["update"]) == (None, None, 0)
    read = training.load(tmp_path)
    assert read.best_value is None and math.isnan(read.loss) and read.valid_loss is None


def test_events_after_the_checkpoint_are_cut(tmp_path):
    path = tmp_path / "events.jsonl"
    cut_events(path, 4)
    assert not path.exists()
    lines = ['{"update": 3}', "cut by a ki", '{"update": 4}', '{"update": 5}', '{"upd']
    path.write_text("\n".join(lines))
    cut_events(path, 4)
    assert path.read_text() == '{"update": 3}\n{"update": 4}\n'


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("model.safetensors", lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\x01")),
        ("model.safetensors", lambda path: path.write_bytes(path.read_bytes()[:50])),
        ("optimiser.pt", lambda path: path.write_bytes(path.read_bytes()[:50])),
        ("averaged.pt", lambda path: path.unlink()),
        ("progress.json", lambda path: path.write_text("{}")),
        ("progress.json", lambda path: path.unlink()),
    ],
)
def test_damaged_checkpoint_is_set_aside_and_training_begins_again(tmp_path, capsys, name, spoil):
    Training(0, 3).save(tmp_path)
    set_damaged_aside(tmp_path)
    assert capsys.readouterr().err == ""
    spoil(tmp_path / "checkpoint" / name)
    set_damaged_aside(tmp_path)
    said = capsys.readouterr().err
    assert "training begins again" in said and said.count("\n") == 1
    assert (tmp_path / "checkpoint.damaged-1").is_dir()
    fresh = Training(1, 0)
    before = fresh.weights
    assert repr(fresh.load(tmp_path)) == repr(Progress()) and fresh.weights == before


def test_checkpoint_of_an_earlier_version_is_read_unless_it_is_broken(tmp_path, capsys):
    Training(0, 3).save(tmp_path)
    path = tmp_path / "checkpoint" / "progress.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({n: v for n, v in values.items() if n not in ("files", "sealed")}))
    set_damaged_aside(tmp_path)
    assert Training(1, 1).load(tmp_path) == PROGRESS and capsys.readouterr().err == ""
    (tmp_path / "checkpoint" / "optimiser.pt").write_bytes(b"PK")
    set_damaged_aside(tmp_path)
    assert "optimiser.pt cannot be read" in capsys.readouterr().err


def test_best_weights_that_cannot_be_read(tmp_path, capsys):
    training = Training(0, 3)
    save_best(tmp_path, training.module, 5)
    training.save(tmp_path, BEST_AT_5)
    set_damaged_aside(tmp_path)
    assert find_best(tmp_path, 5).exists() and capsys.readouterr().err == ""
    find_best(tmp_path, 5).write_bytes(b"")
    set_damaged_aside(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "best.damaged-1", "checkpoint.damaged-1",
    ]  # fmt: skip


def weights_of(path: Path) -> list[list[float]]:
    return [value.flatten().tolist() for value in load_file(path).values()]


def test_better_weights_after_a_checkpoint_leave_it_its_own(tmp_path):
    """A run that is killed then goes on from the checkpoint, whose best weights are others."""
    training = Training(0, 1)
    of_5 = training.weights[0]
    save_best(tmp_path, training.module, 5)
    training.save(tmp_path, BEST_AT_5)
    for update in (9, 12):
        training.update()
        save_best(tmp_path, training.module, update)
    assert sorted(path.name for path in (tmp_path / "best").iterdir()) == [
        "12.safetensors", "5.safetensors",
    ]  # fmt: skip
    assert of_5 in weights_of(find_best(tmp_path, 5))
    # A checkpoint that was damaged meanwhile is no reason to end: the next one replaces it.
    (tmp_path / "checkpoint" / "progress.json").write_text("{")
    save_best(tmp_path, training.module, 12)
    training.save(tmp_path, replace(BEST_AT_5, update=13, best_update=12))
    assert [path.name for path in (tmp_path / "best").iterdir()] == ["12.safetensors"]


def test_best_weights_of_an_earlier_version_are_found_until_better_ones_are(tmp_path, capsys):
    training = Training(0, 3)
    training.save(tmp_path, BEST_AT_5)
    before = tmp_path / "best.safetensors"
    save_model(training.module, str(before))
    set_damaged_aside(tmp_path)
    assert find_best(tmp_path, 5) == before and capsys.readouterr().err == ""
    save_best(tmp_path, training.module, 9)
    assert find_best(tmp_path, 5) == before and find_best(tmp_path, 9) != before
    training.save(tmp_path, replace(BEST_AT_5, update=9, best_update=9))
    assert not before.exists() and find_best(tmp_path, 9).exists()


def test_a_kill_while_the_checkpoint_of_an_earlier_kill_is_replaced(tmp_path, monkeypatch):
    """At any moment one of the two can be read."""
    Training(0, 1).save(tmp_path)
    (tmp_path / "checkpoint").rename(tmp_path / "checkpoint.old")

    rename = Path.replace

    def die(self, target):
        if self.name == "checkpoint.tmp":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        Training(0, 2).save(tmp_path, Progress(update=8))
    assert Training(1, 1).load(tmp_path) == PROGRESS


def test_events_that_are_no_events_are_dropped(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"update": 3}\n[]\n{}\n{"update": "x"}\n\xff\n{"update": 4}\n')
    cut_events(path, 4)
    assert path.read_text() == '{"update": 3}\n{"update": 4}\n'
