"""Runs as processes of their own, of which something is killed, and what they made."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmark.store.lease import Owner, is_gone, read_owner

ROOT = Path(__file__).parents[2]
WORDS = [
    "--suite", str(ROOT / "tests/suites/nano.yaml"), "--task", "paraphrase", "--records-only",
    "--system", "transformer", "gpt2", "--set", "limits.train=60", "limits.valid=4",
    "limits.test=4", "budget.updates=400", "training.validate_every=100",
    "training.checkpoint_s=0.1",
    "evaluation.metrics=[bleu_sent_m4]", "evaluation.controlled_metrics=[validity]",
    "evaluation.mbr.utilities=[]", "evaluation.interval.resamples=20",
]  # fmt: skip
PATIENCE_S = 600


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    """Call the command in a folder."""
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "benchmark.run", *WORDS, *more],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(folder: Path, pattern: str) -> Path:
    """The first file of a pattern, when there is one."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if found := next(folder.glob(pattern), None):
            return found
        time.sleep(0.01)
    raise AssertionError(f"There is no {pattern} in {folder}.")


def find_owners(folder: Path) -> list[Owner]:
    """The living processes that work on trials."""
    read = [read_owner(path) for path in folder.glob("runs/leases/trial/*")]
    return [found[0] for found in read if found is not None and not is_gone(found[0])]


def made(folder: Path) -> dict[str, str]:
    """What was trained, generated and scored, by key."""
    digests = {}
    for path in sorted(folder.glob("runs/*/*/record.json")):
        record = json.loads(path.read_text())
        said = record.get("candidates_digest") or record["summary"]["system_digest"]
        if (values := path.with_name("values.jsonl")).exists():
            said = hashlib.sha256(values.read_bytes()).hexdigest()
        digests[f"{path.parent.parent.name}/{path.parent.name}"] = said
    return digests
