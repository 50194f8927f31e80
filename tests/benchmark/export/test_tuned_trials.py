import json
from importlib.resources import files

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.api import UserError
from benchmark.experiment.plan import make_plan
from benchmark.experiment.registry import system_entries
from benchmark.experiment.suite import load_suite
from benchmark.export.tuned_trials import count_tuned_trials
from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables.cost_table import build_cost_table

TASK = "dialogue"


def trials_of(*overrides):
    suite = load_suite("mini", overrides)
    systems = ["transformer", "diffuseq", "copy-source"]
    return make_plan(suite, tasks=[TASK], systems=systems, data_dir=None).trials


def record_with(file, **values):
    tried = [{"values": {"config.dropout": 0.5}}, {"values": values}]
    return write_record(file, tried)


def write_record(file, tried, best=0):
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"systems": {"transformer": {"best": best, "tried": tried}}}))
    return str(file)


def test_the_recipes_of_mini_are_among_those_of_its_record():
    suite = load_suite("mini")
    searched = json.loads((files("benchmark") / "suites" / suite.tuning).read_text())["systems"]
    here = [name for name in searched if system_entries()[name].available]
    plan = make_plan(suite, tasks=[TASK], systems=here, data_dir=None)
    assert count_tuned_trials(suite.tuning, plan.trials) == dict.fromkeys(here, 8)


def test_a_recipe_that_was_changed_was_not_searched():
    changed = trials_of("transformer.training.learning_rate=0.011")
    assert count_tuned_trials(load_suite("mini").tuning, changed) == {"diffuseq": 8}


def test_a_rounded_value_is_the_one_that_was_tried(tmp_path):
    file = tmp_path / "record.json"
    trials = trials_of("transformer.training.learning_rate=0.00376", "transformer.dropout=0.1")
    near = {"training.learning_rate": 0.0037628, "config.dropout": 0.1}
    assert count_tuned_trials(record_with(file, **near), trials) == {"transformer": 2}
    for far in ({"training.learning_rate": 0.0038}, {"config.dropout": 0}, {"config.none": 1}):
        assert count_tuned_trials(record_with(file, **near | far), trials) == {}
    assert count_tuned_trials(None, trials) == {}


def test_what_was_not_searched_has_no_figure(tmp_path):
    trials = trials_of()
    assert count_tuned_trials(write_record(tmp_path / "a.json", [{"values": {}}]), trials) == {}
    failed = [{"values": {"config.dropout": trials[0].recipe["config"]["dropout"]}}]
    assert count_tuned_trials(write_record(tmp_path / "b.json", failed, None), trials) == {}


def test_a_search_of_ones_own_does_not_become_that_of_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tuning = load_suite("mini").tuning
    counted = count_tuned_trials(tuning, trials_of())
    write_record(tmp_path / tuning, [{"values": {"config.dropout": 0.5}}])
    assert count_tuned_trials(tuning, trials_of()) == counted


@pytest.mark.parametrize("text", [None, "no json", "[]", '{"systems": {"a": {}}}'])
def test_what_is_no_record_is_named(text, tmp_path):
    file = tmp_path / "record.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UserError, match=r"record\.json, is no record"):
        count_tuned_trials(str(file), [])


def test_a_suite_without_the_key_is_written_as_before():
    assert "tuning" not in load_suite("tiny").yaml()
    assert "tuning: a.json" in load_suite("tiny", ["tuning=a.json"]).yaml()


def test_the_table_of_cost_has_the_trials_where_they_are_known(tmp_path):
    folder = write_handmade(tmp_path / "toy", [trial("a", bleu(0.3)), trial("b", bleu(0.4))])
    ids = [c.id for c in build_cost_table(Board(read_records(folder)), "toy").columns]
    assert "tuned_trials" not in ids
    file = folder / "records" / "run.json"
    run = json.loads(file.read_text())
    run["systems"]["a"]["tuned_trials"] = 8
    file.write_text(json.dumps(run))
    table = build_cost_table(Board(read_records(folder)), "toy")
    (column,) = [c for c in table.columns if c.id == "tuned_trials"]
    assert (column.head, column.detail) == ("Tuned", "trials")
