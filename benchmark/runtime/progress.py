"""Progress bars of running trials: shown on a terminal, nowhere else."""

from __future__ import annotations

import os
import sys
from typing import Any

from tqdm import tqdm

from benchmark.runtime.command_line import is_quiet


class ProgressBoard:
    """One bar over all trials, and one for each running trial."""

    def __init__(self, trials: int, jobs: int) -> None:
        self.silent = not sys.stderr.isatty() or os.environ.get("TQDM_DISABLE", "") not in ("", "0")
        self.free = list(range(jobs, 0, -1))
        self.bars: dict[str, tuple[int, str, Any]] = {}
        self.overall = tqdm(
            total=trials, desc="trials", unit="trial", disable=self.silent, position=0
        )

    def close(self) -> None:
        """Remove all bars."""
        for trial in list(self.bars):
            self._close(trial)
        self.overall.close()

    def stage(self, trial: str, stage: str, done: int, total: int, text: str) -> None:
        """Move the bar of a trial."""
        if self.silent:
            return
        if trial not in self.bars or self.bars[trial][1] != stage:
            self._close(trial)
            position = self.free.pop() if self.free else 1
            name = f"{trial}: {stage}"
            bar = tqdm(total=total, desc=name, position=position, leave=False, file=sys.stderr)
            self.bars[trial] = (position, stage, bar)
        bar = self.bars[trial][2]
        bar.total = total
        bar.set_postfix_str(text, refresh=False)
        bar.update(done - bar.n)

    def finished(self, trial: str) -> None:
        """Remove the bar of a trial."""
        self._close(trial)
        self.overall.update()

    def print_line(self, text: str) -> None:
        """Print a line without breaking the bars, unless the command is quiet."""
        if not is_quiet():
            tqdm.write(text, file=sys.stderr)

    def _close(self, trial: str) -> None:
        known = self.bars.pop(trial, None)
        if known is not None:
            known[2].close()
            self.free.append(known[0])
