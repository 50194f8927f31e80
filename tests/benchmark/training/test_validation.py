from __future__ import annotations

import copy
import math

import pytest
import torch
from toy import Toy, ToyConfig

from benchmark.api import make_noise
from benchmark.runtime.distributed import ALONE
from benchmark.training.checkpoints import Progress, find_best
from benchmark.training.ema import moving_average
from benchmark.training.selection import Selection
from benchmark.training.validation import Validation


@pytest.fixture
def system(resources):
    torch.manual_seed(0)
    return Toy.build(ToyConfig(dropout=0.5), resources)


def make(system, examples, folder, *, average=None, quality=None, selection=None):
    return Validation(
        system,
        average,
        examples,
        seed=3,
        device=torch.device("cpu"),
        quality=quality,
        selection=selection,
        folder=folder,
        processes=ALONE,
    )


@torch.no_grad()
def loss_by_hand(system, examples):
    system.module.eval()
    noise = make_noise(3, [f"valid {e.id}" for e in examples], 1)
    return float(system.loss(system.collate(examples), noise).total)


@pytest.mark.parametrize(("rows", "sizes"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (100, [5])])
def test_the_loss_is_without_dropout_and_weighted_by_examples(
    system, examples, tmp_path, rows, sizes
):
    losses, left = [], examples[:5]
    for size in sizes:
        losses.append(size * loss_by_hand(system, left[:size]))
        left = left[size:]
    found = make(system, examples[:5], tmp_path).loss_on(examples[:5], rows=rows)
    assert found == pytest.approx(sum(losses) / 5, rel=1e-6)


def test_the_average_is_validated_and_the_weights_stay(system, examples, tmp_path):
    average = moving_average(system.module, 0.9)
    of_average = copy.deepcopy(system)
    with torch.no_grad():
        for weight in system.module.parameters():
            weight.add_(1.0)
    own = copy.deepcopy(system.module.state_dict())
    seen = []
    progress = Progress(update=7)
    event = make(
        system,
        examples[:5],
        tmp_path,
        average=average,
        quality=lambda validated: seen.append(validated) or {"validity": 0.5},
    ).run(progress, rows=5)
    assert event == {
        "kind": "valid",
        "update": 7,
        "loss": pytest.approx(loss_by_hand(of_average, examples[:5]), rel=1e-6),
        "quality": {"validity": 0.5},
    }
    assert seen == [system] and progress.valid_loss == event["loss"]
    assert all(torch.equal(system.module.state_dict()[name], own[name]) for name in own)
    assert not list(tmp_path.iterdir()), "without a selection no weights are kept"


def test_only_better_weights_are_kept(system, examples, tmp_path):
    values = iter([math.nan, 0.25, 0.25, 0.5, 0.25])
    selection = Selection("validity", examples[:4], lambda _: next(values))
    validation, progress = make(system, examples[:5], tmp_path, selection=selection), Progress()
    kept, selections = [], []
    for progress.update in range(1, 6):
        selections.append(validation.run(progress, rows=4)["selection"])
        kept.append(find_best(tmp_path, progress.update).exists())
    assert selections == [None, 0.25, 0.25, 0.5, 0.25]
    assert kept == [False, True, False, True, False]
    assert (progress.best_value, progress.best_update, progress.stale_validations) == (0.5, 4, 1)
