"""Cells side by side: processes with their share of the threads, and one place that reports."""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any

from benchmark.execution.trial_stages import OnStage, Outcome, run_cell
from benchmark.experiment.plan import Cell
from benchmark.experiment.suite import Suite
from benchmark.runtime.device import set_threads
from benchmark.runtime.distributed import ALONE, Processes
from benchmark.store.entries import Store

_messages: Any = None


def run_cells(
    cells: Sequence[Cell],
    suite: Suite,
    data_dir: Path | None,
    store: Store,
    *,
    device: str,
    jobs: int,
    on_stage: OnStage,
    tensorboard: Path | None = None,
    processes: Processes = ALONE,
) -> Iterator[Outcome]:
    """Run cells in `jobs` processes and yield outcomes as they come.

    Args:
        processes: those of a launcher, which work on one cell together; `jobs` is 1 then.
    """
    if jobs == 1:
        set_threads(suite.threads)
        for cell in cells:
            yield run_cell(
                cell, suite, data_dir, store,
                device=device, on_stage=on_stage, tensorboard=tensorboard, processes=processes,
            )  # fmt: skip
        return
    # A forked child would inherit the threads of torch in an unusable state.
    context = multiprocessing.get_context("spawn")
    messages = context.Queue()
    with ProcessPoolExecutor(
        jobs,
        mp_context=context,
        initializer=_start,
        initargs=(suite.threads, messages, os.getpid()),
    ) as pool:
        waiting: set[Future[Outcome]] = {
            pool.submit(_run, cell, suite, data_dir, store, device, tensorboard) for cell in cells
        }
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                _pass_on(messages, on_stage)
                for future in done:
                    yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _pass_on(messages: Any, on_stage: OnStage) -> None:
    while True:
        try:
            on_stage(*messages.get_nowait())
        except queue.Empty:
            return


def _start(threads: int, messages: Any, parent: int) -> None:
    global _messages
    _messages = messages
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    set_threads(threads)


def _follow(parent: int) -> None:
    """End with the parent, also when it was killed and could not say so."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _run(
    cell: Cell,
    suite: Suite,
    data_dir: Path | None,
    store: Store,
    device: str,
    tensorboard: Path | None,
) -> Outcome:
    last = 0.0

    def send(*message: Any) -> None:
        nonlocal last
        if time.monotonic() - last > 0.2:
            last = time.monotonic()
            _messages.put(message)

    return run_cell(
        cell, suite, data_dir, store, device=device, on_stage=send, tensorboard=tensorboard
    )
