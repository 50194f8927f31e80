"""What holds for all tests: one thread a process, nothing from the network, and what is quick."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator

import pytest

# Several test processes share the cores, and sums keep their order.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Imports leave no garbage: looking for it takes a third of the time of the collection."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test is quick unless it is marked with what it takes; those of minutes start first.

    They stand together, so that one worker does them and makes what they share once, while the
    other takes the rest.
    """
    items.sort(key=lambda item: "reproducibility" not in item.path.parts)
    for item in items:
        if not any(map(item.get_closest_marker, ("slow", "browser", "tex", "data"))):
            item.add_marker("quick")
