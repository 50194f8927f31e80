from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from benchmark.experiment.plan import make_plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import load_suite
from benchmark.generation.measured_generation import generate
from benchmark.store.entries import Store
from benchmark.store.files import folder_digest
from benchmark.training.train_stage import train
from benchmark.training.trainer import Trainer

NANO = Path(__file__).parents[2] / "suites" / "nano.yaml"


def test_the_averaged_weights_are_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = load_suite(
        str(NANO), ["budget.updates=6", "training.ema_decay=0.9", "training.learning_rate=0.01"]
    )
    plan = make_plan(suite, tasks=["dialogue"], systems=["transformer"], data_dir=None)
    (trial,) = plan.trials
    averages, own = [], []
    update = Trainer._update

    def recorded(self, rate):
        made = update(self, rate)
        averages.append({n: v.clone() for n, v in self.average.module.state_dict().items()})
        own.append({n: v.clone() for n, v in self.system.module.state_dict().items()})
        return made

    monkeypatch.setattr(Trainer, "_update", recorded)
    store = Store(tmp_path)
    train(trial, RunContext(store))
    assert len(averages) == 6
    folder = store.folder("train", trial.train_key)
    (path,) = (folder / "system").glob("*.safetensors")
    stored = load_file(path)
    assert stored
    for name, value in stored.items():
        torch.testing.assert_close(value, averages[-1][name], rtol=0, atol=0)
    assert any(not torch.equal(value, own[-1][name]) for name, value in stored.items())
    record = store.record("train", trial.train_key)
    assert record["summary"]["updates"] == 6
    assert (record["device"], record["threads"], record["processes"]) == ("cpu", suite.threads, 1)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert events[-1]["quality"].keys() == {"bleu_sent_m4", "validity"}
    # What names the system is not in the digest of the weights, which all versions share.
    named = ("README.md", "diffuseq_bench.json", "system_identity.json")
    assert record["summary"]["system_digest"] == folder_digest(folder / "system", without=named)
    card = (folder / "system" / "README.md").read_text()
    for said in (
        "# `transformer` on `dialogue`", "version 1", "Suite: `nano`, seed 1", "6 updates",
        f"digest of its data `{trial.task.digest}`",
        "class `baselines.autoregressive.transformer.TransformerSystem`", "license: mit",
        "None here: a training is not scored.",
    ):  # fmt: skip
        assert said in card
    assert (
        json.loads((folder / "system" / "system_identity.json").read_text())["system"]
        == "transformer"
    )


def test_the_quality_in_training_is_of_the_case_of_the_table(tmp_path: Path) -> None:
    lower = "evaluation.metrics=[rouge_l, 'bleu_sent_m4:case=lower', bleu_sent_m4]"
    suite = load_suite(str(NANO), ["budget.updates=2", lower])
    plan = make_plan(suite, tasks=["dialogue"], systems=["transformer"], data_dir=None)
    (trial,) = plan.trials
    store = Store(tmp_path)
    train(trial, RunContext(store))
    lines = (store.folder("train", trial.train_key) / "events.jsonl").read_text().splitlines()
    quality = json.loads(lines[-1])["quality"]
    assert quality.keys() == {"bleu_sent_m4:case=lower", "validity"}


@pytest.mark.slow
def test_the_best_weights_are_stored_and_score_what_the_record_says(tmp_path: Path) -> None:
    """Decoded again from the folder, on the same examples."""
    changes = [
        "training.keep=best", "training.validate_every=20", "limits.valid=null",
        "limits.train=2000", "budget.updates=120", "training.learning_rate=0.01",
        "training.batch=32", "cmlm.dim=64", "cmlm.ffn=64",
    ]  # fmt: skip
    suite = load_suite(str(NANO), changes)
    (trial,) = make_plan(suite, tasks=["dialogue"], systems=["cmlm"], data_dir=None).trials
    context = RunContext(Store(tmp_path))
    train(trial, context)
    folder = context.store.folder("train", trial.train_key)
    summary = context.store.record("train", trial.train_key)["summary"]
    assert (summary["kept_by"], summary["kept_examples"]) == ("validity", 200)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    found = {e["update"]: e["selection"] for e in events if e["kind"] == "valid"}
    assert list(found) == [20, 40, 60, 80, 100, 120]
    assert summary["kept_value"] == max(found.values()) > 0
    assert summary["kept_update"] == max(found, key=lambda update: found[update])
    system = trial.system_class.load(folder / "system", "cpu")
    chosen = trial.choice.of(trial.task)
    made = generate(system, chosen, trial.main.decoding, num_samples=1, seed=1, batch=64)
    valid = [
        c[0].text in trial.task.conditional(e.source, 1.0)
        for e, c in zip(chosen, made.candidates, strict=True)
    ]
    assert sum(valid) / len(valid) == pytest.approx(summary["kept_value"])


def test_what_a_killed_writer_left_is_not_counted(tmp_path: Path) -> None:
    suite = load_suite(str(NANO), ["budget.updates=2"])
    plan = make_plan(suite, tasks=["dialogue"], systems=["transformer"], data_dir=None)
    (trial,) = plan.trials
    digests, names = [], []
    for number in range(2):
        store = Store(tmp_path / str(number))
        if number:
            left = store.partial("train", trial.train_key)
            (left / "system").mkdir(parents=True)
            # As safetensors and the store name what they write.
            for place in (left, left / "system"):
                for name in (".tmpHQxwDl", f".{'0a' * 16}.tmp"):
                    (place / name).write_bytes(b"a half")
        train(trial, RunContext(store))
        digests.append(store.record("train", trial.train_key)["summary"]["system_digest"])
        folder = store.folder("train", trial.train_key)
        names.append({path.name for path in folder.rglob("*") if path.is_file()})
    assert digests[0] == digests[1]
    assert names[0] == names[1]


def test_nothing_is_kept_that_only_the_training_needed(tmp_path: Path) -> None:
    changes = ["budget.updates=4", "training.checkpoint_s=1e-9", "training.keep=best"]
    changes += ["training.validate_every=2", "limits.valid=null"]
    plan = make_plan(
        load_suite(str(NANO), changes), tasks=["dialogue"], systems=["transformer"], data_dir=None
    )
    (trial,) = plan.trials
    store = Store(tmp_path)
    written = []
    finish = store.finish

    def noted(*arguments: object, **options: object) -> None:
        written.extend(path.name for path in store.partial("train", trial.train_key).iterdir())
        finish(*arguments, **options)  # type: ignore[arg-type]

    store.finish = noted  # type: ignore[method-assign]
    train(trial, RunContext(store))
    assert {"checkpoint", "best"} < set(written)
    folder = store.folder("train", trial.train_key)
    assert {path.name for path in folder.iterdir()} == {"record.json", "events.jsonl", "system"}
    assert store.record("train", trial.train_key) is not None
