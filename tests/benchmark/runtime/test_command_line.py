from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.runtime.command_line import CommandParser, is_quiet, note, run_command


@pytest.fixture
def call(capsys, monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "")

    def call(act, *words, resumes=False):
        code = run_command(CommandParser("toy", "Toy."), act, words, resumes=resumes)
        return code, *capsys.readouterr()

    return call


def raising(error):
    def act(_options, _words):
        raise error

    return act


def test_the_exit_code_is_that_of_the_act(call):
    seen = []
    assert call(lambda options, words: seen.append((options.quiet, words)) or 1, "--quiet") == (
        1, "", "",
    )  # fmt: skip
    assert seen == [(True, ["--quiet"])]


def test_a_mistake_is_one_sentence_and_two(call):
    assert call(raising(UserError("No."))) == (2, "", "error: No.\n")
    assert call(raising(UserError("No.")), "--quiet") == (2, "", "error: No.\n")


def test_an_interruption_is_130_and_says_what_to_do(call):
    assert call(raising(KeyboardInterrupt()), resumes=True) == (
        130, "", "\ninterrupted; run the same command again to resume\n",
    )  # fmt: skip
    assert call(raising(KeyboardInterrupt())) == (130, "", "\ninterrupted\n")


def test_what_is_no_mistake_of_the_caller_is_not_hidden(call):
    with pytest.raises(BrokenPipeError):
        call(raising(BrokenPipeError()))
    with pytest.raises(ValueError, match="bug"):
        call(raising(ValueError("bug")))


def test_a_file_that_may_not_be_touched_is_named(call):
    refused = PermissionError(errno.EACCES, "Permission denied", "runs/train")
    said = "error: runs/train cannot be read or written: change its permissions.\n"
    assert call(raising(refused)) == (2, "", said)


def test_notes_are_printed_unless_quiet(call):
    def act(options, _words):
        assert is_quiet() == options.quiet
        note("so it is")
        return 0

    assert call(act) == (0, "", "so it is\n")
    assert call(act, "--quiet") == (0, "", "")
    assert call(act) == (0, "", "so it is\n")


@pytest.mark.slow
def test_a_reader_that_leaves_is_no_traceback():
    with subprocess.Popen(
        [sys.executable, "-m", "benchmark.ls"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


FULL = Path("/dev/full")


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="the system has no full device")
@pytest.mark.parametrize(
    ("word", "unbuffered"), [("systems", ""), ("systems", "1"), ("--help", "")]
)
def test_no_room_for_the_output_is_one_sentence(word, unbuffered):
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "benchmark.ls", word],
            stdout=full,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        )
    assert (done.returncode, done.stderr) == (
        2, b"error: The output cannot be written (No space left on device).\n",
    )  # fmt: skip


def test_arguments_that_are_not_utf_8_are_refused(call):
    code, _, err = call(lambda *_: 0, "--quiet", "caf\udce9.jsonl")
    assert code == 2
    assert err.endswith("udce9.jsonl' is not UTF-8: rename the file or folder that it names.\n")


def test_a_long_message_is_cut(call):
    code, _, err = call(raising(UserError(f"There is no {'x' * 100_000!r}: name another.")))
    assert code == 2 and len(err) < 300 and err.endswith("x': name another.\n")


def test_a_misspelt_flag_is_suggested(capsys):
    with pytest.raises(SystemExit) as exit_:
        CommandParser("toy", "Toy.").parse_args(["--quite"])
    assert exit_.value.code == 2
    assert "unrecognized arguments: --quite; did you mean --quiet?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "prog"),
    [
        ("/somewhere/bin/diffuseq-bench", "diffuseq-bench toy"),
        ("/somewhere/benchmark/run.py", "python -m benchmark.toy"),
    ],
)
def test_the_usage_names_what_was_called(script, prog, monkeypatch):
    monkeypatch.setattr(sys, "argv", [script])
    assert CommandParser("toy", "Toy.").format_usage().startswith(f"usage: {prog} [-h]")


def test_a_path_that_is_too_long_is_one_sentence(call):
    def act(_options, _words):
        return len(list((Path("x" * 5000) / "y").iterdir()))

    code, out, err = call(act)
    assert (code, out) == (2, "")
    assert err.startswith("error: The path 'xxx") and err.endswith("give a shorter one.\n")
    assert len(err) < 2100


def test_a_long_value_of_a_flag_is_cut(capsys):
    with pytest.raises(SystemExit):
        CommandParser("toy", "Toy.").parse_args(["--" + "x" * 5000])
    assert len(capsys.readouterr().err) < 2500
