# ruff: noqa: RUF001 - characters that look like others are the subject
from __future__ import annotations

import pytest

from benchmark.report.tables.latex_escape import latex_escape, latex_paragraph


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("50 % & more", r"50 \% \& more"),
        ("bleu_sent_m4|a:b", r"bleu\_sent\_m4\textbar{}a:b"),
        ("\\{}", r"\textbackslash{}\{\}"),
        ("#1 ~ $2 ^ 3", r"\#1 \textasciitilde{} \$2 \textasciicircum{} 3"),
        ("0.5 ± 0.1 †", r"0.5 $\pm$ 0.1 $^{\dagger}$"),
        ("<0.001", r"\textless{}0.001"),
        ("--set a---b", r"-{}-set a-{}-{}-b"),
        ("→ ≤ λ", r"$\rightarrow$ $\leq$ $\lambda$"),
        ("café Łódź ñ", r"caf\'{e} \L{}\'{o}d\'{z} \~{n}"),
        ("日 þ", r"\cjk{gbsn}{日} \texttt{U+00FE}"),
        ("a 中文，b", r"a \cjk{gbsn}{中文，}b"),
        ("日本語 한국", r"\cjk{bsmi}{日本語} \cjk{mj}{한국}"),
        ("中語", r"\cjk{bsmi}{中語}"),
        ("国語", r"\cjk{min}{国語}"),
        ("国한", r"\cjk{gbsn}{国}\cjk{mj}{한}"),
        ("😀", r"\texttt{U+1F600}"),
        ("a\tb\u200b\x07\u00a0c", "a b~c"),
    ],
)
def test_latex_escape(text, escaped):
    assert latex_escape(text) == escaped


def test_long_words_may_be_broken():
    signature = "bleu_sent_m4|nrefs:4|case:mixed"
    assert latex_paragraph(f"as {signature}").replace(r"\allowbreak{}", "") == latex_escape(
        f"as {signature}"
    )
    assert r"\textbar{}\allowbreak{}nrefs:\allowbreak{}4" in latex_paragraph(signature)
    assert latex_paragraph("short_word") == r"short\_word"
    assert latex_paragraph("x" * 30) == "x" * 24 + r"\allowbreak{}" + "x" * 6
