from __future__ import annotations

import json
import sys
import tomllib
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
        """What pip leaves of `pyproject.toml`: a name, a version, entry points."""
        project = tomllib.loads((self.folder / "pyproject.toml").read_text())["project"]
        info = self.folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        )
        (info / "entry_points.txt").write_text(
            "".join(
                f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
                for group, points in project["entry-points"].items()
            )
        )

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
