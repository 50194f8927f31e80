"""Which files of a folder hold which split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.tasks.pair_columns import Columns
from benchmark.tasks.task_folder import find_folder, find_splits, list_tasks, split_of

Write = Callable[..., Path]

GOOD = {"src": "a b", "trg": "c"}


def test_tasks_are_folders_with_a_test_file(write: Write, tmp_path: Path) -> None:
    write("b/test.jsonl.gz", [GOOD])
    write("a/test.jsonl", [GOOD])
    write("a/test_multi.jsonl", [GOOD])
    write("c/train.jsonl", [GOOD])
    write("d/test.txt", b"x")
    write("test.jsonl", [GOOD])
    assert list_tasks(tmp_path) == ["a", "a-multi", "b"]


def test_a_folder_tells_its_files_and_those_that_are_not_read(write: Write, tmp_path: Path) -> None:
    for name in ("train.jsonl.gz", "test.jsonl", "test_multi.jsonl", "train_extra.jsonl", "x.md"):
        write(f"a/{name}", [GOOD])
    folder = find_folder("a", tmp_path)
    assert folder is not None
    assert folder.json_lines["train"] == tmp_path / "a" / "train.jsonl.gz"
    assert folder.files["valid"] is None
    assert folder.unread == ("test_multi.jsonl", "train_extra.jsonl")
    variant = find_folder("a-multi", tmp_path)
    assert variant is not None
    assert variant.json_lines["test"] == tmp_path / "a" / "test_multi.jsonl"
    assert variant.files["train"] == folder.files["train"]
    assert find_folder("a-other", tmp_path) is None
    assert find_folder("..", tmp_path) is None


def test_a_folder_of_its_own_goes_before_a_variant(write: Write, tmp_path: Path) -> None:
    write("a/test.jsonl", [GOOD])
    write("a/test_b.jsonl", [GOOD])
    write("a-b/test.jsonl", [GOOD])
    folder = find_folder("a-b", tmp_path)
    assert folder is not None and folder.path == tmp_path / "a-b"


def test_two_files_for_one_split_are_not_chosen_between(write: Write, tmp_path: Path) -> None:
    write("a/test.jsonl", [GOOD])
    write("a/test.jsonl.gz", [GOOD])
    with pytest.raises(UserError, match=r"test\.jsonl and test\.jsonl\.gz both exist: remove one"):
        find_folder("a", tmp_path)


def test_a_folder_without_a_test_file(write: Write, tmp_path: Path) -> None:
    write("a/train.jsonl", [GOOD])
    with pytest.raises(UserError, match=r"'a' has no test file: .*a/test\.jsonl or \.jsonl\.gz"):
        find_folder("a", tmp_path)


@pytest.mark.parametrize(("name", "state"), [("none", "does not exist"), ("file", "is a file")])
def test_a_data_folder_that_is_none(tmp_path: Path, name: str, state: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match=f"{name} {state}: give --data-dir a folder"):
        list_tasks(tmp_path / name)


def files_of(path: Path, columns: Columns | None = None) -> dict[str, str | None]:
    folder = find_splits(path, columns or Columns())
    return {split: of.name if of else None for split, of in folder.files.items()}


@pytest.mark.parametrize(
    ("name", "split"),
    [("dev", "valid"), ("Val", "valid"), ("validation", "valid"), ("training", "train"),
     ("testing", "test"), ("TEST", "test"), ("test_2", None), ("notes", None)],
)  # fmt: skip
def test_names_of_splits(name: str, split: str | None) -> None:
    assert split_of(name) == split


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("training.csv", "dev.json", "test.tsv.gz"), ("training.csv", "dev.json", "test.tsv.gz")),
        (("test.jsonl", "validation.parquet"), (None, "validation.parquet", "test.jsonl")),
        # The format of DiffuSeq goes before all others, which are not read.
        (("test.jsonl", "valid.jsonl", "dev.jsonl", "test.csv"),
         (None, "valid.jsonl", "test.jsonl")),
        (("test.src", "test.tgt"), (None, None, "test.src+test.tgt")),
        (("test.source", "test.target.gz"), (None, None, "test.source+test.target.gz")),
        (("test.en-de.src", "test.en-de.trg"), (None, None, "test.en-de.src+test.en-de.trg")),
        (("src-test.txt", "tgt-test.txt", "src-val.txt", "tgt-val.txt"),
         (None, "src-val.txt+tgt-val.txt", "src-test.txt+tgt-test.txt")),
        (("test-00000-of-00002.parquet", "test-00001-of-00002.parquet"),
         (None, None, "test-00000-of-00002.parquet+test-00001-of-00002.parquet")),
        # A table is not taken for a half of two files of lines, nor is a lone file.
        (("test.csv", "test.log", "test.idx", "train.txt"), (None, None, "test.csv")),
    ],
)  # fmt: skip
def test_which_files_hold_which_split(
    write: Write, tmp_path: Path, names: tuple[str, ...], found: tuple[str | None, ...]
) -> None:
    for name in names:
        write(f"a/{name}", b"x")
    assert tuple(files_of(tmp_path / "a").values()) == found
    assert list_tasks(tmp_path) == ["a"]


def test_two_files_of_lines_are_told_apart_by_their_endings(write: Write, tmp_path: Path) -> None:
    for name in ("train.de", "train.en", "test.de", "test.en"):
        write(f"a/{name}", b"x")
    path = tmp_path / "a"
    both = {"train": "train.en+train.de", "valid": None, "test": "test.en+test.de"}
    assert files_of(path, Columns("en", "de")) == both
    assert files_of(path, Columns("en")) == files_of(path, Columns(None, "de")) == both
    for columns in (Columns(), Columns("fr", "de")):
        with pytest.raises(
            UserError,
            match=r"which of train\.de, train\.en has the sources .*-key de --target-key en",
        ):
            files_of(path, columns)
    (path / "task.yaml").write_text("source_key: de\ntarget_key: en\n")
    assert files_of(path)["test"] == "test.de+test.en"
    # What the caller says goes before it.
    assert files_of(path, Columns("en", "de")) == both


def test_a_split_that_was_saved_is_a_folder(write: Write, tmp_path: Path) -> None:
    write("a/test/state.json", b"{}")
    write("a/validation/state.json", b"{}")
    write("a/train/other.json", b"{}")
    assert files_of(tmp_path / "a") == {"train": None, "valid": "validation", "test": "test"}
    assert list_tasks(tmp_path) == ["a"]
    write("b/state.json", b"{}")
    with pytest.raises(UserError, match="is one saved split and not a folder of them"):
        files_of(tmp_path / "b")


def test_several_files_of_a_split_are_not_chosen_between(write: Write, tmp_path: Path) -> None:
    for name in ("test.csv", "dev.csv", "valid.tsv"):
        write(f"a/{name}", b"x")
    with pytest.raises(UserError, match=r"more than one file of valid \(dev\.csv, valid\.tsv\)"):
        files_of(tmp_path / "a")


@pytest.mark.parametrize(
    "names",
    [
        ("test.csv", "test.json"),
        ("test.csv", "test.csv.gz"),
        ("test-00000-of-00001.csv", "test.csv"),
        ("test-00000-of-00003.csv", "test.csv"),
        ("test-00000-of-00002.csv", "test-00001-of-00002.parquet"),
        ("test-00000-of-00001.csv", "test-00000-of-00001.csv.gz"),
    ],
)
def test_no_two_tables_are_joined(write: Write, tmp_path: Path, names: tuple[str, str]) -> None:
    for name in names:
        write(f"a/{name}", b"src,trg\na,b\n")
    with pytest.raises(UserError, match="more than one file of test") as caught:
        files_of(tmp_path / "a")
    assert all(name in str(caught.value) for name in names) and "parts" not in str(caught.value)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("test-00001-of-00003.csv",), "is one of 3 parts, and 1 of them are there"),
        (("test-00000-of-00002.csv", "test-00005-of-00002.csv"),
         "is one of 2 parts, and 1 of them are there"),
        (("test-00000-of-00002.csv", "test-00000-of-00003.csv"),
         r"test-00000-of-00002\.csv and test-00000-of-00003\.csv are parts of two tables"),
    ],
)  # fmt: skip
def test_all_parts_have_to_be_there(
    write: Write, tmp_path: Path, names: tuple[str, ...], sentence: str
) -> None:
    for name in names:
        write(f"a/{name}", b"x")
    with pytest.raises(UserError, match=sentence):
        files_of(tmp_path / "a")


def test_parts_may_be_counted_from_one(write: Write, tmp_path: Path) -> None:
    names = ["test-00001-of-00002.csv", "test-00002-of-00002.csv"]
    for name in names:
        write(f"a/{name}", b"x")
    assert files_of(tmp_path / "a")["test"] == "+".join(names)


def test_a_further_test_set_has_any_form(write: Write, tmp_path: Path) -> None:
    for name in ("train.csv", "test.csv", "test_Hard.tsv", "test_two.src", "test_two.trg"):
        write(f"a/{name}", b"x")
    assert list_tasks(tmp_path) == ["a", "a-Hard", "a-two"]
    for task, name in (("a-Hard", "test_Hard.tsv"), ("a-two", "test_two.src+test_two.trg")):
        folder = find_folder(task, tmp_path)
        assert folder is not None and folder.files["test"] is not None
        assert folder.files["test"].name == name and folder.files["train"] is not None


def test_tables_that_are_not_read_are_named(write: Write, tmp_path: Path) -> None:
    for name in ("test.csv", "more.tsv", "stats.json", "card.md", "train_2.jsonl"):
        write(f"a/{name}", b"x")
    assert find_splits(tmp_path / "a", Columns()).unread == ("more.tsv", "train_2.jsonl")


def test_what_is_called_like_a_split_and_not_read_is_named(write: Write, tmp_path: Path) -> None:
    beside = ("dev.json.gz", "src-train.txt", "test/state.json", "train.de", "train.en", "val.json")
    for name in ("train.jsonl", "valid.jsonl", "test.jsonl", "stats.json", "card.en", *beside):
        write(f"a/{name}", b"x")
    expected = sorted(name.removesuffix("/state.json") for name in beside)
    assert list(find_splits(tmp_path / "a", Columns()).unread) == expected
