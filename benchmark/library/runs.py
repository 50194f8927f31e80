"""A run from Python: what `python -m benchmark.run` does, with its results as frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.api import UserError
from benchmark.library.results import Results, read_results
from benchmark.runtime.command_line import note
from benchmark.runtime.device import choose_device
from benchmark.runtime.output_paths import check_name, make_folder


def run(
    tasks: str | Sequence[str],
    systems: str | Sequence[str] = "default",
    *,
    suite: str = "mini",
    changes: Sequence[str] = (),
    seeds: Sequence[int] = (),
    data_dir: str | Path | None = None,
    store: str | Path = "runs",
    reports: str | Path = "reports",
    name: str | None = None,
    jobs: int = 1,
    device: str = "auto",
    page: bool = False,
) -> Results:
    """Train, generate and score whatever is missing in the store, and write the records.

    It shares store and reports with `python -m benchmark.run`: neither repeats what the other made.
    A trial that fails is in `Results.trials` with its error; the others are run.

    Args:
        tasks: names of tasks, or `all`.
        systems: names, `default`, `all` or `module:Class`.
        suite: name or YAML file.
        changes: of the suite, each `KEY=VALUE` as in `--set`.
        seeds: in place of the suite's.
        data_dir: of tasks that read files.
        store: folder of finished stages.
        reports: folder of reports.
        name: of the run and its report; None = that of the suite.
        jobs: trials at the same time. More than one starts processes, which import the script that
            called: it then needs `if __name__ == "__main__":`, and a notebook has to stay at one.
        device: auto, cpu or cuda.
        page: also draw the report, `index.html`.

    Raises:
        UserError: for a name, change or recipe that cannot be, or data that cannot be read.
    """
    from benchmark.execution.process_pool import run_trials
    from benchmark.execution.trial_stages import unfinished
    from benchmark.experiment.plan import make_plan
    from benchmark.experiment.recipe_check import check_recipes
    from benchmark.experiment.run_context import RunContext
    from benchmark.experiment.selection import choose_tasks
    from benchmark.experiment.suite import load_suite
    from benchmark.export.record_writer import write_records
    from benchmark.records.ownership import check_own_records
    from benchmark.store.entries import Store

    wanted = [tasks] if isinstance(tasks, str) else [*tasks]
    chosen = [systems] if isinstance(systems, str) else [*systems]
    for what, given in (("tasks", wanted), ("systems", chosen)):
        if not given:
            raise UserError(f"{what} is empty: name at least one.")
    if isinstance(changes, str):
        raise UserError(f"changes is one text, {changes!r}: give a list of KEY=VALUE.")
    if isinstance(changes, Mapping):
        raise UserError("changes is a mapping: give a list of KEY=VALUE.")
    if isinstance(seeds, int | str):
        raise UserError(f"seeds is {seeds!r}: give a list of whole numbers.")
    if jobs < 1:
        raise UserError(f"jobs is {jobs}: use 1 or more.")
    folder_of_data = None if data_dir is None else Path(data_dir)
    seeded = [f"seeds=[{', '.join(map(str, seeds))}]"] if seeds else []
    used = load_suite(suite, [*changes, *seeded]).with_tasks(wanted, folder_of_data)
    title = used.name if name is None else name
    check_name(title, "name")
    report = Path(reports) / title
    make_folder(Path(reports), "reports")
    check_own_records(report)
    check_recipes(used)
    plan = make_plan(
        used, tasks=choose_tasks(used, wanted), systems=chosen, data_dir=folder_of_data
    )
    for remark in plan.remarks:
        note(f"note: {remark}")
    entries = Store(Path(store))
    context = RunContext(entries, choose_device(device))
    missing = [trial for trial in plan.trials if unfinished(trial, entries)]
    if missing:
        entries.prepare()
        for _ in run_trials(missing, context, min(jobs, len(missing))):
            pass  # errors are in the store, and so in the records
    # The call of the command that does the same.
    command = ["python", "-m", "benchmark.run", "--task", *wanted, "--system", *chosen]
    command += ["--suite", suite, *(["--seeds", *map(str, seeds)] if seeds else [])]
    command += ["--data-dir", str(data_dir)] if data_dir is not None else []
    command += ["--set", *changes] if changes else []
    for remark in write_records(report, plan, entries, command=command):
        note(f"note: {remark}")
    if page:
        from benchmark.report import build_report

        build_report(report)
    return read_results(report)
