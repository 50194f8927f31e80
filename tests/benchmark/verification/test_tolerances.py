"""Records that were made on two devices: one is changed by hand."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import pytest

from benchmark.experiment.registry import load_system
from benchmark.records.record_files import RecordFiles
from benchmark.verification.raw_records import RawRecord, read_raw_report
from benchmark.verification.verdict import judge


@pytest.fixture
def pair(kept) -> tuple[RawRecord, RawRecord]:
    """A record, and the same as if made on a GPU with other weights and candidates."""
    stored = read_raw_report(kept.report).records[0]
    line, run = copy.deepcopy(dict(stored.line)), copy.deepcopy(dict(stored.run))
    for conditions in run["conditions"].values():
        conditions |= {"device": "cuda", "gpu": "some GPU"}
    line["training"]["system_digest"] = "other"
    line["score"]["candidates_digest"] = "other"
    return stored, replace(stored, line=line, run=run)


def expected(record: RawRecord) -> dict:
    return record.line["score"]["metrics"]["rouge_l"]["statistics"]["expected"]


def test_other_weights_may_give_other_candidates(pair):
    stored, fresh = pair
    found = judge(stored, fresh)
    assert found.verdict == "within bounds"
    assert any("device was cpu, is cuda" in remark for remark in found.remarks)
    for record, value in ((stored, 0.5), (fresh, 0.9)):
        record.line["valid"] = {"measures": {"rouge_l": {"expected": value}}}
    assert any("have no bound: valid" in remark for remark in judge(stored, fresh).remarks)
    assert judge(stored, fresh, exact=True).verdict == "differs"


@pytest.mark.parametrize(
    ("half_width", "moved", "verdict"),
    [
        (0.0, 0.0199, "within bounds"),
        (0.0, 0.0201, "differs"),
        (0.1, 0.1999, "within bounds"),
        (0.1, 0.2001, "differs"),
    ],
)
def test_a_score_moves_by_its_interval_or_a_share_of_its_range(pair, half_width, moved, verdict):
    stored, fresh = pair
    expected(stored).update(value=0.5, low=0.5 - half_width, high=0.5 + half_width)
    expected(fresh).update(value=0.5 + moved)
    assert judge(stored, fresh).verdict == verdict


def with_seeds(stored, *values):
    """The record beside trials with other seeds, and one that failed."""
    lines = [stored.line]
    for seed, value in enumerate(values, start=2):
        lines.append(copy.deepcopy(dict(stored.line)) | {"seed": seed})
        entry = lines[-1]["score"]["metrics"]["rouge_l"]
        entry["statistics"]["expected"]["value"] = value
    failed = dict(stored.line) | {"score": None, "cost": None, "statuses": {}, "seed": 9}
    return replace(stored, of_seeds=(*lines, failed))


def test_weights_of_another_training_may_lie_as_far_as_seeds_do(pair):
    stored, fresh = pair
    expected(stored).update(value=0.5, low=0.5, high=0.5)
    several = with_seeds(stored, 0.51, 0.49)
    # The interval of prediction of .51, .49 and the other: its middle is near .5, its reach
    # 6.2053, the quantile .9875 of two degrees of freedom, times .01 times the root of 1 + 1/3.
    reach = 6.2053 * 0.01 * math.sqrt(4 / 3)
    for moved, verdict in ((reach - 1e-5, "within bounds"), (reach + 1e-5, "differs")):
        expected(fresh).update(value=0.5 + moved)
        assert judge(several, fresh).verdict == verdict
        assert judge(stored, fresh).verdict == "differs", "one seed says nothing of others"
    fresh.line["training"]["system_digest"] = stored.line["training"]["system_digest"]
    expected(fresh).update(value=0.5 + 0.06)
    assert judge(several, fresh).verdict == "differs", "the same weights are no other seed"


def test_a_seed_that_failed_says_nothing_of_statuses(pair):
    stored, fresh = pair
    count = sum(stored.line["statuses"].values())
    stored.line["statuses"] = {"ok": count}
    several = with_seeds(stored, 0.5, 0.5)
    fresh.line["statuses"] = {"ok": 2 * count // 5, "empty": count - 2 * count // 5}
    assert "statuses" in {difference.part for difference in judge(several, fresh).differences}


@pytest.mark.parametrize("others", [(0.305,), (0.305, 0.31), (0.305, 0.31, 0.3, 0.32)])
@pytest.mark.parametrize("wrong", ["stored", "fresh"])
def test_an_outlier_does_not_widen_its_own_bound(pair, others, wrong):
    values = {"stored": 0.3, "fresh": 0.31} | {wrong: 0.95}
    for record, value in zip(pair, values.values(), strict=True):
        expected(record).update(value=value, low=value, high=value)
    stored, fresh = pair
    assert judge(with_seeds(stored, *others), fresh).verdict == "differs"


def test_sources_that_all_agree_may_be_fewer_by_the_rule_of_three(pair):
    stored, fresh = pair
    count = stored.line["score"]["num_sources"]
    expected(stored).update(value=1.0, low=1.0, high=1.0)
    for moved, verdict in ((2.9 / count, "within bounds"), (3.1 / count, "differs")):
        expected(fresh).update(value=1.0 - moved)
        assert judge(stored, fresh).verdict == verdict


@pytest.mark.parametrize(("moved", "verdict"), [(0.0999, "within bounds"), (0.1001, "differs")])
def test_with_the_same_weights_by_half_of_it(pair, moved, verdict):
    stored, fresh = pair
    fresh.line["training"]["system_digest"] = stored.line["training"]["system_digest"]
    expected(stored).update(value=0.5, low=0.4, high=0.6)
    expected(fresh).update(value=0.5 + moved)
    assert judge(stored, fresh).verdict == verdict


def test_score_that_is_undefined_in_one_record_is_beyond_bounds(pair):
    stored, fresh = pair
    expected(fresh).update(value=None)
    (found,) = judge(stored, fresh).differences
    assert (found.part, found.where) == ("score", "rouge_l expected")


def test_metric_with_another_signature_is_noted_and_not_compared(pair):
    stored, fresh = pair
    entry = fresh.line["score"]["metrics"]["rouge_l"]
    entry["signature"] += "|version:other"
    for value in (expected(stored)["value"] + 1.0, None):
        entry["statistics"]["expected"]["value"] = value
        found = judge(stored, fresh)
        assert found.verdict == "within bounds"
        assert any("rouge_l is a different metric now" in remark for remark in found.remarks)


def test_statistic_that_only_one_record_has_is_no_evidence_of_closeness(pair):
    stored, fresh = pair
    metrics = fresh.line["score"]["metrics"]
    for name in metrics.keys() - {"rouge_l"}:
        metrics[name]["signature"] += "|version:other"
    metrics["rouge_l"]["statistics"] = {"expected": expected(fresh)}
    expected(fresh)["value"] += 0.001
    assert any("rouge_l expected moved by 0.001" in r for r in judge(stored, fresh).remarks)
    metrics["rouge_l"]["statistics"] = {}
    found = judge(stored, fresh)
    assert found.verdict == "within bounds"
    assert not any("moved by" in remark for remark in found.remarks)


def test_number_of_updates_has_no_leeway(pair):
    stored, fresh = pair
    fresh.line["training"]["updates"] += 3
    where = [difference.where for difference in judge(stored, fresh).differences]
    assert where == ["updates moved by 3 (bound 0)"]


def test_loss_status_and_cost_are_bounded(pair):
    stored, fresh = pair
    line = copy.deepcopy(dict(fresh.line))
    for change in (
        {
            "training": line["training"]
            | {"valid_loss": 1.11 * stored.line["training"]["valid_loss"]}
        },
        {"training": line["training"] | {"updates": 2}},
        {"statuses": {"ok": 70, "empty": 5}},
        {"cost": line["cost"] | {"tokens": 1.06 * line["cost"]["tokens"]}},
        {"status": "failed", "error": "out of memory"},
        {"keys": line["keys"] | {"generate": "0" * 16}},
    ):
        found = judge(stored, replace(fresh, line=line | change))
        assert found.verdict == "differs", change


def test_the_share_of_a_status_may_move_by_its_interval(pair):
    stored, fresh = pair
    for count, ok, verdict in (
        (800, 713, "within bounds"),
        (800, 765, "differs"),
        (8, 5, "differs"),
    ):
        # Both ends of the interval of 713 of 800 lie .043 apart, those of 8 of 8 do not.
        before = {"ok": 713, "empty": 87} if count == 800 else {"ok": 8}
        one = replace(stored, line=dict(stored.line) | {"statuses": before})
        other = replace(
            fresh, line=dict(fresh.line) | {"statuses": {"ok": ok, "empty": count - ok}}
        )
        assert judge(one, other).verdict == verdict, (count, ok)
    line = dict(stored.line) | {"statuses": {"ok": 713, "empty": 87}}
    moved = dict(fresh.line) | {"statuses": {"ok": 729, "empty": 71}}
    assert judge(replace(stored, line=line), replace(fresh, line=moved)).verdict == "within bounds"


def test_equal_weights_have_to_give_equal_candidates(pair, tmp_path):
    stored, fresh = pair
    fresh.line["training"]["system_digest"] = stored.line["training"]["system_digest"]
    folder = tmp_path / "records"
    for kind in ("samples", "values", "events", "traces"):
        (folder / kind).mkdir(parents=True)
        for path in (stored.files.folder / kind).iterdir():
            (folder / kind / path.name).write_bytes(path.read_bytes())
    fresh = replace(fresh, files=RecordFiles(folder))
    assert judge(stored, fresh).verdict == "within bounds"
    path = folder / "samples" / f"{fresh.keys['generate']}.jsonl"
    rows = path.read_text().splitlines(keepends=True)
    changed = [row.replace('{"text": "', '{"text": "x') for row in rows[:2]]  # of 20
    path.write_text("".join(changed + rows[2:]))
    found = judge(stored, replace(fresh, files=RecordFiles(folder)))
    assert found.verdict == "differs"
    assert "with the same weights" in found.differences[0].where


@pytest.mark.parametrize(("part", "name"), [("training", "system_digest"), ("keys", "trace")])
def test_what_is_optional_is_compared_where_both_records_have_it(kept, part, name):
    stored = read_raw_report(kept.report).records[0]
    line, run = copy.deepcopy(dict(stored.line)), copy.deepcopy(dict(stored.run))
    assert line[part].pop(name) is not None
    fresh = replace(stored, line=line, run=run)
    assert judge(stored, fresh).verdict == "differs"  # the same code has to make it again
    run["code"]["digest"] = "other"
    for one, other in ((stored, fresh), (fresh, stored)):
        found = judge(one, other)
        assert found.verdict == "equal" and "only one of the records has" in found.remarks[0]
    line[part][name] = "other"
    assert (part, name) in [(d.part, d.where) for d in judge(stored, fresh).differences]


def test_training_that_a_clock_ended_is_held_to_bounds(kept):
    stored = read_raw_report(kept.report).records[0]
    line = copy.deepcopy(dict(stored.line))
    line["training"] |= {"ended_by": "seconds"}
    fresh = replace(stored, line=copy.deepcopy(line))
    fresh.line["training"]["updates"] = 4
    found = judge(replace(stored, line=line), fresh)
    assert found.verdict == "within bounds" and "a clock ended the training" in found.remarks[-1]


def test_a_training_that_no_other_processor_repeats_says_so(pair, monkeypatch):
    stored, fresh = pair
    expected(stored).update(value=0.5, low=0.4, high=0.6)
    system = load_system(stored.line["system"])
    usual = system.capabilities
    monkeypatch.setattr(system, "capabilities", replace(usual, unstable="it swings."))
    said = "this training is not reproducible across processors: it swings."
    expected(fresh).update(value=0.51)
    found = judge(stored, fresh)
    assert (found.verdict, said in found.remarks) == ("within bounds", True)
    expected(fresh).update(value=0.9)
    found = judge(stored, fresh)
    assert (found.verdict, found.remarks[0]) == ("cannot be checked", said)
    assert [d.where.split(" moved")[0] for d in found.differences] == ["rouge_l expected"]
    # It excuses neither equal weights, nor another setting, nor other processors of other systems.
    fresh.line["training"]["system_digest"] = stored.line["training"]["system_digest"]
    found = judge(stored, fresh)
    assert found.verdict == "differs" and said not in found.remarks
    fresh.line["training"]["system_digest"] = "other"
    monkeypatch.setattr(system, "capabilities", usual)
    assert judge(stored, fresh).verdict == "differs"
