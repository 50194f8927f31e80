"""The command: exit codes, sentences, caching, failures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.records.record_files import RecordFiles
from benchmark.report.build import write_texts
from benchmark.run import main
from benchmark.store.entries import Store
from benchmark.verify import main as verify

NANO = str(Path(__file__).parents[1] / "suites" / "nano.yaml")
QUICK = ["limits.train=40", "limits.test=3", "budget.updates=3", "training.validate_every=3"]


def without_figures(folder: Path) -> Path:
    """A report as `build_report` makes it, but for what Matplotlib needs seconds for."""
    write_texts(folder, folder)
    return folder / "index.html"


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*words: str, suite: str = NANO, drawn: bool = False) -> tuple[int, str, str]:
        with monkeypatch.context() as patched:
            if not drawn:
                patched.setattr("benchmark.report.build_report", without_figures)
            code = main(["--suite", suite, "--jobs", "1", *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def records(folder: Path = Path("reports/nano")) -> list[dict]:
    return [json.loads(line) for _, line in RecordFiles(folder / "records").trial_lines()]


def write_task(folder: Path, **splits: str) -> None:
    folder.mkdir(parents=True)
    for split, text in splits.items():
        (folder / f"{split}.jsonl").write_text(text)


@pytest.mark.slow
def test_from_nothing_to_a_report_and_from_the_cache(run):
    words = ["--task", "paraphrase", "--system", "transformer", "copy-source", "oracle"]
    code, out, _ = run(*words, "--set", *QUICK, drawn=True)
    assert code == 0
    report = Path(out.strip())
    assert report == Path("reports/nano/index.html") and report.stat().st_size > 10_000
    assert Path("reports/nano/records/cells/paraphrase.jsonl").exists()
    first = records()
    assert {line["status"] for line in first} == {"ok"}
    assert {line["system"] for line in first} == {"transformer", "copy-source", "oracle"}
    code, _, err = run(*words, "--set", *QUICK)
    assert code == 0 and "3 trials, 3 of them cached" in err
    assert records() == first

    # A new metric scores again and does nothing else.
    code, _, err = run(*words, "--set", *QUICK, "evaluation.metrics=[bleu_sent_m4]")
    assert code == 0 and "0 of them cached" in err
    assert [x["keys"]["generate"] for x in records()] == [x["keys"]["generate"] for x in first]
    assert set(records()[0]["score"]["metrics"]) == {
        "bleu_sent_m4", "validity", "coverage", "divergence",
    }  # fmt: skip

    # A new solver setting generates again and does not train again.
    code, _, _ = run(*words, "--set", *QUICK, "transformer.decoding.temperature=0.9")
    trained = {x["keys"]["train"] for x in first if x["keys"]["train"]}
    assert {x["keys"]["train"] for x in records() if x["keys"]["train"]} == trained

    code, _, err = run(*words, "--set", *QUICK, "--rerun", "all")
    assert code == 0 and "0 of them cached" in err


@pytest.mark.slow
def test_settings_are_chosen_on_the_valid_split(run):
    words = ["--task", "paraphrase", "--system", "transformer", "copy-source", "oracle"]
    code, _, _ = run(*words, "--set", *QUICK, "evaluation.valid_sources=4")
    assert code == 0
    for line in records():
        valid = line["valid"]
        assert valid["num_sources"] == 4
        assert valid["cost"]["wall_s"] >= 0
        assert valid["generate"] != line["keys"]["generate"]
        assert valid["measures"]["validity"]["expected"] is not None
    places = Path("reports/nano/tables/paraphrase-places.csv").read_text().splitlines()
    assert any(",depth," in row and "transformer" in row for row in places)
    assert any(",grammar," in row for row in places)
    # Without it, nothing of the test split is decoded again and nothing is held equal.
    code, _, err = run(*words, "--set", *QUICK)
    assert code == 0 and "3 trials, 3 of them cached" in err
    assert len(Path("reports/nano/tables/paraphrase-places.csv").read_text().splitlines()) == 1


@pytest.mark.slow
def test_deterministic_setting_has_one_candidate(run):
    code, _, _ = run(
        "--task", "paraphrase", "--system", "transformer",
        "--set", *QUICK, "transformer.decoding.method=greedy", "transformer.sweep={}",
    )  # fmt: skip
    assert code == 0
    (line,) = records()
    assert line["setting"]["kind"] == "single" and line["score"]["num_samples"] == 1
    assert line["score"]["metrics"]["self_bleu"]["statistics"]["set"]["value"] is None


def test_failed_cell_is_kept_and_the_others_go_on(run, tmp_path):
    (tmp_path / "broken_system.py").write_text(
        "from baselines.yardsticks import CopySource\n"
        "class Broken(CopySource):\n"
        "    id = 'broken'\n"
        "    def generate(self, *a, **k):\n"
        "        raise RuntimeError('out of ink')\n"
    )
    words = ["--task", "paraphrase", "--system", "broken_system:Broken", "copy-source"]
    code, _, err = run(*words)
    assert code == 1 and "out of ink" in err and "Traceback" not in err
    by_system = {line["system"]: line for line in records()}
    assert by_system["copy-source"]["status"] == "ok"
    assert by_system["broken"]["status"] == "failed"
    assert "out of ink" in by_system["broken"]["error"]
    (failure,) = Path("runs/generate").glob("*.failed.json")
    assert "Traceback" in json.loads(failure.read_text())["traceback"]
    code, _, err = run(*words, "--rerun", "failed")
    assert code == 1 and "out of ink" in err


@pytest.mark.slow
def test_failed_score_is_made_again(run, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("lost count")

    words = ["--task", "paraphrase", "--system", "copy-source"]
    with monkeypatch.context() as patched:
        patched.setattr("benchmark.scoring.candidate_scores.score_candidates", fail)
        code, _, err = run(*words)
    assert code == 1 and "lost count" in err
    code, _, err = run(*words, "--rerun", "failed")
    assert code == 0 and "1 trials, 0 of them cached" in err
    assert {line["status"] for line in records()} == {"ok"}


def test_a_store_that_cannot_be_written_serves_what_it_has(run, monkeypatch):
    words = ["--task", "dialogue", "--system", "copy-source", "--set", *QUICK]
    assert run(*words)[0] == 0

    def refuse(store):
        raise UserError("The store cannot be written.")

    monkeypatch.setattr(Store, "prepare", refuse)
    assert run(*words)[0] == 0
    assert run(*words, "--dry-run")[0] == 0
    other = ["--task", "dialogue", "--system", "reference", "--set", *QUICK]
    assert run(*other, "--dry-run")[0] == 0
    code, _, err = run(*other)
    assert code == 2 and "The store cannot be written." in err


def test_names_of_reports_are_no_paths(run):
    for name in ("../../x", "/tmp/x", ".."):
        code, _, err = run("--task", "dialogue", "--system", "copy-source", "--name", name)
        assert code == 2 and "give a name without slashes" in err
    code, _, err = run("--task", "dialogue", "--system", "copy-source", "--set", "name=../x")
    assert code == 2 and "The suite" in err and "give a name without slashes" in err
    assert not Path("runs").exists()


@pytest.mark.slow
def test_dry_run_makes_nothing(run):
    code, out, _ = run("--task", "all", "--dry-run", "--set", *QUICK)
    assert code == 0
    assert "paraphrase / transformer / seed 1: 2 settings, about" in out
    assert "14 trials" in out
    assert not Path("reports/nano").exists()
    run("--task", "paraphrase", "--system", "copy-source", "--set", *QUICK)
    _, out, _ = run("--task", "paraphrase", "--system", "copy-source", "--dry-run", "--set", *QUICK)
    assert "paraphrase / copy-source / seed 1: cached" in out


def test_records_without_a_page_are_rendered_later(run):
    words = ["--task", "paraphrase", "--system", "copy-source", "--set", *QUICK]
    code, out, _ = run(*words, "--records-only")
    folder = Path("reports/nano")
    assert code == 0 and out.strip().endswith(str(folder))
    assert (folder / "records" / "run.json").is_file()
    assert not (folder / "index.html").exists() and not (folder / "tables").exists()
    write_texts(folder, folder)
    assert (folder / "summary.md").is_file()
    (folder / "index.html").touch()
    _, _, err = run(*words, "--records-only")
    assert "the page is of older records: python -m benchmark.report reports/nano" in err


@pytest.mark.slow
def test_every_policy_of_one_checkpoint(run):
    words = ["--task", "paraphrase", "--system", "d3pm-absorbing", "copy-source"]
    words += ["--ablate", "policies", "--set", *QUICK, "d3pm-absorbing.why_size=because"]
    code, out, _ = run(*words, "--dry-run")
    assert code == 0 and "  ablation policies: " in out and "policy=stratified" in out
    code, _, err = run(*words)
    assert code == 0, err
    ablated = [x for x in records() if "ablation" in x["setting"]["roles"]]
    assert {x["system"] for x in ablated} == {"d3pm-absorbing"}
    assert len({x["keys"]["train"] for x in ablated}) == 1
    assert {x["setting"]["decoding"]["policy"] for x in ablated} >= {"ancestral", "stratified"}
    report = Path("reports/nano")
    table = (report / "tables/paraphrase-ablation-policies.md").read_text()
    assert "d3pm-absorbing, policy=stratified" in table
    assert "policy=stratified" not in (report / "tables/paraphrase.md").read_text()
    system = json.loads((report / "records/run.json").read_text())["systems"]["d3pm-absorbing"]
    assert (system["from_scratch"], system["why_size"]) == (True, "because")


@pytest.mark.slow
def test_seeds(run):
    code, _, _ = run(
        "--task", "dialogue", "--system", "oracle", "--seeds", "3", "4", "--set", *QUICK
    )
    assert code == 0 and {line["seed"] for line in records()} == {3, 4}


LINE = '{"src": "a b c", "trg": "c b a"}\n'


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--task", "parafrase"], "did you mean 'paraphrase'"),
        (["--task", "all", "--system", "transfromer"], "did you mean 'transformer'"),
        (["--task", "all", "--system", "nowhere:Mine"], "no module 'nowhere'"),
        (["--task", "all", "--set", "budgt.updates=3"], "did you mean 'budget'"),
        (["--task", "all", "--set", "diffuseq.widht=3"], "did you mean 'width'"),
        (["--task", "all", "--set", "diffuseq.decoding.nfes=3"], "did you mean 'nfe'"),
        (["--task", "all", "--set", "diffuseq.decoding.nfe=many"], "diffuseq.decoding.nfe"),
        (["--task", "all", "--set", "diffuseq.sweep={temprature: [1]}"], "'temperature'"),
        (["--task", "all", "--set", "evaluation.metrics=[bleuu_corpus]"], "bleu_corpus"),
        (["--task", "all", "--set", "evaluation.mbr_utility=rouge"], "rouge_l"),
        (["--task", "all", "--system", "all", "--ablate", "polices"], "did you mean 'policies'"),
        (["--task", "all", "--system", "oracle", "--ablate", "policies"], "there is none"),
        (["--task", "all", "--device", "tpu"], "use auto, cpu, cuda or cuda:1"),
        (["--task", "all", "--jobs", "0"], "--jobs 0"),
        (["--task", "all", "--store", "file/store"], "--store"),
        (["--task", "all", "--reports", "file/reports"], "--reports"),
    ],
)
def test_mistakes_get_one_sentence_and_exit_code_2(run, words, sentence):
    Path("file").write_text("")
    code, out, err = run(*words)
    assert code == 2 and out == ""
    assert sentence in err and err.startswith("error: ") and err.count("\n") == 1


def real_suite(tmp_path: Path) -> str:
    text = Path(NANO).read_text().replace("paraphrase:", "mine:").replace("dialogue:", "yours:")
    (tmp_path / "real.yaml").write_text(text.replace("oracle:", "reference:", 0))
    return str(tmp_path / "real.yaml")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ('{"src": "a", "trg": ', "test.jsonl"),
        ('{"src": "a"}\n', "trg"),
        ('{"src": "a", "trg": "  "}\n', "empty"),
        ("[1, 2]\n", "object"),
        ('{"src": 3, "trg": "a"}\n', "src"),
    ],
)
def test_bad_data_is_named_by_file_and_line(run, tmp_path, lines, reason):
    write_task(tmp_path / "data" / "mine", train=LINE, valid=LINE, test=LINE + lines)
    code, _, err = run("--task", "mine", "--data-dir", "data", suite=real_suite(tmp_path))
    assert code == 2 and err.count("\n") == 1
    assert reason in err and "test.jsonl" in err and "2" in err


def test_missing_data(run, tmp_path):
    suite = real_suite(tmp_path)
    for words in ([], ["--data-dir", "nowhere"]):
        code, _, err = run("--task", "mine", *words, suite=suite)
        assert code == 2 and "data" in err and err.count("\n") == 1
    write_task(tmp_path / "data" / "mine", test=LINE)
    for task, used, reason in (
        ("mien", suite, "There is no task 'mien' in suite"),
        ("mien", suite, "did you mean 'mine'?"),
        ("mine", "mini", "The suite mini has no recipe for 'mine'"),
    ):
        code, _, err = run("--task", task, "--data-dir", "data", suite=used)
        assert code == 2 and reason in err and err.count("\n") == 1


@pytest.mark.slow
def test_own_columns_are_read_and_verified(run, tmp_path, capsys):
    folder = tmp_path / "data" / "mine"
    folder.mkdir(parents=True)
    for split in ("train", "validation", "test"):
        (folder / f"{split}.csv").write_text("text,headline,more\na b,c,\nd e,f,g\n")
    suite = real_suite(tmp_path)
    words = ["--task", "mine", "--data-dir", "data", "--system", "copy-source"]
    code, _, err = run(*words, suite=suite)
    assert code == 2 and "test.csv" not in err and "name it with --source-key" in err
    keys = ["--source-key", "text", "--target-key", "headline", "--refs-key", "more"]
    code, out, err = run(*words, *keys, suite=suite)
    assert code == 0, err
    assert "columns of train, valid, test: sources from `text`, targets from `headline`" in err
    report = Path(out.strip()).parent
    assert verify([str(report), "--data-dir", "data"]) == 0
    # The same by the folder, and by the suite, is made already.
    (folder / "task.yaml").write_text("source_key: text\ntarget_key: headline\nrefs_key: more\n")
    code, _, err = run(*words, suite=suite)
    assert code == 0 and "1 of them cached" in err
    changes = ["--set", "source_key=headline", "target_key=text"]
    code, _, err = run(*words, *changes, suite=suite)
    assert code == 0 and "0 of them cached" in err and "sources from `headline`" in err


@pytest.mark.slow
def test_own_data_with_training(run, tmp_path):
    train = "".join(f'{{"src": "word{i} b c", "trg": "c b word{i}"}}\n' for i in range(30))
    write_task(tmp_path / "data" / "mine", train=train, valid=LINE, test=LINE + LINE)
    code, _, err = run(
        "--task", "mine", "--data-dir", "data", "--system", "transformer", "copy-source",
        "--set", "budget.updates=3", "tokenizer.kind=bpe", suite=real_suite(tmp_path),
    )  # fmt: skip
    assert code == 0, err
    assert {line["status"] for line in records()} == {"ok"}


def test_folder_that_no_suite_knows(run, tmp_path):
    write_task(tmp_path / "data" / "mine", train=LINE, test=LINE)
    words = ["--task", "mine", "--data-dir", "data", "--system", "copy-source"]
    code, _, err = run(*words, suite="small")
    assert code == 0, err
    code, _, err = run(*words, suite="mini")
    assert code == 2 and "The suite mini has no recipe for 'mine'" in err


def test_no_train_split_fails_the_trainable_cells_alone(run, tmp_path):
    write_task(tmp_path / "data" / "mine", test=LINE)
    code, _, err = run(
        "--task", "mine", "--data-dir", "data", "--system", "transformer", "copy-source",
        suite=real_suite(tmp_path),
    )  # fmt: skip
    assert code == 1 and "train split" in err and "Traceback" not in err
    assert {line["system"]: line["status"] for line in records()} == {
        "transformer": "failed",
        "copy-source": "ok",
    }


@pytest.mark.parametrize("word", ["0", "-5", "half", "1.5", "²", "0-alone", "-alone"])
def test_labels_that_are_no_number(run, capsys, word):
    with pytest.raises(SystemExit) as stopped:
        run("--task", "control", f"--labels={word}", suite="mini")
    assert stopped.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"python -m benchmark.run: error: argument --labels: {word!r} is no number of labels: write"
        " a whole number from 1, 200-alone, or all."
    )


def test_labels_of_a_task_without_attributes(run):
    words = ["--task", "paraphrase", "--system", "copy-source", "--labels", "5", "--dry-run"]
    code, out, err = run(*words, "--set", *QUICK)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].endswith(
        "--labels: no attributes are asked for in paraphrase, so there are no labels to learn: name"
        " a control task, or omit --labels."
    )


CONTROL_LIMITS = ["limits.train=40", "limits.valid=4", "limits.test=4", "tasks.control.labels=20"]


@pytest.mark.slow
def test_no_guided_system_learns_from_labels_alone(run):
    words = ["--task", "control", "--dry-run", "--labels", "5-alone", "--system", "latentops"]
    code, out, err = run(*words, "--set", *CONTROL_LIMITS, suite="mini")
    assert (code, out) == (2, "")
    assert err == (
        "error: --labels 5-alone: latentops is trained on all texts without their labels, never on"
        " labels alone: write --labels 5, or add a conditional system such as transformer.\n"
    )
    code, out, err = run(*words, "della", "bayes", "--set", *CONTROL_LIMITS, suite="mini")
    assert code == 0 and "control / bayes / seed 1 / labels 5-alone" in out
    assert err.count("latentops, della are trained on all texts without their labels and have") == 1
    code, _, err = run(*words[:-1], "bayes", "--set", *CONTROL_LIMITS, suite="mini")
    assert code == 0 and "trained on" not in err


@pytest.mark.slow
def test_labels_are_trials_of_their_own(run):
    words = ["--task", "control", "--system", "latentops", "copy-source", "--labels", "5", "all"]
    code, out, _ = run(*words, "--dry-run", "--set", *CONTROL_LIMITS, suite="mini")
    assert code == 0
    assert [line.partition(":")[0] for line in out.splitlines()[:-1]] == [
        "control / latentops / seed 1",
        "control / latentops / seed 1 / labels 5",
        "control / latentops / seed 1 / labels 40",
        "control / copy-source / seed 1",
    ]


@pytest.mark.slow
def test_changed_source_of_a_plug_in_is_said_and_makes_its_entries_stale(run, tmp_path):
    (tmp_path / "plugged_in.py").write_text(
        "from baselines.yardsticks import CopySource\n"
        "from plugged_part import WORDS\n"
        "class Mine(CopySource):\n"
        "    id = 'mine'\n"
    )
    (tmp_path / "plugged_part.py").write_text("WORDS = 1\n")
    words = ["--task", "paraphrase", "--system", "plugged_in:Mine", "--set", *QUICK]
    code, _, err = run(*words)
    assert code == 0 and "has changed" not in err
    (first,) = records()
    source = json.loads(Path("reports/nano/records/run.json").read_text())
    source = source["systems"]["mine"]["source"]
    assert (source["kind"], source["name"], source["files"]) == ("folder", "plugged_in", 2)
    assert source["made"] == [source["digest"]]
    summary = Path("reports/nano/summary.md").read_text()
    assert f"Source of mine: folder plugged_in, 2 files, digest {source['digest']}" in (summary)

    (tmp_path / "notes.jsonl").write_text("{}\n")
    assert "has changed" not in run(*words)[2]
    (tmp_path / "plugged_part.py").write_text("WORDS = 1  # a comment\n")
    for more in ([], ["--dry-run"]):
        code, _, err = run(*words, *more)
        assert code == 0 and err.count("the source of plugged_in:Mine (folder plugged_in)") == 1
        assert "has changed since 1 of its finished stages were made" in err
    assert (
        "some of what is shown was made by another source"
        in Path("reports/nano/summary.md").read_text()
    )
    assert verify(["reports/nano", "--quick"]) in (0, 1)
    assert [line["keys"] for line in records()] == [first["keys"]]

    code, _, err = run(*words, "--rerun", "stale")
    assert code == 0 and "0 of them cached" in err and "has changed" not in err
    code, _, err = run(*words)
    assert "1 of them cached" in err and "has changed" not in err


@pytest.mark.slow
def test_damaged_store_is_noticed_repaired_and_said_once(run):
    words = ["--task", "paraphrase", "--system", "copy-source", "oracle", "--set", *QUICK]
    assert run(*words)[0] == 0
    before = {p: p.read_bytes() for p in Path("reports/nano/records").rglob("*") if p.is_file()}
    candidates, *_ = sorted(Path("runs/generate").glob("*/candidates.jsonl"))
    candidates.write_text(candidates.read_text().partition("\n")[0] + "\n")
    for score in Path("runs/score").iterdir():
        if score.is_dir():
            shutil.rmtree(score)
    code, _, err = run(*words)
    assert code == 0 and err.count("is damaged (candidates.jsonl is not what was written)") == 1
    values, *_ = sorted(Path("runs/score").glob("*/values.jsonl"))
    values.write_text(values.read_text().replace("0", "1", 1))
    record, *_ = sorted(Path("runs/generate").glob("*/record.json"))
    record.write_text("{}")
    code, _, err = run(*words)
    assert code == 0 and err.count("is damaged (") == 2 and err.count("set aside as") == 2
    code, _, err = run(*words)
    assert code == 0 and "damaged" not in err and "2 trials, 2 of them cached" in err
    changes = {p for p, data in before.items() if p.read_bytes() != data}
    # The times of what was generated again are other times.
    assert {path.parent.name for path in changes} <= {"cells", "records"}
    scores = [line["score"] for line in records()]
    cells = before[Path("reports/nano/records/cells/paraphrase.jsonl")].decode().splitlines()
    assert scores == [json.loads(line)["score"] for line in cells]
