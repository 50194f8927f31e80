"""The micro batch that is found: the first half that fits, with nothing left behind."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmark.api import Example, UserError
from benchmark.runtime.distributed import ALONE
from benchmark.training.micro_batch import MICRO_BATCH, MicroBatchFinder, longest


def example(number: int, length: int) -> Example:
    return Example(str(number), "x" * length, "y", ("y",))


TRAIN = [example(number, length) for number, length in enumerate((3, 9, 1, 7, 5))]


class _Device:
    """Has memory for a few rows."""

    def __init__(self, rows: int) -> None:
        self.rows, self.tried = rows, []
        self.module = nn.Linear(2, 2)
        self.module.register_buffer("seen", torch.zeros(1))

    def rehearse(self, examples):
        self.tried.append(len(examples))
        self.module.seen += 1
        self.module(torch.ones(1, 2)).sum().backward()
        if len(examples) > self.rows:
            raise torch.OutOfMemoryError("full")


def finder(device: _Device, batch: int, folder) -> MicroBatchFinder:
    return MicroBatchFinder(TRAIN, batch, device.module, folder, ALONE)


@pytest.mark.parametrize(("rows", "tried"), [(100, [13]), (4, [13, 7, 4]), (1, [13, 7, 4, 2, 1])])
def test_halves_are_tried_until_one_fits(rows, tried, tmp_path):
    device = _Device(rows)
    assert finder(device, 13, tmp_path).read() is None
    assert finder(device, 13, tmp_path).find(device.rehearse, "cuda") == tried[-1]
    assert device.tried == tried
    assert device.module.seen.item() == 0 and device.module.weight.grad is None
    assert finder(device, 13, tmp_path).read() == tried[-1]


def test_a_row_that_does_not_fit_is_an_error_of_the_user(tmp_path):
    device = _Device(0)
    with pytest.raises(UserError, match="micro batch of 1 does not fit"):
        finder(device, 3, tmp_path).find(device.rehearse, "cuda")
    assert not (tmp_path / MICRO_BATCH).exists()


def test_a_cpu_takes_no_more_than_it_gains_from(tmp_path):
    device = _Device(10**6)
    assert finder(device, 2048, tmp_path).find(device.rehearse, "cpu") == 64


def test_the_longest_pairs_stand_first_and_again():
    assert [len(e.source) for e in longest(TRAIN, 3)] == [9, 7, 5]
    assert [len(e.source) for e in longest(TRAIN, 7)] == [9, 7, 5, 3, 1, 9, 7]


def test_a_file_that_was_cut_is_no_answer(tmp_path):
    (tmp_path / MICRO_BATCH).write_text("")
    assert finder(_Device(1), 2, tmp_path).read() is None
