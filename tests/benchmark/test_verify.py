"""The command: every verdict, exit codes, sentences; each on a report that was tampered with."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from benchmark.records.merged_trials import gather_trials
from benchmark.records.packing import pack_records
from benchmark.verify import main

pytestmark = pytest.mark.slow

COPY = ["--system", "copy-source"]
METHODS = "--quick", "--scores-only", "--against"


@pytest.fixture
def report(kept, tmp_path) -> Path:
    """A copy to tamper with."""
    shutil.copytree(kept.report, tmp_path / "report")
    return tmp_path / "report"


@pytest.fixture
def verify(kept, report, tmp_path, capsys):
    """Verify the copy; exit code, findings, and what was printed."""

    def call(*words: str, data: bool = True) -> tuple[int, list[dict], str]:
        found = tmp_path / "found.json"
        options = [] if {*METHODS} & {*words} else ["--jobs", "1", "--device", "cpu"]
        options += ["--data-dir", str(kept.data)] if data and "--against" not in words else []
        options += ["--output", str(found), *words]
        code = main([str(report), *options])
        captured = capsys.readouterr()
        findings = json.loads(found.read_text())["findings"] if code < 2 else []
        return code, findings, captured.out + captured.err

    return call


def verdicts(findings: list[dict]) -> set[str]:
    return {finding["verdict"] for finding in findings}


def trial_records(report: Path) -> list[dict]:
    text = (report / "records" / "cells" / "mine.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def write_trial_records(report: Path, lines: list[dict]) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (report / "records" / "cells" / "mine.jsonl").write_text(text)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def line_of(report: Path, system: str) -> dict:
    return next(line for line in trial_records(report) if line["system"] == system)


def samples_of(report: Path, system: str) -> Path:
    key = line_of(report, system)["keys"]["generate"]
    return report / "records" / "samples" / f"{key}.jsonl"


def change_values(report: Path, system: str, old: str, new: str, count: int = 1) -> None:
    key = line_of(report, system)["keys"]["score"]
    path = report / "records" / "values" / f"{key}.jsonl.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    assert old in text
    path.write_bytes(gzip.compress(text.replace(old, new, count).encode()))


# Rerun


def test_equal(verify, tmp_path):
    code, findings, out = verify("--store", str(tmp_path / "scratch"))
    assert code == 0 and verdicts(findings) == {"equal"}
    assert {f["subject"]["system"] for f in findings} == {"transformer", "copy-source"}
    assert "code: same as in the record" in out and "3 equal" in out
    # The store is of a verification: it may be used again, and nothing is made twice.
    made = {p: p.stat().st_mtime_ns for p in (tmp_path / "scratch").glob("*/*/record.json")}
    code, findings, _ = verify("--store", str(tmp_path / "scratch"))
    assert code == 0 and verdicts(findings) == {"equal"}
    assert made and all(path.stat().st_mtime_ns == then for path, then in made.items())


def test_tampered_candidate(verify, report):
    replace(samples_of(report, "copy-source"), '[{"text": "test3 b', '[{"text": "test3 x')
    code, (finding,), out = verify(*COPY)
    assert code == 1 and finding["verdict"] == "differs"
    (difference,) = finding["differences"]
    assert difference["part"] == "candidates" and " k 0 text" in difference["where"]
    assert (difference["stored"], difference["fresh"]) == ("test3 x c d e", "test3 b c d e")
    assert "the kept text was changed" in difference["where"]
    assert "'test3 x c d e' in the record, 'test3 b c d e' now" in out


def test_tampered_digest_of_the_candidates(verify, report):
    lines = trial_records(report)
    lines[-1]["score"]["candidates_digest"] = "0" * 64
    write_trial_records(report, lines)
    code, (finding,), _ = verify(*COPY)
    assert code == 1
    assert finding["differences"][0]["where"] == "beyond the kept ones, digest of all"


def test_tampered_score(verify, report):
    lines = trial_records(report)
    statistic = lines[-1]["score"]["metrics"]["bleu_sent_m4"]["statistics"]["expected"]
    before, statistic["value"] = statistic["value"], statistic["value"] + 1e-9
    write_trial_records(report, lines)
    code, (finding,), _ = verify(*COPY)
    (difference,) = finding["differences"]
    assert code == 1 and finding["verdict"] == "differs"
    assert difference["part"] == "score" and difference["fresh"] == before
    assert difference["where"] == "metrics bleu_sent_m4 statistics expected value"


def test_tampered_values(verify, report):
    change_values(report, "copy-source", '"length": [5.0', '"length": [6.0')
    code, (finding,), _ = verify(*COPY)
    (difference,) = finding["differences"]
    assert code == 1 and difference["part"] == "values"
    assert difference["where"].endswith("length 0")
    assert (difference["stored"], difference["fresh"]) == (6.0, 5.0)


def test_tampered_losses_and_costs(verify, kept, report):
    events = next((report / "records" / "events").iterdir())
    replace(events, '"tokens": ', '"tokens": 1')
    lines = trial_records(report)
    lines[0]["cost"]["rows"] += 1
    lines[0]["cost"]["wall_s"] += 1  # a clock: no matter
    write_trial_records(report, lines)
    words = ["--system", "transformer", "--use-store", str(kept.store)]
    code, findings, _ = verify(*words)
    assert code == 1
    assert [d["part"] for d in findings[0]["differences"]] == ["losses", "cost"]
    assert [d["part"] for d in findings[1]["differences"]] == ["losses"]


def test_trained_weights_are_taken_or_missed(verify, kept, tmp_path):
    code, findings, _ = verify("--system", "transformer", "--use-store", str(kept.store))
    assert code == 0 and verdicts(findings) == {"equal"}
    (tmp_path / "empty").mkdir()
    code, findings, out = verify("--use-store", str(tmp_path / "empty"))
    assert code == 1 and verdicts(findings) == {"equal", "cannot be checked"}
    assert "no trained weights with the key" in out


def other_torch(report: Path) -> None:
    path = report / "records" / "run.json"
    run = json.loads(path.read_text())
    for conditions in run["conditions"].values():
        conditions["versions"] = conditions["versions"] | {"torch": "1.0"}
    path.write_text(json.dumps(run))


def test_within_bounds_under_other_conditions(verify, report):
    other_torch(report)
    lines = trial_records(report)
    statistic = lines[-1]["score"]["metrics"]["bleu_sent_m4"]["statistics"]["expected"]
    statistic["value"] += 5e-6  # the candidates are equal
    write_trial_records(report, lines)
    code, (finding,), out = verify(*COPY)
    assert code == 0 and finding["verdict"] == "within bounds"
    assert "torch was 1.0" in out and "bleu_sent_m4 expected moved by 5e-06 (bound 1e-05)" in out
    code, (finding,), _ = verify(*COPY, "--exact")
    assert code == 1 and finding["verdict"] == "differs"


def test_beyond_bounds_under_other_conditions(verify, report):
    other_torch(report)
    lines = trial_records(report)
    statistic = lines[-1]["score"]["metrics"]["bleu_sent_m4"]["statistics"]["expected"]
    statistic["value"] += 2e-5
    write_trial_records(report, lines)
    change_values(report, "copy-source", '"length": [5.0', '"length": [6.0')
    replace(samples_of(report, "copy-source"), '[{"text": "test3 b', '[{"text": "test3 x')
    code, (finding,), _ = verify(*COPY)
    assert code == 1 and finding["verdict"] == "differs"
    assert [d["part"] for d in finding["differences"]] == ["candidates", "values", "score"]
    assert (
        finding["differences"][2]["where"] == "bleu_sent_m4 expected moved by 2e-05 (bound 1e-05)"
    )


def test_broken_file_is_beyond_all_bounds(verify, report):
    other_torch(report)
    key = line_of(report, "copy-source")["keys"]["score"]
    (report / "records" / "values" / f"{key}.jsonl.gz").write_bytes(b"none")
    code, (finding,), _ = verify(*COPY)
    assert code == 1 and finding["verdict"] == "differs"
    assert finding["differences"][0]["part"] == "files"


# Cannot be checked


def test_no_data(verify):
    code, findings, out = verify(data=False)
    assert code == 1 and verdicts(findings) == {"cannot be checked"}
    assert "data: " in out and "--data-dir" in out


def test_other_data(verify, kept, report, tmp_path):
    shutil.copytree(kept.data, tmp_path / "data")
    with (tmp_path / "data" / "mine" / "train.jsonl").open("a") as file:
        file.write('{"src": "one more", "trg": "more"}\n')
    code, findings, out = verify("--data-dir", str(tmp_path / "data"), data=False)
    assert code == 1 and verdicts(findings) == {"cannot be checked"}
    assert "different data: digest " in out
    assert "30 examples of train in the record, 31 here" in out


def test_system_that_is_not_installed(verify, report):
    for name in ("run.json", "cells/mine.jsonl"):
        replace(report / "records" / name, '"copy-source"', '"gone:Mine"')
    code, (finding,), _ = verify("--system", "gone:Mine")
    assert code == 1 and finding["verdict"] == "cannot be checked"
    assert finding["remarks"] == [
        "system: System 'gone:Mine': there is no module 'gone' to import."
    ]


def test_outputs_that_were_made_elsewhere(verify, report):
    write_trial_records(report, [line | {"outputs": {}} for line in trial_records(report)])
    code, (finding,), out = verify(*COPY)
    assert code == 1 and finding["verdict"] == "cannot be checked" and "made elsewhere" in out
    assert verify(*COPY, "--scores-only")[0] == 0


def test_report_of_outputs_alone(verify, report):
    write_trial_records(
        report, [line | {"outputs": {"sources": 25}} for line in trial_records(report)]
    )
    replace(report / "records" / "run.json", '"train": 30', '"train": 0')
    path = report / "records" / "run.json"
    run = json.loads(path.read_text())
    run["tasks"]["mine"]["digest"] = "of the answered sources"
    path.write_text(json.dumps(run))
    _, findings, out = verify("--quick")
    of_trials = [f for f in findings if "system" in f["subject"]]
    assert {f["verdict"] for f in of_trials} == {"equal"}
    assert "keys were not checked: its outputs were made elsewhere" in out
    assert verify("--scores-only")[0] == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 99}, "version 1 here, 99 in the record"),
        ({"config": {"dim": 7}}, "configuration: dim of transformer is 16 here, 7 in the record"),
    ],
)
def test_other_system(verify, report, change, reason):
    path = report / "records" / "run.json"
    run = json.loads(path.read_text())
    run["systems"]["transformer"] |= change
    path.write_text(json.dumps(run))
    code, findings, out = verify("--system", "transformer")
    assert code == 1 and verdicts(findings) == {"cannot be checked"} and reason in out


def test_other_keys_of_an_old_record(verify, report):
    path = report / "records" / "run.json"
    run = json.loads(path.read_text())
    for system in run["systems"].values():
        del system["version"], system["config"]
    path.write_text(json.dumps(run))
    lines = trial_records(report)
    lines[-1]["setting"]["decoding"] = {"gone": 1}
    lines[-1]["keys"]["generate"] = "0" * 16
    write_trial_records(report, lines)
    code, (finding,), _ = verify(*COPY)
    assert code == 1 and finding["verdict"] == "cannot be checked"
    assert finding["remarks"][0].startswith("decoding: gone is nothing here, 1 in the record")


def test_suite_of_other_code(verify, report):
    path = report / "records" / "run.json"
    run = json.loads(path.read_text())
    run["suite_yaml"] += "new_key: 1\n"
    path.write_text(json.dumps(run))
    code, findings, out = verify()
    assert code == 1 and verdicts(findings) == {"cannot be checked"}
    assert "the suite of the report cannot be read by this code" in out


# Without a model


def test_quick(verify):
    code, findings, _ = verify("--quick")
    assert code == 0 and verdicts(findings) == {"equal"}
    files = {f["subject"]["file"] for f in findings if "file" in f["subject"]}
    assert {"summary.md", "tables/mine.csv", "tables/mine-curves.csv"} <= files


def test_json_is_all_that_is_printed(verify):
    code, findings, out = verify("--quick", "--json")
    assert code == 0 and findings and json.loads(out)["findings"] == findings


def test_quick_sees_a_figure_that_was_changed(verify, report):
    path = report / "tables" / "mine.csv"
    value = str(line_of(report, "copy-source")["score"]["metrics"]["rouge_l"]["statistics"]
                ["expected"]["value"])  # fmt: skip
    replace(path, value, value[:-1] + str((int(value[-1]) + 1) % 10))
    code, findings, _ = verify("--quick")
    (bad,) = [f for f in findings if f["verdict"] != "equal"]
    assert code == 1 and bad["subject"] == {"file": "tables/mine.csv"}
    assert bad["verdict"] == "differs"


def test_quick_sees_a_score_that_does_not_follow_from_the_values(verify, report):
    lines = trial_records(report)
    lines[-1]["score"]["metrics"]["bleu_corpus"]["statistics"]["mbr"]["low"] += 1e-6
    write_trial_records(report, lines)
    code, findings, out = verify("--quick")
    assert code == 1 and "differs" in verdicts(findings)
    assert "bleu_corpus mbr low, recomputed from the kept values" in out


def test_quick_sees_broken_and_unknown_files(verify, report):
    key = line_of(report, "copy-source")["keys"]["score"]
    path = report / "records" / "values" / f"{key}.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-9])
    (report / "records" / "samples" / "unknown.jsonl").write_text("")
    code, findings, out = verify("--quick")
    assert code == 1
    assert f"records/values/{key}.jsonl.gz cannot be read" in out
    assert {"file": "records/samples/unknown.jsonl"} in [f["subject"] for f in findings]


def bad(findings: list[dict]) -> dict[str, str]:
    """What is wrong with the files, by name."""
    return {
        f["subject"]["file"]: f["verdict"]
        for f in findings
        if "file" in f["subject"] and f["verdict"] != "equal"
    }


def test_packed_records_are_verified_as_plain_ones(verify, report):
    pack_records(report)
    for words in (["--quick"], ["--scores-only"], COPY):
        code, findings, _ = verify(*words)
        assert code == 0 and verdicts(findings) == {"equal"}


def test_quick_misses_what_the_report_shows(verify, report):
    shutil.rmtree(report / "tables")
    (report / "figures" / "overview.png").unlink()
    code, findings, out = verify("--quick")
    ends = (".md", ".csv", ".tex")
    named = {f"tables/{name}{end}" for name in ("mine", "mine-cost") for end in ends}
    assert code == 1 and "it is missing: `python -m benchmark.report --figures all" in out
    assert {"figures/overview.png", *named} <= set(bad(findings))
    assert set(bad(findings).values()) == {"differs"}


def test_quick_misses_tables_where_the_summary_is_gone_too(verify, report):
    shutil.rmtree(report / "tables")
    (report / "summary.md").unlink()
    code, findings, _ = verify("--quick")
    assert code == 1
    assert {"summary.md", "tables/mine.md", "tables/mine.csv"} <= set(bad(findings))


def test_quick_misses_figures_of_the_papers(verify, report):
    (report / "paper").mkdir()
    (report / "paper" / "paper.md").write_text("![Figure 3](figure-3.png)\n")
    code, findings, _ = verify("--quick")
    assert code == 1 and bad(findings) == {"paper/figure-3.png": "differs"}


def test_file_without_figures_compares_nothing(verify, report):
    (report / "summary.md").write_text("All is well.\n")
    code, findings, out = verify("--quick")
    assert code == 1 and bad(findings) == {"summary.md": "cannot be checked"}
    assert "nothing was compared: it has no figures" in out


def test_files_of_plots_need_not_be_kept(verify, report):
    for name in ("mine-curves.csv", "mine-pairs.csv"):
        (report / "tables" / name).unlink()
    assert verify("--quick")[0] == 0


def test_quick_misses_a_metric_of_one_trial(verify, report):
    lines = trial_records(report)
    del lines[-1]["score"]["metrics"]["rouge_l"]
    write_trial_records(report, lines)
    code, _, out = verify("--quick", *COPY)
    assert code == 1 and "metrics that the score or the values lack" in out
    change_values(report, "copy-source", '"rouge_l"', '"gone"', count=-1)
    lines[-1]["score"]["metrics"]["gone"] = lines[0]["score"]["metrics"]["rouge_l"]
    write_trial_records(report, lines)
    code, _, out = verify("--quick", *COPY, data=False)
    assert code == 1 and 'score, metrics that are missing: ["rouge_l"]' in out


def test_quick_misses_a_metric_of_all_trials(verify, report):
    lines = trial_records(report)
    for line in lines:
        del line["score"]["metrics"]["rouge_l"]
        path = report / "records" / "values" / f"{line['keys']['score']}.jsonl.gz"
        rows = [json.loads(row) for row in gzip.decompress(path.read_bytes()).splitlines()]
        for row in rows:
            row["metrics"].pop("rouge_l", None)
        path.write_bytes(gzip.compress("".join(json.dumps(r) + "\n" for r in rows).encode()))
    write_trial_records(report, lines)
    code, _, out = verify("--quick")
    assert code == 1 and 'score, metrics that are missing: ["rouge_l"]' in out


def test_quick_misses_settings_and_trials_and_sees_lines_that_are_doubled(verify, report):
    lines = trial_records(report)
    code, _, out = verify("--quick")
    assert code == 0, out
    of_transformer = [line for line in lines if line["system"] == "transformer"]
    label = of_transformer[-1]["setting"]["label"]
    write_trial_records(report, [line for line in lines if line is not of_transformer[-1]])
    code, _, out = verify("--quick")
    assert code == 1 and 'settings, of the suite: "nothing"' in out.replace("'", '"')
    assert f"transformer / seed 1 / {label}" in out
    write_trial_records(report, [line for line in lines if line["system"] != "transformer"])
    code, _, out = verify("--quick")
    assert code == 1 and "transformer / seed 1 / all" in out and "of this system" in out
    write_trial_records(report, [*lines, lines[-1]])
    code, _, out = verify("--quick")
    assert code == 1 and "records, lines of this setting: 2 in the record, 1 now" in out


def test_a_merged_report_has_the_trials_that_each_of_its_runs_had(verify, report):
    path = report / "records" / "run.json"
    run = json.loads(path.read_text())
    trials = gather_trials(trial_records(report))

    def call(*merged: dict, **changed) -> tuple[int, str]:
        path.write_text(json.dumps(run | {"merged": merged} | changed))
        code, _, out = verify("--quick")
        return code, out

    code, out = call({"trials": trials})
    assert code == 0, out
    (task,) = trials
    code, out = call({"trials": trials}, {"trials": {task: {"transformer": [[2, ""]]}}})
    assert code == 1 and "transformer / seed 2 / all" in out and "seeds, of the merged" in out
    assert "copy-source / seed 2" not in out
    fewer = {task: {name: of for name, of in trials[task].items() if name != "transformer"}}
    code, out = call({"trials": fewer})
    assert code == 1 and "transformer / seed 1 / all" in out
    # Outputs of other people's systems are no trials of a run, whether they were scored before.
    lines = trial_records(report)
    scored = lines[-1] | {"seed": 5, "outputs": {"digest": "x"}}
    write_trial_records(report, [*lines, scored])
    for told in (trials, gather_trials([*lines, scored])):
        code, out = call({"trials": told})
        assert "of the merged" not in out
    write_trial_records(report, lines)
    # A report of 0.6.0 does not say: it is asked for all seeds of all systems.
    code, out = call({"run": "older"}, seeds=[*run["seeds"], 2])
    assert code == 1 and "copy-source / seed 2 / all" in out


def test_quick_sees_one_training_under_two_seeds(verify, report):
    lines = trial_records(report)
    of_transformer = [line for line in lines if line["system"] == "transformer"]
    again = [line | {"seed": 2} for line in of_transformer]
    write_trial_records(report, [*lines, *again])
    code, _, out = verify("--quick")
    assert code == 1 and "seed of the train entry" in out and "seed of the generate entry" in out


@pytest.mark.parametrize("method", ["--quick", "--scores-only"])
def test_a_report_of_several_suites_says_that_keys_are_not_checked(verify, report, method):
    path = report / "records" / "run.json"
    run = json.loads(path.read_text())
    trials = gather_trials(trial_records(report))
    path.write_text(json.dumps(run | {"suite_yaml": "", "merged": [{"trials": trials}]}))
    code, _, out = verify(method)
    assert code == 0 and "verify each of the reports that it is merged of" in out, out


@pytest.mark.parametrize(
    ("pattern", "part"),
    [("samples/*", "candidates, kept sources: 19 in the record, 20 now"),
     ("events/*", "losses, "), ("sources/*", "sources, lines")],
)  # fmt: skip
def test_quick_sees_lines_that_are_missing_or_doubled(verify, report, pattern, part):
    path = sorted((report / "records").glob(pattern))[0]
    packed = path.suffix == ".gz"
    lines = (gzip.decompress(path.read_bytes()) if packed else path.read_bytes()).splitlines(True)
    lines = lines[:-1] if pattern.startswith("samples") else [*lines, lines[-1]]
    data = b"".join(lines)
    path.write_bytes(gzip.compress(data) if packed else data)
    code, _, out = verify("--quick")
    assert code == 1 and part in out


@pytest.mark.parametrize("method", ["--quick", "--scores-only"])
def test_trials_of_which_nothing_was_compared(verify, report, method):
    lines = trial_records(report)
    for line in lines:
        line["score"]["metrics"] = {}
        path = report / "records" / "values" / f"{line['keys']['score']}.jsonl.gz"
        rows = [json.loads(row) for row in gzip.decompress(path.read_bytes()).splitlines()]
        text = "".join(json.dumps(row | {"metrics": {}}) + "\n" for row in rows)
        path.write_bytes(gzip.compress(text.encode()))
    write_trial_records(report, lines)
    code, findings, out = verify(method, data=False)
    of_trials = [f for f in findings if "system" in f["subject"]]
    assert code == 1 and verdicts(of_trials) == {"cannot be checked"}
    assert "nothing was compared" in out


def test_curves_along_a_generation(verify, kept, report):
    (path,) = (report / "records" / "traces").glob("*.json")
    kept_trace = json.loads(path.read_text())
    kept_trace["curves"]["bleu_sent_m4"]["expected"]["low"][0] += 0.01
    path.write_text(json.dumps(kept_trace))
    transformer = ["--system", "transformer", "--use-store", str(kept.store)]
    code, _, out = verify(*transformer)
    assert code == 1 and "trace, curves bleu_sent_m4 expected low 0:" in out
    kept_trace["curves"]["bleu_sent_m4"]["expected"]["low"].append(0.5)
    path.write_text(json.dumps(kept_trace))
    assert "trace, bleu_sent_m4 expected, steps" in verify("--quick")[2]
    path.rename(path.with_name("unknown.json"))
    code, findings, out = verify("--quick")
    assert code == 1 and f"records/traces/{path.name} is missing" in out
    assert {"file": "records/traces/unknown.json"} in [f["subject"] for f in findings]


def test_quick_needs_no_data(verify):
    code, findings, out = verify("--quick", data=False)
    assert code == 0 and verdicts(findings) == {"equal"} and "keys were not checked: data: " in out


def test_quick_sees_a_key_that_the_same_code_does_not_make(verify, report):
    lines = trial_records(report)
    old = lines[-1]["keys"]["score"]
    lines[-1]["keys"]["score"] = "0" * 16
    write_trial_records(report, lines)
    values = report / "records" / "values"
    (values / f"{old}.jsonl.gz").rename(values / f"{'0' * 16}.jsonl.gz")
    code, _, out = verify("--quick")
    assert code == 1 and f"score key {'0' * 16} in the record, {old} here" in out


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"mbr_index": 0', '"mbr_index": 3'),
        ('"length": [5.0', '"length": ["5.0"'),
        ('"length": [5.0', '"length": [5.0, 5.0'),
        ('"id": "', '"id": "x'),
    ],
)
def test_values_of_the_wrong_form(verify, report, old, new):
    change_values(report, "copy-source", old, new)
    for method in ("--quick", "--scores-only"):
        code, findings, _ = verify(method, *COPY)
        assert code == 1 and findings[0]["verdict"] == "differs"


def test_scores_only(verify, report):
    code, findings, _ = verify("--scores-only")
    assert code == 0 and verdicts(findings) == {"equal"}
    replace(samples_of(report, "copy-source"), '[{"text": "test3 b', '[{"text": "test3 x')
    code, (finding,), _ = verify("--scores-only", *COPY)
    (difference,) = finding["differences"]
    assert code == 1 and difference["part"] == "values"
    assert difference["where"].endswith("bleu_sent_m4 of the kept texts")


# Against another report


def test_against(verify, kept, report):
    code, findings, _ = verify("--against", str(kept.report), "--exact")
    assert code == 0 and verdicts(findings) == {"equal"}
    write_trial_records(report, [line | {"error": "x"} for line in trial_records(report)])
    code, findings, _ = verify("--against", str(kept.report))
    assert code == 1 and {d["part"] for f in findings for d in f["differences"]} == {"status"}


def test_against_a_report_that_lacks_trials(verify, kept, tmp_path):
    shutil.copytree(kept.report, tmp_path / "fewer")
    write_trial_records(tmp_path / "fewer", trial_records(kept.report)[:1])
    code, findings, _ = verify("--against", str(tmp_path / "fewer"))
    assert code == 1 and [f["verdict"] for f in findings].count("cannot be checked") == 2


# The call


def test_sample_is_drawn_by_its_seed(verify):
    drawn = [verify("--quick", "--sample", "1", "--sample-seed", str(n))[1] for n in (0, 0, 1, 2)]
    systems = [{f["subject"].get("system") for f in found} - {None} for found in drawn]
    assert all(len(found) == 1 for found in systems) and systems[0] == systems[1]
    assert len({*map(tuple, systems)}) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--task", "mien"], "did you mean 'mine'"),
        (["--system", "copy-sauce"], "did you mean 'copy-source'"),
        (["--sample", "0"], "--sample 0"),
        (["--jobs", "0"], "--jobs 0"),
        (["--device", "tpu"], "use auto, cpu, cuda or cuda:1"),
        (["--use-store", "nowhere"], "--use-store nowhere"),
        (["--output", f"{__file__}/found.json"], "name another with --output"),
        (["--output", str(Path(__file__).parent)], "is a folder: name a file"),
        (["--against", "nowhere"], "no records in nowhere"),
        (["--quick", "--use-store", "."], "--quick makes nothing again and does not use --use-s"),
        (
            ["--scores-only", "--exact"],
            "--scores-only makes nothing again and does not use --exact",
        ),
        (["--against", "x", "--device", "cpu"], "--against makes nothing again and does not use"),
        (["--sample-seed", "3"], "--sample-seed draws nothing without --sample N"),
    ],
)
def test_mistakes_get_one_sentence_and_exit_code_2(verify, words, sentence):
    code, _, out = verify(*words)
    assert code == 2 and sentence in out
    assert out.startswith("error: ") and out.count("\n") == 1


def test_store_of_a_run_is_not_compared_with_itself(verify, kept):
    code, _, out = verify("--store", str(kept.store))
    assert code == 2 and "--use-store" in out


def test_a_store_of_other_weights_or_code_is_not_taken_up(verify, kept, tmp_path):
    scratch = tmp_path / "scratch"
    moved = tmp_path / "moved"
    moved.symlink_to(kept.store, target_is_directory=True)
    words = ["--system", "transformer", "--store", str(scratch)]
    assert verify(*words, "--use-store", str(moved))[0] == 0
    refused = "is of a verification by other code or from other weights"
    code, _, out = verify(*words)
    assert code == 2 and refused in out
    shutil.copytree(kept.store, tmp_path / "other", symlinks=True)
    code, _, out = verify(*words, "--use-store", str(tmp_path / "other"))
    assert code == 2 and refused in out
    mark = scratch / "verification.txt"
    mark.write_text(mark.read_text().replace("code: ", "code: of before "))
    code, _, out = verify(*words, "--use-store", str(moved))
    assert code == 2 and refused in out


def test_no_report(capsys):
    assert main(["nowhere"]) == 2
    assert "There are no records in nowhere" in capsys.readouterr().err
