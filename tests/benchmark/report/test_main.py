from __future__ import annotations

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.report.__main__ import main


def test_no_records_is_one_sentence_and_two(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: There are no records in")
    assert err.count("\n") == 1


def test_no_folder_is_usage():
    with pytest.raises(SystemExit) as exit_:
        main([])
    assert exit_.value.code == 2


def test_unknown_columns_are_one_sentence_and_nothing_is_written(tmp_path, capsys):
    folder = write_handmade(tmp_path / "x", [trial("a", bleu(0.5))])
    assert main([str(folder), "--columns", "cost.depht"]) == 2
    assert capsys.readouterr().err == (
        "error: No table has the column 'cost.depht': did you mean 'cost.depth'?\n"
    )
    assert [path.name for path in folder.iterdir()] == ["records"]


def test_columns_are_of_tables_and_not_of_the_papers_figures(tmp_path, capsys):
    assert main([str(tmp_path), "--figures", "paper", "--columns", "cost.depth"]) == 2
    assert "--columns" in capsys.readouterr().err
