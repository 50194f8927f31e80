from __future__ import annotations

import json

import pytest

from benchmark.store.files import list_digests
from benchmark.store.seal import DamagedError, check_files, read_sealed, write_sealed


@pytest.fixture
def sealed(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.txt").write_text("abc")
    (tmp_path / "inner" / "b.bin").write_bytes(b"\x00\x01")
    path = tmp_path / "record.json"
    write_sealed(path, {"x": [1, "ü"], "y": {}}, list_digests(tmp_path, without=("record.json",)))
    return path


def test_what_was_sealed_is_read_and_is_json(sealed):
    values, files = read_sealed(sealed)
    assert values == {"x": [1, "ü"], "y": {}}
    assert files == {
        "a.txt": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "inner/b.bin": "b413f47d13ee2fe6c845b2ee141af81de858df4ec549a58b7970bb96645bc8d2",
    }
    check_files(sealed.parent, files)
    assert set(json.loads(sealed.read_text())) == {"x", "y", "files", "sealed"}


def test_every_bit_of_a_record_counts(sealed):
    whole = sealed.read_bytes()
    for place in range(len(whole)):
        for bit in (0, 3, 7):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            sealed.write_bytes(damaged)
            with pytest.raises(DamagedError):
                read_sealed(sealed)
    for length in range(len(whole)):
        sealed.write_bytes(whole[:length])
        with pytest.raises(DamagedError):
            read_sealed(sealed)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "no JSON object"),
        ("", "no JSON"),
        ('{"files": {}}', "lost its seal"),
        ("[" * 100_000, "no JSON"),
        (None, "missing"),
    ],
)
def test_what_is_no_record(tmp_path, text, why):
    if text is not None:
        (tmp_path / "r.json").write_text(text)
    with pytest.raises(DamagedError, match=why):
        read_sealed(tmp_path / "r.json")


def test_a_record_without_a_seal_is_read_as_it_is(tmp_path):
    (tmp_path / "r.json").write_text('{"x": 1}')
    assert read_sealed(tmp_path / "r.json") == ({"x": 1}, None)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: path.write_text("abd"), "a.txt is not what was written"),
        (lambda path: path.write_text("ab"), "a.txt is not what was written"),
        (lambda path: path.unlink(), "a.txt is missing"),
        (lambda path: (path.unlink(), path.mkdir()), "a.txt cannot be read"),
    ],
)
def test_files_are_compared(sealed, spoil, why):
    _, files = read_sealed(sealed)
    spoil(sealed.parent / "a.txt")
    with pytest.raises(DamagedError, match=why):
        check_files(sealed.parent, files)
