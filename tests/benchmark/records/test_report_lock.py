from __future__ import annotations

import subprocess
import sys

import pytest

from benchmark.records.report_lock import hold_report


def test_leftovers_go_and_records_come_back(tmp_path):
    report = tmp_path / "r"
    for name in (".records-1.old", "records.tmp", ".records-2.tmp", "tables"):
        (report / name).mkdir(parents=True)
    (report / ".records-1.old" / "run.json").write_text("{}")
    (report / "tables" / f".{0:032x}.tmp").touch()
    (report / "summary.md").touch()
    (report / ".mine.tmp").touch()
    with hold_report(report):
        assert (report / "records" / "run.json").read_text() == "{}"
        assert sorted(p.name for p in report.rglob("*")) == [
            ".mine.tmp", "records", "run.json", "summary.md", "tables",
        ]  # fmt: skip


def test_a_lock_may_be_taken_within_itself(tmp_path):
    with hold_report(tmp_path), hold_report(tmp_path):
        pass
    with hold_report(tmp_path):
        pass


def test_folder_that_is_missing_is_not_made(tmp_path):
    with hold_report(tmp_path / "none"):
        assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_another_process_waits_and_says_so(tmp_path):
    code = (
        "import sys; from pathlib import Path; from benchmark.records.report_lock import *\n"
        "with hold_report(Path(sys.argv[1])): print('in')"
    )
    with hold_report(tmp_path):
        other = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert "waiting for the report" in other.stderr.readline()
        assert other.poll() is None
    out, _ = other.communicate(timeout=60)
    assert out == "in\n"
