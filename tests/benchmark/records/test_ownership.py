from __future__ import annotations

import json

import pytest

from benchmark.api import UserError
from benchmark.records.ownership import check_own_records

RUN = {"run": "x", "suite": "mini", "tasks": {}, "systems": {}}


def write(folder, files):
    for name, text in files.items():
        path = folder / "records" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"run.json": json.dumps(RUN), "cells/dialogue.jsonl": ""},
        {"run.json": json.dumps(RUN), "notes.txt": ""},
        {"run.json": "{}", "cells/dialogue.jsonl": ""},
        {"run.json": '{"run": ', "cells/dialogue.jsonl": "", "samples-1.tar.xz": ""},
    ],
)
def test_ours(tmp_path, files):
    write(tmp_path, files)
    check_own_records(tmp_path)
    check_own_records(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "files",
    [
        {"patients.csv": "a"},
        {"cells/dialogue.jsonl": ""},
        {"run.json": "{}"},
        {"run.json": "[1]", "cells/x.jsonl": "", "patients": ""},
        {"run.json": '{"run": ', "patients.csv": ""},
    ],
)
def test_of_somebody_else(tmp_path, files):
    write(tmp_path, files)
    with pytest.raises(UserError, match="records is not of this package and would be replaced"):
        check_own_records(tmp_path)


def test_links_and_files(tmp_path):
    write(tmp_path, {"run.json": json.dumps(RUN)})
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "records").symlink_to(tmp_path / "records")
    (tmp_path / "third").mkdir()
    (tmp_path / "third" / "records").write_text("mine")
    for name in ("other", "third"):
        with pytest.raises(UserError, match="not of this package"):
            check_own_records(tmp_path / name)
