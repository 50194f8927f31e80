from __future__ import annotations

import csv
import io
import json

import pytest
from handmade import BLEU, bleu, self_bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.figures.cost_curves import NFE, draw_cost
from benchmark.report.figures.figure_files import use_style
from benchmark.report.figures.frontier import draw_frontier
from benchmark.report.tables.ablation_table import build_ablation_table, write_variant_labels
from benchmark.report.tables.cost_table import build_cost_table
from benchmark.report.tables.latex_table import to_latex
from benchmark.report.tables.renderers import to_csv, to_markdown
from benchmark.report.tables.supplementary_tables import supplementary_names
from benchmark.report.tables.table import DASH, build_table

MAIN = {"policy": "ancestral", "eta": 0.0, "nfe": 8}


def variant(system, label, value, *, roles=("ablation",), decoding=None, **facts):
    line = trial(
        system, bleu(value) | self_bleu(0.5), label=label, roles=roles,
        decoding=MAIN | (decoding or {}), **facts,
    )  # fmt: skip
    line["setting"]["ablations"] = ["policies"]
    line["cost"]["rows"] = 7.5
    return line


@pytest.fixture
def trials():
    return [
        variant("a", "main", 0.30, roles=("main", "ablation")),
        variant("a", "policy=remask, eta=0.1", 0.50, decoding={"policy": "remask", "eta": 0.1}),
        variant("a", "policy=top", 0.495, decoding={"policy": "top"}, depth=3),
        # Its main setting is no variant, and stands beside the only one.
        trial("b", bleu(0.9), decoding=MAIN | {"policy": "own"}),
        variant("b", "policy=top", 0.20, decoding={"policy": "top"}),
        trial("plain", bleu(0.6)),
        trial("copy-source", bleu(0.55), family="yardstick", kind="single"),
    ]


@pytest.fixture
def ablated(tmp_path, trials) -> Board:
    # The answers of one variant vary too much to be told apart from the best.
    swings = {"a-policy=top": 0.1}
    values = {}
    for line in trials:
        name = f"{line['system']}-{line['setting']['label']}"
        mean = line["score"]["metrics"][BLEU]["statistics"]["expected"]["value"]
        found = [mean + swings.get(name, 0.0) * (-1) ** i for i in range(30)]
        values[f"score-{name}-1"] = [{BLEU: [value, value]} for value in found]
    return Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))


def test_rows_are_systems_by_variants(ablated):
    table = build_ablation_table(ablated, "toy", "policies")
    assert table.title == "One checkpoint, every policy"
    assert [row.name for row in table.rows] == [
        "a, policy=ancestral (main)",
        "a, policy=remask, eta=0.1",
        "a, policy=top",
        "b, policy=own (main)",
        "b, policy=top",
    ]
    assert [c.id for c in table.columns] == [
        "bleu_sent_m4.expected", "bleu_sent_m4.mbr", "bleu_sent_m4.oracle", "self_bleu.set",
        "cost.depth", "cost.rows", "cost.seconds_per_candidate",
    ]  # fmt: skip


def test_bold_compares_what_shares_a_checkpoint(ablated):
    rows = build_ablation_table(ablated, "toy", "policies").rows
    bold = [row.name for row in rows if row.entries["bleu_sent_m4.expected"].bold]
    assert bold == ["a, policy=remask, eta=0.1", "a, policy=top", "b, policy=own (main)"]


@pytest.mark.slow
def test_main_table_and_curves_leave_variants_out(ablated):
    assert [row.system for row in build_table(ablated, "toy").rows] == [
        "a", "b", "plain", "copy-source",
    ]  # fmt: skip
    assert ablated.main("toy", "a").measure("bleu_sent_m4").value == 0.30
    assert ablated.sweeps("toy", "a") == ()
    assert ablated.nfe_curve("toy", "a") == ()
    with use_style():
        grids = [draw_frontier(ablated, "toy"), draw_cost(ablated, "toy", NFE)]
    heights = {
        float(y)
        for grid in grids
        for panel in grid.panels
        for line in panel.ax.lines
        if line.get_marker() not in ("None", None, "")
        for y in line.get_ydata()
    }
    assert {0.3, 0.9} <= heights
    assert not {0.5, 0.495, 0.2} & heights


def test_every_rendering_tells_the_variants(ablated):
    table = build_ablation_table(ablated, "toy", "policies")
    assert "| a, policy=remask, eta=0.1 | **0.500** ±0.010 |" in to_markdown(table)
    rows = list(csv.DictReader(io.StringIO(to_csv(table))))
    assert [(row["system"], row["setting"]) for row in rows][2] == ("a", "policy=top")
    assert rows[2]["score_keys"] == "score-a-policy=top-1"
    text = to_latex(table)
    assert r"\label{tab:toy-ablation-policies}" in text
    assert r"a, policy=remask, eta=0.1 & \textbf{0.500}" in text


def test_labels_without_a_common_field(tmp_path):
    trials = [
        variant("a", "main", 0.3, roles=("main",)),
        variant("a", "eta=1", 0.3, decoding={"eta": 1.0}),
        variant("a", "policy=x", 0.3, decoding={"policy": "x"}),
        variant("a", "eta=True", 0.3, decoding={"eta": True}),
    ]
    board = Board(read_records(write_handmade(tmp_path / "x", trials)))
    assert write_variant_labels(board.of("toy", "a")) == [
        "policy=ancestral, eta=0 (main)", "policy=ancestral, eta=1", "policy=x, eta=0",
        "policy=ancestral, eta=True",
    ]  # fmt: skip


def test_a_variant_that_is_the_main_setting_alone(tmp_path):
    trials = [variant("a", "temperature=0.7", 0.3, roles=("main", "ablation"))]
    board = Board(read_records(write_handmade(tmp_path / "x", trials)))
    assert write_variant_labels(board.of("toy", "a")) == ["temperature=0.7 (main)"]


def test_no_ablation_no_table(board):
    assert supplementary_names(board.records, "toy") == ("frontier", "significance", "cost")


def trained(system, updates, total, *, seed=1):
    return trial(system, bleu(0.5), seed=seed) | {
        "keys": {"train": f"t-{system}-{seed}", "generate": f"generate-{system}-main-{seed}",
                 "score": f"score-{system}-main-{seed}"},
        "training": {"updates": updates, "tokens": 2_500_000, "seconds": 80.0},
        "parameters": {"total": total, "embedding": 50_000},
        "cost": {"depth": 10, "rows": 10.25, "seconds_per_candidate": 0.0125},
    }  # fmt: skip


def test_cost_table_known_answer(tmp_path):
    trials = [
        trained("a", 1000, 400_000), trained("a", 500, 400_000, seed=2),
        trained("b", 700, 401_500),
        trial("fixed", bleu(0.2), family="yardstick", kind="single", depth=0),
    ]  # fmt: skip
    board = Board(read_records(write_handmade(tmp_path / "x", trials)))
    table = build_cost_table(board, "toy")
    lines = to_markdown(table).splitlines()
    assert (
        "| System | Total, thousand | Embedding, thousand | Other, thousand | Updates"
        " | Tokens, million | Time, s | NFE ↓ | Rows, per cand. ↓ | Time, ms ↓ |" in lines
    )
    assert "| a | 400.0 | 50.0 | 350.0 | 750 | 2.5 | 80 | 10 | 10.2 | 12.5 |" in lines
    dashes = f"{DASH} | " * 6
    assert f"| fixed | {dashes}0 | {DASH} | 12.5 |" in lines
    assert any("lie within 0.4 % of one another" in line for line in lines)
    row = next(csv.DictReader(io.StringIO(to_csv(table))))
    assert row["train_keys"] == "t-a-1 t-a-2"
    assert float(row["parameters.other"]) == 350_000
    text = to_latex(table)
    assert text.count(r"\begin{table*}") == 1
    assert r"\label{tab:toy-cost}" in text


def test_cost_table_says_what_did_not_fit(tmp_path):
    def with_statuses(line, **statuses):
        return line | {"statuses": statuses}

    trials = [
        with_statuses(trial("a", bleu(0.5)), ok=90, truncated=6, unfinished=4),
        with_statuses(trial("a", bleu(0.5), seed=2), ok=100),
        with_statuses(trial("b", bleu(0.5)), ok=99, empty=1),
    ]
    table = build_cost_table(Board(read_records(write_handmade(tmp_path / "x", trials))), "toy")
    shares = {
        row.system: {
            name: row.entries[f"statuses.{name}"].interval.value
            for name in ("truncated", "unfinished")
        }
        for row in table.rows
    }
    assert shares["a"] == {"truncated": 0.03, "unfinished": 0.02}
    assert shares["b"] == {"truncated": 0.0, "unfinished": 0.0}
    lines = to_markdown(table)
    assert "| Cut, % | Endless, % |" in lines and "| 3.0 | 2.0 |" in lines
    assert "whose source was cut to fit" in table.caption
    whole = [with_statuses(trial("a", bleu(0.5)), ok=100)]
    table = build_cost_table(Board(read_records(write_handmade(tmp_path / "y", whole))), "toy")
    assert not table.part("form") and "cut" not in table.caption


def test_examples_and_epochs_are_updates_times_the_batch(tmp_path):
    trials = [trained("a", 1000, 400_000), trained("a", 500, 400_000, seed=2)]
    for line in trials:
        line["training"]["batch"] = 32
    folder = write_handmade(tmp_path / "x", trials)
    path = folder / "records" / "run.json"
    run = json.loads(path.read_text())
    run["tasks"]["toy"]["counts"]["train"] = 6000
    path.write_text(json.dumps(run))
    lines = to_markdown(build_cost_table(Board(read_records(folder)), "toy")).splitlines()
    assert any("| Updates | Examples, thousand | Epochs | Tokens, million |" in x for x in lines)
    # 750 updates of 32 are 24,000 examples, four times 6,000.
    assert "| a | 400.0 | 50.0 | 350.0 | 750 | 24 | 4.0 | 2.5 | 80 | 10 | 10.2 | 12.5 |" in lines


def test_cost_table_says_which_weights_are_used(tmp_path):
    best = {"kept_by": "validity", "kept_value": 0.9, "kept_examples": 200}
    trials = [
        trained("a", 1000, 400_000), trained("a", 500, 400_000, seed=2), trained("b", 700, 400_000),
        trained("c", 700, 400_000),
    ]  # fmt: skip
    for line, update in zip(trials, (600, 400), strict=False):
        line["training"] |= best | {"kept_update": update}
    trials[2]["training"] |= best | {"kept_by": "loss", "kept_update": 650}
    trials[3]["training"] |= {"kept_by": "last", "kept_update": 700, "kept_examples": None}
    table = build_cost_table(Board(read_records(write_handmade(tmp_path / "x", trials))), "toy")
    lines = to_markdown(table).splitlines()
    assert any("| Updates | Kept, update |" in line for line in lines)
    rows = {line.split(" | ")[0]: line.split(" | ")[4:6] for line in lines}
    assert rows["| a"] == ["750", "500"] and rows["| c"] == ["700", DASH]
    assert table.caption.endswith(
        " Weights that are used (kept): the best validity on 200 valid examples: a;"
        " the best loss on 200 valid examples: b; the last: c."
    )


def test_cost_table_of_failures(tmp_path):
    board = Board(read_records(write_handmade(tmp_path / "x", [trial("a", None)])))
    table = build_cost_table(board, "toy")
    assert table.rows[0].status == "failed"
    assert table.footnotes == ()
    assert len(table.columns) == 13
