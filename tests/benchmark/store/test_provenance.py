from __future__ import annotations

import json
import platform
import subprocess

import pytest
import torch

from benchmark.store import provenance as room
from benchmark.store.provenance import conditions, provenance

RECORD = {
    "code": {"digest": "abc", "version": "1", "commit": "c", "dirty": False},
    "device": "cuda",
    "threads": 3,
    "processes": 4,
    "machine": {"cpu": "a cpu", "cores": 8, "gpu": "a gpu", "platform": "linux"},
    "versions": {"torch": "2.0"},
    "created": "today",
}
CONDITIONS = {
    "code": "abc",
    "device": "cuda",
    "threads": 3,
    "processes": 4,
    "cpu": "a cpu",
    "gpu": "a gpu",
    "versions": {"torch": "2.0"},
}


def test_conditions_are_what_can_move_a_number():
    assert conditions(RECORD) == CONDITIONS


@pytest.mark.parametrize(
    ("left_out", "expected"),
    [("processes", {"processes": 1}), ("gpu", {"gpu": None})],
)
def test_conditions_that_older_records_lack(left_out, expected):
    machine = {k: v for k, v in RECORD["machine"].items() if k != left_out}
    record = {k: v for k, v in RECORD.items() if k != left_out} | {"machine": machine}
    assert conditions(record) == CONDITIONS | expected


def test_a_record_says_its_device_and_threads_and_can_be_stored():
    made = provenance("cuda:1", 3)
    assert (made["device"], made["threads"]) == ("cuda", 3)
    assert provenance("cpu", 1)["threads"] == 1
    assert json.loads(json.dumps(made)) == made
    assert conditions(made) == {
        "code": made["code"]["digest"],
        "device": "cuda",
        "threads": 3,
        "processes": 1,
        "cpu": made["machine"]["cpu"],
        "cpu_model": made["machine"]["cpu_model"],
        "cpu_instructions": made["machine"]["cpu_instructions"],
        "gpu": made["machine"]["gpu"],
        "versions": made["versions"],
    }


def test_versions_are_those_that_are_imported(monkeypatch):
    found = room.versions()
    assert found["python"] == platform.python_version()
    assert found["torch"] == torch.__version__
    monkeypatch.setattr(room, "PACKAGES", ("numpy", "no-such-package"))
    assert list(room.versions.__wrapped__()) == ["python", "numpy"]


def test_gpu_is_named_where_it_can_have_been_used(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "GPU 1")
    assert room.machine.__wrapped__()["gpu"] == "GPU 1"
    assert room.machine.__wrapped__(gpu=False)["gpu"] is None


def test_commit_of_a_repository_and_none_outside_of_one(tmp_path):
    assert room._git(tmp_path, "rev-parse", "HEAD") is None
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for arguments in (["init"], [*who, "commit", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True, capture_output=True)
    assert len(room._git(tmp_path, "rev-parse", "HEAD") or "") == 40


def test_the_digest_covers_code_and_what_is_read_as_code(tmp_path):
    (tmp_path / "benchmark" / "tasks").mkdir(parents=True)
    found = [room.source_digest(tmp_path)]
    for name in ("run.py", "tasks/toy.yaml", "tasks/toy.yaml", "README.md"):
        path = tmp_path / "benchmark" / name
        path.write_text((path.read_text() if path.exists() else "") + "x")
        found.append(room.source_digest(tmp_path))
    assert len(set(found[:4])) == 4 and found[4] == found[3]
