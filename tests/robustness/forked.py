"""Calls of a command in forked processes: what is imported once need not be imported again.

A fork shares nothing with its parent but what was imported, so a killed one is a killed process.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 300.0


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    code: int | None
    """None: it was killed."""
    text: str
    """What it printed, on both streams."""


class Forked:
    """A command that runs in a process of its own."""

    def __init__(
        self, main: Callable[[Sequence[str]], int], words: Sequence[str], folder: Path, log: Path
    ) -> None:
        self.log = log
        self.pid = os.fork()
        if self.pid == 0:
            os._exit(_act(main, words, folder, log))

    def kill(self) -> None:
        """As a power cut would."""
        os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        """As a scheduler would."""
        os.kill(self.pid, signal.SIGTERM)

    def wait(self, *, kill_after_s: float | None = None) -> Ended:
        """Wait for the end, or kill the process before it."""
        started, status = time.monotonic(), 0
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            waited = time.monotonic() - started
            if pid:
                break
            if kill_after_s is not None and waited >= kill_after_s:
                self.kill()
                os.waitpid(self.pid, 0)
                return Ended(None, self._text())
            if waited > PATIENCE_S:
                self.kill()
                os.waitpid(self.pid, 0)
                raise AssertionError(f"A call hangs: {self._text()[-2000:]}")
            time.sleep(0.001)
        return Ended(os.waitstatus_to_exitcode(status), self._text())

    def _text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


def _act(
    main: Callable[[Sequence[str]], int], words: Sequence[str], folder: Path, log: Path
) -> int:
    try:
        out = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.chdir(folder)
        code = main(words)
    except BaseException:
        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    return code
