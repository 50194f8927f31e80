"""Requests to stop: SIGTERM, as schedulers send it, and a limit of wall time.

Work that can resume asks for `find_stop` where it may end, and then raises `StoppedError`. Outside
of such work the signal stops the process where it is, as Ctrl-C does.
"""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOPPED = 75
"""Exit code of a command that was asked to stop and resumes when it is called again: EX_TEMPFAIL,
"try again later"."""

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class StoppedError(Exception):
    """Work ended early, at a point where it resumes; says why."""


class StopSignal(BaseException):
    """SIGTERM, where nothing has to be kept."""


class _Requests:
    def __init__(self) -> None:
        self.reason = ""
        self.deadline = float("inf")
        self.is_deferred = False
        self.look: Callable[[], str] | None = None


_requests = _Requests()


def listen(wall_s: float | None = None, look: Callable[[], str] | None = None) -> None:
    """Take SIGTERM as a request, and begin to count wall time.

    Args:
        wall_s: seconds from now after which to stop; None = no limit.
        look: a further source of requests: returns the reason, empty if there is none.
    """
    _requests.reason, _requests.look = "", look
    _requests.deadline = float("inf") if wall_s is None else time.monotonic() + wall_s
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _receive)


def find_stop() -> str:
    """Why to stop; empty if nobody asked for it."""
    if not _requests.reason and time.monotonic() >= _requests.deadline:
        _requests.reason = "the wall time is over"
    if not _requests.reason and _requests.look is not None:
        _requests.reason = _requests.look()
    return _requests.reason


def raise_if_stopped() -> None:
    """Stop here if somebody asked for it.

    Raises:
        StoppedError: if so.
    """
    if why := find_stop():
        raise StoppedError(why)


@contextmanager
def deferred() -> Iterator[None]:
    """Within the block SIGTERM is a request that is looked up, and interrupts nothing."""
    before, _requests.is_deferred = _requests.is_deferred, True
    try:
        yield
    finally:
        _requests.is_deferred = before


def read_wall_time(text: str) -> float:
    """Seconds of `90m`, `12h`, `1.5d` or, as in Slurm, `[days-]hours:minutes:seconds`.

    Raises:
        ValueError: for anything else.
    """
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text, re.ASCII):
        seconds = float(found[1]) * _UNITS_S[found[2]]
    elif found := re.fullmatch(r"(?:(\d+)-)?(\d+):(\d\d):(\d\d)", text, re.ASCII):
        days, hours, minutes, rest = (int(part or 0) for part in found.groups())
        seconds = days * 86400.0 + hours * 3600 + minutes * 60 + rest
    else:
        raise ValueError(f"{text!r} is no time: write 90m, 12h, or hours:minutes:seconds.")
    if not 0 < seconds < 1e9:
        raise ValueError(f"{text!r}: give a time above zero.")
    return seconds


def _receive(_number: int, _frame: FrameType | None) -> None:
    _requests.reason = _requests.reason or f"SIGTERM to process {os.getpid()}"
    if not _requests.is_deferred:
        raise StopSignal
