"""The suite `speedrun` by its own file, cut down as its document does it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from documents import commands, read

DOCUMENT = "docs/speedrun.md"
SMALLER = [
    "limits.train=null", "limits.valid=2", "limits.test=2", "tokenizer.vocab_size=64",
    "budget.updates=2", "training.quality_examples=0", "training.validate_every=null",
    "diffuseq.layers=1", "diffuseq.decoding.nfe=4", "diffuseq.nfe=[2]", "diffuseq.sweep={}",
    "evaluation.num_samples=2", "evaluation.interval.resamples=20",
]  # fmt: skip


def question(n: int) -> str:
    return " ".join(
        ["how", "do", "i", *("abcdefgh"[(n * k) % 8] for k in range(1, 2 + n % 5)), "?"]
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "qqp"
    folder.mkdir(parents=True)
    for split, first, count in (("train", 0, 40), ("valid", 40, 4), ("test", 50, 3)):
        lines = [
            json.dumps({"src": question(n), "trg": f"{question(n + 1)} {n}"})
            for n in range(first, first + count)
        ]
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder.parent


@pytest.mark.slow
def test_the_cut_down_command_trains_writes_and_scores(data, tmp_path, monkeypatch) -> None:
    from benchmark.run import main

    (words,) = [w for w in commands(read(DOCUMENT)) if "speedrun-tiny" in w]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("benchmark.report.build_report", lambda folder: folder / "index.html")
    words = [str(data) if word == "DATA" else word for word in words[1:]]
    # What a GPU replays is traced here; training is traced in tests of its own.
    traced = ["evaluation.compile=aot-eager"]
    assert main([*words, *SMALLER, *traced, "--jobs", "1"]) == 0
    records = tmp_path / "reports" / "speedrun-tiny" / "records"
    cells = [
        json.loads(line) for line in (records / "cells" / "qqp.jsonl").read_text().splitlines()
    ]
    assert {cell["status"] for cell in cells} == {"ok"}
    assert {cell["system"] for cell in cells} == {
        "diffuseq", "copy-source", "nearest-neighbour", "reference", "tokenizer-ceiling",
    }  # fmt: skip
    ours = [cell for cell in cells if cell["system"] == "diffuseq"]
    assert sorted(cell["setting"]["nfe"] for cell in ours) == [2, 4]
    for name in ("bleu_sent_m4:case=lower", "bleu_corpus:case=lower"):
        assert {"expected", "mbr"} <= set(ours[0]["score"]["metrics"][name]["statistics"])
    (task,) = json.loads((records / "run.json").read_text())["tasks"].values()
    assert "0% of the 144,715 of the paper" in " ".join(task["notes"]["sentences"])


def test_nothing_of_the_recipe_is_left_to_defaults() -> None:
    """Every field of every part that is used stands in the file."""
    from dataclasses import fields
    from importlib.resources import files

    import yaml

    from benchmark.experiment.recipes import Evaluation, SystemRecipe, TaskRecipe, TrainingRecipe
    from benchmark.experiment.registry import load_system

    text = (files("benchmark") / "suites" / "speedrun.yaml").read_text("utf-8")
    suite = yaml.safe_load(text)
    recipe, system = suite["systems"]["diffuseq"], load_system("diffuseq")
    for written, known in (
        (suite["training"], set(TrainingRecipe.model_fields)),
        (suite["evaluation"], set(Evaluation.model_fields)),
        (suite["tasks"]["qqp"], set(TaskRecipe.model_fields)),
        (recipe, set(SystemRecipe.model_fields)),
        (recipe["config"], {f.name for f in fields(system.Config)}),
        (recipe["decoding"], {f.name for f in fields(system.Decoding)}),
    ):
        assert set(written) == known


def test_the_reckoning_adds_up() -> None:
    """The table of the document, from the recipe."""
    from benchmark.experiment.suite import load_suite

    suite = load_suite("speedrun")
    config = suite.systems["diffuseq"].config
    width, layers = config["width"], config["layers"]
    block = 4 * width**2 + 2 * width * config["ffn"]
    ends = 2 * (config["embedding_dim"] * width + width**2)
    weights = layers * block + ends
    assert f"{weights / 1e6:.1f} million" in read(DOCUMENT)
    positions = 53.3
    attention = 12 * layers * width * positions
    scores = 6 * suite.tasks["qqp"].tokenizer.vocab_size * config["embedding_dim"]
    position = 6 * weights + attention + scores
    assert f"{position / 1e9:.2f} GFLOP" in read(DOCUMENT)
    pairs = 0.3 * 989e12 / (position * positions)
    assert pairs == pytest.approx(10_500, rel=0.01)
    updates = 1200 * pairs / suite.training.batch
    assert updates == pytest.approx(12_300, rel=0.01)
    assert suite.budget.updates < updates and suite.budget.seconds == 1200
