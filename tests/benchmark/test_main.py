"""The commands by name, and what their flags mean."""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark import verify
from benchmark.__main__ import COMMANDS, main
from benchmark.runtime.command_line import flags_of

NANO = str(Path(__file__).parents[1] / "suites" / "nano.yaml")


def parser_of(command):
    return importlib.import_module(COMMANDS[command][0]).parser()


def flags(command):
    return flags_of(parser_of(command))


@pytest.fixture
def called(monkeypatch):
    """What the commands are called with, in place of what they do."""
    calls = []
    for name, (module, _) in COMMANDS.items():
        monkeypatch.setattr(
            f"{module}.main", lambda words, name=name: calls.append((name, *words)) or 7
        )
    return calls


@pytest.mark.parametrize("name", COMMANDS)
def test_a_flag_that_takes_several_may_be_given_several_times(name):
    several = {flag: of for flag, of in flags(name).items() if of.nargs in ("+", "*")}
    assert [
        flag for flag, of in several.items() if not isinstance(of, argparse._ExtendAction)
    ] == []


# The dispatcher


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_the_list_of_commands(words, capsys):
    assert main(words) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[:2] == "  "]
    assert listed == [
        "run", "status", "score", "report", "generate", "share", "data", "verify", "speed",
        "distil",
        "humaneval",
        "tune",
        "ls",
    ]  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_gets_its_words_and_gives_its_code(name, called, capsys):
    assert main([name, "--help", "x"]) == 7
    assert called == [(name, "--help", "x")]
    assert capsys.readouterr().err == ""


def test_no_command_is_run(called, capsys):
    assert main(["--task", "all"]) == 7
    assert capsys.readouterr().err == "note: no command given, running `diffuseq-bench run`\n"
    assert main(["--task", "all", "--quiet"]) == 7
    assert capsys.readouterr().err == ""
    assert called == [("run", "--task", "all"), ("run", "--task", "all", "--quiet")]


def test_a_misspelt_command(called, capsys):
    assert main(["verfy", "reports/mini"]) == 2 and called == []
    assert capsys.readouterr().err == (
        "error: There is no command 'verfy': did you mean 'verify'?\n"
    )


@pytest.mark.slow
def test_the_process(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "benchmark", "ls", "suites"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("suites:\n  equal ")


def test_help_and_version_import_nothing_heavy():
    code = (
        "import sys\n"
        "from benchmark.__main__ import COMMANDS, main\n"
        "main([]), main(['--version'])\n"
        "for words in [(name, flag) for name in COMMANDS for flag in ('--help', '--version')]:\n"
        "    try:\n"
        "        main(words)\n"
        "    except SystemExit as exit_:\n"
        "        assert exit_.code == 0\n"
        "heavy = {'torch', 'numpy', 'pandas', 'pydantic', 'yaml', 'tqdm', 'matplotlib'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("diffuseq-bench 0.") == len(COMMANDS) + 1


# The flags

ONE_MEANING = {
    # flag: the commands that have it, and the name of its value (None = a switch)
    "--help": (set(COMMANDS), None),
    "--version": (set(COMMANDS), None),
    "--quiet": (set(COMMANDS), None),
    "--json": ({"data", "generate", "ls", "speed", "status", "verify"}, None),
    "--output": (
        {"data", "distil", "humaneval", "report", "share", "speed", "verify"},
        {"DIR", "FILE"},
    ),
    "--report": ({"score"}, {"DIR"}),
    "--reports": ({"run"}, {"DIR"}),
    "--name": ({"run"}, {"NAME"}),
    "--new-task": ({"distil"}, {"TASK"}),
    "--from": ({"generate", "share"}, {"RUN"}),
    "--seed": ({"distil", "generate", "humaneval", "score", "share"}, {"N"}),
    "--seeds": ({"run"}, {"N"}),
    "--sample-seed": ({"generate", "verify"}, {"N"}),
    "--decoding": ({"distil", "generate"}, {"KEY=VALUE"}),
    "--source-key": ({"data", "run"}, {"NAME"}),
    "--target-key": ({"data", "run"}, {"NAME"}),
    "--refs-key": ({"data", "run"}, {"NAME"}),
    "--store": (
        {"distil", "generate", "run", "score", "share", "status", "verify", "tune"},
        {"DIR"},
    ),
    "--use-store": ({"verify"}, {"DIR"}),
    "--task": (
        {"distil", "generate", "humaneval", "run", "score", "share", "verify", "tune"},
        {"TASK"},
    ),
    "--system": (
        {"distil", "generate", "humaneval", "run", "score", "share", "verify", "tune"},
        {"SYSTEM"},
    ),
    "--suite": ({"data", "distil", "run", "score", "tune"}, {"SUITE"}),
    "--set": ({"data", "distil", "run", "score", "tune"}, {"KEY=VALUE"}),
    "--data-dir": ({"distil", "run", "score", "verify", "tune"}, {"DIR"}),
    "--device": ({"distil", "generate", "run", "verify", "tune"}, {"DEVICE"}),
    "--jobs": ({"run", "verify"}, {"N"}),
    "--dry-run": ({"run", "tune"}, None),
}


@pytest.mark.parametrize("flag", ONE_MEANING)
def test_a_flag_means_one_thing(flag):
    commands, values = ONE_MEANING[flag]
    having = {name: flags(name)[flag] for name in COMMANDS if flag in flags(name)}
    assert set(having) == commands
    assert len({action.type for action in having.values()}) == 1
    assert len({action.dest for action in having.values()}) == 1
    shown = {action.metavar or action.dest.upper() for action in having.values()}
    assert shown == values if values else {action.nargs for action in having.values()} == {0}


def test_what_several_commands_have_is_in_the_table():
    having = [flag for name in COMMANDS for flag in flags(name)]
    assert {flag for flag in having if having.count(flag) > 1} - {"-h"} <= set(ONE_MEANING)


TEACHER = ["--task", "qqp", "--system", "gpt2"]
EXPORT = ["export", "kept", "--task", "qqp"]


@pytest.mark.parametrize(
    ("command", "words", "name", "value"),
    [
        ("run", ["--seed", "3", "4"], "seeds", [3, 4]),
        ("score", ["--task", "qqp", "--name", "mine"], "system", "mine"),
        ("distil", [*TEACHER, "--out", "here"], "output", Path("here")),
        ("distil", [*TEACHER, "--name", "easier"], "new_task", "easier"),
        ("humaneval", [*EXPORT, "--out", "here"], "output", Path("here")),
        ("report", ["kept", "--out", "here"], "output", Path("here")),
        ("speed", ["--out", "speed.json"], "output", Path("speed.json")),
    ],
)
def test_former_spellings_are_accepted_and_not_shown(command, words, name, value):
    assert getattr(parser_of(command).parse_args(words), name) == value
    former = words[-2] if command != "run" else words[0]
    assert former not in flags(command) and f"{former} " not in parser_of(command).format_help()


def test_json_of_verify_was_a_file():
    def parsed(*words):
        options = verify.parser().parse_args(verify.replace_json_flag(["reports/mini", *words]))
        return options.json, options.output

    assert parsed("--json", "found.json") == (False, Path("found.json"))
    assert parsed("--json") == (True, None)
    assert parsed("--json", "--output", "found.json") == (True, Path("found.json"))
    assert verify.replace_json_flag(["--json", "reports/mini"]) == ["--json", "reports/mini"]


def test_flags_are_not_abbreviated(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["run", "--task", "all", "--report", "here"])
    assert exit_.value.code == 2
    assert "unrecognized arguments: --report here; did you mean --reports?" in (
        capsys.readouterr().err
    )


# Flags of `run` that all of it has to keep


@pytest.mark.slow
def test_quiet_leaves_the_path_of_the_report(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TQDM_DISABLE", "")
    monkeypatch.setattr("benchmark.report.build_report", lambda folder: folder / "index.html")
    words = ["--suite", NANO, "--task", "dialogue", "--system", "copy-source", "--jobs", "1"]
    assert main(["run", *words, "--quiet"]) == 0
    assert capsys.readouterr() == ("reports/nano/index.html\n", "")
    assert main(["run", *words]) == 0
    assert capsys.readouterr().err == "1 trials, 1 of them cached\n"
    assert main(["run", *words, "--quiet", "--task", "dialouge"]) == 2
    assert capsys.readouterr().err.startswith("error: There is no task 'dialouge'")


@pytest.mark.slow
def test_show_config_is_a_suite_with_nothing_left_open(tmp_path, monkeypatch, capsys):
    from benchmark.experiment.suite import load_suite

    monkeypatch.chdir(tmp_path)
    words = ["--suite", NANO, "--show-config"]
    changes = ["diffuseq.layers=1", "budget.updates=1e2", "training.learning_rate=1e-5"]
    assert main(["run", *words, "--seeds", "4", "5", "--set", *changes]) == 0
    shown = capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
    Path("shown.yaml").write_text(shown)
    suite = load_suite("shown.yaml")
    assert (suite.seeds, suite.budget.updates, suite.training.learning_rate) == ([4, 5], 100, 1e-5)
    diffuseq = suite.systems["diffuseq"]
    assert diffuseq.config["layers"] == 1 and diffuseq.config["schedule"] == "sqrt"
    assert {"nfe", "solver"} <= set(diffuseq.decoding)
    assert main(["run", "--suite", "shown.yaml", "--show-config"]) == 0
    assert capsys.readouterr().out == shown
    assert main(["run", *words, "--set", "gpt2.layer=3"]) == 2
    assert "did you mean 'layers'" in capsys.readouterr().err


@pytest.mark.slow
def test_the_shown_config_has_the_labels_of_its_tasks(capsys):
    import yaml

    words = ["run", "--suite", "mini", "--show-config", "--system", "copy-source"]
    assert main([*words, "--task", "control", "--labels", "50", "200-alone", "all"]) == 0
    tasks = yaml.safe_load(capsys.readouterr().out)["tasks"]
    assert tasks["control"]["label_sweep"] == [50, "200-alone", None]
    assert tasks["control-edit"]["label_sweep"] == []
    assert main([*words, "--labels", "50"]) == 2
    assert "--task is missing" in capsys.readouterr().err


def test_run_wants_a_task(capsys):
    assert main(["run"]) == 2
    assert capsys.readouterr().err == (
        "error: --task is missing: name the tasks to run, or use all.\n"
    )
