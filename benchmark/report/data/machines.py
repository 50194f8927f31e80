"""The machines of the times of a report: those of several are not to be compared."""

from __future__ import annotations

from benchmark.records.schema import Run
from benchmark.runtime.processor import name_device


def list_machines(run: Run) -> list[str]:
    """The machines of the times if they are, or may be, several; otherwise empty.

    Yardsticks compute on the processor beside a GPU, so that one of each is one machine.
    """
    found: dict[str, dict[str, None]] = {}
    for conditions in (run.conditions or {}).values():
        if isinstance(conditions, dict) and conditions.get("device"):
            device = str(conditions["device"]).partition(":")[0]
            found.setdefault(device, {})[name_device(conditions)] = None
    return [name for names in found.values() if len(names) > 1 for name in names]
