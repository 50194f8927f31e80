import json

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.api import UserError
from benchmark.experiment.suite import load_suite
from benchmark.export.tuned_trials import read_tuned_trials
from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables.cost_table import build_cost_table


def test_trials_by_system(tmp_path):
    file = tmp_path / "record.json"
    file.write_text(json.dumps({"systems": {"a": {"trials": 8}, "b": {"trials": 3}}}))
    assert read_tuned_trials(str(file)) == {"a": 8, "b": 3}
    assert read_tuned_trials(None) == {}


@pytest.mark.parametrize("text", [None, "no json", "[]", '{"systems": {"a": {}}}'])
def test_what_is_no_record_is_named(text, tmp_path):
    file = tmp_path / "record.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UserError, match=r"record\.json, is no record"):
        read_tuned_trials(str(file))


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
