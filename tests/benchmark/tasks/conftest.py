from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write("task/test.jsonl", rows) -> path; rows are objects, raw lines, or bytes."""

    def writer(name: str, rows: list[Any] | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(rows, list):
            lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
            rows = "".join(f"{line}\n" for line in lines).encode()
        path.write_bytes(gzip.compress(rows) if name.endswith(".gz") else rows)
        return path

    return writer
