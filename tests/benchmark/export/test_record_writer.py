from __future__ import annotations

import json

from benchmark.export.record_writer import write_trial_records


def test_cells_are_split_by_task(tmp_path):
    lines = [{"task": t, "n": n} for n, t in enumerate(("b", "a", "b", "x/y z", "x-y-z"))]
    write_trial_records(tmp_path / "cells", lines)
    found = {
        path.name: [json.loads(line)["n"] for line in path.read_text().splitlines()]
        for path in (tmp_path / "cells").iterdir()
    }
    assert found == {"a.jsonl": [1], "b.jsonl": [0, 2], "x-y-z.jsonl": [3, 4]}
