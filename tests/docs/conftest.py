from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from documents import commands, read, write_files

from benchmark.records.record_files import RecordFiles

TINY = [
    "limits.train=48", "limits.valid=2", "limits.test=3", "budget.updates=3", "training.batch=8",
    "training.quality_examples=0", "evaluation.num_samples=2",
    "evaluation.interval.resamples=20",
]  # fmt: skip

Lines = list[dict[str, Any]]


class Reader:
    """Somebody who does what a document says, in a folder of her own."""

    def __init__(self, document: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.text, self.folder, self.monkeypatch = read(document), folder, monkeypatch
        write_files(self.text, folder)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
        # Matplotlib needs seconds a report, and the report has tests of its own.
        monkeypatch.setattr("benchmark.report.build_report", lambda folder: folder / "index.html")
        for path in folder.glob("*.py"):
            monkeypatch.delitem(sys.modules, path.stem, raising=False)

    def install(self) -> None:
        """`python -m pip install .`, into a folder of its own and without a network."""
        site = self.folder / "site"
        offline = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(site)]
        words = [sys.executable, "-m", "pip", "install", "--quiet", *offline, str(self.folder)]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        self.monkeypatch.setattr(sys, "path", [str(site), *sys.path])

    def runs(self, containing: str) -> Lines:
        """Carry out the one command of a block that contains a text, small; its records."""
        from benchmark.run import main

        (words,) = {
            tuple(words)
            for words in commands(self.text)
            if words[0] == "benchmark.run" and containing in " ".join(words)
        }
        code = main([*words[1:], "--jobs", "1", "--name", "test", "--set", *TINY])
        assert code == 0
        files = RecordFiles(self.folder / "reports" / "test" / "records")
        return [json.loads(line) for _, line in files.trial_lines()]


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Reader]:
    return lambda document: Reader(document, tmp_path, monkeypatch)
