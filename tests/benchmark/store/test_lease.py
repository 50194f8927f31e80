"""One owner at a time, whatever the order in which processes look, take, stall and die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmark.store import lease
from benchmark.store.lease import (
    HeldError,
    Lease,
    LeaseLostError,
    find_owner,
    is_gone,
    read_owner,
    release_for,
    take,
)


@pytest.fixture(autouse=True)
def observer(monkeypatch):
    """An observer whose clock stands until it is moved."""
    clock = [0.0]
    made = lease._Observer(lambda: clock[0])
    made.clock = clock
    monkeypatch.setattr(lease, "_observer", made)
    return made


def look(observer, folder: Path, times: int, every_s: float = lease.BEAT_S) -> None:
    for _ in range(times):
        find_owner(folder)
        observer.clock[0] += every_s


def elsewhere(folder: Path) -> Lease:
    """A lease that a process of another machine holds: only its beats can be seen."""
    held = take(folder, "a trial")
    lease._heart.remove(held)
    path = folder / str(held.number)
    text = path.read_text()
    path.write_text(text.replace(json.dumps(held.owner.place), '"another machine"'))
    return held


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_has_it_and_then_the_next(tmp_path):
    first = take(tmp_path / "k", "one")
    with pytest.raises(HeldError) as held:
        take(tmp_path / "k", "two")
    assert held.value.owner == first.owner
    assert (first.owner.pid, first.owner.what) == (os.getpid(), "one")
    first.release()
    assert find_owner(tmp_path / "k") is None and read_owner(tmp_path / "k") is None
    second = take(tmp_path / "k", "two")
    assert second.number == first.number + 1
    assert names(tmp_path / "k") == ["2"]
    with pytest.raises(LeaseLostError, match="one"):
        first.check()
    second.check()
    second.release()


def test_an_owner_whose_process_is_gone_is_not_waited_for(tmp_path):
    code = (
        "import sys, os\nfrom pathlib import Path\nfrom benchmark.store.lease import take\n"
        "take(Path(sys.argv[1]), 'x')\nos._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "k")], check=False)
    assert names(tmp_path / "k") == ["1"]
    assert take(tmp_path / "k", "y").number == 2


def test_a_dead_process_that_nobody_has_reaped_and_a_number_used_again(tmp_path):
    held = take(tmp_path / "k", "x")
    assert not is_gone(held.owner)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    own = asdict(held.owner)
    alike = lease.Owner(**{**own, "pid": child.pid, "started": lease._start_of(child.pid)})
    other = lease.Owner(**{**own, "pid": child.pid, "started": "1"})
    assert not is_gone(alike) and is_gone(other)
    child.send_signal(signal.SIGKILL)
    until = time.monotonic() + 10
    while not is_gone(alike) and time.monotonic() < until:
        time.sleep(0.01)
    assert is_gone(alike)  # a zombie: nobody has waited for it
    child.wait()
    assert is_gone(alike)
    far = lease.Owner(**{**own, "pid": child.pid, "place": "another machine"})
    assert not is_gone(far)
    held.release()


def test_beats_count_and_clocks_do_not(tmp_path, observer):
    held = elsewhere(tmp_path / "k")
    look(observer, tmp_path / "k", lease.STILL - 1)
    held.beat()
    look(observer, tmp_path / "k", lease.STILL - 2)
    assert find_owner(tmp_path / "k") is not None
    os.utime(tmp_path / "k" / "1", (0, 0))
    assert find_owner(tmp_path / "k") is not None  # no time has passed: it does not count
    observer.clock[0] += lease.BEAT_S
    assert find_owner(tmp_path / "k") is None


def test_a_pause_of_the_observer_is_one_look(tmp_path, observer):
    elsewhere(tmp_path / "k")
    look(observer, tmp_path / "k", 2, every_s=100_000.0)
    with pytest.raises(HeldError):
        take(tmp_path / "k", "y")
    look(observer, tmp_path / "k", 1000, every_s=lease.BEAT_S / 1000)
    with pytest.raises(HeldError):
        take(tmp_path / "k", "y")
    look(observer, tmp_path / "k", lease.STILL)
    assert take(tmp_path / "k", "y").number == 2


def test_an_owner_that_stood_still_finds_that_it_was_replaced(tmp_path, observer):
    first = elsewhere(tmp_path / "k")
    look(observer, tmp_path / "k", lease.STILL)
    second = take(tmp_path / "k", "y")
    first.beat()  # wakes up
    assert first.is_lost
    with pytest.raises(LeaseLostError):
        first.check()
    first.release()
    second.check()
    assert find_owner(tmp_path / "k") == second.owner
    assert names(tmp_path / "k") == ["2"]
    second.release()


def test_whoever_knows_that_an_owner_has_ended_lets_go_for_it(tmp_path):
    held = elsewhere(tmp_path / "k")
    release_for(tmp_path / "k", "another machine", [held.owner.pid + 1])
    release_for(tmp_path / "k", held.owner.place, [held.owner.pid])
    assert find_owner(tmp_path / "k") is not None
    release_for(tmp_path / "k", "another machine", [held.owner.pid + 1, held.owner.pid])
    assert find_owner(tmp_path / "k") is None
    second = take(tmp_path / "k", "again")
    assert second.number == held.number + 1
    with pytest.raises(LeaseLostError):
        held.check()  # had it been alive, it would find out
    second.release()
    release_for(tmp_path / "none", "another machine", [1])
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("seen", [(0, True), (1, True), (2, True)])
@pytest.mark.parametrize("is_free", [False, True])
def test_a_list_that_is_old_gives_nobody_a_second_lease(tmp_path, monkeypatch, seen, is_free):
    for turn in range(3):
        held = take(tmp_path / "k", str(turn))
        if turn < 2 or is_free:
            held.release()
    before = names(tmp_path / "k")
    now, lists = lease._find_last, [seen]
    monkeypatch.setattr(lease, "_find_last", lambda folder: lists.pop() if lists else now(folder))
    with pytest.raises(HeldError) as told:
        take(tmp_path / "k", "late")
    assert told.value.owner == held.owner
    assert names(tmp_path / "k") == before
    if not is_free:
        held.check()
        held.release()


def test_file_systems_without_hard_links(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    held = take(tmp_path / "k", "x")
    with pytest.raises(HeldError):
        take(tmp_path / "k", "y")
    assert names(tmp_path / "k") == ["1"] and read_owner(tmp_path / "k")[0] == held.owner
    held.release()


def test_a_lease_that_is_just_being_written_is_held(tmp_path, observer):
    (tmp_path / "k").mkdir()
    (tmp_path / "k" / "1").write_bytes(b"000")
    with pytest.raises(HeldError, match="unknown host"):
        take(tmp_path / "k", "y")
    look(observer, tmp_path / "k", lease.STILL)
    assert take(tmp_path / "k", "y").number == 2


TAKE_OVER = """
import sys, time
from dataclasses import asdict
from pathlib import Path
from benchmark.store import lease
folder, log = Path(sys.argv[1]), Path(sys.argv[2])
lease.BEAT_S, lease.STILL = 0.02, 3
for turn in range(40):
    while True:
        try:
            held = lease.take(folder, "x")
            break
        except lease.HeldError:
            time.sleep(0.001)
    with log.open("a") as file:  # one short line is appended whole
        file.write(f"+{held.number}\\n")
    time.sleep(0.002)
    with log.open("a") as file:
        file.write(f"-{held.number}\\n")
    held.release()
"""


@pytest.mark.slow
def test_processes_that_contend_take_turns(tmp_path):
    log = tmp_path / "log"
    words = [sys.executable, "-c", TAKE_OVER, str(tmp_path / "k"), str(log)]
    calls = [subprocess.Popen(words) for _ in range(6)]
    assert [call.wait() for call in calls] == [0] * 6
    lines = log.read_text().split()
    assert len(lines) == 2 * 6 * 40
    taken = [int(line[1:]) for line in lines[::2]]
    assert lines == [mark for number in taken for mark in (f"+{number}", f"-{number}")]
    assert taken == sorted(set(taken))


def test_one_of_many_takes_over_from_the_dead(tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "is_gone", lambda owner: owner.what == "dead")
    for turn in range(20):
        folder = tmp_path / str(turn)
        lease._heart.remove(take(folder, "dead"))
        barrier, won, lost = threading.Barrier(8), [], []

        def contend(folder=folder, barrier=barrier, won=won, lost=lost) -> None:
            barrier.wait()
            try:
                won.append(take(folder, "next"))
            except HeldError:
                lost.append(1)

        threads = [threading.Thread(target=contend) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(won), len(lost)) == (1, 7)
        won[0].check()
        assert names(folder) == ["2"]
        won[0].release()


@pytest.mark.slow
def test_the_heart_beats_and_ends_with_the_lease(tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "BEAT_S", 0.01)
    monkeypatch.setattr(lease, "_heart", lease._Heart())
    held = take(tmp_path / "k", "x")
    path = tmp_path / "k" / "1"
    before = path.read_bytes()[:10]
    until = time.monotonic() + 10
    while path.read_bytes()[:10] <= before and time.monotonic() < until:
        time.sleep(0.01)
    assert path.read_bytes()[:10] > before and read_owner(tmp_path / "k")[0] == held.owner
    held.release()
    assert names(tmp_path / "k") == ["1", "1.free"]
