"""Verify a kept report: rerun trials, and compare candidates and scores with the records.

python -m benchmark.verify reports/mini --sample 3
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.api import UserError
from benchmark.runtime.command_line import (
    CommandParser,
    add_output,
    add_several,
    add_shared_flags,
    check_positive,
    print_json,
    run_command,
)
from benchmark.runtime.output_paths import check_output

if TYPE_CHECKING:
    from benchmark.verification.findings import Verification

EXAMPLES = """\
examples:
  python -m benchmark.verify reports/mini --sample 3
  python -m benchmark.verify reports/mini --task dialogue --system gpt2 --use-store runs
  python -m benchmark.verify reports/mini --quick
  python -m benchmark.verify reports/mini --scores-only --output verification.json
  python -m benchmark.verify reports/mini --against OTHER/reports/mini
"""

_OF_RERUN = "store", "use_store", "jobs", "device"
_UNUSED = {
    "quick": (*_OF_RERUN, "exact"),
    "scores_only": (*_OF_RERUN, "exact"),
    "against": (*_OF_RERUN, "data_dir"),
}
"""By method the options that mean nothing to it."""


def parser() -> CommandParser:
    """The command line."""
    made = CommandParser(
        "verify", "Check that the code and data of a kept report reproduce it.", EXAMPLES
    )
    made.add_argument(
        "report", type=Path, metavar="REPORT", help="a report folder, which contains records/"
    )
    what = made.add_argument_group("what to verify")
    add_several(what, "--task", "TASK", "trials on these tasks")
    add_several(what, "--system", "SYSTEM", "trials of these systems")
    what.add_argument(
        "--sample", type=int, metavar="N", help="verify N of these trials, drawn at random"
    )
    what.add_argument(
        "--sample-seed", type=int, metavar="N", help="seed of the sample (default: 0)"
    )
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
        "--against", type=Path, metavar="REPORT", help="compare with another report of these trials"
    )
    means = made.add_argument_group("means")
    add_shared_flags(means, "--data-dir", "--device", "--jobs", "--json")
    means.add_argument(
        "--use-store", type=Path, metavar="DIR", help="use trained weights from this store"
    )
    means.add_argument(
        "--store",
        type=Path,
        metavar="DIR",
        help="where finished stages are kept (default: a temporary folder)",
    )
    means.add_argument(
        "--exact", action="store_true", help="require equal bytes on other devices too"
    )
    add_output(means, "FILE", "write the findings to a JSON file")
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: equal or within bounds; 1: different or not fully checked; 2: invalid call."""
    words = sys.argv[1:] if words is None else words
    return run_command(parser(), _run, replace_json_flag(words))


def replace_json_flag(words: Sequence[str]) -> list[str]:
    """The words with `--output FILE` in place of `--json FILE.json`, its spelling until 0.5."""
    nexts = [*words[1:], ""]
    return [
        "--output" if word == "--json" and after.endswith(".json") else word
        for word, after in zip(words, nexts, strict=False)
    ]


def _run(options: argparse.Namespace, _words: Sequence[str]) -> int:
    _check(options)
    found = _verify(options)
    if options.json:
        print_json(found.as_dict())
    else:
        print("\n".join(found.lines()))
    if options.output is not None:
        from benchmark.store.files import write_json

        write_json(options.output, found.as_dict())
    return found.exit_code


def _check(options: argparse.Namespace) -> None:
    check_positive(options, "sample", "jobs")
    if options.use_store is not None and not options.use_store.is_dir():
        raise UserError(
            f"--use-store {options.use_store}: this folder does not exist; name another."
        )
    check_output(options.output)
    _refuse_unused(options)


def _refuse_unused(options: argparse.Namespace) -> None:
    """Say what a method does not look at, so that nobody takes it for looked at."""
    given = parser()
    for method, unused in _UNUSED.items():
        if getattr(options, method):
            for name in unused:
                if getattr(options, name) != given.get_default(name):
                    raise UserError(
                        f"{_flag(method)} makes nothing again and does not use {_flag(name)}:"
                        f" leave out one of the two."
                    )
    if options.sample_seed is not None and options.sample is None:
        raise UserError("--sample-seed draws nothing without --sample N: add it.")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _verify(options: argparse.Namespace) -> Verification:
    from benchmark.verification.environment import describe_origin
    from benchmark.verification.findings import Verification
    from benchmark.verification.raw_records import read_raw_report
    from benchmark.verification.tolerances import BOUNDS_IN_WORDS
    from benchmark.verification.trial_selection import select_records

    report = read_raw_report(options.report)
    seed = options.sample_seed or 0
    records = select_records(
        report,
        tasks=options.task,
        systems=options.system,
        sample=options.sample,
        seed=seed,
    )
    count, total = (len({record.trial for record in of}) for of in (records, report.records))
    drawn = f", drawn with seed {seed}" if options.sample is not None else ""
    scope = f"{count} of {total} trials ({len(records)} settings{drawn})"
    notes, bounds = describe_origin(report), () if options.exact else (BOUNDS_IN_WORDS,)
    if options.against is not None:
        from benchmark.verification.verdict import judge_all

        other = read_raw_report(options.against)
        found = judge_all(records, other, exact=options.exact)
        method = f"against another report, {scope}"
        return Verification(report.run["run"], method, bounds, tuple(found))

    from benchmark.verification.plan_from_records import rebuild

    rebuilt = rebuild(report, records, options.data_dir)
    if options.quick:
        from benchmark.verification.quick_check import verify_quick

        found, method = verify_quick(report, records, rebuilt), "files, keys, statistics, figures"
    elif options.scores_only:
        from benchmark.verification.score_check import verify_scores

        found, method = verify_scores(records, rebuilt), "scores only"
    else:
        from benchmark.runtime.device import choose_device, default_jobs
        from benchmark.verification.rerun import rerun

        device = choose_device(options.device)
        threads = rebuilt.suite.threads if rebuilt.suite is not None else 1
        found = rerun(
            report,
            records,
            rebuilt,
            store=options.store,
            weights=options.use_store,
            device=device,
            jobs=options.jobs or default_jobs(threads, device),
            data_dir=options.data_dir,
            exact=options.exact,
        )
        notes = (*notes, *bounds)
        method = "rerun" if options.use_store is None else "rerun from trained weights"
    return Verification(report.run["run"], f"{method}, {scope}", notes, tuple(found))


if __name__ == "__main__":
    sys.exit(main())
