"""How far the runs of a store are: what is done, running, failed and left, and for how long.

python -m benchmark.status
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.runtime.command_line import (
    CommandParser,
    add_shared_flags,
    print_json,
    run_command,
)

if TYPE_CHECKING:
    from benchmark.execution.plan_manifest import Manifest
    from benchmark.execution.trial_states import TrialState

EXAMPLES = """\
examples:
  python -m benchmark.status
  python -m benchmark.status mini --store /shared/runs --json
"""


def parser() -> CommandParser:
    """The command line."""
    made = CommandParser(
        "status", "Show how far the runs of a store are; other machines may work on it.", EXAMPLES
    )
    made.add_argument("run", nargs="*", metavar="RUN", help="names of runs (default: all)")
    add_shared_flags(made, "--store", "--json")
    return made


def main(words: Sequence[str] | None = None) -> int:
    """Print the state of each run; exit code 2 where there is none."""
    return run_command(parser(), _show, words)


def _show(options: argparse.Namespace, _words: Sequence[str]) -> int:
    from benchmark.execution.plan_manifest import read_manifests
    from benchmark.execution.speed_records import read_speeds
    from benchmark.execution.stage_estimate import Estimator
    from benchmark.execution.trial_states import read_states
    from benchmark.store.entries import Store

    store = Store(options.store)
    manifests = {manifest.name: manifest for manifest in read_manifests(store)}
    if not manifests:
        raise UserError(f"{store.root} knows of no run: name its folder with --store.")
    for name in options.run:
        if name not in manifests:
            raise UserError(f"There is no run {name!r}: {suggestion(name, manifests)}")
    chosen = {name: of for name, of in manifests.items() if name in (options.run or manifests)}
    estimator = Estimator(read_speeds(store))
    if any(estimator.is_guess(w) for of in chosen.values() for t in of.trials for w in t.work):
        estimator = Estimator.of_store(store)
    found = [_describe(of, read_states(of, store, estimator)) for of in chosen.values()]
    if options.json:
        print_json(found)
    else:
        print("\n\n".join(_format(run) for run in found))
    return 0


def _describe(manifest: Manifest, states: Sequence[TrialState]) -> dict[str, Any]:
    """The state of a run as plain data."""
    counts = {
        state: sum(of.state == state for of in states)
        for state in ("done", "running", "failed", "left")
    }
    systems: list[dict[str, Any]] = []
    for system in dict.fromkeys(of.system for of in states if of.state != "done"):
        mine = [of for of in states if of.system == system]
        open_ = [of for of in mine if of.state in ("running", "left")]
        hours = sum(of.left.seconds for of in open_) / 3600
        row: dict[str, Any] = {
            "system": system,
            **{s: sum(of.state == s for of in mine) for s in counts},
        }
        row |= {"hours": round(hours, 4), "unknown": sum(of.left.unknown for of in open_)}
        systems.append(row | {"rough": any(of.left.is_rough for of in open_)})
    hours = sum(row["hours"] for row in systems)
    is_gpu = manifest.device != "cpu"
    return {
        "run": manifest.name,
        "trials": len(states),
        **counts,
        "running_trials": [
            {
                "trial": of.name,
                "host": of.owner.host,
                "pid": of.owner.pid,
                "since": of.owner.since,
            }
            for of in states
            if of.owner is not None and of.state == "running"
        ],
        "failed_trials": [
            {"trial": of.name, "error": of.error} for of in states if of.state == "failed"
        ],
        "systems": systems,
        "hours": round(hours, 4),
        "gpu_hours": round(hours, 4) if is_gpu else 0.0,
        "core_hours": 0.0 if is_gpu else round(hours * manifest.threads, 4),
    }


def _format(run: dict[str, Any]) -> str:
    lines = [
        f"{run['run']}: {run['done']} of {run['trials']} trials done, {run['running']} running,"
        f" {run['failed']} failed, {run['left']} left"
    ]
    for of in run["running_trials"]:
        since = of["since"][:16].replace("T", " ")
        lines.append(
            f"  running  {of['trial']}: {of['host']}, process {of['pid']}, since {since} UTC"
        )
    lines += [f"  failed   {of['trial']}: {of['error']}" for of in run["failed_trials"]]
    if not run["systems"] or not run["running"] + run["left"]:
        return "\n".join(lines)
    unit = "GPU hours" if run["gpu_hours"] else "hours"
    width = max(len(row["system"]) for row in run["systems"])
    lines.append(f"  {'system':{width}}  running  left  {unit}")
    for row in run["systems"]:
        sure = " (roughly)" if row["rough"] else ""
        sure = " and what nothing is known of" if row["unknown"] else sure
        lines.append(
            f"  {row['system']:{width}}  {row['running']:7}  {row['left']:4}"
            f"  {row['hours']:{len(unit)}.2f}{sure}"
        )
    at_once = run["running"]
    now = f"; with the {at_once} at work now {run['hours'] / at_once:.2f} h" if at_once else ""
    lines.append(f"  in all {run['hours']:.2f} {unit} of one process at a time{now}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
