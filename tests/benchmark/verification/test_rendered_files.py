from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.verification.rendered_files import compare_files, find_figures

KEPT = "| system | BLEU |\n| gpt2 | 0.91 ± 0.02 |\n| nat | 0.23 [0.21, 0.25] |\n"


def verdict(folder: Path, fresh: str | None) -> str:
    for name, text in (("kept", KEPT), ("fresh", fresh)):
        (folder / name).mkdir()
        if text is not None:
            (folder / name / "table.md").write_text(text)
    return compare_files(Path("table.md"), folder / "kept", folder / "fresh").verdict


@pytest.mark.parametrize(
    ("fresh", "expected"),
    [
        (KEPT, "equal"),
        (KEPT.replace("|", "!"), "within bounds"),
        # A column, a row, another order.
        (
            "| nat | 7 | 0.23 [0.21, 0.25] |\n| new | 0.5 |\n| gpt2 | 8 | 0.91 ± 0.02 |\n",
            "within bounds",
        ),
        (KEPT.replace("0.21", "0.22"), "differs"),
        # All numbers are there, but those of nat stand with gpt2.
        ("| gpt2 | 0.23 ± 0.02 |\n| nat | 0.91 [0.21, 0.25] |\n", "differs"),
        ("", "differs"),
        (None, "cannot be checked"),
    ],
)
def test_files(tmp_path, fresh, expected):
    assert verdict(tmp_path, fresh) == expected


def test_columns_of_csv_may_move(tmp_path):
    for name, text in (("kept", "a,b\n1,0.5\n"), ("fresh", "new,b,a\n7,0.5,1\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "t.csv").write_text(text)
    found = compare_files(Path("t.csv"), tmp_path / "kept", tmp_path / "fresh")
    assert found.verdict == "within bounds"


@pytest.mark.parametrize(
    ("fresh", "expected"),
    [
        ("a,0.64175751085776,1.928632049611166,0.99\n", "within bounds"),
        ("a,1.928632049611166,0.64175751085776,0.99\n", "differs"),
        # The sum of the same numbers in another order.
        ("a,0.64175751085775,1.928632049611165,0.9899999999999999\n", "within bounds"),
        ("a,0.64175751085775,1.928632049611165,0.9900000001\n", "differs"),
        ("a,0.64175751085776,1.9286320,0.99\n", "differs"),
        ("a,0.64175751085776,1.928632059611165,0.99\n", "differs"),
        # One number in full does not stand for two.
        ("a,0.64175751085776,0.99\n", "differs"),
        ("a,0.6417575.1085776,1.928632049611165,0.99\n", "differs"),
    ],
)
def test_last_digits_of_numbers_in_full_may_differ(tmp_path, fresh, expected):
    kept = "a,0.64175751085775,1.928632049611165,0.99\n"
    for name, text in (("kept", kept), ("fresh", fresh)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "t.csv").write_text(text)
    found = compare_files(Path("t.csv"), tmp_path / "kept", tmp_path / "fresh")
    assert found.verdict == expected


def test_figures_are_taken_as_printed():
    line = "d3pm, 1,000 resamples: -0.50 [1e-05, 12] x2 v1.2.3 0.50"
    assert find_figures(line) == ["1,000", "-0.50", "1e-05", "12", "0.50"]
    names = ("gpt2", "gpt2-xl", "nat")
    assert find_figures("| gpt2-xl ᵇ | **nat** | nature 0.5", names) == ["gpt2-xl", "nat", "0.5"]
    assert find_figures("**nat** beats `gpt2`, not gpt2-xl, by 1", names) == ["nat", "gpt2", "1"]


TABLE = "| system | BLEU |\n| --- | --- |\n| **transformer** | 0.512 |\n| diffuseq | 0.301 |\n"
BEST = "Best: **transformer**, significantly better than `diffuseq` (p 0.01).\n"
CSV = "system,bleu,rouge\ntransformer,0.1,0.9\n"


def exchange(text: str, one: str, other: str) -> str:
    return other.join(part.replace(other, one) for part in text.split(one))


@pytest.mark.parametrize(
    ("name", "kept", "fresh", "expected"),
    [
        ("t.md", TABLE, TABLE.replace("BLEU", "sentence BLEU"), "within bounds"),
        ("t.md", exchange(TABLE, "transformer", "diffuseq"), TABLE, "differs"),
        ("t.md", BEST, BEST.replace("than", "than that of"), "within bounds"),
        ("t.md", exchange(BEST, "transformer", "diffuseq"), BEST, "differs"),
        ("t.csv", CSV, "rouge,system,bleu\n0.9,transformer,0.1\n", "within bounds"),
        ("t.csv", exchange(CSV, "0.1", "0.9"), CSV, "differs"),
        ("t.csv", "system,bleu,rouge\na,0.1,\n", "system,bleu,rouge\na,,0.1\n", "differs"),
        ("t.csv", "system,bleu,rouge\na,,0.9\n", "system,bleu,rouge\na,0.5,0.9\n", "differs"),
        ("t.csv", "system,bleu\na,0.1\n", "system,bleu\nb,0.3\na,0.1\n", "within bounds"),
    ],
)
def test_figures_belong_to_names_and_columns(tmp_path, name, kept, fresh, expected):
    for folder, text in (("kept", kept), ("fresh", fresh)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(text)
    subjects = {"transformer", "diffuseq"}
    found = compare_files(Path(name), tmp_path / "kept", tmp_path / "fresh", subjects)
    assert found.verdict == expected
