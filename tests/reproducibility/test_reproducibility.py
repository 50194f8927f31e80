"""Equal bytes: in another process with another hash seed, batch size, folder and number of jobs,
and after kills.

Only what was measured with a clock may differ, and the keys of the run.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark.report.records import cell_files

NANO = Path(__file__).parents[1] / "suites" / "nano.yaml"
CLOCKS = {"cost", "seconds", "created", "wall_s", "network_s", "peak_bytes"}


def command(*words: str) -> list[str]:
    return [
        sys.executable, "-m", "benchmark.run", "--task", "all", "--system", "all",
        "--suite", str(NANO), *words,
    ]  # fmt: skip


def environment(hash_seed: str) -> dict[str, str]:
    return os.environ | {"PYTHONHASHSEED": hash_seed, "TQDM_DISABLE": "1"}


def content(folder: Path) -> dict[str, bytes]:
    """Every byte that a result is: candidates, values, scores, tables."""
    records = folder / "reports" / "nano" / "records"
    found = {}
    for kind in ("samples", "values"):
        for path in sorted((records / kind).iterdir()):
            found[f"{kind}/{path.name}"] = path.read_bytes()
    for path in sorted((folder / "runs" / "generate").glob("*/candidates.jsonl")):
        found[f"candidates/{path.parent.name}"] = path.read_bytes()
    for path in sorted((folder / "runs" / "train").glob("*/system/model.safetensors")):
        found[f"weights/{path.parents[1].name}"] = path.read_bytes()
    lines = (line for path in cell_files(records) for line in path.read_text().splitlines())
    for number, cell in enumerate(map(json.loads, lines)):
        kept = without_clocks(cell)
        found[f"cell/{number}"] = json.dumps(kept, sort_keys=True).encode()
    return found


def without_clocks(value: object) -> object:
    if isinstance(value, dict):
        return {k: without_clocks(v) for k, v in value.items() if k not in CLOCKS}
    return [without_clocks(v) for v in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("plain")
    subprocess.run(command("--jobs", "2"), cwd=folder, env=environment("0"), check=True)
    found = content(folder)
    assert any(name.startswith("weights") for name in found)
    return found


def assert_equal(found: dict[str, bytes], plain: dict[str, bytes]) -> None:
    assert sorted(found) == sorted(plain)
    assert [name for name in plain if found[name] != plain[name]] == []


def test_other_hash_seed_folder_and_number_of_jobs(tmp_path, plain):
    subprocess.run(command("--jobs", "1"), cwd=tmp_path, env=environment("12345"), check=True)
    assert_equal(content(tmp_path), plain)


def test_other_batch_size(tmp_path, plain):
    words = ["--set", "evaluation.batch=3"]
    subprocess.run(command("--jobs", "2", *words), cwd=tmp_path, env=environment("0"), check=True)
    assert_equal(content(tmp_path), plain)


def test_killed_again_and_again(tmp_path, plain):
    patience = 4.0
    for _ in range(60):
        process = subprocess.Popen(
            command("--jobs", "2"), cwd=tmp_path, env=environment("0"), stderr=subprocess.DEVNULL
        )
        try:
            code = process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            patience += 0.7
            time.sleep(1.0)  # the workers notice within half a second
            continue
        assert code == 0
        break
    assert_equal(content(tmp_path), plain)
