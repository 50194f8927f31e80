from __future__ import annotations

import gzip
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.api import UserError
from benchmark.records.reader import read_records


def edit(folder, change):
    path = folder / "records" / "cells.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_what_was_written_is_read(folder):
    records = read_records(folder)
    assert records.tasks == ("toy",)
    first = records.trial_records[0]
    assert (first.system, first.status, first.keys.score) == ("worse", "ok", "score-worse-main-1")
    assert first.score.metrics["bleu_sent_m4"].statistics["expected"].high == pytest.approx(0.31)
    assert [row.id for row in records.values(first.keys.score).values()] == ["s0", "s1"]
    assert records.samples(first.keys.generate)["s0"].candidates[1].text == "two"
    assert records.events("no such training") == ()


def test_trials_may_be_split_by_task(tmp_path):
    cells = [trial(s, bleu(0.5), task=t) for t in ("zebra", "ant") for s in ("a", "b")]
    folder = write_handmade(tmp_path / "x", cells)
    whole = read_records(folder)
    file = folder / "records" / "cells.jsonl"
    (folder / "records" / "cells").mkdir()
    for task in ("ant", "zebra"):
        lines = [line for line in file.read_text().splitlines(True) if f'"task": "{task}"' in line]
        (folder / "records" / "cells" / f"{task}.jsonl").write_text("".join(lines))
    file.unlink()
    split = read_records(folder).trial_records
    assert split == whole.trial_records, "tasks stand in the order of the run"
    broken = folder / "records" / "cells" / "ant.jsonl"
    broken.write_text("{")
    with pytest.raises(UserError, match=r"cells/ant\.jsonl, line 1 is not valid JSON"):
        read_records(folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["mini-0.6.0", "mini-more-0.6.0", "control-0.6.0", "qqp-small-0.6.0", "qqp-small-more-0.6.0",
     "qqp-small-seeds-0.6.0", "qqp-small-0.5.0"],
)  # fmt: skip
def test_kept_reports_are_read(name):
    records = read_records(Path(__file__).parents[3] / "reports" / name)
    assert {cell.status for cell in records.trial_records} == {"ok"}


def test_null_is_undefined(folder):
    def undefine(lines):
        lines[0]["score"]["metrics"]["self_bleu"]["statistics"]["set"]["value"] = None

    edit(folder, undefine)
    value = read_records(folder).trial_records[0].score.metrics["self_bleu"].statistics["set"]
    assert math.isnan(value.value)
    assert not value.defined


def test_unknown_keys_are_let_through(folder):
    edit(folder, lambda lines: lines[0].update(novelty=1))
    read_records(folder)


def test_no_records(tmp_path):
    with pytest.raises(UserError, match="no records in"):
        read_records(tmp_path)


@pytest.mark.parametrize("name", ["run.json", "cells.jsonl"])
def test_missing_file(folder, name):
    (folder / "records" / name).unlink()
    with pytest.raises(UserError, match=f"{name} is missing"):
        read_records(folder)


def test_broken_line_is_named(folder):
    path = folder / "records" / "cells.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1][:40]]))
    with pytest.raises(UserError, match=r"cells\.jsonl, line 2 is not valid JSON"):
        read_records(folder)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda c: c[1].pop("family"), r"line 2: family: Field required"),
        (lambda c: c[1]["setting"].update(kind="magic"), r"line 2: setting\.kind"),
        (lambda c: c[1].update(system="stranger"), r"line 2: system 'stranger' is not in run"),
        (lambda c: c[1].update(score=None), r"line 2: the trial is ok but has no score"),
        (lambda c: c.clear(), r"contains no trials"),
    ],
)
def test_wrong_trials_are_named(folder, change, sentence):
    edit(folder, change)
    with pytest.raises(UserError, match=sentence):
        read_records(folder)


@pytest.mark.parametrize("damage", [lambda d: d[: len(d) // 2], lambda d: b"text"])
def test_broken_values(folder, damage):
    path = folder / "records" / "values" / "score-best-main-1.jsonl.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=r"values/score-best-main-1.jsonl.gz cannot be read"):
        read_records(folder).values("score-best-main-1")


def test_line_separators_inside_text(folder):
    path = folder / "records" / "samples" / "generate-best-main-1.jsonl"
    row = {"id": "s", "source": "a\u2028b", "references": [], "candidates": [{"text": "\u0085"}]}
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    assert read_records(folder).samples("generate-best-main-1")["s"].source == "a\u2028b"


def test_values_are_gzip(folder):
    path = folder / "records" / "values" / "score-best-main-1.jsonl.gz"
    assert json.loads(gzip.decompress(path.read_bytes()).splitlines()[0])["id"] == "s0"


@pytest.mark.slow
def test_reading_imports_no_torch(folder):
    code = (
        "import sys\nfrom pathlib import Path\n"
        "import benchmark.report\n"
        "assert not {'matplotlib', 'pandas', 'torch'} & set(sys.modules)\n"
        "from benchmark.report.data.points import Board\n"
        "from benchmark.records.reader import read_records\n"
        "import benchmark.report.build\n"
        f"Board(read_records(Path({str(folder)!r}))).frame('toy')\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
