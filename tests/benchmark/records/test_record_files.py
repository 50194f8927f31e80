"""Records, plain and packed: the same content, whichever form they have."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.records import record_files
from benchmark.records.reader import read_records
from benchmark.records.record_files import KINDS, RecordFiles, pack_records
from benchmark.report import build_report
from benchmark.verify import main as verify

OLD = Path(__file__).parent / "report-0.5.0"
"""Two systems of the report `mini-0.5.0`, plain, as that version wrote them."""


@pytest.fixture
def old(tmp_path):
    shutil.copytree(OLD, tmp_path / "mini-0.5.0")
    return tmp_path / "mini-0.5.0"


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
    monkeypatch.setattr(record_files, "ARCHIVE_TEXT", 8_000)
    pack_records(old)
    assert {f"samples-{number}.tar.xz" for number in (1, 2, 3)} <= set(archives(old))
    assert content(old) == plain


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
