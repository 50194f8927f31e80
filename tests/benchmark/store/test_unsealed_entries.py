"""Entries as version 0.5.0 wrote them."""

from __future__ import annotations

import hashlib
import json
import struct

import pytest

from benchmark.store.entries import Store
from benchmark.store.files import folder_digest


def write(store: Store, kind: str, key: str, record: dict, **files: str | bytes):
    folder = store.folder(kind, key)
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.json").write_text(json.dumps(record))
    return folder


def weights() -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    return struct.pack("<Q", len(header)) + header + b"01234567"


CANDIDATES = '{"id": "a"}\n{"id": "b"}\n'
VALUES = (
    '{"id": "a", "metrics": {"m": [0.25, 0.75], "s": 3}}\n'
    '{"id": "b", "metrics": {"m": [0.0, null], "s": 4}}\n'
)
SCORE = {
    "metrics": {
        "m": {"level": "candidate", "statistics": {"expected": {"value": 0.5}}},
        "s": {"level": "set", "statistics": {"set": {"value": 3.5}}},
    },
    "num_sources": 2, "num_samples": 2, "interval": {},
}  # fmt: skip


@pytest.fixture
def store(tmp_path) -> Store:
    store = Store(tmp_path)
    digest = hashlib.sha256(CANDIDATES.encode()).hexdigest()
    generated = {
        "candidates_digest": digest, "num_sources": 2, "num_samples": 1, "statuses": {},
        "code": {}, "train": "t",
    }  # fmt: skip
    write(store, "generate", "g", generated, **{"candidates.jsonl": CANDIDATES})
    scored = SCORE | {"candidates_digest": digest}
    write(store, "score", "s", scored, **{"values.jsonl": VALUES})
    files = {"system__model.safetensors": weights(), "system__config.json": "{}"}
    trained = write(store, "train", "t", {"code": {}}, **files)
    summary = {"system_digest": folder_digest(trained / "system")}
    (trained / "record.json").write_text(json.dumps({"code": {}, "summary": summary}))
    trace = {"num_sources": 1, "steps": [1], "curves": {}, "generate": "g"}
    write(store, "trace", "c", trace, **{"states.jsonl": '{"id": "a"}\n'})
    return store


ENTRIES = (("train", "t"), ("generate", "g"), ("score", "s"), ("trace", "c"))


def test_whole_ones_are_read(store, capsys):
    assert all(store.record(*entry) is not None for entry in ENTRIES)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("kind", "name", "content", "why"),
    [
        ("generate", "candidates.jsonl", CANDIDATES[:12], "is not what was written"),
        ("generate", "candidates.jsonl", CANDIDATES.replace("b", "c"), "is not what was written"),
        ("generate", "candidates.jsonl", None, "candidates.jsonl is missing"),
        ("score", "values.jsonl", VALUES.partition("\n")[0], "has 1 lines where 2 belong"),
        ("score", "values.jsonl", VALUES.replace("0.75", "0.74"), "does not give the m"),
        ("score", "values.jsonl", VALUES.replace('"b"', '"a"'), "has 2 lines where 2 belong"),
        ("train", "system/model.safetensors", weights()[:-1].decode(), "cut short"),
        ("train", "system/config.json", "[]", "system is not what was written"),
        ("trace", "states.jsonl", None, "states.jsonl is missing"),
        ("train", "record.json", "{}", "record.json has no summary"),
        ("train", "record.json", '{"code": {}, "summary": {}, "machine": null}', "no dict"),
        ("generate", "record.json", json.dumps({"candidates_digest": 3}), "no candidates_digest"),
    ],
)
def test_damage_is_seen(store, capsys, kind, name, content, why):
    key = dict(ENTRIES)[kind]
    path = store.folder(kind, key) / name
    path.unlink() if content is None else path.write_text(content)
    assert store.record(kind, key) is None
    said = capsys.readouterr().err
    assert why in said and said.count("\n") == 1
    assert (store.root / kind / f"{key}.damaged-1").is_dir()


def test_what_may_have_been_made_from_damaged_candidates_goes_with_them(store, capsys):
    path = store.folder("generate", "g") / "candidates.jsonl"
    path.write_text(CANDIDATES[:12])
    assert store.record("generate", "g") is None
    assert "with 2 that may have been made from it" in capsys.readouterr().err
    assert store.record("score", "s") is None and store.record("trace", "c") is None
    assert store.record("train", "t") is not None


def test_sealed_ones_stay(store):
    store.finish("trace", "new", {"generate": "g"})
    (store.folder("generate", "g") / "candidates.jsonl").unlink()
    assert store.record("generate", "g") is None
    assert store.record("trace", "new") == {"generate": "g"}
