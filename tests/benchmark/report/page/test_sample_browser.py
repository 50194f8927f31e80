"""The page in a real browser: what its scripts do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from chromium import call, drive, needs_chromium
from handmade import BLEU, bleu, self_bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report import build_report
from benchmark.report.data.points import Board
from benchmark.report.tables.renderers import format_pipe_table
from benchmark.report.tables.table import build_table

pytestmark = [pytest.mark.browser, needs_chromium]

HARD = "</script><script>note('escaped')</script><!-- & É"

SCRIPT = Path(__file__).with_name("browse.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    trials = [
        trial("worse", bleu(0.30) | self_bleu(0.5), family="discrete diffusion"),
        *(
            trial(
                "best", bleu(0.50 - at / 10) | self_bleu(0.4 - at / 5), label=f"temperature={at}",
                roles=("main", "sweep") if not at else ("sweep",), knob_value=at,
            )
            for at in (0.0, 0.5, 1.0)
        ),
        trial("near", bleu(0.485) | self_bleu(0.6), label="50 % of <all> & more_"),
        trial("broken", None, family="iterative"),
        trial("copy-source", bleu(0.55) | self_bleu(1.0), family="yardstick", kind="single"),
    ]  # fmt: skip
    labels = {"worse": "main", "best": "temperature=0.0", "near": "50 % of <all> & more_"}
    measured = {"worse": 0.30, "best": 0.50, "near": 0.485}
    values = {
        f"score-{name}-{label}-1": [{BLEU: [measured[name]] * 2}] * 30
        for name, label in labels.items()
    }
    folder = write_handmade(tmp_path_factory.mktemp("browser") / "toy", trials, values=values)
    path = folder / "records" / "samples" / "generate-near-50 % of <all> & more_-1.jsonl"
    first, second = path.read_text().splitlines()
    hard = json.loads(second)
    hard["candidates"][1]["text"] = HARD
    path.write_text(f"{first}\n{json.dumps(hard)}\n")
    build_report(folder)
    return folder


@pytest.fixture(scope="module")
def found(report, tmp_path_factory):
    return drive(report / "index.html", SCRIPT, tmp_path_factory.mktemp("driven"))


def test_no_error_and_no_request(found):
    assert found["errors"] == []
    assert found["requests"] == []


def test_sorting(found):
    better, worse, page = found["sorts"]
    assert better == ["descending", ["best", "near", "worse", "broken", "copy-source"]]
    assert worse == ["ascending", ["worse", "near", "best", "broken", "copy-source"]]
    assert page == [None, ["worse", "best", "near", "broken", "copy-source"]]
    assert found["focusable"]


def test_columns_are_folded(found):
    assert found["folded"] == [
        "System", "BLEU (sent), mean ↑", "BLEU (sent), MBR ↑", "BLEU (sent), best of 2 ↑", "NFE ↓",
        "Time, ms ↓",
    ]  # fmt: skip
    assert found["copiedFolded"] == "| " + " | ".join(found["folded"]) + " |"


def test_copies_are_what_the_table_shows(report, found):
    table = build_table(Board(read_records(report)), "toy")
    markdown, latex, csv = found["copied"]
    assert markdown == format_pipe_table(table) + "\n"
    assert r"\textbf{0.500}\,{\tiny$\pm$0.010}\textsuperscript{" in latex
    assert csv.splitlines()[2].startswith("best (b),temperature=0.0,0.500,0.010,0.600,0.010,")


@pytest.mark.tex
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not on this machine")
def test_copied_latex_compiles(found, tmp_path):
    text = found["copied"][1]
    document = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}%s\\end{document}"
    (tmp_path / "x.tex").write_text(document % text, encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "x.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def test_points_of_a_figure_tell_their_setting(found):
    assert len(found["marks"]) == 5, "three of a curve, one each of the other systems"
    assert found["stops"] == 1
    hidden, tip = found["tip"]
    assert not hidden
    for said in (
        "best",
        "temperature=0.0",
        "0.500\t[0.490, 0.510]",
        "NFE\t10",
        "12.5 ms",
        "score-best",
    ):
        assert said in tip, said
    assert found["away"]
    spoken, hidden = found["keyed"]
    assert spoken.startswith("best, temperature=0.5: diversity")
    assert not hidden


def test_legend_brings_out_a_curve(found):
    assert found["legend"] == ["true", True, ["best"]]


def test_sample_browser(found):
    assert found["first"]["status"] == "source 1 of 2"
    for said in ("the reference", "one of worse", "one of best", "MBR", "copy-source†"):
        assert said in found["first"]["text"], said
    assert found["second"]["status"] == "source 2 of 2"
    seen, marks = found["searched"]
    assert seen["status"] == "source 1 of 2"
    assert marks == ["one of near"]
    assert found["elsewhere"] == "no source matches"
    assert found["hard"]["status"] == "source 1 of 1 that match (2 in all)"
    assert HARD in found["hard"]["text"]
    assert "one of" not in found["chosen"]["text"], "the choice is the second candidate"
    assert "two" in found["chosen"]["text"]
    assert "best" not in found["without"]["text"]
    assert found["printed"] == "none"


def test_light_and_dark(found):
    assert set(found["colours"]) == {"rgb(255, 255, 255)", "rgb(21, 24, 29)"}


def test_a_phone(report, tmp_path):
    found = drive(
        report / "index.html",
        """
        const scroll = document.querySelector("#toy .scroll");
        scroll.scrollTo(150, 60);
        const left = (element) => element.getBoundingClientRect().x;
        findings.page = document.documentElement.scrollWidth;
        findings.window = innerWidth;
        findings.inner = scroll.scrollWidth > scroll.clientWidth;
        findings.moved = scroll.scrollLeft;
        findings.first = left(scroll.querySelector("tbody tr:not(.family) th")) - left(scroll);
        """,
        tmp_path,
        width=390,
    )
    assert found["errors"] == []
    assert found["window"] == 390
    assert found["page"] <= 390, "the page itself does not scroll sideways"
    assert found["inner"], "the table does"
    assert found["moved"] > 0
    assert abs(found["first"]) <= 2, "its first column stays"


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not on this machine")
def test_paper(report, tmp_path):
    pdf = tmp_path / "x.pdf"
    page = (report / "index.html").as_uri()
    call(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", page)
    command = ["pdftotext", "-layout", str(pdf), "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert len(text.split("\f")) > 3
    for said in ("copy-source", "best of 2", "a <b> source", "one of near", "(tables/toy.csv)"):
        assert said in text, said
    assert not re.search("Copy as|previous|Skip to", text)
