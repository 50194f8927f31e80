from __future__ import annotations

from typing import Annotated, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from benchmark.api import UserError
from benchmark.experiment.recipes import TraceRecipe
from benchmark.experiment.suite import Suite, load_suite, suite_names


@pytest.mark.parametrize("name", suite_names())
def test_every_suite_loads_and_is_complete(name):
    suite = load_suite(name)
    assert suite.name == name and suite.description
    assert Suite.model_validate(yaml.safe_load(suite.yaml())) == suite


def test_overrides_reach_what_they_name():
    suite = load_suite(
        "mini",
        [
            "evaluation.num_samples=3",
            "diffuseq.layers=2",
            "diffuseq.decoding.nfe=7",
            "limits.test=5",
            "tasks.dialogue.limits.test=6",
            "seeds=[4, 5]",
            "training.learning_rate=1e-2",
        ],
    )
    assert suite.evaluation.num_samples == 3
    assert suite.systems["diffuseq"].config["layers"] == 2
    assert suite.systems["diffuseq"].decoding["nfe"] == 7
    assert suite.tasks["paraphrase"].limits.test == 5
    assert suite.tasks["dialogue"].limits.test == 6
    assert suite.seeds == [4, 5]
    assert suite.training.learning_rate == 0.01


def test_systems_that_the_suite_does_not_have():
    suite = load_suite("mini", ["pkg.mod:Mine.dim=64", "pkg.mod:Mine.decoding.nfe=3"])
    recipe = suite.systems["pkg.mod:Mine"]
    assert recipe.config == {"dim": 64} and recipe.decoding == {"nfe": 3}


def test_a_budget_on_the_command_line_reaches_systems_with_their_own():
    text = ["diffuseq.budget.updates=77"]
    assert load_suite("mini", text).budget_of("diffuseq", "dialogue").updates == 77
    assert (
        load_suite("mini", [*text, "budget.updates=9"]).budget_of("diffuseq", "dialogue").updates
        == 9
    )


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("evaluation.num_sample=3", "did you mean 'num_samples'"),
        ("budgets.updates=3", "did you mean 'budget'"),
        ("training.learning_rat=3", "did you mean 'learning_rate'"),
        ("diffuseq.training.batchs=3", "did you mean 'batch'"),
        ("evaluation.num_samples=many", "evaluation.num_samples"),
        ("evaluation.num_samples=0", "greater than 0"),
        ("evaluation", "key=value"),
        ("name.first=x", "is a value"),
        ("budget.updates=", "a budget needs"),
        ("evaluation.metrics=[a", "not valid YAML"),
    ],
)
def test_mistakes_are_told(override, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        load_suite("mini", [override])
    assert "\n" not in str(caught.value)


def test_unknown_suite():
    with pytest.raises(UserError, match="did you mean 'mini'"):
        load_suite("minni")


def test_suite_from_a_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(load_suite("mini").yaml())
    assert load_suite(str(path)) == load_suite("mini")
    path.write_text("a: [")
    with pytest.raises(UserError, match="not valid YAML"):
        load_suite(str(path))
    with pytest.raises(UserError, match="cannot be read"):
        load_suite(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize("name", ["mini", "small", "paper"])
def test_simplification_is_measured_by_sari_and_nothing_else_is(name):
    suite = load_suite(name)
    simplifies = {"simplification", "wiki_auto", "ew_sew", "asset", "asset-turkcorpus"}
    paraphrases = {"paraphrase", "qqp"}
    for task, recipe in suite.tasks.items():
        names = {spec.partition(":")[0] for spec in recipe.metrics}
        assert ("sari" in names) == (task in simplifies), task
        assert ("ibleu" in names) == (task in simplifies | paraphrases), task
    assert suite.other_tasks is None or suite.other_tasks.metrics == []


def test_a_trace_is_that_of_the_suite_or_the_default_one():
    assert load_suite("mini").evaluation.trace is None
    assert load_suite("mini").with_trace().evaluation.trace == TraceRecipe()
    own = load_suite("mini", ["evaluation.trace.steps=3"]).with_trace()
    assert own.evaluation.trace == TraceRecipe(steps=3)


def test_a_sweep_over_labels_belongs_to_its_tasks():
    suite = load_suite("mini").with_label_sweep(["control"], [50, None])
    sweeps = {name: recipe.label_sweep for name, recipe in suite.tasks.items()}
    assert sweeps.pop("control") == [50, None]
    assert not any(sweeps.values())
    assert Suite.model_validate(yaml.safe_load(suite.yaml())) == suite


@pytest.mark.parametrize("value", ["[0]", "[half]", "[-1]"])
def test_a_sweep_over_labels_that_are_no_numbers(value):
    with pytest.raises(UserError, match=r"tasks\.control\.label_sweep"):
        load_suite("mini", [f"tasks.control.label_sweep={value}"])


def numbers(kind):
    """Names and annotations of all numeric fields of the recipes below `kind`."""
    for name, field in kind.model_fields.items():
        yield from numbers_of(f"{kind.__name__}.{name}", field.annotation, field.metadata)


def numbers_of(name, annotation, bounds):
    inner = get_args(annotation)
    if get_origin(annotation) is Annotated:
        yield from numbers_of(name, inner[0], [*bounds, *inner[1:]])
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from numbers(annotation)
    elif annotation in (int, float):
        yield name, bounds
    else:
        for part in inner:
            yield from numbers_of(name, part, bounds)


def test_every_number_of_a_suite_has_a_range():
    # Lengths may be written as `56+` and are checked as texts, see below.
    found = {n: of for n, of in numbers(Suite) if not n.startswith("LengthsRecipe")}
    assert len(found) == 39
    for name, bounds in found.items():
        flat = [part for bound in bounds for part in (*getattr(bound, "metadata", ()), bound)]
        assert any(hasattr(bound, "ge") or hasattr(bound, "gt") for bound in flat), name
        if name not in ("TrainingRecipe.clip_norm", "TrainingRecipe.checkpoint_s",
                        "Budget.seconds"):  # fmt: skip
            assert any(hasattr(bound, "le") or hasattr(bound, "lt") for bound in flat), name


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("budget.seconds=.nan", "budget.seconds: Input should be a finite number"),
        ("budget.seconds=.inf", "budget.seconds: Input should be a finite number"),
        ("budget.seconds=-3", "budget.seconds: Input should be greater than 0"),
        ("training.clip_norm=-1", "training.clip_norm: Input should be greater than 0"),
        ("training.beta_2=2", "training.beta_2: Input should be less than 1"),
        ("budget.updates=true", "budget.updates: Input should be a number"),
        ("transformer.training.patience=true", "patience: Input should be a number"),
        ("transformer.budget.seconds=.nan", "systems.transformer.budget.seconds: Input should be"),
        ("seeds=[-5]", "seeds.0: Input should be greater than or equal to 0"),
        ("seeds=[true]", "seeds: Input should be a number"),
        (f"seeds=[{2**70}]", "seeds.0: Input should be less than"),
        ("evaluation.interval.seed=-1", "evaluation.interval.seed: Input should be greater"),
        ("evaluation.num_samples=0", "evaluation.num_samples: Input should be greater"),
        ("lengths.source=10000000", "lengths.source: give a number of tokens from 1 to 999999"),
        ("lengths.source=0", "lengths.source: give a number of tokens from 1 to 999999"),
        ("transformer.dropout=.nan", "Input should be a finite number"),
        ("transformer.sweep={temperature: [.inf]}", "Input should be a finite number"),
    ],
)
def test_numbers_out_of_range(change, sentence):
    with pytest.raises(UserError, match=sentence):
        load_suite("mini", [change])


def test_a_seed_that_stands_twice_is_refused():
    with pytest.raises(UserError, match="seeds: a seed stands twice: name every seed once"):
        load_suite("mini", ["seeds=[1, 2, 1]"])
