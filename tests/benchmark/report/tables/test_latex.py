# ruff: noqa: RUF001 - characters that look like others are the subject
"""The LaTeX tables in real LaTeX, with every text that is hard on it."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from handmade import bleu, self_bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables.renderers import to_latex
from benchmark.report.tables.supplementary_tables import build_supplementary_tables
from benchmark.report.tables.table import build_table

pytestmark = [
    pytest.mark.tex,
    pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not on this machine"),
]

HARD = (
    "my_file:100%", "a&b#1", "x^2~y", "$cost$", "back\\slash", "{brace}", "<lt>|bar|",
    "arrow→←⇒↑↓≤≥≠≈", "café Łódź straße ñ þ", "Δβ λ", "日本語 😀", "quo\"te's `x`", "a--b---c",
    "50 % ± 0.1 × 2 − 1 … “x” ‘y’ «z» •", "tab\there\u00a0\u2009\u200b\x07",
)  # fmt: skip

DOCUMENT = r"""\documentclass[a4paper]{article}
\usepackage{booktabs}
\begin{document}
%s
\end{document}
"""


def test_all_tables_compile_in_one_document(tmp_path):
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
    folder = write_handmade(tmp_path / "x", trials)
    path = folder / "records" / "run.json"
    run = json.loads(path.read_text())
    run["tasks"]["toy"]["title"] = " ".join(HARD)
    path.write_text(json.dumps(run))
    board = Board(read_records(folder))
    tables = [build_table(board, "toy"), *build_supplementary_tables(board, "toy")]
    assert len(tables) >= 3
    assert compiled("\n\\clearpage\n".join(map(to_latex, tables)), tmp_path) == []


def compiled(text, folder):
    """What LaTeX complains about."""
    (folder / "x.tex").write_text(DOCUMENT % text, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "x.tex"],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    assert (folder / "x.pdf").exists(), done.stdout[-3000:]
    lines = done.stdout.splitlines()
    return [line for line in lines if line.startswith("!") or "Missing character" in line]
