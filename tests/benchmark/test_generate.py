"""The command: texts of one's own, from words or a pipe."""

from __future__ import annotations

import io
import json
import shutil
import sys

import pytest

from benchmark import generate

pytestmark = pytest.mark.slow

TEXT = "test1 b c d e"


@pytest.fixture
def call(kept, capsys, monkeypatch):
    def call(*words: str, pipe: bytes | None = None, source=None) -> tuple[int, str, str]:
        if pipe is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pipe)))
        code = generate.main(["--from", str(source or kept.store), "--device", "cpu", *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_one_text_a_candidate_a_line(call):
    code, out, _ = call("--system", "transformer", TEXT, "-n", "4")
    assert code == 0 and len(out.splitlines()) == 4
    assert call(TEXT, "-n", "4")[1] == out
    assert call(TEXT, "-n", "4", "--sample-seed", "2")[1] != out


def test_several_texts_stand_above_their_candidates(call):
    alone = call(TEXT, "-n", "2")[1].splitlines()
    lines = call("valid0 b c", TEXT, "-n", "2")[1].splitlines()
    assert (lines[0], lines[3]) == ("valid0 b c", TEXT)
    assert [line.removeprefix("  ") for line in lines[4:]] == alone


def test_a_line_of_a_pipe_is_a_source(call):
    lines = call(pipe=f"{TEXT}\r\n\nvalid0 b\u2028c".encode())[1].split("\n")
    assert len(lines) == 4 and lines[0] == call(TEXT)[1].rstrip("\n")
    assert call(pipe=b"\xef\xbb\xbf" + TEXT.encode())[1] == call(TEXT)[1]


def test_json_is_what_score_reads(call, kept, tmp_path, monkeypatch, capsys):
    from benchmark import score

    monkeypatch.chdir(tmp_path)
    rows = [json.loads(line) for line in (kept.data / "mine" / "test.jsonl").open()]
    pipe = "".join(f"{row['src']}\n" for row in rows).encode()
    code, out, _ = call("-n", "2", "--json", pipe=pipe)
    assert code == 0
    (tmp_path / "outputs.jsonl").write_text(out)
    monkeypatch.setattr("benchmark.report.build_report", lambda folder: folder / "index.html")
    words = ["--task", "mine", "--data-dir", str(kept.data), "--system", "other"]
    metrics = ["--metrics", "rouge_l"]
    assert score.main(["outputs.jsonl", *words, *metrics]) == 0
    assert "25 sources, candidates per source: 2" in capsys.readouterr().out


def test_decoding_is_changed(call):
    words = (TEXT, "--decoding", "method=greedy")
    assert call(*words)[1] == call(*words, "--sample-seed", "7")[1]


@pytest.mark.parametrize(
    ("words", "pipe", "sentence"),
    [
        ([TEXT, "-n", "0"], None, "-n 0: use 1 or more."),
        ([TEXT, "--system", "transfromer"], None, "There is no trained transfromer in "),
        (["--decoding", "temperature=1", TEXT], None, "write KEY=VALUE, and texts before it."),
        ([TEXT, "--decoding", "temprature=1"], None, "did you mean 'temperature'"),
        ([], b"", "The input is empty"),
        ([], b"\xff\xfe", "The input is not UTF-8 (byte 0)"),
    ],
)
def test_wrong_calls_are_one_sentence(call, words, pipe, sentence):
    code, out, err = call(*words, pipe=pipe)
    assert (code, out) == (2, "") and sentence in err and err.count("\n") == 1


def test_a_terminal_is_no_pipe(call, monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", terminal)
    code, _, err = call()
    assert code == 2 and "No text is given" in err


def test_words_outside_the_vocabulary_and_a_missing_setting_are_said(call, kept, tmp_path):
    assert "vocabulary" not in call("b c d e")[2]
    said = call("never b seen")[2]
    assert "2 of the 3 tokens of the input are not in the vocabulary" in said
    (system,) = kept.store.glob("train/*/system")
    copy = shutil.copytree(system, tmp_path / "copy")
    assert "the default one" not in call("b c d e", source=copy)[2]
    facts = json.loads((copy / "diffuseq_bench.json").read_text())
    # A setting in which nothing can be chosen is one too.
    facts["setting"]["decoding"] = {}
    (copy / "diffuseq_bench.json").write_text(json.dumps(facts))
    assert "the default one" not in call("b c d e", source=copy)[2]
    (copy / "diffuseq_bench.json").unlink()
    assert "the default one is used" in call("b c d e", source=copy)[2]
