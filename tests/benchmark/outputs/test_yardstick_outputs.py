from __future__ import annotations

import pytest

from benchmark.api import Example
from benchmark.experiment.suite import load_suite
from benchmark.outputs.target_report import task_of_examples
from benchmark.outputs.yardstick_outputs import yardsticks
from benchmark.tasks import load_task

EXAMPLES = [Example("a", "s t", "u", ("u", "v")), Example("b", "w", "x", ("x",))]


def texts(outputs):
    return [[c.text for c in of_source] for of_source in outputs.candidates]


def test_copies_and_references():
    task = task_of_examples("pairs", EXAMPLES)
    found = {
        name: (setting.kind, texts(made))
        for name, _, setting, made in yardsticks(load_suite("small"), task, num_samples=3, seed=1)
    }
    assert found == {
        "copy-source": ("single", [["s t"], ["w"]]),
        "reference": ("n-best", [["u", "v", "u"], ["x", "x", "x"]]),
    }


@pytest.mark.slow
def test_the_grammar_where_there_is_one():
    whole = load_task("dialogue", limits={"train": 0, "valid": 0})
    task = task_of_examples("dialogue", whole.test[:3])
    assert task.conditional is not None
    made = list(yardsticks(load_suite("mini"), task, num_samples=2, seed=1))
    draws = [(info, setting, o) for name, info, setting, o in made if name == "oracle"]
    assert [setting.knob_value for _, setting, _ in draws] == [1.0, 0.3, 0.6, 1.5]
    assert draws[0][0]["knob"] == "temperature"
    for _, _, outputs in draws:
        for example, candidates in zip(task.test, outputs.candidates, strict=True):
            truth = task.conditional(example.source, 1.0)
            assert len(candidates) == 2 and all(c.text in truth for c in candidates)
