from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.experiment import selection
from benchmark.experiment.registry import SystemEntry
from benchmark.experiment.selection import choose_systems, choose_tasks, missing_systems
from benchmark.experiment.suite import load_suite

NANO = str(Path(__file__).parents[2] / "suites" / "nano.yaml")


@pytest.mark.slow
def test_names_keep_their_order_and_count_once():
    suite = load_suite("mini")
    assert choose_systems(suite, ["nat", "gpt2", "nat"]) == ["nat", "gpt2"]
    default = choose_systems(suite, ["default"])
    assert choose_systems(suite, ["gpt2", "default"]) == list(dict.fromkeys(["gpt2", *default]))
    four = ["paraphrase", "question-generation", "simplification", "dialogue"]
    assert choose_tasks(suite, ["all"]) == four
    assert choose_tasks(suite, ["control", "all"]) == ["control", *four]


def test_registered_systems_and_paths_need_no_recipe():
    suite = load_suite(NANO)
    suite = suite.model_copy(update={"systems": {"nat": suite.systems["nat"]}})
    assert choose_systems(suite, ["mdlm", "my_file:Mine"]) == ["mdlm", "my_file:Mine"]


def test_other_names_are_refused_with_a_suggestion():
    suite = load_suite("mini")
    with pytest.raises(UserError, match=r"no task 'dialog' in.*did you mean 'dialogue'"):
        choose_tasks(suite, ["dialog"])
    with pytest.raises(UserError, match=r"no system 'gpt'.*did you mean 'gpt2'"):
        choose_systems(suite, ["gpt"])


def test_all_leaves_out_what_is_not_installed(monkeypatch):
    suite = load_suite("mini")
    gone = SystemEntry("gpt2", "nowhere:Nothing", "autoregressive", "", ("no_such_module",), "do")
    monkeypatch.setattr(selection, "system_entries", lambda: {"gpt2": gone})
    assert missing_systems(suite) == {"gpt2": "do"}
    chosen = choose_systems(suite, ["all"])
    assert "gpt2" not in chosen and "transformer" in chosen


def test_a_task_with_a_list_of_its_own_runs_that_where_none_is_named():
    suite = load_suite(NANO)
    own = suite.tasks["dialogue"].model_copy(update={"systems": ["oracle", "nat"]})
    suite = suite.model_copy(update={"tasks": suite.tasks | {"dialogue": own}})
    assert choose_systems(suite, ["default"], "dialogue") == ["oracle", "nat"]
    assert choose_systems(suite, ["gpt2", "default"], "dialogue") == ["gpt2", "oracle", "nat"]
    assert choose_systems(suite, ["gpt2"], "dialogue") == ["gpt2"]
    assert choose_systems(suite, ["default"], "paraphrase") == choose_systems(suite, ["default"])
