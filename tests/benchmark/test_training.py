from __future__ import annotations

import json

import pytest
import torch
from toy import Toy, ToyConfig, ToyDecoding

from benchmark.api import UserError
from benchmark.suite import Budget, TrainingRecipe
from benchmark.training import Trainer, TrainingDivergedError


def train(resources, examples, folder, *, config=None, budget=None, collate=None, **recipe):
    torch.manual_seed(0)
    system = Toy.build(config or ToyConfig(), resources)
    if collate is not None:
        system.collate = collate(system.collate)
    values = {"batch": 4, "warmup_updates": 2, "ema_decay": 0.9, "checkpoint_s": 99} | recipe
    trainer = Trainer(
        system,
        examples,
        examples[:5],
        recipe=TrainingRecipe(**values),
        budget=budget or Budget(updates=10),
        seed=3,
        folder=folder,
    )
    return system, trainer.run()


def weights(system):
    return torch.cat([p.detach().flatten() for p in system.module.parameters()])


class Killed(BaseException):
    pass


def killer(after):
    def wrap(collate):
        calls = 0

        def counted(batch):
            nonlocal calls
            calls += 1
            if calls > after:
                raise Killed
            return collate(batch)

        return counted

    return wrap


@pytest.mark.parametrize("after", [1, 4, 9])
@pytest.mark.parametrize("every", [None, 3])
def test_resumed_equals_uninterrupted(resources, examples, tmp_path, after, every):
    whole, expected = train(resources, examples, tmp_path / "a", validate_every=every)
    with pytest.raises(Killed):
        train(
            resources,
            examples,
            tmp_path / "b",
            collate=killer(after),
            validate_every=every,
            checkpoint_s=1e-9,
        )
    resumed, summary = train(resources, examples, tmp_path / "b", validate_every=every)
    assert torch.equal(weights(whole), weights(resumed))
    assert (summary.updates, summary.tokens) == (expected.updates, expected.tokens)
    assert summary.final_loss == expected.final_loss
    assert summary.valid_loss == expected.valid_loss
    events = [
        [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in file]
        for file in ((tmp_path / name / "events.jsonl").read_text().splitlines() for name in "ab")
    ]
    assert events[0] == events[1]


def test_kill_between_the_renames_of_a_checkpoint(resources, examples, tmp_path):
    whole, _ = train(resources, examples, tmp_path / "a")
    with pytest.raises(Killed):
        train(resources, examples, tmp_path / "b", collate=killer(5), checkpoint_s=1e-9)
    (tmp_path / "b" / "checkpoint").rename(tmp_path / "b" / "checkpoint.old")
    resumed, _ = train(resources, examples, tmp_path / "b")
    assert torch.equal(weights(whole), weights(resumed))


def test_accumulation_is_the_same_loss(resources, examples, tmp_path):
    config = ToyConfig(dropout=0.0)
    whole, one = train(resources, examples, tmp_path / "a", config=config)
    parts, two = train(resources, examples, tmp_path / "b", config=config, micro_batch=2)
    assert one.final_loss == pytest.approx(two.final_loss, rel=0.05)
    assert one.updates == two.updates
    # Padding differs between the parts, so the means differ slightly; the direction does not.
    cosine = torch.cosine_similarity(weights(whole), weights(parts), dim=0)
    assert float(cosine) > 0.99


def test_each_epoch_sees_each_example_once(resources, examples, tmp_path):
    seen: list[str] = []

    def recording(collate):
        def collated(batch):
            seen.extend(e.id for e in batch)
            return collate(batch)

        return collated

    size = len(examples)
    train(
        resources,
        examples,
        tmp_path,
        collate=recording,
        budget=Budget(updates=size // 2),
        batch=4,
        valid_examples=1,
    )
    first, second = seen[:size], seen[size : 2 * size]
    assert sorted(first) == sorted(second) == sorted(e.id for e in examples)
    assert first != second


@pytest.mark.parametrize(
    ("budget", "ended_by"),
    [
        (Budget(updates=3), "updates"),
        (Budget(updates=100, tokens=20), "tokens"),
        (Budget(updates=10**6, seconds=0.05), "seconds"),
    ],
)
def test_what_ended_it_is_recorded(resources, examples, tmp_path, budget, ended_by):
    assert train(resources, examples, tmp_path, budget=budget)[1].ended_by == ended_by


def test_early_stop_keeps_the_best(resources, examples, tmp_path):
    _system, summary = train(
        resources,
        examples,
        tmp_path,
        budget=Budget(updates=400),
        validate_every=2,
        patience=2,
        learning_rate=3.0,
        schedule="constant",
    )
    assert summary.ended_by == "early stop" and summary.updates < 400
    events = [json.loads(x) for x in (tmp_path / "events.jsonl").read_text().splitlines()]
    best = min(e["loss"] for e in events if e["kind"] == "valid")
    assert summary.valid_loss == pytest.approx(best, rel=1e-6)


def test_diverged_training_names_the_update(resources, examples, tmp_path):
    with pytest.raises(TrainingDivergedError, match="update 6"):
        train(resources, examples, tmp_path, config=ToyConfig(poison_after=6))


def test_no_train_split(resources, tmp_path):
    with pytest.raises(UserError, match="needs a train split"):
        train(resources, [], tmp_path)


def test_it_learns(resources, examples, tmp_path):
    system, _summary = train(
        resources,
        examples,
        tmp_path,
        config=ToyConfig(dropout=0.0, dim=16),
        budget=Budget(updates=300),
        learning_rate=0.05,
        batch=8,
    )
    system.module.eval()
    made = system.generate(
        ["a b c"], ToyDecoding(temperature=0.05), num_samples=1, seed=0, ids=["x"]
    )
    assert made[0][0].text == "b c a"
