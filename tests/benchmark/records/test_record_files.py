"""Records are read alike, plain or packed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.records import packing
from benchmark.records.packing import pack_records
from benchmark.records.record_files import KINDS, RecordFiles
from benchmark.report import build_report


def content(report: Path) -> dict[str, str]:
    files = RecordFiles(report / "records")
    return {name: files.read(name) for kind in KINDS for name in files.names(kind)}


def test_plain_file_beside_archives_is_the_one_that_is_read(old):
    pack_records(old)
    (name, *_) = RecordFiles(old / "records").names("samples")
    (old / "records" / "samples").mkdir()
    (old / "records" / name).write_text("changed")
    assert RecordFiles(old / "records").read(name) == "changed"


def test_broken_archive_is_named(old):
    pack_records(old)
    path = old / "records" / "values-1.tar.xz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"records/values-1\.tar\.xz cannot be read: "):
        build_report(old)


def test_archives_of_0_5_0_hold_values_as_they_are(old, monkeypatch):
    plain = content(old)
    monkeypatch.setattr(packing, "pack_values", lambda files: None)
    pack_records(old)
    monkeypatch.undo()
    assert content(old) == plain
    pack_records(old)
    assert content(old) == plain
