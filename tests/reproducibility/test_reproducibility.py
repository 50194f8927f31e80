"""Equal bytes: in another process with another hash seed, batch size, folder and number of jobs,
and after kills.

`benchmark.verify` compares: every line of the records, kept texts, values and losses, with the
digests of all candidates and of the trained systems among them. Only what was measured with a
clock may differ, and with another batch size how much padding was computed. Here the files of the
records are compared byte by byte too.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from benchmark.records.record_files import RecordFiles

pytestmark = pytest.mark.slow
NANO = Path(__file__).parents[1] / "suites" / "nano.yaml"
SYSTEMS = ["all"]
ONE_A_FAMILY = ["diffuseq", "transformer", "d3pm-absorbing", "cmlm", "levenshtein", "oracle"]
"""Four kills interrupt four trials at most, whatever else runs: that each system resumes is checked
by its contract."""
PATIENCE_S = 300.0
LONGEST_DELAY_S = {"train": 0.4, "generate": 0.05}


def run(*words: str, systems: Sequence[str] = SYSTEMS) -> list[str]:
    return [
        sys.executable, "-m", "benchmark.run", "--task", "all", "--system", *systems,
        "--suite", str(NANO), "--records-only", *words,
    ]  # fmt: skip


def verify(report: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "benchmark.verify", str(report), "--exact", *words]


def environment(hash_seed: str = "0") -> dict[str, str]:
    return os.environ | {"PYTHONHASHSEED": hash_seed, "TQDM_DISABLE": "1"}


def cells(report: Path) -> list[dict]:
    return [json.loads(line) for _, line in RecordFiles(report / "records").trial_lines()]


def files(report: Path) -> dict[str, bytes]:
    records = report / "records"
    paths = [path for kind in ("samples", "values") for path in sorted((records / kind).iterdir())]
    return {path.relative_to(records).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    subprocess.run(run("--jobs", "2"), cwd=folder, env=environment(), check=True)
    report = folder / "reports" / "nano"
    made = cells(report)
    assert {cell["status"] for cell in made} == {"ok"}
    # What the comparison rests on is there.
    assert all(cell["score"]["candidates_digest"] for cell in made)
    trained = [cell["training"] for cell in made if cell["keys"]["train"]]
    assert trained and all(training["system_digest"] for training in trained)
    return report


def assert_equal(found: Path, count: int) -> None:
    """That a verification found `count` settings equal and nothing else."""
    findings = json.loads(found.read_text())["findings"]
    assert [f for f in findings if f["verdict"] != "equal"] == []
    assert len(findings) == count


def assert_part_of(plain: Path, other: Path, folder: Path) -> None:
    """That all trials of `other` are those of `plain`, byte by byte."""
    found = folder / "found.json"
    words = ["--against", str(plain), "--output", str(found)]
    subprocess.run(verify(other, *words), env=environment(), check=True)
    assert_equal(found, len(cells(other)))
    before, after = files(plain), files(other)
    assert [name for name, content in after.items() if before.get(name) != content] == []


def test_made_again_with_other_hash_seed_folder_and_number_of_jobs(tmp_path, plain):
    words = ["--jobs", "1", "--store", "scratch", "--output", "found.json"]
    subprocess.run(verify(plain, *words), cwd=tmp_path, env=environment("12345"), check=True)
    assert_equal(tmp_path / "found.json", len(cells(plain)))
    assert files(plain) == files(tmp_path / "scratch" / "report")


def test_made_again_in_the_same_way(tmp_path, plain):
    words = ["--jobs", "2", "--sample", "4", "--output", str(tmp_path / "found.json")]
    subprocess.run(verify(plain, *words), cwd=plain.parents[1], env=environment(), check=True)
    findings = json.loads((tmp_path / "found.json").read_text())["findings"]
    assert_equal(tmp_path / "found.json", len(findings))
    assert len({tuple(f["subject"][n] for n in ("task", "system")) for f in findings}) == 4


def test_other_batch_size(tmp_path, plain):
    words = ["--jobs", "2", "--set", "evaluation.batch=3"]
    subprocess.run(run(*words), cwd=tmp_path, env=environment(), check=True)
    other = tmp_path / "reports" / "nano"
    assert len(cells(other)) == len(cells(plain)) and sorted(files(other)) == sorted(files(plain))
    assert_part_of(plain, other, tmp_path)


def touched(path: Path, since: float) -> bool:
    try:
        return path.stat().st_mtime > since
    except FileNotFoundError:  # a checkpoint goes while it is looked at
        return False


def under_way(store: Path, stage: str, since: float) -> Iterator[str]:
    """Keys that a process that was started at `since` is working on."""
    if stage == "train":
        for partial in store.glob("train/*.partial"):
            files = (Path(folder) / n for folder, _, names in os.walk(partial) for n in names)
            if any(touched(path, since) for path in files):
                yield partial.stem
    else:
        for lease in store.glob("leases/generate/*"):
            if touched(lease, since) and not (store / "generate" / lease.name).exists():
                yield lease.name


def killed(folder: Path, stage: str, delay_s: float) -> bool:
    """Start the run and kill all of it, `delay_s` after it came to a stage; False: it ended."""
    since = time.time()
    process = subprocess.Popen(
        run("--jobs", "2", systems=ONE_A_FAMILY), cwd=folder, env=environment(),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        while process.poll() is None and not any(under_way(folder / "runs", stage, since)):
            assert time.time() - since < PATIENCE_S
            time.sleep(0.002)
        time.sleep(delay_s)
        ended = process.poll() is not None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return not ended


def test_killed_again_and_again(tmp_path, plain):
    cut_short = {"train": 0, "generate": 0}
    for _ in range(12):
        stage = min(cut_short, key=lambda name: cut_short[name])
        since, delay_s = time.time(), random.uniform(0, LONGEST_DELAY_S[stage])
        if cut_short[stage] == 2 or not killed(tmp_path, stage, delay_s):
            break
        cut_short[stage] += any(under_way(tmp_path / "runs", stage, since))
    assert min(cut_short.values()) > 0, cut_short
    words = run("--jobs", "2", systems=ONE_A_FAMILY)
    subprocess.run(words, cwd=tmp_path, env=environment(), check=True)
    other = tmp_path / "reports" / "nano"
    expected = [cell for cell in cells(plain) if cell["system"] in ONE_A_FAMILY]
    assert len(cells(other)) == len(expected)
    keys = {key for cell in expected for key in cell["keys"].values()}
    assert sorted(files(other)) == sorted(
        n for n in files(plain) if Path(n).name.partition(".")[0] in keys
    )
    assert_part_of(plain, other, tmp_path)
