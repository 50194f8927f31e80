from __future__ import annotations

import pytest

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
