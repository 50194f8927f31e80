"""A task without spaces between words, from its files to the page."""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.records.record_files import RecordFiles
from benchmark.run import main

CHINESE = Path(__file__).parent / "chinese"
"""Questions and answers of a shop, written for this purpose by a list of phrases."""
DATA = Path(
    os.environ.get("DIFFUSEQ_BENCH_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")
)
SMALL = [
    "budget.updates=3", "training.validate_every=3", "training.batch=4",
    "evaluation.num_samples=2", "evaluation.valid_sources=null",
    "evaluation.mbr.candidates=null", "evaluation.interval.resamples=20",
    "transformer.dim=16", "transformer.heads=2", "transformer.ffn=16",
]  # fmt: skip

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str]:
        code = main(["--suite", "small", "--jobs", "1", "--name", "zh", *words])
        return code, capsys.readouterr().err

    return call


def read(folder: Path = Path("reports/zh")) -> tuple[dict[str, Any], dict[str, Any]]:
    """The run, and by system the statistics of every metric of its main setting."""
    files = RecordFiles(folder / "records")
    lines = [json.loads(line) for _, line in files.trial_lines()]
    scores = {
        line["system"]: {
            name: {what: of["value"] for what, of in metric["statistics"].items()}
            | {"signature": metric["signature"]}
            for name, metric in line["score"]["metrics"].items()
        }
        for line in lines
        if "main" in line["setting"]["roles"]
    }
    return json.loads(files.read("run.json")), scores


def notes(folder: Path = Path("reports/zh")) -> str:
    page = (folder / "index.html").read_text(encoding="utf-8")
    data = page[page.index("<h3>Data</h3>") :]
    return html.unescape(re.sub(r"<[^>]+>", " ", data[: data.index("</ul>")]))


@pytest.mark.slow
def test_a_chinese_task_is_counted_by_characters(run: Run) -> None:
    words = ["--task", "shop_replies", "--data-dir", str(CHINESE), "--set", *SMALL]
    code, _ = run("--system", "copy-source", "reference", "transformer", *words)
    assert code == 0
    _, scores = read()
    assert scores["reference"]["rouge_l"]["expected"] == 1.0
    assert scores["reference"]["bleu_sent_m4"]["expected"] == pytest.approx(1.0)
    rows = [json.loads(x) for x in (CHINESE / "shop_replies" / "test.jsonl").open(encoding="utf-8")]
    mean = sum(len(row["trg"]) for row in rows) / len(rows)
    assert scores["reference"]["length"]["expected"] == pytest.approx(mean)
    assert 0 < scores["copy-source"]["rouge_l"]["expected"] < 0.5
    assert "tok:characters" in scores["reference"]["div_4:case=lower"]["signature"]
    assert "characters, as the script of its references asks for" in notes()
    assert "do not fit" not in notes() and "do not come back" not in notes()


def test_the_recipe_and_the_folder_can_name_the_tokens(run: Run, tmp_path: Path) -> None:
    task = tmp_path / "data" / "shop_replies"
    task.mkdir(parents=True)
    for split in ("train", "valid", "test"):
        (task / f"{split}.jsonl").write_bytes(
            (CHINESE / "shop_replies" / f"{split}.jsonl").read_bytes()
        )
    words = ["--task", "shop_replies", "--data-dir", str(task.parent), "--system", "reference"]
    (task / "task.yaml").write_text("tokens: zh\n")
    code, _ = run(*words, "--records-only")
    run_record, scores = read()
    assert code == 0
    told = run_record["tasks"]["shop_replies"]["notes"]["sentences"]
    assert "Metrics of words count the tokens of sacreBLEU's `zh`, as its folder says." in told
    assert "|tok:zh|" in scores["reference"]["bleu_corpus:case=lower"]["signature"]
    assert scores["reference"]["rouge_l"]["expected"] == 1.0
    # The recipe has the last word.
    code, _ = run(*words, "--records-only", "--set", "tasks.shop_replies.tokens=words")
    run_record, scores = read()
    told = run_record["tasks"]["shop_replies"]["notes"]["sentences"]
    assert code == 0 and "|tok:13a|" in scores["reference"]["bleu_corpus"]["signature"]
    assert "Metrics of words count words between spaces, as its recipe says." in told


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tokens: chars\n", "there are no tokens 'chars': did you mean 'characters'?"),
        ("token: zh\n", "unknown key 'token': did you mean 'tokens'?"),
        ("- zh\n", "holds no keys: write a line such as tokens: zh"),
        ("tokens: [zh\n", "task.yaml cannot be read"),
    ],
)
def test_a_folder_that_says_something_else_is_refused(
    run: Run, tmp_path: Path, text: str, sentence: str
) -> None:
    task = tmp_path / "data" / "mine"
    task.mkdir(parents=True)
    (task / "test.jsonl").write_text('{"src": "a", "trg": "b"}\n')
    (task / "task.yaml").write_text(text)
    words = ["--task", "mine", "--data-dir", str(task.parent), "--system", "reference"]
    code, said = run(*words, "--dry-run")
    assert code == 2 and sentence in said and "task.yaml" in said


@pytest.mark.parametrize("task", ["shopping_zh", "shopping_zh-edit"])
@pytest.mark.slow
def test_real_chinese_from_end_to_end(run: Run, task: str) -> None:
    if not (DATA / "shopping_zh").is_dir():
        pytest.skip(f"real data not here: {DATA / 'shopping_zh'} (set DIFFUSEQ_BENCH_DATA)")
    limits = ["limits.train=200", "limits.valid=20", "limits.test=20"]
    words = ["--task", task, "--data-dir", str(DATA), "--set", *SMALL, *limits]
    code, said = run("--system", "copy-source", "transformer", *words)
    assert code == 0, said
    _, scores = read()
    lengths = scores["transformer"]["length"]
    assert "tok:characters" in lengths["signature"] and lengths["expected"] > 0
    if task == "shopping_zh-edit":
        # A copy of the text to edit is as long as a review is in characters, not one word.
        assert scores["copy-source"]["length"]["expected"] > 10
        assert scores["copy-source"]["copy_rate"]["expected"] == 1.0
    assert "Metrics of words count characters" in notes()
