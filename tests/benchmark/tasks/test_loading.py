from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.tasks import Task, load_task

Write = Callable[..., Path]

GOOD = {"src": "a b", "trg": "c"}
MORE = {"src": "d", "trg": "e"}


@pytest.fixture
def data_dir(write: Write, tmp_path: Path) -> Path:
    write("own/train.jsonl", [GOOD, MORE, GOOD])
    write("own/valid.jsonl", [MORE])
    write("own/test.jsonl.gz", [{**GOOD, "n": 1}, MORE])
    write("qg/test.jsonl", [GOOD])
    return tmp_path


def test_a_folder_becomes_a_task(data_dir: Path) -> None:
    task = load_task("own", data_dir=data_dir)
    assert (task.id, task.kind, task.title, task.version) == ("own", "jsonl", "own", 1)
    assert [e.id for e in task.train] == ["train-1", "train-2", "train-3"]
    assert (len(task.valid), len(task.test)) == (1, 2)
    assert task.conditional is None
    assert task.notes.duplicates == 1
    assert task.notes.overlaps["train/test"].pairs == 2
    assert task.notes.ignored_keys == {"test": {"n": 1}}


def test_a_task_without_train_and_valid_loads(data_dir: Path) -> None:
    task = load_task("qg", data_dir=data_dir)
    assert task.train == task.valid == ()
    assert task.title == "Quasar-T question generation"
    assert task.notes.missing == ("train", "valid")


def test_limits_cut_and_are_noted(data_dir: Path) -> None:
    task = load_task("own", data_dir=data_dir, limits={"train": 2, "valid": 0, "test": None})
    assert (len(task.train), len(task.valid), len(task.test)) == (2, 0, 2)
    assert task.notes.limited == {"train": 1, "valid": 1}
    assert task.notes.missing == () and task.notes.duplicates == 0
    assert task.digest != load_task("own", data_dir=data_dir).digest


@pytest.mark.slow
def test_limits_cut_controlled_tasks_too() -> None:
    task = load_task("dialogue", limits={"train": 7, "test": 3})
    assert (len(task.train), len(task.valid), len(task.test)) == (7, 200, 3)
    assert task.test == load_task("dialogue").test[:3]


def test_a_bad_line_behind_a_limit_is_found(data_dir: Path, write: Write) -> None:
    write("own/train.jsonl", [GOOD, "{"])
    with pytest.raises(UserError, match="line 2"):
        load_task("own", data_dir=data_dir, limits={"train": 1})


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"dev": 3}, "unknown split 'dev' in limits"),
        ({"test": 0}, "limit 0 of split 'test': give 1 or more"),
        ({"train": -1}, "limit -1 of split 'train': give 0 or more"),
    ],
)
def test_bad_limits(limits: dict[str, int | None], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_task("dialogue", limits=limits)


@pytest.mark.parametrize(
    ("task_id", "with_data", "message"),
    [
        ("dialog", False, r"unknown task 'dialog' \(.*--data-dir\): did you mean 'dialogue'"),
        ("QQP", False, r"unknown task 'QQP' \(.*--data-dir\): did you mean 'qqp'"),
        ("zzz", False, r"unknown task 'zzz' \(.*--data-dir\): there is .*dialogue"),
        ("qqp", False, r"task 'qqp' reads files: give --data-dir .*qqp/test\.jsonl"),
        ("qqp", True, r"task 'qqp' is not in .*: put its files into .*qqp; tasks there: own, qg"),
        ("ownn", True, r"unknown task 'ownn' \(tasks in .*: own, qg\): did you mean 'own'"),
        ("../own", True, r"unknown task '\.\./own'"),
        ("", True, "unknown task ''"),
    ],
)
def test_unknown_tasks(data_dir: Path, task_id: str, with_data: bool, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_task(task_id, data_dir=data_dir if with_data else None)


@pytest.mark.slow
def test_a_folder_that_bears_the_name_of_a_controlled_task(data_dir: Path, write: Write) -> None:
    write("dialogue/test.jsonl", [GOOD])
    with pytest.raises(
        UserError, match=r"'dialogue' is a controlled task and .* rename the folder"
    ):
        load_task("dialogue", data_dir=data_dir)
    assert load_task("paraphrase", data_dir=data_dir, limits={"train": 1}).train


# Counts of shared/data/README.md, and figures that its text states for these files.
COUNTS = {
    "qqp": (89_470, 2_048, 2_500),
    "qg": (0, 2_048, 10_000),
    "ccd": (0, 0, 10_000),
    "qg_squad": (18_947, 1_000, 2_500),
    "ew_sew": (17_284, 994, 1_997),
    "asset": (32_400, 200, 359),
    "asset-turkcorpus": (32_400, 200, 359),
    "dailydialog-multiref": (72_371, 6_922, 6_740),
}


def real(data: Path, task_id: str) -> Task:
    task = load_task(task_id, data_dir=data)
    assert (len(task.train), len(task.valid), len(task.test)) == COUNTS[task_id]
    return task


@pytest.mark.data
def test_real_qqp(real_data: Path) -> None:
    notes = real(real_data, "qqp").notes
    # The README counts 459: its rule drops the Chinese word that one pair has on one side.
    assert notes.copies_normalised["train"] == 458
    assert notes.overlaps["train/test"].sources_on_either_side == 1_397
    for names in ("train/test", "train/valid"):
        overlap = notes.overlaps[names]
        assert overlap.pairs_normalised == overlap.swapped == 0


@pytest.mark.data
def test_real_tasks_without_train(real_data: Path) -> None:
    notes = real(real_data, "qg").notes
    assert notes.missing == ("train",)
    assert notes.overlaps["valid/test"].pairs_normalised == 22
    assert real(real_data, "ccd").notes.missing == ("train", "valid")


@pytest.mark.data
def test_real_stand_ins(real_data: Path) -> None:
    squad = real(real_data, "qg_squad").notes
    assert squad.overlaps["train/test"].sources_normalised == 0
    assert squad.unread_files == ("train_extra_qamr.jsonl.gz",)
    wiki = real(real_data, "ew_sew").notes
    assert wiki.copies_normalised == {"train": 5_392, "valid": 311, "test": 629}


@pytest.mark.data
def test_real_references(real_data: Path) -> None:
    asset = real(real_data, "asset")
    assert {len(e.references) for e in asset.test} == {10}
    assert asset.notes.copies_normalised["train"] == 2_909
    turk = real(real_data, "asset-turkcorpus")
    assert {len(e.references) for e in turk.test} == {8}
    assert [e.source for e in turk.test] == [e.source for e in asset.test]


@pytest.mark.data
def test_real_multiref(real_data: Path) -> None:
    task = real(real_data, "dailydialog-multiref")
    assert sorted({len(e.references) for e in task.test}) == [4, 5]
    assert task.notes.empty_references == {"test": 1}
    assert task.notes.ignored_keys == {"test": {"context": 6_740}}
    assert task.notes.overlaps["train/test"].pairs_normalised == 0
