# ruff: noqa: RUF001 - characters that look like others are the subject
"""The LaTeX tables in real LaTeX: with every text that is hard on it, and on real pages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from handmade import bleu, self_bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables.latex_table import to_latex
from benchmark.report.tables.latex_width import measure
from benchmark.report.tables.supplementary_tables import build_supplementary_tables
from benchmark.report.tables.table import build_table
from benchmark.report.text.summary import build_overview_table

pytestmark = [
    pytest.mark.tex,
    pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not on this machine"),
]

HARD = (
    "my_file:100%", "a&b#1", "x^2~y", "$cost$", "back\\slash", "{brace}", "<lt>|bar|",
    "arrow→←⇒↑↓≤≥≠≈", "café Łódź straße ñ þ", "Δβ λ", "日本語 😀", "中文 标题", "quo\"te's `x`",
    "a--b---c", "50 % ± 0.1 × 2 − 1 … “x” ‘y’ «z» •", "tab\there\u00a0\u2009\u200b\x07",
    "a-name-that-goes-on-and-on-and-on-until-nobody-reads-it", "x" * 60,
)  # fmt: skip

ARTICLE, TWO_COLUMNS = "article", "article, two columns"
CLASSES = {ARTICLE: "", TWO_COLUMNS: ",twocolumn"}
DOCUMENT = r"""\documentclass[a4paper,10pt%s]{article}
\usepackage{booktabs}
%s
\setlength{\textwidth}{455pt}\setlength{\columnsep}{17pt}
\setlength{\oddsidemargin}{0pt}\setlength{\textheight}{650pt}\setlength{\topmargin}{-40pt}
\begin{document}
%s
\end{document}
"""
TOLERANCE = 2.0
"""Points by which a line may stand over."""


def tables_of(board):
    """All tables of a report."""
    yield build_overview_table(board)
    for task in board.records.tasks:
        yield build_table(board, task)
        yield from build_supplementary_tables(board, task)


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    """A report in which every name is hard, with many rows and with a variant for every name."""
    metrics = bleu(0.5) | self_bleu(0.4)
    metrics["bleu_sent_m4"]["title"] += " ".join(HARD)
    trials = [trial(name, metrics, label=name, decoding={"x": name}) for name in HARD]
    trials += [
        trial(HARD[0], metrics, label=f"other {name}", decoding={"x": f"other {name}"}, roles=())
        for name in HARD
    ]
    for line in trials:
        line["setting"]["ablations"] = ["policies_&_%"]
    trials.append(trial("broken_&", None, family="50 % edit_"))
    folder = write_handmade(tmp_path_factory.mktemp("hard") / "x", trials)
    path = folder / "records" / "run.json"
    run = json.loads(path.read_text())
    run["tasks"]["toy"]["title"] = " ".join(HARD)
    path.write_text(json.dumps(run))
    return Board(read_records(folder))


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("source", ["hard", "realistic", "control_board", "edit_board"])
def test_every_table_fits_the_page(source, name, request, tmp_path):
    tables = list(tables_of(request.getfixturevalue(source)))
    assert len(tables) >= 4
    assert complaints(compiled("\n".join(map(to_latex, tables)), tmp_path, name)) == []


def test_wide_tables_fit_with_all_their_columns(realistic, tmp_path):
    """Whatever `--columns` asks for."""
    tables = list(tables_of(realistic))
    text = "\n".join(to_latex(t, [column.id for column in t.columns]) for t in tables)
    assert text.count(r"\begin{table") > len(tables)
    assert complaints(compiled(text, tmp_path, TWO_COLUMNS)) == []


def test_many_rows_go_into_further_floats(realistic, tmp_path):
    table = build_table(realistic, "dialogue")
    rows = [replace(r, system=f"{r.system}{i}") for i in range(7) for r in table.rows]
    long = replace(table, rows=tuple(sorted(rows, key=lambda row: row.family)))
    text = to_latex(long)
    assert text.count(r"\begin{table*}") > 1
    assert complaints(compiled(text, tmp_path, ARTICLE)) == []


def test_the_check_sees_what_is_too_wide(realistic, tmp_path):
    text = to_latex(build_table(realistic, "dialogue"))
    wide = text.replace(r"\toprule", r"\rule{456pt}{1pt}\\ \toprule")
    assert any(x.startswith("Overfull") for x in complaints(compiled(wide, tmp_path, ARTICLE)))


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("size", ["footnotesize", "scriptsize", "tiny"])
def test_widths_are_those_of_latex(size, bold, tmp_path):
    texts = (
        "fairseq-levenshtein (p)", "nearest-neighbour", "0.859", "[0.991, 1.000]", "BLEU (sent)",
        "Question generation (grammar)", "1 - self-BLEU", "MAUVE WIKI", "validity", "12.5 ms",
    )  # fmt: skip
    style = r"\bfseries" if bold else ""
    body = "".join(
        rf"\settowidth{{\dimen0}}{{\{size}{style} {text}}}\typeout{{width \the\dimen0}}"
        for text in texts
    )
    found = re.findall(r"^width ([\d.]+)pt$", compiled(body + "x", tmp_path, ARTICLE), re.MULTILINE)
    for text, points in zip(texts, map(float, found), strict=True):
        assert 0.99 * points <= measure(text, size, bold=bold) <= 1.12 * points, text


def compiled(text, folder, name):
    """The log of LaTeX."""
    fonts = ["CJKutf8.sty", "gbsnu65.tfm", "bsmiu65.tfm"]
    known = subprocess.run(["kpsewhich", *fonts], capture_output=True).stdout.count(b"\n") == 3
    cjk = r"\usepackage{CJKutf8}" if known else r"\newcommand{\cjk}[2]{\rule{2em}{1ex}}"
    document = DOCUMENT % (CLASSES[name], cjk, text)
    (folder / "x.tex").write_text(document, encoding="utf-8")
    for _ in range(2):
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "x.tex"],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
    assert (folder / "x.pdf").exists(), done.stdout[-3000:]
    return done.stdout


def complaints(log):
    """Errors, missing characters and references, and what stands over the edge of the page."""
    wide = re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\)[^\n]*", log)
    tall = re.findall(r"Float too large[^\n]*", log)
    told = [line for line in log.splitlines() if line.startswith("!") or "Missing" in line]
    told += [line for line in log.splitlines() if "Reference" in line and "undefined" in line]
    return [*told, *tall, *(f"Overfull by {x} pt" for x in wide if float(x) > TOLERANCE)]
