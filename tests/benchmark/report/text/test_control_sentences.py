from __future__ import annotations

from controlled import known_success, write_controlled

from benchmark.records.reader import read_records
from benchmark.report.data.control_points import find_unguided, kept_axis
from benchmark.report.data.points import Board
from benchmark.report.data.wording import write_value
from benchmark.report.text.control_sentences import describe_control
from benchmark.report.text.summary import write_sentences


def test_no_sentences_elsewhere(board):
    assert list(describe_control(board, "toy")) == []


def test_what_is_said_of_generation(controlled, control_board):
    said = list(describe_control(control_board, "toy"))
    base = sum(known_success(controlled, "latentops-strength=0-1").values()) / 4
    assert said[:2] == [
        "Guided: trained on texts alone, then steered by operators fitted to the labels in"
        " brackets: latentops (200 labels).",
        "Conditional: reads the control line, trained with the labels in brackets:"
        " transformer (200 labels).",
    ]
    assert said[2].startswith(f"Base rate, the success without guidance: latentops {base:.3f} [")
    assert said[3] == (
        "A candidate takes transformer 1 ms and latentops 6 ms on the machine of the run."
    )
    of = {s: known_success(controlled, f"{s}-main-1") for s in ("transformer", "latentops")}
    assert said[4].startswith(
        f"Success with 1 and with 4 attributes asked for: transformer {of['transformer'][1]:.3f} ["
    )
    assert f"latentops {of['latentops'][1]:.3f} [" in said[4]
    assert f"and {of['latentops'][4]:.3f} [" in said[4]
    assert len(said) == 5


def test_what_is_said_of_edits(edit_board):
    kept, point = kept_axis(edit_board, "toy"), edit_board.main("toy", "latentops")
    unguided = find_unguided(edit_board, "toy", "latentops")
    assert kept is not None and point is not None and unguided is not None
    *others, last = describe_control(edit_board, "toy")
    assert "attributes changed" in others[-1]
    assert last == (
        f"latentops keeps the content of {write_value(kept.read(point))} of the texts; without"
        f" guidance it gives back {write_value(kept.read(unguided))} of them, the ceiling of its"
        " edits."
    )


def test_edits_of_real_texts_stand_beside_the_reconstruction(tmp_path):
    folder = write_controlled(tmp_path / "x", edits=True, kept="source_bleu:case=lower")
    board = Board(read_records(folder))
    axis, point = kept_axis(board, "toy"), board.main("toy", "latentops")
    unguided = find_unguided(board, "toy", "latentops")
    assert axis is not None and point is not None and unguided is not None
    *_, last = describe_control(board, "toy")
    assert last == (
        f"BLEU with the text (source_bleu) of latentops: {write_value(axis.read(point))};"
        f" {write_value(axis.read(unguided))} without guidance, its reconstruction, the ceiling of"
        " its edits."
    )


def test_the_summary_holds_them(control_board):
    said = write_sentences(control_board, "toy")
    assert set(describe_control(control_board, "toy")) <= set(said)
    assert said[0].startswith("On success (control), latentops (")
