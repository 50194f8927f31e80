"""A dataset of the hub, for which a folder as the hub has them stands in."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.tasks.data_conversion import convert
from benchmark.tasks.hub_dataset import is_hub_id, read_hub
from benchmark.tasks.pair_columns import Columns

ROWS = [{"dialogue": "a b", "summary": "a", "id": 1}, {"dialogue": "c", "summary": "d", "id": 2}]


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    datasets = pytest.importorskip("datasets", reason="needs the extra datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "copied"
    folder.mkdir()
    for split, rows in (("train", ROWS), ("validation", ROWS[:1]), ("test", ROWS[1:])):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{split}.jsonl").write_text(text)
    return str(folder)


@pytest.mark.slow
def test_the_splits_of_a_dataset(copied: str) -> None:
    found = {split: [row for _, row in rows] for split, rows in read_hub(copied).items()}
    assert found == {"train": ROWS, "valid": ROWS[:1], "test": ROWS[1:]}


@pytest.mark.slow
def test_a_dataset_becomes_a_task(
    copied: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    asked = []

    def load(name: str, subset: str | None) -> object:
        asked.append((name, subset))
        return original(copied)

    original = datasets.load_dataset
    monkeypatch.setattr(datasets, "load_dataset", load)
    done = convert("owner/talks", tmp_path / "out", Columns("dialogue"), "small")
    assert asked == [("owner/talks", "small")]
    assert [(of.split, of.rows) for of in done] == [("train", 2), ("valid", 1), ("test", 1)]
    assert (tmp_path / "out" / "test.jsonl").read_text() == '{"src": "c", "trg": "d"}\n'


@pytest.mark.slow
def test_a_dataset_without_a_test_split(copied: str) -> None:
    (Path(copied) / "test.jsonl").unlink()
    with pytest.raises(UserError, match="has no test split, only train, validation"):
        read_hub(copied)


def test_offline_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets", reason="needs the extra datasets")

    def fail(*_: object) -> None:
        raise ConnectionError("offline,\nand more")

    monkeypatch.setattr(datasets, "load_dataset", fail)
    with pytest.raises(
        UserError, match=r"owner/talks cannot be had .*\(offline, and more\)"
    ) as told:
        read_hub("owner/talks")
    assert "\n" not in str(told.value)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match=r"diffuseq-bench\[datasets\]"):
        read_hub("owner/talks")


def test_what_is_an_id() -> None:
    names = ("owner/talks", "Own-1/a.b_c", "talks", "../talks", "a/b/c")
    assert [is_hub_id(name) for name in names] == [True, True, False, False, False]
