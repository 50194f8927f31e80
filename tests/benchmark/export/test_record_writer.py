from __future__ import annotations

import json

import pytest

from benchmark.api import UserError
from benchmark.experiment.plan import Plan
from benchmark.experiment.suite import load_suite
from benchmark.export.record_writer import write_records, write_trial_records
from benchmark.store.entries import Store


def test_cells_are_split_by_task(tmp_path):
    lines = [{"task": t, "n": n} for n, t in enumerate(("b", "a", "b", "x/y z", "x-y-z"))]
    write_trial_records(tmp_path / "cells", lines)
    found = {
        path.name: [json.loads(line)["n"] for line in path.read_text().splitlines()]
        for path in (tmp_path / "cells").iterdir()
    }
    assert found == {"a.jsonl": [1], "b.jsonl": [0, 2], "x-y-z.jsonl": [3, 4]}


def test_report_that_cannot_be_written_is_named_and_not_a_folder_within_it(tmp_path):
    (tmp_path / "file").touch()
    plan = Plan(load_suite("mini"), data_dir=None, tasks={}, trials=())
    with pytest.raises(UserError, match=r"^The folder \S+/file/mine cannot be written"):
        write_records(tmp_path / "file" / "mine", plan, Store(tmp_path), command=[])
