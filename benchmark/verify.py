"""Verify a kept report: run cells again, and compare candidates and scores with the record.

python -m benchmark.verify reports/mini --sample 3
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.api import UserError

if TYPE_CHECKING:
    from benchmark.verification.findings import Verification

EXAMPLES = """\
examples:
  python -m benchmark.verify reports/mini --sample 3
  python -m benchmark.verify reports/mini --task dialogue --system gpt2 --use-store runs
  python -m benchmark.verify reports/mini --quick
  python -m benchmark.verify reports/mini --scores-only --json verification.json
  python -m benchmark.verify reports/mini --against OTHER/reports/mini
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m benchmark.verify",
        description="Say whether a kept report is what its code and data make.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("report", type=Path, help="a folder that holds records/")
    what = made.add_argument_group("what to verify")
    what.add_argument("--task", nargs="+", default=[], metavar="TASK", help="cells of these tasks")
    what.add_argument("--system", nargs="+", default=[], metavar="SYSTEM", help="of these systems")
    what.add_argument("--sample", type=int, metavar="N", help="draw N of these cells")
    what.add_argument("--sample-seed", type=int, default=0, metavar="N", help="default: 0")
    method = made.add_argument_group("how").add_mutually_exclusive_group()
    method.add_argument(
        "--quick",
        action="store_true",
        help="no model: files, keys, statistics, and all figures of tables and summary",
    )
    method.add_argument(
        "--scores-only",
        action="store_true",
        help="no model: statistics from the kept values, values from the kept texts",
    )
    method.add_argument(
        "--against", type=Path, metavar="REPORT", help="compare with another report of the cells"
    )
    means = made.add_argument_group("means")
    means.add_argument("--data-dir", type=Path, help="folder with TASK/{train,valid,test}.jsonl")
    means.add_argument(
        "--use-store", type=Path, metavar="STORE", help="take trained weights from there"
    )
    means.add_argument(
        "--store", type=Path, help="work there, and go on there (default: a folder that is removed)"
    )
    means.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    means.add_argument("--jobs", type=int, help="cells side by side (default: cores / threads)")
    means.add_argument("--exact", action="store_true", help="equal bytes on other devices too")
    means.add_argument("--json", type=Path, metavar="FILE", help="write the findings there")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: equal or within bounds; 1: not, or not all could be checked; 2: a wrong call."""
    options = parser().parse_args(arguments)
    try:
        _check(options)
        found = _verify(options)
        print("\n".join(found.lines()))
        if options.json is not None:
            from benchmark.store.files import write_json

            write_json(options.json, found.as_dict())
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    return found.exit_code


def _check(options: argparse.Namespace) -> None:
    for name in ("sample", "jobs"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise UserError(f"--{name} {value}: at least one cell has to be verified.")
    if options.use_store is not None and not options.use_store.is_dir():
        raise UserError(f"--use-store {options.use_store}: there is no such folder.")
    if options.json is not None:
        folder = options.json.parent
        if options.json.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
            raise UserError(f"--json {options.json} cannot be written: name a file of yours.")


def _verify(options: argparse.Namespace) -> Verification:
    from benchmark.verification.conditions import origin
    from benchmark.verification.findings import Verification
    from benchmark.verification.kept_report import read_stored
    from benchmark.verification.tolerances import STATED
    from benchmark.verification.trial_selection import choose

    report = read_stored(options.report)
    cells = choose(
        report,
        tasks=options.task,
        systems=options.system,
        sample=options.sample,
        seed=options.sample_seed,
    )
    count, total = (len({cell.name for cell in of}) for of in (cells, report.cells))
    drawn = f", drawn with seed {options.sample_seed}" if options.sample is not None else ""
    scope = f"{count} of {total} cells ({len(cells)} settings{drawn})"
    notes, bounds = origin(report), () if options.exact else (STATED,)
    if options.against is not None:
        from benchmark.verification.verdict import judge_all

        other = read_stored(options.against)
        found = judge_all(cells, other, exact=options.exact)
        method = f"against another report, {scope}"
        return Verification(report.name, method, bounds, tuple(found))

    from benchmark.verification.plan_from_records import rebuild

    rebuilt = rebuild(report, cells, options.data_dir)
    if options.quick:
        from benchmark.verification.quick_check import verify_quick

        found, method = verify_quick(report, cells, rebuilt), "files, keys, statistics, figures"
    elif options.scores_only:
        from benchmark.verification.score_check import verify_scores

        found, method = verify_scores(cells, rebuilt), "scores only"
    else:
        from benchmark.runtime.device import choose_device, default_jobs
        from benchmark.verification.rerun import Means, rerun

        device = choose_device(options.device)
        threads = rebuilt.suite.threads if rebuilt.suite is not None else 1
        means = Means(
            store=options.store,
            weights=options.use_store,
            device=device,
            jobs=options.jobs or default_jobs(threads, device),
            data_dir=options.data_dir,
            exact=options.exact,
        )
        found = rerun(report, cells, rebuilt, means)
        notes = (*notes, *bounds)
        method = "made again" if options.use_store is None else "made again from trained weights"
    return Verification(report.name, f"{method}, {scope}", notes, tuple(found))


if __name__ == "__main__":
    sys.exit(main())
