"""A record grows by systems, and nothing that is in its place is lost."""

import json
import threading

import pytest

from benchmark.api import UserError
from benchmark.tuning.record_file import add_to_record


def record(systems, **changed):
    head = {
        "schema": 1, "suite": "mini", "task": "dialogue", "measure": "validity", "training_seed": 1,
        "sampler_seed": 0, "budget_share": 1.0, "trials": 2, "unfinished": [],
    }  # fmt: skip
    return {**head, "systems": systems, **changed}


def of(rate=1.0, train="t", value=0.5):
    return {"ranges": {"x": {"low": rate}}, "tried": [{"train": train}, {"value": value}]}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "a.record.json"


def test_systems_of_other_calls_stay(file):
    add_to_record(file, record({"a": of()}, unfinished=["b", "c"]))
    whole = add_to_record(file, record({"b": of(2.0)}))
    assert {*whole["systems"]} == {"a", "b"} and whole["unfinished"] == ["c"]
    assert json.loads(file.read_text()) == whole
    again = add_to_record(file, record({"a": of(value=0.7)}))
    assert again["systems"]["a"]["tried"][1]["value"] == 0.7 and "b" in again["systems"]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (record({"b": of()}, task="paraphrase"), "task: 'dialogue', here 'paraphrase'"),
        (record({"b": of()}, budget_share=0.2), r"budget_share: 1\.0, here 0\.2"),
        (record({"a": of(), "b": of()}, trials=1), "trials: 2, here 1"),
        (record({"b": of()}, trials=3), "trials: 2, here 3"),
        (record({"a": of(rate=9.0)}), "ranges of a"),
        (record({"a": of(train="other")}), "another recipe, code or data of a"),
    ],
)
def test_another_search_does_not_replace_it(new, said, file):
    add_to_record(file, record({"a": of()}))
    before = file.read_bytes()
    with pytest.raises(UserError, match=said):
        add_to_record(file, new)
    assert file.read_bytes() == before


def test_more_trials_of_all_its_systems_replace_it(file):
    add_to_record(file, record({"a": of()}))
    assert add_to_record(file, record({"a": of(), "b": of()}, trials=3))["trials"] == 3


def test_more_trials_replace_it_one_system_after_the_other(file):
    add_to_record(file, record({"a": of(), "b": of()}))
    first = add_to_record(file, record({"a": of()}, trials=3, unfinished=["b"]))
    assert {*first["systems"]} == {"a"} and first["unfinished"] == ["b"]
    assert {*add_to_record(file, record({"a": of(), "b": of()}, trials=3))["systems"]} == {*"ab"}


RECORD = record({"a": of()})


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", '{"my": "results"}', '{"systems": {"a": {}}}', "é", '{"systems": {}}',
        json.dumps(RECORD | {"trials": "8"}), json.dumps(RECORD | {"unfinished": None}),
        json.dumps(RECORD | {"systems": {"a": {"tried": [{}]}}}),
        json.dumps(RECORD | {"systems": {"a": {"ranges": {}, "tried": [1]}}}),
        json.dumps(RECORD | {"systems": {"a": {"ranges": {}, "tried": []}}}),
    ],
)  # fmt: skip
def test_what_is_no_record_is_kept(text, file):
    file.write_text(text, encoding="latin-1")
    before = file.read_bytes()
    with pytest.raises(UserError, match=r"is no record of benchmark\.tune and is not replaced"):
        add_to_record(file, record({"a": of()}))
    assert file.read_bytes() == before


def test_two_writers_lose_nothing(file):
    names = [f"s{number}" for number in range(8)]
    writers = [
        threading.Thread(target=add_to_record, args=(file, record({name: of()}))) for name in names
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert {*json.loads(file.read_text())["systems"]} == {*names}
