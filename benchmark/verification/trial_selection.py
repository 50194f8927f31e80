"""Which trials of a report are verified."""

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.verification.raw_records import RawRecord, RawReport


def select_records(
    report: RawReport,
    *,
    tasks: Sequence[str] = (),
    systems: Sequence[str] = (),
    sample: int | None = None,
    seed: int = 0,
) -> tuple[RawRecord, ...]:
    """All records of the chosen trials, in the order of the report.

    Args:
        report: to choose from.
        tasks: chosen ones; none means all.
        systems: as `tasks`.
        sample: how many trials (task, system, seed, with all settings) to draw.
        seed: of the draw.

    Raises:
        UserError: for a task or system that the report does not have.
    """
    chosen = report.records
    for what, names in (("task", tasks), ("system", systems)):
        known = list(dict.fromkeys(str(record.line[what]) for record in report.records))
        for name in names:
            if name not in known:
                raise UserError(
                    f"There is no {what} {name!r} in {report.folder}: {suggestion(name, known)}"
                )
        chosen = tuple(record for record in chosen if not names or record.line[what] in names)
    trials = list(dict.fromkeys(record.trial for record in chosen))
    if not trials:
        raise UserError(
            f"No trial in {report.folder} is of these tasks and systems: choose a task that the"
            " system was run on."
        )
    if sample is not None and sample < len(trials):
        trials = random.Random(seed).sample(trials, sample)
    return tuple(record for record in chosen if record.trial in trials)
