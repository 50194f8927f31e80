from __future__ import annotations

from controlled import write_controlled

from benchmark.records.reader import read_records
from benchmark.report.data.control_points import (
    KEPT,
    SUCCESS,
    find_unguided,
    free_features,
    has_control,
    has_edits,
    has_label_curves,
    is_guided,
    judge_remarks,
    kept_axis,
    label_curve,
)
from benchmark.report.data.points import Board


def test_what_a_task_is(board, control_board, edit_board):
    of = {"plain": board, "control": control_board, "edits": edit_board}
    assert [name for name, b in of.items() if has_control(b, "toy")] == ["control", "edits"]
    assert [name for name, b in of.items() if has_edits(b, "toy")] == ["edits"]
    assert [name for name, b in of.items() if has_label_curves(b, "toy")] == ["control", "edits"]
    assert kept_axis(edit_board, "toy") == KEPT[0] and kept_axis(control_board, "toy") is None


def test_real_edits_keep_what_bleu_with_the_text_says(tmp_path):
    folder = write_controlled(tmp_path / "x", edits=True, kept="source_bleu:case=lower")
    board = Board(read_records(folder))
    axis = kept_axis(board, "toy")
    assert axis is not None and has_edits(board, "toy")
    assert (axis.metric, axis.label) == (
        "source_bleu:case=lower", "BLEU with the text (source_bleu)",
    )  # fmt: skip
    copy = board.main("toy", "copy-source")
    assert copy is not None and axis.read(copy).value == 1


def test_unguided_is_the_knob_at_nothing(control_board):
    point = find_unguided(control_board, "toy", "latentops")
    assert point is not None and (point.label, point.knob_value) == ("strength=0", 0.0)
    assert is_guided(control_board, "latentops")
    for conditional in ("transformer", "bayes", "oracle"):
        assert not is_guided(control_board, conditional)
        assert find_unguided(control_board, "toy", conditional) is None


def test_label_curves_rise_in_labels(control_board):
    curves = {
        system: [point.labels for point in label_curve(control_board, "toy", system)]
        for system in control_board.systems
    }
    assert curves == {
        "latentops": [50, 200, 1000], "transformer": [200, 1000], "bayes": [50, 200], "oracle": [],
    }  # fmt: skip
    alone = label_curve(control_board, "toy", "transformer", alone=True)
    assert [(point.label, point.labels) for point in alone] == [("labels=200-alone", 200)]
    latentops = label_curve(control_board, "toy", "latentops")
    assert latentops[1] is control_board.main("toy", "latentops"), "no point of the sweep"


def test_free_features(board, control_board):
    features = free_features(control_board, "toy")
    assert {name: axis.metric for name, axis in features.items()} == {
        "dish": "feature_divergence", "tense": "feature_divergence:of=tense",
    }  # fmt: skip
    latentops = control_board.main("toy", "latentops")
    assert latentops is not None and abs(features["tense"].read(latentops).value - 0.05) < 1e-9
    assert free_features(board, "toy") == {}


def test_judges_say_their_ceiling(tmp_path, control_board):
    folder = write_controlled(tmp_path / "x", edits=False, ceilings={"sentiment": 0.971})
    judged = Board(read_records(folder))
    assert judge_remarks(judged, "toy") == ("Judge of sentiment: right on 97.1%.",)
    assert judge_remarks(control_board, "toy") == ()
    assert SUCCESS.label == "success (control)"
