"""The command: a report's texts to raters, and their answers back."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from rated import make_report

from benchmark.humaneval import main


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_report(tmp_path / "toy")

    def run(*words):
        code = main(list(words))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def fill(folder, name, answer):
    """Fill a rater's table by hand; `answer` takes the texts of a row."""
    path = Path(folder) / "rater-1" / "sheet.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        heads, *rows = csv.reader(file)
    asked = [at for at, head in enumerate(heads) if ": " in head]
    for row in rows:
        for at in asked:
            row[at] = answer(row[3 : asked[0]])
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heads, *rows])


def test_ratings_there_and_back(call):
    code, out, err = call("export", "toy", "--task", "toy", "--out", "sheets")
    assert code == 0 and err == "note: without broken-model: no complete trial.\n"
    first, second, *paths = out.splitlines()
    assert first == (
        "toy, ratings: 89 items from 20 sources, 9 of them second showings; systems: first-model,"
        " second-model; controls: copy-source, reference."
    )
    assert second.startswith(
        "The records keep the texts of 20 of 2 sources, the first of the split"
    )
    assert paths == [
        "sheets/rater-1/page.html",
        "sheets/rater-1/sheet.csv",
        "sheets/key.json (which text is whose: not for raters)",
    ]
    marks = {"text fst": "2", "text snd": "4", "source": "1", "gold": "5"}
    fill("sheets", "ann.csv", lambda texts: marks[texts[0].rpartition(" ")[0]])
    code, out, err = call("import", "sheets", "ann.csv")
    assert (code, err) == (0, "")
    assert "| first-model (a) | 2.00 ᶜ | 2.00 ᶜ |" in out
    assert "| second-model (b) | **4.00** ᵃᶜ | **4.00** ᵃᶜ |" in out
    assert "ann gave 18 of 18 answers (100 %) again" in out and "Warning" not in out
    assert sorted(path.name for path in Path("sheets/outcome").iterdir()) == [
        "agreement.csv", "comparisons.csv", "table.csv", "table.md", "table.tex",
    ]  # fmt: skip


def test_pairs_there_and_back(call):
    words = ["--design", "pairs", "--system", "first-model", "--items", "40", "--out", "sheets"]
    assert call("export", "toy", "--task", "toy", *words)[0] == 0
    order = ["source", "text fst", "gold"]

    def answer(texts):
        a, b = (order.index(text.rpartition(" ")[0]) for text in texts)
        return "a" if a > b else "b"

    fill("sheets", "ann.csv", answer)
    code, out, _ = call("import", "sheets", "ann.csv")
    assert code == 0
    assert "| first-model (a) | 50.0 ᵇ |" in out
    assert "| copy-source (b) | 0.0 |" in out and "| reference (c) | 100.0 ᵃᵇ |" in out


def test_own_questions_on_an_own_scale(call):
    words = [
        "--questions",
        "clear=Is it clear?",
        "--scale",
        "3",
        "--raters",
        "2",
        "--out",
        "sheets",
    ]
    code, out, _ = call("--quiet", "export", "toy", "--task", "toy", *words)
    assert code == 0 and "sheets/rater-2/page.html" in out
    key = json.loads(Path("sheets/key.json").read_text())
    assert [question["id"] for question in key["questions"]] == ["clear"] and key["scale"] == 3
    fill("sheets", "ann.csv", lambda texts: "4")
    code, _, err = call("import", "sheets", "ann.csv")
    assert code == 2 and "clear is '4': write one of 1, 2, 3" in err and err.count("\n") == 1


def test_the_answers_of_another_sheet(call):
    for seed in "12":
        call("export", "toy", "--task", "toy", "--seed", seed, "--out", f"sheets{seed}")
    fill("sheets1", "ann.csv", lambda texts: "4")
    code, _, err = call("import", "sheets2", "ann.csv")
    assert code == 2 and "the answers are to another sheet" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--items", "0"], "--items 0: use 1 or more."),
        (["--raters", "0"], "--raters 0: use 1 or more."),
        (["--scale", "10"], "--scale 10: use 2 to 9."),
        (["--scale", "3", "--design", "pairs"], "--scale is for --design ratings"),
        (["--system", "nobody"], "--system nobody: the report has no outputs of it on toy"),
        (["--questions", "x"], "write NAME=TEXT"),
        (["--items", "3"], "use as many or more"),
    ],
)
def test_invalid_calls(call, words, message):
    code, out, err = call("export", "toy", "--task", "toy", "--out", "sheets", *words)
    assert code == 2 and out == "" and message in err and err.count("\n") == 1
    assert not Path("sheets").exists()


def test_flags_are_not_mistaken(call, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["export", "toy", "--task", "toy", "--systems", "x"])
    assert exit_.value.code == 2 and "did you mean --system?" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([])
    assert "required: ACTION" in capsys.readouterr().err
    assert call("export", "toy", "--task", "toy", "--out", "sheets", "--quiet")[2] == ""
