from __future__ import annotations

import os
import signal
import time

import pytest

from benchmark.runtime import stop_request
from benchmark.runtime.command_line import CommandParser, run_command
from benchmark.runtime.stop_request import (
    STOPPED,
    StoppedError,
    StopSignal,
    deferred,
    find_stop,
    listen,
    raise_if_stopped,
    read_wall_time,
)


@pytest.fixture(autouse=True)
def restored():
    before = signal.getsignal(signal.SIGTERM)
    yield
    listen()
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("90m", 5400),
        ("1.5h", 5400),
        ("2d", 172800),
        ("11:45:00", 42300),
        ("1-00:00:30", 86430),
    ],
)
def test_times(text, seconds):
    assert read_wall_time(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "0m", "-5m", "1:30", "1:2:3", "1h30m", "٣h", "9e9h"])
def test_what_is_no_time(text):
    with pytest.raises(ValueError, match="time"):
        read_wall_time(text)


def test_a_signal_is_a_request_where_work_resumes_and_an_end_elsewhere():
    listen()
    with deferred():
        os.kill(os.getpid(), signal.SIGTERM)
        assert "SIGTERM" in find_stop()
        with pytest.raises(StoppedError, match="SIGTERM"):
            raise_if_stopped()
    listen()
    assert find_stop() == ""
    with pytest.raises(StopSignal):
        os.kill(os.getpid(), signal.SIGTERM)


def test_the_end_of_the_wall_time(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(stop_request.time, "monotonic", lambda: now[0])
    listen(60.0)
    now[0] = 159.9
    assert find_stop() == ""
    now[0] = 160.0
    assert find_stop() == "the wall time is over"


def test_a_command_that_is_told_to_stop(capsys):
    def act(options, words):
        listen()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        return 0

    assert run_command(CommandParser("run", "x"), act, [], resumes=True) == STOPPED == 75
    assert capsys.readouterr().err == "stopped by SIGTERM: run the same command again to resume\n"
