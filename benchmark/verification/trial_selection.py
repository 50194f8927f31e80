"""Which cells of a report are verified."""

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.verification.kept_report import StoredCell, StoredReport


def select_cells(
    report: StoredReport,
    *,
    tasks: Sequence[str] = (),
    systems: Sequence[str] = (),
    sample: int | None = None,
    seed: int = 0,
) -> tuple[StoredCell, ...]:
    """The settings of the chosen cells, in the order of the report.

    Args:
        report: to choose from.
        tasks: those that are meant; none means all.
        systems: as `tasks`.
        sample: how many cells (task, system, seed, with all settings) to draw.
        seed: of the draw.

    Raises:
        UserError: for a task or system that the report does not have.
    """
    for what, asked in (("task", tasks), ("system", systems)):
        known = list(dict.fromkeys(str(cell.line[what]) for cell in report.cells))
        for name in asked:
            if name not in known:
                raise UserError(
                    f"There is no {what} {name!r} in {report.folder}: {suggestion(name, known)}"
                )
    meant = [
        cell
        for cell in report.cells
        if (not tasks or cell.name[0] in tasks) and (not systems or cell.name[1] in systems)
    ]
    names = list(dict.fromkeys(cell.name for cell in meant))
    if not names:
        raise UserError(f"No cell of {report.folder} is of these tasks and these systems.")
    if sample is not None and sample < len(names):
        names = random.Random(seed).sample(names, sample)
    chosen = set(names)
    return tuple(cell for cell in meant if cell.name in chosen)
