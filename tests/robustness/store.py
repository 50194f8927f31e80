"""Kills, concurrent runs and damaged stores: `python tests/robustness/store.py`.

Every call is a process of its own. What it has to leave is what one undisturbed call leaves, but
for clocks. The counts are written to `reports/robustness/store.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ |= {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
sys.path.insert(0, str(Path(__file__).parent))

from damages import Damage, choose, entries  # noqa: E402
from forked import Ended, Forked  # noqa: E402

ROOT = Path(__file__).parents[2]
NANO = ROOT / "tests" / "suites" / "nano.yaml"
WORDS = (
    "--task", "paraphrase", "--system", "transformer", "copy-source", "--suite", str(NANO),
    "--jobs", "1", "--trace", "--name", "r", "--set", "limits.train=60", "limits.valid=4",
    "limits.test=5", "budget.updates=24", "training.validate_every=8", "training.checkpoint_s=0.05",
    "training.valid_examples=4", "training.quality_examples=2", "evaluation.trace.sources=3",
    "evaluation.interval.resamples=20", "evaluation.valid_sources=3",
    "evaluation.metrics=[bleu_sent_m4, self_bleu, length]",
    "evaluation.controlled_metrics=[validity]",
)  # fmt: skip
KILLS_IN_A_ROW = 5


@dataclass
class Count:
    """How often something was tried, and what went wrong."""

    tried: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, problem: str | None) -> None:
        self.tried += 1
        if problem:
            self.wrong.append(problem)
            sys.stderr.write(f"WRONG: {problem}\n")


class Bench:
    """A scratch folder with the store and the report of an undisturbed run."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.reference = scratch / "reference"
        self.calls = 0
        self.reference.mkdir()
        started = time.monotonic()
        ended = self.run(self.reference)
        self.duration_s = time.monotonic() - started
        assert ended.code == 0, ended.text

    def start(self, folder: Path, *words: str) -> Forked:
        """Start a run."""
        from benchmark.run import main

        self.calls += 1
        log = self.scratch / f"log-{self.calls}.txt"
        return Forked(main, [*WORDS, *(words or ("--records-only",))], folder, log)

    def run(self, folder: Path, *words: str) -> Ended:
        """Run to the end."""
        return self.start(folder, *words).wait()

    def copy(self, name: str) -> Path:
        """A copy of the reference."""
        folder = self.scratch / name
        shutil.copytree(self.reference, folder)
        return folder

    def find_difference(self, folder: Path) -> str | None:
        """The first difference of a report from the undisturbed one; of a store, what is broken."""
        from benchmark.api import UserError
        from benchmark.store.entries import Store
        from benchmark.verification.raw_records import read_raw_report
        from benchmark.verification.verdict import judge_all

        try:
            kept, found = (
                read_raw_report(place / "reports" / "r") for place in (self.reference, folder)
            )
        except UserError as error:
            return str(error)
        if len(kept.records) != len(found.records):
            return f"{len(found.records)} records, {len(kept.records)} in the reference"
        for finding in judge_all(kept.records, found, exact=True):
            if finding.verdict != "equal":
                return f"{dict(finding.subject)}: {'; '.join(finding.sentences())}"
        if kept.files.keyed_names() != found.files.keyed_names():
            return "other files in records"
        store = Store(folder / "runs")
        for entry in entries(folder / "runs"):
            if store.record(entry.parent.name, entry.name) is None:  # type: ignore[arg-type]
                return f"{entry} is broken"
        left = [p.name for p in (folder / "reports" / "r").iterdir() if ".tmp" in p.name]
        return f"left in the report: {left}" if left else None


def try_kills(bench: Bench, count: int, random: Random) -> Count:
    """Kill runs at any moment, some times in a row, and let the next one end."""
    counted, chain = Count(), 0
    while counted.tried < count:
        chain += 1
        folder = bench.scratch / f"kills-{chain}"
        folder.mkdir()
        told = ""
        for _ in range(random.randint(1, KILLS_IN_A_ROW)):
            ended = bench.start(folder).wait(kill_after_s=random.uniform(0, bench.duration_s))
            if ended.code is not None:
                told = told or (f"exit {ended.code}: {ended.text[-500:]}" if ended.code else "")
                break
            counted.add(None)
            if counted.tried == count:
                break
        ended = bench.run(folder)
        if ended.code != 0 or "damaged" in ended.text:
            told = told or f"exit {ended.code} after kills: {ended.text[-500:]}"
        problem = told or bench.find_difference(folder)
        if problem:
            counted.wrong.append(f"kills, chain {chain}: {problem}")
            sys.stderr.write(f"WRONG: {counted.wrong[-1]}\n")
        shutil.rmtree(folder)
    return counted


def try_concurrent_runs(bench: Bench, count: int, random: Random) -> Count:
    """Three runs at once on one store and one report, new or damaged, then one alone."""
    counted = Count()
    for number in range(count):
        name = f"round-{number + 1}"
        if number % 2:
            folder = bench.copy(name)
            ((damage, own),) = choose(1, Random(random.getrandbits(64)))
            damage.act(folder, own)
        else:
            folder = bench.scratch / name
            folder.mkdir()
        words = [] if number % 4 == 0 else ["--records-only"]
        if number == 0:  # once as people start them
            calls = [
                subprocess.Popen(
                    [sys.executable, "-m", "benchmark.run", *WORDS],
                    cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True,
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                )
                for _ in range(3)
            ]  # fmt: skip
            texts = [call.communicate()[1] for call in calls]
            ends = [Ended(c.returncode, text) for c, text in zip(calls, texts, strict=True)]
        else:
            started = [bench.start(folder, *(words or ["--seeds", "1"])) for _ in range(3)]
            ends = [call.wait() for call in started]
        ends.append(bench.run(folder))
        failed = next((end for end in ends if end.code != 0), None)
        problem = f"exit {failed.code}: {failed.text[-1500:]}" if failed else None
        if not problem and "2 trials, 2 of them cached" not in ends[-1].text:
            problem = f"the run after them: {ends[-1].text[-500:]}"
        problem = problem or bench.find_difference(folder)
        if not problem and not words and not (folder / "reports" / "r" / "index.html").exists():
            problem = "no page"
        counted.add(problem and f"{name}: {problem}")
        shutil.rmtree(folder)
    return counted


def try_workers(bench: Bench, count: int, random: Random) -> Count:
    """Four runs that share a store, of which one is killed and one told to stop, then one alone."""
    counted = Count()
    for number in range(count):
        folder = bench.scratch / f"workers-{number + 1}"
        folder.mkdir()
        calls = [bench.start(folder) for _ in range(4)]
        # Importing is done: a signal finds a run that plans, trains, decodes, waits or writes.
        time.sleep(random.uniform(0, 2 * bench.duration_s))
        killed, stopped, *others = random.sample(calls, 4)
        killed.kill()
        stopped.terminate()
        ends = [call.wait() for call in others]
        told, _ = stopped.wait(), killed.wait()
        problem = next(
            (f"exit {end.code}: {end.text[-1500:]}" for end in ends if end.code != 0), None
        )
        # The signal itself ends a run that has not begun to listen.
        if not problem and told.code not in (0, 75, -signal.SIGTERM):
            problem = f"told to stop, exit {told.code}: {told.text[-1500:]}"
        if not problem and told.code == 75 and "run the same command again" not in told.text:
            problem = f"stopped without a word: {told.text[-500:]}"
        last = bench.run(folder)
        if not problem and (last.code or "2 trials, 2 of them cached" not in last.text):
            problem = f"the run after them: {last.text[-500:]}"
        counted.add(
            (problem or bench.find_difference(folder)) and f"workers {number + 1}: {problem}"
        )
        shutil.rmtree(folder)
    return counted


def try_concurrent_scores(bench: Bench, count: int, random: Random) -> Count:
    """Two calls of score and one of report at once in the report of the run."""
    from benchmark.report.__main__ import main as report
    from benchmark.score import main as score

    counted = Count()
    for number in range(count):
        name = f"scores-{number + 1}"
        folder = bench.copy(name)
        samples = sorted((folder / "reports/r/records/samples").iterdir())[0]
        rows = [json.loads(line) for line in samples.read_text().splitlines()]
        outputs = folder / "outputs.jsonl"
        outputs.write_text(
            "".join(json.dumps({"source": r["source"], "output": "a b"}) + "\n" for r in rows)
        )
        words = [str(outputs), "--task", "paraphrase", "--report", "reports/r"]
        calls = [
            Forked(score, [*words, "--system", system], folder, folder / f"log-{system}.txt")
            for system in ("one", "other")
        ]
        calls.append(Forked(report, ["reports/r"], folder, folder / "log-report.txt"))
        ends = [call.wait() for call in calls]
        ends.append(Forked(report, ["reports/r"], folder, folder / "log-again.txt").wait())
        failed = next((end for end in ends if end.code != 0), None)
        problem = f"exit {failed.code}: {failed.text[-1500:]}" if failed else None
        cells = (folder / "reports/r/records/cells/paraphrase.jsonl").read_text().splitlines()
        systems = {json.loads(line)["system"] for line in cells}
        if not problem and not {"one", "other", "transformer", "copy-source"} <= systems:
            problem = f"the report has {sorted(systems)}"
        counted.add(problem and f"{name}: {problem}")
        shutil.rmtree(folder)
    return counted


def try_damages(bench: Bench, count: int, random: Random, kinds: dict[str, int]) -> Count:
    """Damage a finished store; the next run has to notice, repair, and say it in a sentence."""
    counted = Count()
    for number, (damage, own) in enumerate(choose(count, random)):
        folder = bench.copy(f"damage-{number + 1}")
        damage.act(folder, own)
        kinds[damage.name] = kinds.get(damage.name, 0) + 1
        counted.add(_judge_damage(bench, damage, folder))
        shutil.rmtree(folder)
    return counted


def _judge_damage(bench: Bench, damage: Damage, folder: Path) -> str | None:
    ended, again = bench.run(folder), bench.run(folder)
    for end in (ended, again):
        if end.code != 0:
            return f"{damage.name}: exit {end.code}: {end.text[-1500:]}"
    if damage.is_told and not ("damaged (" in ended.text and "set aside as" in ended.text):
        return f"{damage.name}: not a word: {ended.text[-500:]}"
    if "damaged" in again.text or "2 trials, 2 of them cached" not in again.text:
        return f"{damage.name}: the run after it: {again.text[-500:]}"
    problem = bench.find_difference(folder)
    return problem and f"{damage.name}: {problem}"


def try_damaged_checkpoints(bench: Bench, count: int, random: Random) -> Count:
    """Kill a run while it trains and damage what it kept: training begins again."""
    from damages import SPOIL

    counted = Count()
    for number in range(count):
        folder = bench.scratch / f"checkpoint-{number + 1}"
        folder.mkdir()
        kept: list[Path] = []
        call = bench.start(folder)
        until = time.monotonic() + 60
        while not kept and time.monotonic() < until:
            kept = sorted(folder.glob("runs/train/*.partial/checkpoint/*"))
        call.kill()
        call.wait()
        kept = sorted(folder.glob("runs/train/*.partial/checkpoint/*"))
        if not kept:  # killed between two checkpoints
            shutil.rmtree(folder)
            continue
        random.choice(SPOIL)(random.choice(kept), random)
        ended = bench.run(folder)
        problem = None if ended.code == 0 else f"exit {ended.code}: {ended.text[-1500:]}"
        if not problem and "training begins again" not in ended.text:
            problem = f"not a word: {ended.text[-500:]}"
        counted.add(problem or bench.find_difference(folder))
        shutil.rmtree(folder)
    return counted


def describe(counts: dict[str, Count], kinds: dict[str, int], options: argparse.Namespace) -> str:
    """The counts as a page."""
    lines = [
        "# Kills, concurrent runs and damaged stores", "",
        f"Made by `python tests/robustness/store.py --kills {options.kills} --rounds"
        f" {options.rounds} --damages {options.damages} --seed {options.seed}`,"
        f" {datetime.now(UTC).date()}. Every call trains, decodes, traces and scores a network of"
        " a few updates. What it leaves is compared byte by byte, but for clocks, with what one"
        " undisturbed call leaves.", "",
        "| what | tried | as it should be | wrong |", "| --- | ---: | ---: | ---: |",
    ]  # fmt: skip
    for name, count in counts.items():
        right = max(0, count.tried - len(count.wrong))
        lines.append(f"| {name} | {count.tried} | {right} | {len(count.wrong)} |")
    lines += ["", "Damages by kind:", ""]
    lines += [f"- {name}: {number}" for name, number in kinds.items()]
    if not kinds:
        lines = lines[:-2]
    if wrong := [problem for count in counts.values() for problem in count.wrong]:
        lines += ["", "What was wrong:", ""]
        lines += [f"- {' '.join(problem.split())[:400]}" for problem in wrong]
    return "\n".join(lines) + "\n"


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0: all as it should be."""
    parser = argparse.ArgumentParser(description="Kills, concurrent runs, damaged stores.")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--damages", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=ROOT / "reports/robustness/store.md")
    options = parser.parse_args(words)
    _import_once()
    few = max(1, options.rounds // 5)
    counts: dict[str, Count] = {}
    kinds: dict[str, int] = {}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch))
        random = Random(options.seed)
        for name, attempt in (
            ("kills", lambda: try_kills(bench, options.kills, random)),
            ("rounds of three concurrent runs",
             lambda: try_concurrent_runs(bench, options.rounds, random)),
            ("rounds of four workers, one killed, one stopped",
             lambda: try_workers(bench, few, random)),
            ("rounds of two scores and a report",
             lambda: try_concurrent_scores(bench, few, random)),
            ("damaged checkpoints", lambda: try_damaged_checkpoints(bench, few, random)),
            ("damaged stores", lambda: try_damages(bench, options.damages, random, kinds)),
        ):  # fmt: skip
            counts[name] = attempt()
            sys.stderr.write(f"{name}: {counts[name].tried}, wrong {len(counts[name].wrong)}\n")
            # After each part: it takes a quarter of an hour.
            options.output.write_text(describe(counts, kinds, options), encoding="utf-8")
    sys.stdout.write(f"{options.output}\n")
    return 1 if any(count.wrong for count in counts.values()) else 0


def _import_once() -> None:
    """What every call needs; nothing is computed before a fork."""
    import importlib

    for module in (
        "benchmark.run", "benchmark.score", "benchmark.report.build", "benchmark.report.__main__",
        "benchmark.training.train_stage", "benchmark.generation.trace_stage",
        "benchmark.scoring.likelihood_stage", "benchmark.export.record_writer",
        "benchmark.execution.process_pool", "baselines.autoregressive.transformer",
        "baselines.yardsticks", "benchmark.verification.verdict", "benchmark.outputs.submission",
        "torch._dynamo",
    ):  # fmt: skip
        importlib.import_module(module)
    from benchmark.store.provenance import code, machine, versions
    from benchmark.tasks import load_task

    load_task("paraphrase", data_dir=None, limits={"train": 1})
    code(), versions(), machine(gpu=True), machine(gpu=False)


if __name__ == "__main__":
    sys.exit(main())
