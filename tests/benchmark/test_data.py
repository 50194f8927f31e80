"""The command: convert, and look."""

from __future__ import annotations

import json

import pytest

from benchmark import data


@pytest.fixture
def folder(tmp_path):
    """A task: one leak, one duplicate, one copy, and a long text in ten."""
    place = tmp_path / "data" / "mine"
    place.mkdir(parents=True)
    train = [(f"q{n} a b", f"r{n} c") for n in range(9)] + [("q0 a b", "r0 c")]
    test = [("q1 a b", "r1 c"), ("new new", "new new"), ("w " * 99 + "w", "t")]
    for name, pairs in (("train", train), ("test", test)):
        rows = [json.dumps({"src": source, "trg": target}) + "\n" for source, target in pairs]
        (place / f"{name}.jsonl").write_text("".join(rows))
    return place


WORDS = ["--set", "tasks.mine.tokenizer.kind=word", "tasks.mine.lengths={source: 20, target: 10}"]


def test_what_a_look_shows(folder, capsys):
    assert data.main(["check", str(folder), *WORDS]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    squeezed = [" ".join(line.split()) for line in lines]
    assert squeezed[2] == "train 10 10 source 3, 3, 3; target 2, 2, 2"
    assert squeezed[3] == "test 3 3 source 3, 100, 100; target 2, 2, 2"
    assert "canvas: source 20, target 10 tokens with their marks" in lines
    assert "test    cut: 33.33% of the sources, 0.00% of the targets" in lines
    assert "Leak: 1 of 3 test pairs occur in train" in out
    assert "There is no valid split." in lines


def test_the_same_as_json(folder, capsys):
    assert data.main(["check", str(folder), "--json", *WORDS]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["counts"] == {"train": 10, "valid": 0, "test": 3}
    assert found["lengths"]["test"]["source"] == [3, 100, 100] and found["unit"] == "words"
    assert found["notes"]["duplicates"] == 1
    assert found["notes"]["overlaps"]["train/test"]["pairs"] == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["check", "nowhere"], "nowhere is no folder"),
        (["convert", "nowhere", "--output", "x"], "nowhere is no folder"),
        (["convert", "nowhere"], "--output is missing"),
        (["convert", "FOLDER", "--output", "x", "--subset", "a"], "is a folder and has none"),
        (["check", "FOLDER", "--refs-key", "more"], "has no column 'more' (--refs-key)"),
        (["check", "FOLDER", "--suite", "mini"], "has no recipe for 'mine'"),
    ],
)
def test_wrong_calls_are_one_sentence(folder, capsys, monkeypatch, words, sentence):
    monkeypatch.chdir(folder)
    assert data.main([str(folder) if word == "FOLDER" else word for word in words]) == 2
    err = capsys.readouterr().err
    assert sentence in err and err.count("\n") == 1


def test_any_form_is_looked_at_alike(folder, capsys):
    assert data.main(["check", str(folder), *WORDS]) == 0
    plain = capsys.readouterr().out
    other = folder.parent / "other" / "mine"
    other.mkdir(parents=True)
    for name in ("train", "test"):
        rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        for key, ending in (("src", "no"), ("trg", "de")):
            (other / f"{name}.{ending}").write_text("".join(f"{row[key]}\n" for row in rows))
    # In YAML `no` is false.
    keys = ["--source-key", "no", "--target-key", "de"]
    assert data.main(["check", str(other), *keys, *WORDS]) == 0
    assert capsys.readouterr().out == plain
    assert data.main(["convert", str(other), "--output", str(other.parent / "new"), *keys]) == 0
    assert "train: train.no+train.de, 10 pairs of 'no', 'de'" in capsys.readouterr().out
    assert (other.parent / "new" / "test.jsonl").read_text() == (folder / "test.jsonl").read_text()
