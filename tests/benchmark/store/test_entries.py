from __future__ import annotations

import json

import pytest

from benchmark.api import UserError
from benchmark.store import files
from benchmark.store.entries import Store, content_key
from benchmark.store.files import folder_digest, write_json
from benchmark.store.seal import read_sealed


def test_key_ignores_the_order_of_keys_and_nothing_else():
    assert content_key({"a": 1, "b": [1, 2]}) == content_key({"b": [1, 2], "a": 1})
    assert content_key({"a": 1}) != content_key({"a": 2})
    assert content_key({"a": [1, 2]}) != content_key({"a": [2, 1]})
    assert content_key({"a": 1}) == "015abd7f5cc57a2d"


def test_folder_digest_is_of_names_and_contents(tmp_path):
    files = {"a.txt": "1", "inner/b.txt": "2"}
    digests = set()
    for number, changes in enumerate(({}, {}, {"a.txt": "2"}, {"c.txt": "1"}, {"inner/b.txt": ""})):
        for name, text in (files | changes).items():
            path = tmp_path / str(number) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        digests.add(folder_digest(tmp_path / str(number)))
    assert len(digests) == 4  # the first two are alike


def test_entry_appears_whole(tmp_path):
    store = Store(tmp_path)
    partial = store.partial("train", "k")
    partial.mkdir(parents=True)
    (partial / "weights").write_text("w")
    assert store.record("train", "k") is None
    store.finish("train", "k", {"x": 1})
    assert store.record("train", "k") == {"x": 1}
    assert (store.folder("train", "k") / "weights").read_text() == "w"
    assert not partial.exists()


def test_scratch_is_no_part_of_the_entry(tmp_path, monkeypatch):
    read, file_digest = [], files.file_digest
    monkeypatch.setattr(files, "file_digest", lambda at: read.append(at.name) or file_digest(at))
    store = Store(tmp_path)
    for name in ("weights", "state/a", "state/inner/b", "best"):
        path = store.partial("train", "k") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    store.finish("train", "k", {}, scratch=("state", "best", "absent"))
    assert read == ["weights"]
    folder = store.folder("train", "k")
    assert sorted(path.name for path in folder.iterdir()) == ["record.json", "weights"]
    # What a process that is killed meanwhile leaves there does no harm.
    (folder / "state").mkdir()
    (folder / "state" / "a").write_text("other")
    assert list(read_sealed(folder / "record.json")[1]) == ["weights"]
    assert Store(tmp_path).record("train", "k") == {}


def test_broken_record_counts_as_missing(tmp_path):
    store = Store(tmp_path)
    store.finish("score", "k", {"x": 1})
    (store.folder("score", "k") / "record.json").write_text('{"x":')
    assert store.record("score", "k") is None
    store.finish("score", "k", {"x": 2})
    assert store.record("score", "k") == {"x": 2}


def test_success_clears_the_failure(tmp_path):
    store = Store(tmp_path)
    store.fail("generate", "k", error="e", traceback="t")
    assert store.failure("generate", "k") == {"error": "e", "traceback": "t"}
    store.finish("generate", "k", {})
    assert store.failure("generate", "k") is None


def test_forget_removes_everything(tmp_path):
    store = Store(tmp_path)
    store.finish("train", "k", {})
    store.fail("train", "k", error="e", traceback="t")
    store.partial("train", "k").mkdir()
    store.forget("train", "k")
    assert not [p for p in (tmp_path / "train").iterdir() if p.suffix != ".lock"]


def test_no_nan_in_records(tmp_path):
    path = tmp_path / "x.json"
    write_json(path, {"a": 1.5})
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"a": float("nan")})
    assert json.loads(path.read_text()) == {"a": 1.5}


def test_unwritable_store(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="--store"):
        Store(tmp_path / "file" / "store").prepare()


def finished(store: Store) -> Store:
    (store.partial("train", "k") / "inner").mkdir(parents=True)
    (store.partial("train", "k") / "inner" / "weights").write_text("w")
    store.finish("train", "k", {"x": 1})
    return store


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "inner" / "weights").write_text("v"),
        lambda folder: (folder / "inner" / "weights").unlink(),
        lambda folder: (folder / "record.json").write_text("{}"),
        lambda folder: (folder / "record.json").write_text('{"x": 2}'),
        lambda folder: (folder / "record.json").unlink(),
        lambda folder: (folder.rename(folder.with_name("gone")), folder.touch()),
    ],
)
def test_damaged_entry_is_set_aside_said_and_made_again(tmp_path, capsys, spoil):
    folder = finished(Store(tmp_path)).folder("train", "k")
    for number in (1, 2):
        spoil(folder)
        store = Store(tmp_path)
        assert store.record("train", "k") is None
        said = capsys.readouterr().err
        assert said.startswith(f"note: {folder} is damaged (") and said.count("\n") == 1
        assert f"set aside as k.damaged-{number} and is made again" in said
        assert store.record("train", "k") is None and capsys.readouterr().err == ""
        assert (tmp_path / "train" / f"k.damaged-{number}").exists()
        if (tmp_path / "train" / "gone").exists():
            (tmp_path / "train" / "gone").rename(tmp_path / "train" / f"was-{number}")
        finished(store)
        assert store.record("train", "k") == {"x": 1}
    assert Store(tmp_path).keys("train")[0] == "k"


def test_files_are_compared_once_in_a_process(tmp_path, monkeypatch):
    finished(Store(tmp_path))
    store, compared = Store(tmp_path), []
    monkeypatch.setattr("benchmark.store.entries.check_files", lambda *a: compared.append(a))
    for _ in range(3):
        assert store.record("train", "k") == {"x": 1}
    assert len(compared) == 1


def test_what_another_process_works_on_is_not_forgotten(tmp_path):
    store, other = finished(Store(tmp_path)), Store(tmp_path)
    with other.lock("train", "k"):
        store.forget("train", "k")
        assert store.record("train", "k") == {"x": 1}
    store.forget("train", "k")
    assert store.record("train", "k") is None


def test_leftovers_of_killed_writers_do_not_enter_an_entry(tmp_path):
    store = Store(tmp_path)
    store.partial("train", "k").mkdir(parents=True)
    (store.partial("train", "k") / f".{0:032x}.tmp").write_text("half")
    (tmp_path / "train" / "k.removed-0").mkdir()
    store.finish("train", "k", {})
    assert [path.name for path in store.folder("train", "k").iterdir()] == ["record.json"]
    assert not list((tmp_path / "train").glob("*.removed-*"))


def test_damaged_failure_is_a_failure(tmp_path):
    store = Store(tmp_path)
    store.fail("generate", "k", error="e", traceback="t")
    (tmp_path / "generate" / "k.failed.json").write_text("{}")
    assert store.failure("generate", "k")["error"] == "unknown: k.failed.json is damaged"
