from __future__ import annotations

import gzip
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from toy import Toy, ToyConfig, ToyDecoding

import benchmark.generation.distilled_targets
from benchmark.api import Candidate, UserError
from benchmark.experiment.suite import load_suite
from benchmark.generation.distilled_targets import DistilledCounts, distil
from benchmark.generation.measured_generation import generate
from benchmark.tasks import Task, load_task

NANO = str(Path(__file__).parents[2] / "suites" / "nano.yaml")
DECODING = ToyDecoding()
IDENTITY = {"task": "letters", "system": "toy", "train": "abc", "decoding": asdict(DECODING)}


@pytest.fixture
def task(examples) -> Task:
    two = replace(examples[0], references=(examples[0].target, "b b"))
    return Task("letters", "jsonl", "Letters", 1, tuple(examples), (examples[1],), (two,))


@pytest.fixture
def teacher(resources) -> Toy:
    torch.manual_seed(0)
    return Toy.build(ToyConfig(), resources)


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch):
    monkeypatch.setattr(benchmark.generation.distilled_targets, "SOURCES_AT_ONCE", 5)


def run(teacher, task, folder, **changes) -> DistilledCounts:
    words = {"identity": IDENTITY, "seed": 1, "batch": 4} | changes
    return distil(teacher, task, DECODING, folder=folder, **words)


def rows(folder: Path, split: str) -> list[dict]:
    text = gzip.decompress((folder / f"{split}.jsonl.gz").read_bytes()).decode()
    return [json.loads(line) for line in text.splitlines()]


def answer(text, status="ok"):
    def generate_this(sources, decoding, *, num_samples, seed, ids, on_step=None):
        return [[Candidate(text, status)] for _ in sources]

    return generate_this


def test_targets_are_what_the_teacher_writes_and_nothing_else_changes(teacher, task, tmp_path):
    run(teacher, task, tmp_path / "new")
    made = generate(teacher, task.train, DECODING, num_samples=1, seed=1, batch=100)
    assert rows(tmp_path / "new", "train") == [
        {"src": e.source, "trg": c[0].text or e.target}
        for e, c in zip(task.train, made.candidates, strict=True)
    ]
    assert {row["trg"] for row in rows(tmp_path / "new", "train")} != {e.target for e in task.train}
    assert rows(tmp_path / "new", "valid") == [
        {"src": e.source, "trg": e.target} for e in task.valid
    ]
    (kept,) = task.test
    assert rows(tmp_path / "new", "test") == [
        {"src": kept.source, "trg": kept.target, "refs": list(kept.references)}
    ]
    read = load_task("new", data_dir=tmp_path)
    assert [(e.source, e.references) for e in read.test] == [(kept.source, kept.references)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new"]


def test_stopped_call_goes_on_and_the_bytes_are_the_same(teacher, task, tmp_path):
    run(teacher, task, tmp_path / "whole")

    class Killed(BaseException):
        pass

    def kill(done: int, total: int) -> None:
        if done >= 10:
            raise Killed

    with pytest.raises(Killed):
        run(teacher, task, tmp_path / "parts", on_progress=kill)
    assert not (tmp_path / "parts").exists()
    outputs = tmp_path / ".parts.partial" / "outputs.jsonl"
    assert len(outputs.read_text().splitlines()) == 10
    outputs.write_text(outputs.read_text()[:-7])  # the kill came while a line was written
    seen: list[int] = []
    run(teacher, task, tmp_path / "parts", on_progress=lambda done, total: seen.append(done))
    assert seen[0] == 14
    for file in ("train.jsonl.gz", "valid.jsonl.gz", "test.jsonl.gz", "distilled.json", "card.md"):
        assert (tmp_path / "parts" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def test_kill_at_the_very_end_costs_nothing(teacher, task, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("out of power")

    with monkeypatch.context() as patched:
        patched.setattr(benchmark.generation.distilled_targets, "_card", fail)
        with pytest.raises(OSError, match="out of power"):
            run(teacher, task, tmp_path / "new")
    made: list[int] = []
    run(teacher, task, tmp_path / "new", on_progress=lambda done, total: made.append(done))
    assert made == [] and (tmp_path / "new" / "card.md").exists()


def test_empty_output_keeps_the_target_of_the_data(teacher, task, tmp_path, monkeypatch):
    monkeypatch.setattr(teacher, "generate", answer(" ", "empty"))
    counts = run(teacher, task, tmp_path / "new")
    assert counts.kept == counts.examples == len(task.train)
    assert [row["trg"] for row in rows(tmp_path / "new", "train")] == [e.target for e in task.train]


def test_counts_are_those_of_the_outputs(teacher, task, tmp_path, monkeypatch):
    monkeypatch.setattr(teacher, "generate", answer("A b  C", "truncated"))
    sources = [e.source for e in task.train]
    counts = run(teacher, task, tmp_path / "new")
    assert counts == DistilledCounts(
        examples=len(sources),
        kept=0,
        truncated=len(sources),
        copies=sources.count("a b c"),
        unchanged=sum(e.target == "a b c" for e in task.train),
        distinct=1,
    )
    record = json.loads((tmp_path / "new" / "distilled.json").read_text())
    assert record == {**IDENTITY, "counts": asdict(counts)}
    card = (tmp_path / "new" / "card.md").read_text()
    assert "1 distinct targets" in card and "`toy` (training `abc`" in card


def test_work_of_another_teacher_is_not_gone_on_with(teacher, task, tmp_path):
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(teacher, task, tmp_path / "new", on_progress=stop)
    with pytest.raises(UserError, match="started by a different call"):
        run(teacher, task, tmp_path / "new", identity={**IDENTITY, "train": "other"})


def test_folders_and_tasks_that_do_not_fit_are_refused(teacher, task, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(UserError, match="there exists: name another folder"):
        run(teacher, task, tmp_path / "there")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"The folder \S+/file cannot be written .* --output\.$"):
        run(teacher, task, tmp_path / "file" / "new")
    with pytest.raises(UserError, match="no train split"):
        run(teacher, replace(task, train=()), tmp_path / "new")


@pytest.mark.slow
def test_distilled_grammar_keeps_its_answers_and_its_recipe(teacher, tmp_path):
    whole = load_task("dialogue", limits={"train": 6, "valid": 2, "test": 3})
    run(teacher, whole, tmp_path / "dialogue-distilled", identity=IDENTITY | {"task": "dialogue"})
    read = load_task("dialogue-distilled", data_dir=tmp_path)
    source = whole.test[0].source
    assert read.title == "Dialogue (grammar), distilled"
    assert read.conditional is not None and whole.conditional is not None
    assert read.conditional(source, 1.0) == whole.conditional(source, 1.0)
    suite = load_suite(NANO)
    found = suite.with_tasks(["dialogue-distilled"], tmp_path).tasks["dialogue-distilled"]
    assert found == suite.tasks["dialogue"]


def test_folder_that_does_not_say_where_it_comes_from(tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "distilled.json").write_text("[]")
    with pytest.raises(UserError, match="does not name its task: distil the task again"):
        load_suite(NANO).with_tasks(["broken"], tmp_path)
