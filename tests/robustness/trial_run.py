"""One malformed input tried in this process: how the command ended, and what went wrong."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

from malformed_inputs import Call, Write

# What commands import lazily is imported before anything is timed.
for _name in ("benchmark.experiment.plan", "benchmark.report.build", "benchmark.scoring", "torch"):
    import_module(_name)

LIMIT_S = 60
"""After that it hangs."""
LONGEST = 3000
"""Characters of an error."""
MODULES = {
    "run": "benchmark.run", "score": "benchmark.score", "report": "benchmark.report.__main__",
    "verify": "benchmark.verify", "humaneval": "benchmark.humaneval",
    "official": "diffuseq.official",
}  # fmt: skip

_ROWS = re.compile(r"^rows: ([\d,]+) read, ([\d,]+) used, ([\d,]+) left out", re.MULTILINE)
_READ = re.compile(r"(\d[\d,]*) read, (\d[\d,]*) used, (\d[\d,]*) left out by limits")


class HangError(BaseException):
    """The command did not end."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    call: Call
    code: int | None
    said: str
    trouble: str = ""
    """`traceback`, `hang`, `silent drop`, or `no sentence`; empty where all is well."""
    details: str = ""


def try_input(write: Write) -> Outcome:
    """Write an input into an empty folder and run its command there."""
    with tempfile.TemporaryDirectory(prefix="robustness-") as folder, _inside(Path(folder)):
        call = write(Path(folder))
        main = import_module(MODULES[call.command]).main
        out, err = io.StringIO(), io.StringIO()
        try:
            with (
                _limited(),
                _light(),
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
            ):
                code = main(list(call.words))
        except HangError:
            return Outcome(call, None, err.getvalue(), "hang")
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            details = f"{type(error).__name__}: {error!s:.200} ({last.filename}:{last.lineno})"
            return Outcome(call, None, err.getvalue(), "traceback", details)
    return _judge(call, code, out.getvalue(), err.getvalue())


def _judge(call: Call, code: int, out: str, err: str) -> Outcome:
    for pattern in (_ROWS, _READ):
        for counts in pattern.findall(out + err):
            read, used, left_out = (int(count.replace(",", "")) for count in counts)
            if read != used + left_out:
                return Outcome(call, code, err, "silent drop", f"{counts}")
    if call.command == "score" and code == 0 and not _ROWS.search(out):
        return Outcome(call, code, err, "silent drop", "no count of rows")
    told = [line for line in err.splitlines() if "error: " in line]
    if code == 2 and (len(told) != 1 or len(told[0]) > LONGEST):
        return Outcome(call, code, err, "no sentence", f"{err[:300]!r}")
    if code not in (0, 1, 2):
        return Outcome(call, code, err, "no sentence", f"exit code {code}")
    return Outcome(call, code, err)


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before, path, modules = Path.cwd(), [*sys.path], {*sys.modules}
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path
        for name in {*sys.modules} - modules:
            if name.startswith("plug_"):
                del sys.modules[name]


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _light() -> Iterator[None]:
    """Without pictures and estimates of time, which take seconds and have tests of their own."""
    with (
        patch("benchmark.report.build_report", _write_texts),
        patch("benchmark.report.__main__.build_report", _write_texts),
        patch("benchmark.execution.time_estimate.rehearse", _build_alone),
        patch("benchmark.experiment.task_scoring._make_semantic", lambda *_: ([], [])),
    ):
        yield


def _write_texts(folder: Path, **_: Any) -> Path:
    from benchmark.report.build import write_texts

    write_texts(folder, folder / "again")
    return folder / "index.html"


def _build_alone(trial: Any, *_: Any) -> list[Any]:
    from benchmark.experiment.system_factory import build_system

    build_system(trial)
    return []
