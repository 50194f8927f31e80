from __future__ import annotations

import json

from benchmark.tasks import load_task
from benchmark.tasks.file_reading import describe_reading, find_key_name


def write(folder, name, count, **more):
    folder.mkdir(exist_ok=True)
    rows = [{"src": f"a {n}", "trg": f"b {n}", **more} for n in range(count)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / name).write_text(text)


def test_rows_files_and_keys(tmp_path):
    folder = tmp_path / "pairs"
    write(folder, "train.jsonl", 5)
    write(folder, "test.jsonl", 3, references=["x"], note="y")
    write(folder, "validation.jsonl", 2)
    write(folder, "more.jsonl", 2)
    task = load_task("pairs", data_dir=tmp_path, limits={"train": 4})
    assert [*describe_reading(task)] == [
        "pairs: train 5 read, 4 used, 1 left out by limits; valid 2 read, 2 used, 0 left out by"
        " limits; test 3 read, 3 used, 0 left out by limits.",
        "pairs: more.jsonl is not read.",
        "pairs: the key 'note' in test (3 lines) is not read.",
        "pairs: the key 'references' in test (3 lines) is not read: the key that is read is"
        ' "refs".',
    ]


def test_tasks_that_are_made_read_nothing():
    assert [*describe_reading(load_task("dialogue", limits={"train": 1}))] == []


def test_names_of_keys():
    assert [find_key_name(k) for k in ("References", "target", "source", "input", "id")] == [
        "refs", "trg", "src", "src", None,
    ]  # fmt: skip
