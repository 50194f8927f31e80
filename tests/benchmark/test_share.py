"""The command: a folder with a card, which `benchmark.generate` reads."""

from __future__ import annotations

import pytest

from benchmark import generate, share

pytestmark = pytest.mark.slow


def test_the_folder_is_read_again(kept, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["--from", str(kept.report), "--store", str(kept.store)]
    assert share.main([*words, "--system", "transformer"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "transformer-mine\n"
    assert "to upload it: hf upload OWNER/NAME transformer-mine" in captured.err
    assert "| `rouge_l` | expected |" in (tmp_path / "transformer-mine" / "README.md").read_text()
    assert generate.main(["--from", "transformer-mine", "test1 b c d e", "-n", "3"]) == 0
    shared = capsys.readouterr().out
    assert generate.main([*words, "test1 b c d e", "-n", "3"]) == 0
    assert capsys.readouterr().out == shared
    assert share.main(words) == 2
    assert "transformer-mine exists: name another folder" in capsys.readouterr().err
