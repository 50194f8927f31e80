"""`test_latex` compares widths with those that LaTeX measures."""

from __future__ import annotations

import pytest

from benchmark.report.tables.latex_width import measure, wrap


def test_widths_of_the_font():
    """Ten digits of Computer Modern at 10 pt are five of its ems wide."""
    assert measure("0123456789", "normalsize") == pytest.approx(50)
    assert measure("ab", "normalsize") == pytest.approx(5 + 5.56)
    assert measure("é") == measure("e")
    assert measure("中文", "normalsize") == 20
    assert measure("x", bold=True) > measure("x")
    assert measure("a\u200b\x07") == measure("a"), "what is not printed has no width"


def test_lines_are_no_wider_than_asked():
    lines = wrap("a few words, and an_identifier|with:no-spaces", 60)
    assert all(measure(line) <= 60 for line in lines)
    assert "".join(lines).replace(" ", "") == "afewwords,andan_identifier|with:no-spaces"


def test_a_word_without_a_break_is_broken_anyway():
    lines = wrap("x" * 40, 50)
    assert "".join(lines) == "x" * 40
    assert all(measure(line) <= 50 for line in lines)


def test_short_text_is_one_line():
    assert wrap("diffuseq (a)", 100) == ["diffuseq (a)"]
    assert wrap("", 100) == [""]
