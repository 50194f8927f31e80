from __future__ import annotations

import dataclasses
import itertools
import json
import math

import pytest
import torch
from toy import Toy, ToyConfig, ToyDecoding

from benchmark.api import UserError, make_noise
from benchmark.experiment.recipes import Budget, TrainingRecipe
from benchmark.runtime.stop_request import StoppedError, listen
from benchmark.store.lease import LeaseLostError
from benchmark.training.batch_sampler import Batches
from benchmark.training.learning_rate import learning_rate
from benchmark.training.selection import Selection
from benchmark.training.trainer import Trainer, TrainingDivergedError
from benchmark.training.validation import Validation


def train(
    resources,
    examples,
    folder,
    *,
    config=None,
    budget=None,
    collate=None,
    quality=None,
    selection=None,
    on_checkpoint=None,
    **recipe,
):
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
        quality=quality,
        selection=selection or (Selection("loss", examples[:5]) if "keep" in recipe else None),
        on_checkpoint=on_checkpoint,
    )
    return system, trainer.run()


def events_of(folder, kind):
    events = map(json.loads, (folder / "events.jsonl").read_text().splitlines())
    return [event for event in events if event["kind"] == kind]


RECIPE = {
    "learning_rate": 0.02,
    "schedule": "linear",
    "warmup_updates": 3,
    "beta_1": 0.7,
    "beta_2": 0.8,
    "weight_decay": 0.3,
    "clip_norm": 0.2,
}


def by_hand(resources, examples, *, updates, decay):
    """Weights after every update and their average, from the papers' rules and torch alone."""
    torch.manual_seed(0)
    system = Toy.build(ToyConfig(dropout=0.0), resources)
    parameters = list(system.module.parameters())
    optimiser = torch.optim.AdamW(parameters, lr=0.0, betas=(0.7, 0.8), weight_decay=0.3)
    batches = Batches(examples, batch=4, seed=3)
    own, averaged = [], []
    for update in range(updates):
        rate = learning_rate(update, peak=0.02, schedule="linear", warmup=3, updates=updates)
        optimiser.param_groups[0]["lr"] = rate
        batch, ids = batches.of(update)
        optimiser.zero_grad()
        system.loss(system.collate(batch), make_noise(3, ids, 1)).total.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters, 0.2)
        assert norm > 0.2, "the clipping does something"
        optimiser.step()
        own.append(weights(system))
        past = min(decay, (1 + update) / (10 + update))
        averaged.append(past * averaged[-1] + (1 - past) * own[-1] if averaged else own[-1])
    return own, averaged


def weights(system):
    return torch.cat([p.detach().flatten() for p in system.module.parameters()])


def test_a_training_is_clipped_adamw_at_the_scheduled_rate(resources, examples, tmp_path):
    system, _ = train(
        resources, examples, tmp_path, config=ToyConfig(dropout=0.0), ema_decay=0.0, **RECIPE
    )
    own, _ = by_hand(resources, examples, updates=10, decay=0.0)
    torch.testing.assert_close(weights(system), own[-1])


@pytest.mark.parametrize("decay", [0.3, 0.9])
def test_the_averaged_weights_are_validated_and_left(resources, examples, tmp_path, decay):
    seen = []

    def quality(system):
        seen.append(weights(system).clone())
        return {"bleu": 0.5}

    system, summary = train(
        resources, examples, tmp_path, config=ToyConfig(dropout=0.0), quality=quality,
        validate_every=4, ema_decay=decay, **RECIPE,
    )  # fmt: skip
    own, averaged = by_hand(resources, examples, updates=10, decay=decay)
    torch.testing.assert_close(weights(system), averaged[-1])
    assert not torch.allclose(weights(system), own[-1], rtol=0.01)
    # Validated after every fourth update and at the end; training goes on from its own weights.
    torch.testing.assert_close(torch.stack(seen), torch.stack([averaged[i] for i in (3, 7, 9)]))
    validated = events_of(tmp_path, "valid")
    assert [event["update"] for event in validated] == [4, 8, 10]
    assert {event["quality"]["bleu"] for event in validated} == {0.5}
    with torch.no_grad():
        parts = [
            system.loss(system.collate(part), make_noise(3, [f"valid {e.id}" for e in part], 1))
            for part in (examples[:4], examples[4:5])
        ]
    expected = (4 * parts[0].total.item() + parts[1].total.item()) / 5
    assert summary.valid_loss == pytest.approx(expected, rel=1e-6)


def test_a_validation_at_the_end_is_made_once(resources, examples, tmp_path):
    train(resources, examples, tmp_path, validate_every=5)
    assert [event["update"] for event in events_of(tmp_path, "valid")] == [5, 10]


@pytest.mark.slow
def test_updates_are_logged_now_and_then_and_at_the_end(resources, examples, tmp_path):
    shown = []
    torch.manual_seed(0)
    system = Toy.build(ToyConfig(dropout=0.0), resources)
    recipe = TrainingRecipe(batch=4, warmup_updates=30, learning_rate=0.3, schedule="constant")
    summary = Trainer(
        system, examples, [], recipe=recipe, budget=Budget(updates=60), seed=3, folder=tmp_path,
        on_progress=lambda *facts: shown.append(facts),
    ).run()  # fmt: skip
    logged = events_of(tmp_path, "train")
    assert [event["update"] for event in logged] == [25, 50, 60]
    assert [event["lr"] for event in logged] == pytest.approx([0.3 * 25 / 30, 0.3, 0.3])
    seen = [Batches(examples, batch=4, seed=3).of(update)[0] for update in range(60)]
    tokens = [system.collate(batch)["target"].numel() for batch in seen]
    assert [e["tokens"] for e in logged] == [sum(tokens[: e["update"]]) for e in logged]
    assert summary.tokens == sum(tokens)
    seconds = [event["seconds"] for event in logged]
    assert seconds == sorted(seconds) and summary.seconds >= seconds[-1]
    # The term is the cross-entropy; the total adds a hundredth of a square.
    assert all(e["terms"]["ce"] < e["loss"] < e["terms"]["ce"] + 0.1 for e in logged)
    assert summary.final_loss == logged[-1]["loss"]
    assert shown == [(e["update"], 60, f"loss {e['loss']:.3f}") for e in logged]
    assert summary.valid_loss is None


@pytest.mark.parametrize(("every", "kept"), [(1e-9, 7), (1e9, None)])
def test_checkpoints_are_kept_as_often_as_told(resources, examples, tmp_path, every, kept):
    with pytest.raises(Killed):
        train(resources, examples, tmp_path, collate=killer(7), checkpoint_s=every)
    path = tmp_path / "checkpoint" / "progress.json"
    assert (json.loads(path.read_text())["update"] if path.exists() else None) == kept


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
@pytest.mark.parametrize(("every", "optimiser"), [(None, "adamw"), (3, "adamw"), (3, "muon")])
def test_resumed_equals_uninterrupted(resources, examples, tmp_path, after, every, optimiser):
    recipe = {"validate_every": every, "optimiser": optimiser}
    whole, expected = train(resources, examples, tmp_path / "a", **recipe)
    with pytest.raises(Killed):
        train(
            resources,
            examples,
            tmp_path / "b",
            collate=killer(after),
            checkpoint_s=1e-9,
            **recipe,
        )
    resumed, summary = train(resources, examples, tmp_path / "b", **recipe)
    assert torch.equal(weights(whole), weights(resumed))
    assert (summary.updates, summary.tokens) == (expected.updates, expected.tokens)
    assert summary.final_loss == expected.final_loss
    assert summary.valid_loss == expected.valid_loss
    events = [
        [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in file]
        for file in ((tmp_path / name / "events.jsonl").read_text().splitlines() for name in "ab")
    ]
    assert events[0] == events[1]


@pytest.mark.parametrize("every", [1, 3])
def test_stopped_on_request_and_resumed_equals_uninterrupted(resources, examples, tmp_path, every):
    whole, expected = train(resources, examples, tmp_path / "a")
    looks = itertools.count(1)
    stops = 0
    while True:
        listen(look=lambda: "enough" if next(looks) % every == 0 else "")
        try:
            resumed, summary = train(resources, examples, tmp_path / "b")
            break
        except StoppedError as why:
            assert str(why) == "enough"
            stops += 1
            kept = json.loads((tmp_path / "b" / "checkpoint" / "progress.json").read_text())
            assert kept["update"] == stops * every
        finally:
            listen()
    # A request at the end of the budget changes nothing: training is over.
    assert stops == (10 - 1) // every
    assert torch.equal(weights(whole), weights(resumed))
    assert (summary.updates, summary.final_loss) == (expected.updates, expected.final_loss)


def test_a_checkpoint_may_be_refused(resources, examples, tmp_path):
    def refuse():
        raise LeaseLostError("taken over")

    with pytest.raises(LeaseLostError):
        train(resources, examples, tmp_path, checkpoint_s=1e-9, on_checkpoint=refuse)
    assert not (tmp_path / "checkpoint").exists()


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
    _, summary = train(resources, examples, tmp_path, budget=budget)
    assert summary.ended_by == ended_by
    # Also where it ends between two lines of the log.
    last = events_of(tmp_path, "train")[-1]
    assert (last["update"], last["loss"]) == (summary.updates, summary.final_loss)
    assert math.isfinite(summary.final_loss)


def test_resumed_at_its_end_it_has_the_loss_of_the_last_update(resources, examples, tmp_path):
    budget = Budget(updates=100, tokens=20)
    _, whole = train(resources, examples, tmp_path / "a", budget=budget)

    def kill(self):
        raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Trainer, "_finish", kill)
        train(resources, examples, tmp_path / "b", budget=budget, checkpoint_s=1e-9)
    _, resumed = train(resources, examples, tmp_path / "b", budget=budget)
    assert resumed.final_loss == whole.final_loss


def test_early_stop_keeps_the_best(resources, examples, tmp_path):
    _system, summary = train(
        resources,
        examples,
        tmp_path,
        budget=Budget(updates=400),
        validate_every=2,
        keep="best",
        patience=2,
        learning_rate=3.0,
        schedule="constant",
    )
    assert summary.ended_by == "early stop" and summary.updates < 400
    events = [json.loads(x) for x in (tmp_path / "events.jsonl").read_text().splitlines()]
    losses = [e["loss"] for e in events if e["kind"] == "valid"]
    best = losses.index(min(losses))
    assert summary.valid_loss == pytest.approx(losses[best], rel=1e-6)
    # Two that are no better end it, and the weights are those of the best.
    assert best == len(losses) - 3 and summary.updates == 2 * len(losses)
    trainer = Trainer(
        _system, examples, examples[:5], recipe=TrainingRecipe(batch=4), seed=3, folder=tmp_path,
        budget=Budget(updates=1),
    )  # fmt: skip
    loss = trainer.validation.loss_on(examples[:5], rows=4)
    assert loss == pytest.approx(losses[best], rel=1e-6)


def test_a_validation_loss_without_a_value_is_null(resources, examples, tmp_path, monkeypatch):
    losses = iter([math.inf, 2.0, math.nan, math.inf])
    monkeypatch.setattr(Validation, "loss_on", lambda self, examples, rows: next(losses))
    recipe = {"validate_every": 3}
    _system, summary = train(resources, examples, tmp_path, budget=Budget(updates=10), **recipe)
    text = (tmp_path / "events.jsonl").read_text()
    events = [json.loads(x, parse_constant=pytest.fail) for x in text.splitlines()]
    assert [e["loss"] for e in events if e["kind"] == "valid"] == [None, 2.0, None, None]
    assert summary.valid_loss is None


def test_the_best_by_a_quality_are_kept(resources, examples, tmp_path):
    """Of equal ones the first; what has no value is never the best."""
    values = iter([0.25, math.nan, 0.75, 0.5, 0.75])
    weights_then = []

    def score(system):
        weights_then.append(weights(system).clone())
        return next(values)

    system, summary = train(
        resources, examples, tmp_path, validate_every=2, keep="best",
        selection=Selection("validity", examples[5:9], score),
    )  # fmt: skip
    assert torch.equal(weights(system), weights_then[2])
    assert not torch.equal(weights_then[2], weights_then[4])
    assert (summary.kept_update, summary.kept_by, summary.kept_value) == (6, "validity", 0.75)
    assert (summary.updates, summary.kept_examples) == (10, 4)
    validated = events_of(tmp_path, "valid")
    assert [event["selection"] for event in validated] == [0.25, None, 0.75, 0.5, 0.75]
    assert summary.valid_loss == validated[2]["loss"]


def test_the_best_by_the_loss_are_found_on_their_own_examples(resources, examples, tmp_path):
    held = examples[5:9]
    system, summary = train(
        resources, examples, tmp_path, validate_every=1, keep="best", learning_rate=1.0,
        schedule="constant", selection=Selection("loss", held),
    )  # fmt: skip
    values = [event["selection"] for event in events_of(tmp_path, "valid")]
    best = values.index(min(values))
    assert best < 9, "a rate so high does not end at its best"
    assert (summary.kept_update, summary.kept_value) == (best + 1, values[best])
    with torch.no_grad():
        noise = make_noise(3, [f"valid {e.id}" for e in held], 1)
        assert float(system.loss(system.collate(held), noise).total) == pytest.approx(values[best])


def test_the_last_weights_are_kept_where_no_validation_has_a_value(resources, examples, tmp_path):
    never = Selection("validity", examples[:4], lambda system: math.nan)
    system, summary = train(
        resources, examples, tmp_path / "a", keep="best", validate_every=4, selection=never
    )
    plain, _ = train(resources, examples, tmp_path / "b", validate_every=4)
    assert torch.equal(weights(system), weights(plain))
    assert (summary.kept_by, summary.kept_update, summary.kept_value) == ("last", 10, None)


@pytest.mark.parametrize("after", [4, 14, 25])
def test_resumed_keeps_the_same_best(resources, examples, tmp_path, after):
    """Also where what was kept last was kept after the last checkpoint."""

    def score(system):
        return math.sin(1e4 * float(weights(system).sum()))

    def options():
        selection = Selection("validity", examples[:4], score)
        return {"validate_every": 1, "keep": "best", "selection": selection}

    whole, expected = train(resources, examples, tmp_path / "a", **options())
    assert expected.kept_update < 10
    for path, every in (("b", 1e-9), ("c", 1e9)):
        with pytest.raises(Killed):
            train(
                resources, examples, tmp_path / path, collate=killer(after), checkpoint_s=every,
                **options(),
            )  # fmt: skip
        resumed, summary = train(resources, examples, tmp_path / path, **options())
        assert torch.equal(weights(whole), weights(resumed))
        assert summary.kept_update == expected.kept_update
        assert summary.valid_loss == expected.valid_loss


def test_kept_weights_that_are_gone_begin_training_again(resources, examples, tmp_path):
    options = {"validate_every": 2, "keep": "best"}
    whole, _ = train(resources, examples, tmp_path / "a", **options)
    with pytest.raises(Killed):
        train(resources, examples, tmp_path / "b", collate=killer(7), checkpoint_s=1e-9, **options)
    for best in (tmp_path / "b" / "best").iterdir():
        best.unlink()
    again, _ = train(resources, examples, tmp_path / "b", **options)
    assert torch.equal(weights(whole), weights(again))
    assert sorted(path.name for path in (tmp_path / "b").glob("*.damaged-*")) == [
        "best.damaged-1", "checkpoint.damaged-1",
    ]  # fmt: skip


def test_diverged_training_names_the_update(resources, examples, tmp_path):
    with pytest.raises(TrainingDivergedError, match="update 6"):
        train(resources, examples, tmp_path, config=ToyConfig(poison_after=6))


def test_no_train_split(resources, tmp_path):
    with pytest.raises(UserError, match="needs a train split"):
        train(resources, [], tmp_path)


@pytest.mark.slow
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


@pytest.mark.parametrize("mean_over", ["examples", "tokens"])
def test_micro_batches_by_length_are_the_same_update(
    resources, examples, tmp_path, mean_over, monkeypatch
):
    """Without dropout the update of the whole batch, which a mean over tokens needs tokens for."""
    real = Toy.loss

    def by_rows(self, batch, noise):
        terms = real(self, batch, noise)
        logits = self.module(batch["source"])
        target, pad = batch["target"], self.resources.tokenizer.pad_id
        inside = target != pad
        nll = torch.nn.functional.cross_entropy(
            logits[:, : target.shape[1]].transpose(1, 2), target[:, : logits.shape[1]],
            reduction="none",
        )  # fmt: skip
        inside = inside[:, : nll.shape[1]]
        if mean_over == "tokens":
            total = nll[inside].mean()
        else:
            total = ((nll * inside).sum(1) / inside.sum(1)).mean()
        tokens = int(inside.sum())
        return dataclasses.replace(terms, total=total, tokens=tokens, mean_over=mean_over)

    monkeypatch.setattr(Toy, "loss", by_rows)
    config = ToyConfig(dropout=0.0)
    whole, one = train(resources, examples, tmp_path / "a", config=config)
    parts, two = train(
        resources, examples, tmp_path / "b", config=config, micro_batch=2, by_length=True
    )
    assert two.final_loss == pytest.approx(one.final_loss, rel=1e-5)
    torch.testing.assert_close(weights(parts), weights(whole), rtol=1e-4, atol=1e-5)


def test_by_length_sorts_within_an_update_and_resumes(resources, examples, tmp_path):
    seen: list[list[int]] = []

    def recording(collate):
        def collated(batch):
            seen.append([len(e.source) for e in batch])
            return collate(batch)

        return collated

    options = {"micro_batch": 2, "by_length": True, "valid_examples": 1}
    whole, _ = train(resources, examples, tmp_path / "a", collate=recording, **options)
    updates = [seen[i] + seen[i + 1] for i in range(0, 20, 2)]
    assert all(lengths == sorted(lengths) for lengths in updates)
    with pytest.raises(Killed):
        train(resources, examples, tmp_path / "b", collate=killer(9), checkpoint_s=1e-9, **options)
    resumed, _ = train(resources, examples, tmp_path / "b", **options)
    assert torch.equal(weights(whole), weights(resumed))


@pytest.mark.slow
def test_a_traced_training_is_the_training(resources, examples, tmp_path):
    config = ToyConfig(dropout=0.0)
    plain, _ = train(resources, examples, tmp_path / "a", config=config)
    traced, _ = train(resources, examples, tmp_path / "b", config=config, compile="aot-eager")
    torch.testing.assert_close(weights(traced), weights(plain))


def test_bf16_is_the_precision_of_the_network_alone(resources, examples, tmp_path):
    """Products are taken in bf16, weights, gradients and the loss stay float32."""
    types = {}

    torch.manual_seed(0)
    system = Toy.build(ToyConfig(dropout=0.0), resources)
    real = system.loss

    def loss(batch, noise):
        hook = system.module.register_forward_hook(
            lambda module, args, made: types.update(logits=made.dtype)
        )
        terms = real(batch, noise)
        hook.remove()
        types["total"] = terms.total.dtype
        return terms

    system.loss = loss
    recipe = TrainingRecipe(batch=4, warmup_updates=2, precision="bf16")
    trainer = Trainer(
        system, examples, [], recipe=recipe, budget=Budget(updates=3), seed=3, folder=tmp_path
    )
    summary = trainer.run()
    assert types == {"logits": torch.bfloat16, "total": torch.float32}
    assert {p.dtype for p in system.module.parameters()} == {torch.float32}
    same, expected = train(
        resources, examples, tmp_path / "b", config=ToyConfig(dropout=0.0),
        budget=Budget(updates=3), ema_decay=0.0,
    )  # fmt: skip
    assert summary.final_loss == pytest.approx(expected.final_loss, rel=0.02)
    assert not torch.equal(weights(system), weights(same))
