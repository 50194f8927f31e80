"""Packed records have the content of the plain ones."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.records import packing
from benchmark.records.packing import pack_records
from benchmark.records.reader import read_records
from benchmark.records.record_files import KINDS, TABLE, RecordFiles
from benchmark.report import build_report
from benchmark.verify import main as verify


def content(report: Path) -> dict[str, str]:
    files = RecordFiles(report / "records")
    return {name: files.read(name) for kind in KINDS for name in files.names(kind)}


def archives(report: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (report / "records").glob("*.tar.xz")}


@pytest.mark.slow
def test_packed_records_hold_what_the_plain_ones_hold(kept, tmp_path):
    report = tmp_path / "report"
    shutil.copytree(kept.report, report)
    plain, whole = content(report), read_records(report)
    # The run asked for no likelihoods: a kind without files has no archive.
    kinds = set(KINDS) - {"likelihoods"}
    assert {name.partition("/")[0] for name in plain} == kinds
    pack_records(report)
    names = {path.name for path in (report / "records").iterdir()}
    assert names == {"run.json", *(f"{kind}-1.tar.xz" for kind in kinds)}
    assert content(report) == plain
    packed = read_records(report)
    assert (packed.run, packed.trial_records) == (whole.run, whole.trial_records)
    assert packed.keeps_texts
    for record in whole.trial_records:
        keys = record.keys
        assert packed.values(keys.score) == whole.values(keys.score)
        assert packed.samples(keys.generate) == whole.samples(keys.generate)
        assert packed.events(keys.train or "") == whole.events(keys.train or "")
        if keys.trace:
            assert packed.trace(keys.trace) == whole.trace(keys.trace)


def test_equal_records_give_equal_archives(old, tmp_path):
    shutil.copytree(old, tmp_path / "again")
    for report in (old, tmp_path / "again"):
        pack_records(report)
    first = archives(old)
    assert first and archives(tmp_path / "again") == first
    pack_records(old)  # packed already
    assert archives(old) == first


def test_archives_are_closed_before_they_grow_large(old, monkeypatch):
    plain = content(old)
    monkeypatch.setattr(packing, "ARCHIVE_TEXT", 8_000)
    pack_records(old)
    assert {f"samples-{number}.tar.xz" for number in (1, 2, 3)} <= set(archives(old))
    assert content(old) == plain


def test_archives_that_came_out_large_are_made_of_fewer_files(old, monkeypatch):
    plain = content(old)
    monkeypatch.setattr(packing, "ARCHIVE_BYTES", 2_000)
    pack_records(old)
    assert {"values-1.tar.xz", "values-2.tar.xz"} <= set(archives(old))
    assert content(old) == plain


def test_values_are_kept_source_by_source(old):
    members = old / "records" / "values-1.tar.xz"
    plain = content(old)
    pack_records(old)
    with tarfile.open(members) as archive:
        assert archive.getnames() == [TABLE]
    assert content(old) == plain


def test_only_records_are_packed(tmp_path):
    with pytest.raises(UserError, match=r"run\.json is missing"):
        pack_records(tmp_path)


@pytest.mark.slow
def test_records_of_0_5_0_are_rendered_and_verified_plain_and_packed(old, capsys):
    build_report(old)
    rendered = {path: path.read_bytes() for path in old.glob("*/*") if "records" not in path.parts}
    assert verify([str(old), "--quick"]) == 0
    assert "4 equal" in capsys.readouterr().out
    pack_records(old)
    build_report(old)
    assert rendered and all(path.read_bytes() == data for path, data in rendered.items())
    assert verify([str(old), "--quick"]) == 0


def test_archives_of_other_groups_are_replaced_and_a_kill_leaves_all(old, monkeypatch):
    plain = content(old)
    with monkeypatch.context() as few:
        few.setattr(packing, "ARCHIVE_TEXT", 8_000)
        pack_records(old)
    assert len(archives(old)) > len(KINDS)
    with monkeypatch.context() as stopped:
        stopped.setattr(Path, "unlink", lambda path: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pack_records(old)
    assert content(old) == plain
    pack_records(old)
    assert content(old) == plain
    kinds = {name.partition("/")[0] for name in plain}
    assert set(archives(old)) == {f"{kind}-1.tar.xz" for kind in kinds}
