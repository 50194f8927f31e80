"""A pool in a worker of a cluster: what it refuses, and what it cannot begin."""

from __future__ import annotations

import re
import sys
from collections import deque
from dataclasses import replace

import pytest

from benchmark.execution import remote_pool
from benchmark.execution.process_pool import ProcessPool
from benchmark.execution.remote_pool import Beginning, RemotePool
from benchmark.experiment.run_context import RunContext
from benchmark.store.entries import Store
from benchmark.store.provenance import code, versions


@pytest.fixture
def begin(tmp_path, monkeypatch):
    """A beginning that is not refused, in a process that remains as it is."""
    monkeypatch.setattr(remote_pool, "_capture_stderr", deque)
    monkeypatch.setitem(vars(sys.modules["__main__"]), "__file__", "script")
    monkeypatch.setenv("TQDM_DISABLE", "")
    monkeypatch.chdir(tmp_path)
    (mark := tmp_path / "mark").touch()
    context = RunContext(Store(tmp_path))
    return Beginning((), context, 1, mark, code()["digest"], versions(), tmp_path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"code": "0"}, "other code than this one"),
        ({"versions": versions() | {"torch": "1.0"}}, r"has torch \S+ and this one 1\.0:"),
        ({"versions": versions() | {"jax": "1.0"}}, r"has jax missing and this one 1\.0:"),
    ],
)
def test_another_machine_is_refused(begin, change, sentence):
    pool = RemotePool(replace(begin, **change))
    pool.submit(0)
    assert re.search(sentence, pool.collect(0.0).refusal)


def test_a_machine_without_the_store_is_refused(begin):
    begin.mark.unlink()
    assert "does not see the store" in RemotePool(begin).collect(0.0).refusal


def test_what_cannot_begin_is_said_by_the_next_report(begin, monkeypatch):
    def refuse(pool, number):
        raise OSError("no more processes")

    pool = RemotePool(begin)
    assert pool.collect(0.0).refusal == ""
    monkeypatch.setattr(ProcessPool, "submit", refuse)
    pool.submit(0)
    with pytest.raises(OSError, match="no more processes"):
        pool.collect(0.0)
