"""The facts of a run: what was run, on what, by which code; for the page and the summary."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from benchmark.records.schema import Run, SourceRecord
from benchmark.report.data.machines import list_machines
from benchmark.report.data.points import Board
from benchmark.report.data.wording import join_names
from benchmark.runtime.processor import name_processor


def list_facts(board: Board) -> Iterator[tuple[str, str]]:
    """Names and values of the facts."""
    run = board.records.run
    yield "Command", shlex.join(run.command)
    yield "Suite", _describe_suite(run)
    yield "Seeds", _describe_seeds(board)
    yield "Machine", _describe_machine(run)
    if machines := list_machines(run):
        yield "Computed on", f"several machines, or ones that may differ: {'; '.join(machines)}"
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    yield "Versions", versions
    code = run.code
    commit = code.get("commit")
    state = ", with uncommitted changes" if code.get("dirty") else ""
    parts = [f"version {code.get('version')}" if code.get("version") else ""]
    parts += [f"commit {commit}{state}" if commit else "not under version control"]
    parts += [f"digest of the sources {code['digest']}"] if code.get("digest") else []
    yield "Code", ", ".join(part for part in parts if part)
    for name, info in run.systems.items():
        if info.source is not None:
            yield f"Source of {name}", _describe_source(info.source)
    for part in run.merged:
        commit = str((part.get("code") or {}).get("commit") or "no commit")[:10]
        made = f"{shlex.join(part.get('command') or [])}; {part.get('created')}, commit {commit}"
        yield f"Merged from {part.get('run')}", made
    yield "Created", run.created


def _describe_seeds(board: Board) -> str:
    """The seeds of the run, and of whom they are where not all models have the same."""
    systems: dict[tuple[int, ...], dict[str, None]] = {}
    for system in board.models:
        mains = [p for task in board.records.tasks if (p := board.main(task, system))]
        seeds = {trial.seed for point in mains for trial in (*point.trials, *point.failures)}
        systems.setdefault(tuple(sorted(seeds)), {})[system] = None
    if len(systems) < 2:
        return ", ".join(map(str, board.records.run.seeds))
    most_first = sorted(systems, key=lambda seeds: (-len(seeds), seeds))
    told = (f"{', '.join(map(str, of))} of {join_names([*systems[of]])}" for of in most_first)
    return "; ".join(told)


def _describe_source(source: SourceRecord) -> str:
    """The source of a user's system, and whether it made what is shown."""
    version = f" {source.version}" if source.version else ""
    files = f"{source.files} file{'s' if source.files != 1 else ''}"
    said = f"{source.kind} {source.name}{version}, {files}, digest {source.digest}"
    if others := [digest for digest in source.made if digest != source.digest]:
        return f"{said}; some of what is shown was made by another source ({', '.join(others)})"
    return said


def _describe_machine(run: Run, *, short: bool = False) -> str:
    """The machine in one line."""
    found = run.machine
    parts = []
    if processor := name_processor(found):
        cores = found.get("cores")
        parts.append(processor + (f" ({cores} cores)" if cores else ""))
    if found.get("memory_bytes"):
        parts.append(f"{found['memory_bytes'] / 2**30:.0f} GiB memory")
    parts.append(str(found["gpu"]) if found.get("gpu") else "no GPU")
    if found.get("platform") and not short:
        parts.append(str(found["platform"]))
    return ", ".join(parts)


def write_lead(board: Board) -> str:
    """The facts that a reader needs first, in a sentence or two."""
    run = board.records.run
    counts = (
        (len(board.records.tasks), "task"),
        (len(board.models), "system"),
        (len(board.systems) - len(board.models), "yardstick"),
        (len(run.seeds), "seed"),
    )
    told = ", ".join(f"{count} {noun}{'s' if count != 1 else ''}" for count, noun in counts)
    machine = _describe_machine(run, short=True)
    return f"Suite {_describe_suite(run)}: {told}; {machine}.{_write_origin(run)}"


def _describe_suite(run: Run) -> str:
    return f"{run.suite} ({run.suite_description})" if run.suite_description else run.suite


def _write_origin(run: Run) -> str:
    """The date and the code of the records; empty where they do not say."""
    commit = str(run.code.get("commit") or "")[:10]
    code = [f"version {run.code['version']}"] if run.code.get("version") else []
    code += [f"commit {commit}"] if commit else []
    told = [f"gathered on {run.created[:10]}"] if run.created else []
    told += [f"with {', '.join(code)}"] if code else []
    return f" Records {' '.join(told)}." if told else ""
