"""Settings of a plan: which there are, how they are called, which share an entry."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy import Toy

from benchmark.api import Capabilities, UserError
from benchmark.experiment.plan import make_plan
from benchmark.experiment.suite import load_suite

NANO = str(Path(__file__).parents[2] / "suites" / "nano.yaml")


class Ablated(Toy):
    capabilities = Capabilities(
        trainable=True,
        knob="temperature",
        nfe_knob="calls",
        ablations={
            "calls": ({"calls": 2}, {"calls": 4}, {"calls": 9, "temperature": 0.5}),
            "greed": ({"temperature": 0.0}, {"calls": 4}),
        },
    )


def settings_of(trial):
    return [planned.setting for planned in trial.generations]


@pytest.fixture
def settings(monkeypatch):
    classes = {"toy": Ablated, "plain": Toy}
    for module in ("selection", "plan"):
        monkeypatch.setattr(f"benchmark.experiment.{module}.load_system", classes.__getitem__)

    def plan(*ablate, changes=()):
        suite = load_suite(
            NANO,
            [
                "systems.toy.nfe=[4]",
                "systems.toy.sweep={temperature: [0.5]}",
                "systems.plain={}",
                *changes,
            ],
        )
        made = make_plan(
            suite, tasks=["paraphrase"], systems=["toy", "plain"], data_dir=None, ablate=ablate
        )
        toy, plain = made.trials
        return toy, plain

    return plan


@pytest.mark.slow
def test_equal_settings_share_their_roles(settings):
    toy, plain = settings("calls")
    assert {s.label: (s.roles, s.ablations) for s in settings_of(toy)} == {
        "temperature=1": (("main", "ablation", "sweep"), ("calls",)),
        "temperature=0.5": (("sweep",), ()),
        "calls=4": (("nfe", "ablation"), ("calls",)),
        "temperature=0.5, calls=9": (("ablation",), ("calls",)),
    }
    assert [s.roles for s in settings_of(plain)] == [("main",)]


@pytest.mark.slow
def test_curves_are_decoded_on_the_valid_split_too(settings):
    toy, plain = settings("calls", changes=["evaluation.valid_sources=3"])
    usual, _ = settings("calls")
    on_valid = {of.setting.label: of.valid for of in toy.generations}
    assert [label for label, of in on_valid.items() if of is None] == ["temperature=0.5, calls=9"]
    main = on_valid["temperature=1"]
    assert main.sources == toy.task.valid[:3]
    assert (main.split, main.decoding) == ("valid", toy.main.decoding)
    assert plain.main.valid.split == "valid"
    # What is decoded of the test split stays what it was.
    assert [of.key for of in toy.generations] == [of.key for of in usual.generations]
    keys = [of.key for of in toy.decoded]
    assert len(set(keys)) == len(keys) == 4 + 3
    assert all(of.valid is None for of in usual.generations)


@pytest.mark.slow
def test_several_ablations_share_their_variants(settings):
    toy, _ = settings("calls", "greed")
    by_label = {s.label: s.ablations for s in settings_of(toy)}
    assert by_label["calls=4"] == ("calls", "greed")
    assert by_label["temperature=0"] == ("greed",)


@pytest.mark.slow
def test_an_ablation_leaves_all_other_keys_alone(settings):
    with_it, without = settings("calls")[0], settings()[0]
    assert with_it.train_key == without.train_key
    keys = {of.setting.label: of.key for of in with_it.generations}
    for planned in without.generations:
        assert keys[planned.setting.label] == planned.key
        assert planned.setting.ablations == ()
    assert len(set(keys.values())) == len(with_it.generations)


def test_unknown_ablation(settings):
    with pytest.raises(UserError, match=r"ablation 'call'.*did you mean 'calls'"):
        settings("call")


@pytest.mark.slow
def test_a_variant_that_does_not_fit_is_named(settings, monkeypatch):
    bad = Capabilities(trainable=True, ablations={"calls": ({"calls": "many"},)})
    monkeypatch.setattr(Ablated, "capabilities", bad)
    with pytest.raises(UserError, match=r"toy, ablation calls\.calls"):
        settings("calls", changes=["systems.toy.nfe=[]", "systems.toy.sweep={}"])


@pytest.mark.slow
def test_metrics_of_a_task_are_added_and_leave_all_other_keys():
    def made(*changes):
        suite = load_suite(NANO, changes)
        return make_plan(suite, tasks=["paraphrase"], systems=["copy-source"], data_dir=None)

    usual, more = made(), made("tasks.paraphrase.metrics=[ibleu, bleu_sent_m4]")
    (one,), (other,) = usual.trials, more.trials
    ids, wider = ([m.id for m in trial.scoring.metrics] for trial in (one, other))
    # One that the suite measures everywhere is not measured twice.
    assert "bleu_sent_m4" in ids
    assert set(wider) == {*ids, "ibleu"} and len(wider) == len(ids) + 1
    assert [of.key for of in other.generations] == [of.key for of in one.generations]


@pytest.mark.slow
def test_a_metric_of_a_task_is_checked_before_anything_runs():
    suite = load_suite(NANO, ["tasks.paraphrase.metrics=[ibleau]"])
    with pytest.raises(UserError, match="did you mean 'ibleu'"):
        make_plan(suite, tasks=["paraphrase"], systems=["copy-source"], data_dir=None)


@pytest.mark.slow
def test_fields_of_later_versions_stand_in_the_keys_where_they_are_not_as_usual(settings):
    plain = settings()[0]
    for change in ("training.compile=true", "training.by_length=true"):
        assert settings(changes=[change])[0].train_key != plain.train_key
        assert settings(changes=[change.replace("true", "false")])[0].train_key == plain.train_key
    for optimiser, is_usual in (("adamw", True), ("muon", False)):
        trial = settings(changes=[f"training.optimiser={optimiser}"])[0]
        assert (trial.train_key == plain.train_key) is is_usual
    steps = "training.newton_schulz_steps=3"
    assert settings(changes=[steps])[0].train_key == plain.train_key
    with_muon = [settings(changes=["training.optimiser=muon", *more])[0] for more in ([], [steps])]
    assert with_muon[0].train_key != with_muon[1].train_key
    precision = "training.muon_precision=float32"
    assert settings(changes=[precision])[0].train_key == plain.train_key
    in_float32 = settings(changes=["training.optimiser=muon", precision])[0]
    assert in_float32.train_key != with_muon[0].train_key
    compiled = settings(changes=["evaluation.compile=true"])[0]
    assert compiled.train_key == plain.train_key
    keys = [{of.key for of in trial.generations} for trial in (compiled, plain)]
    assert not keys[0] & keys[1]


@pytest.mark.slow
def test_precision_of_decoding_stands_in_its_keys_where_it_is_not_float32(settings):
    plain = settings()[0]
    keys = {of.key for of in plain.generations}
    for precision in ("auto", "bf16", "tf32"):
        trial = settings(changes=[f"evaluation.precision={precision}"])[0]
        assert trial.train_key == plain.train_key
        assert not keys & {of.key for of in trial.generations}
    same = settings(changes=["evaluation.precision=float32"])[0]
    assert keys == {of.key for of in same.generations}


@pytest.mark.slow
def test_micro_batches_that_are_found_have_a_key_of_their_own(settings):
    keys = [settings(changes=c)[0].train_key for c in ([], ["training.micro_batch=auto"])]
    assert keys[0] != keys[1]
