from __future__ import annotations

import pytest

from benchmark.report.tables.latex_escape import latex_escape


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
        ("日本語 ", r"\cjk{bsmi}{日本語} "),
        ("a\tb\u200b\x07\u00a0c", "a b~c"),
    ],
)
def test_latex_escape(text, escaped):
    assert latex_escape(text) == escaped
