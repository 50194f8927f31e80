from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from handmade import bleu, self_bleu, trial, write_handmade

from benchmark.api import Example, Lengths, Resources
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer
from benchmark.records.reader import read_records
from benchmark.report.data.points import Board


@pytest.fixture
def examples() -> list[Example]:
    words = ["a b c", "b c a", "c a", "a", "b b a c", "c c"]
    turned = str.maketrans("abc", "bca")
    return [
        Example(f"e{i}", text, text.translate(turned), (text.translate(turned),))
        for i, text in enumerate(words * 4)
    ]


@pytest.fixture
def resources(examples) -> Resources:
    texts = [text for e in examples for text in (e.source, e.target)]
    return Resources(train_tokenizer(texts, TokenizerRecipe()), Lengths(8, 8), examples)


@pytest.fixture(scope="session")
def real_data() -> Path:
    root = Path(__file__).parents[2]
    path = Path(os.environ.get("DIFFUSEQ_BENCH_DATA", root / ".." / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; set DIFFUSEQ_BENCH_DATA")
    return path


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two systems that differ, one that does not, one that failed, and the copy."""
    return write_handmade(
        tmp_path / "toy",
        [
            trial("worse", bleu(0.30) | self_bleu(0.5), family="discrete diffusion"),
            trial("best", bleu(0.50) | self_bleu(0.4)),
            trial("near", bleu(0.485) | self_bleu(0.6)),
            trial("fixed", bleu(0.40) | self_bleu(0.9), family="edit", kind="single"),
            trial("broken", None, family="iterative"),
            trial("copy-source", bleu(0.55) | self_bleu(1.0), family="yardstick", kind="single"),
        ],
    )


@pytest.fixture
def board(folder) -> Board:
    return Board(read_records(folder))


@dataclass(frozen=True)
class Kept:
    """A report of two systems on a task of a few lines, with all that made it."""

    report: Path
    store: Path
    data: Path


@pytest.fixture(scope="session")
def kept(tmp_path_factory) -> Kept:
    from benchmark.execution.process_pool import run_trials
    from benchmark.experiment.plan import make_plan
    from benchmark.experiment.run_context import RunContext
    from benchmark.experiment.suite import load_suite
    from benchmark.export.record_writer import write_records
    from benchmark.report.build import write_texts
    from benchmark.store.entries import Store

    root = tmp_path_factory.mktemp("kept")
    made = Kept(root / "reports" / "nano", root / "runs", root / "data")
    (made.data / "mine").mkdir(parents=True)
    for split, count in (("train", 30), ("valid", 4), ("test", 25)):
        rows = [{"src": f"{split}{i} b c d e", "trg": f"b c d {split}{i}"} for i in range(count)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (made.data / "mine" / f"{split}.jsonl").write_text(text)
    nano = Path(__file__).parents[1] / "suites" / "nano.yaml"
    (root / "nano.yaml").write_text(nano.read_text().replace("paraphrase:", "mine:"))
    suite = load_suite(
        str(root / "nano.yaml"),
        ["budget.updates=3", "limits.test=25", "evaluation.trace.sources=4"],
    )
    systems = ["transformer", "copy-source"]
    plan = make_plan(suite, tasks=["mine"], systems=systems, data_dir=made.data)
    store = Store(made.store)
    assert not any(outcome.errors for outcome in run_trials(plan.trials, RunContext(store)))
    write_records(made.report, plan, store, command=["python", "-m", "benchmark.run"])
    write_texts(made.report, made.report)
    # Whether a drawing is there is verified, not what it shows.
    (made.report / "figures").mkdir()
    (made.report / "figures" / "overview.png").touch()
    return made
