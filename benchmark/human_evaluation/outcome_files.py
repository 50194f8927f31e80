"""The files of an outcome: the table in three forms, all comparisons, and the agreement."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.api import UserError
from benchmark.human_evaluation.outcome import Outcome
from benchmark.human_evaluation.outcome_table import build_outcome_table
from benchmark.records.schema import Interval
from benchmark.report.data.csv_cells import safe_cell, safe_field
from benchmark.report.tables.latex_table import to_latex
from benchmark.report.tables.renderers import to_csv, to_markdown
from benchmark.runtime.output_paths import make_folder
from benchmark.store.files import write_text


def write_outcome(folder: Path, outcome: Outcome) -> tuple[str, list[Path]]:
    """Write all files of an outcome, over those of an earlier call.

    Returns:
        The table as Markdown, and the paths.

    Raises:
        UserError: if the folder cannot be written.
    """
    table = build_outcome_table(outcome)
    markdown = to_markdown(table)
    texts = {
        "table.md": markdown,
        "table.csv": to_csv(table),
        "table.tex": to_latex(table),
        "comparisons.csv": write_comparisons(outcome),
        "agreement.csv": write_agreement(outcome),
    }
    make_folder(folder, "the folder of the key")
    try:
        for name, text in texts.items():
            write_text(folder / name, text)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}.") from error
    return markdown, [folder / name for name in texts]


def write_comparisons(outcome: Outcome) -> str:
    """All pairs as CSV: the difference with its interval, and the p values."""
    heads = ["question", "first", "second", "difference", "low", "high"]
    heads += ["p_randomisation", "p_bootstrap", "p_adjusted", "significant"]
    rows = [
        [*map(safe_cell, (pair.column, pair.first, pair.second)), *_ends(pair.difference)]
        + [f"{p:.6g}" for p in (pair.p_randomisation, pair.p_bootstrap, pair.adjusted)]
        + [str(int(pair.significant))]
        for pair in outcome.verdicts.pairs
    ]
    return _to_csv([heads, *rows])


def write_agreement(outcome: Outcome) -> str:
    """The agreement statistics as CSV, one a row."""
    rows: list[list[str]] = [["statistic", "question", "rater", "value", "answers"]]
    level = "nominal" if outcome.key.design == "pairs" else "ordinal"
    rows += [[f"alpha_{level}", q, "", _number(a), ""] for q, a in outcome.alphas.items()]
    for own in outcome.self_agreements:
        of: Mapping[str, float] = {
            "self_agreement": own.share,
            "self_agreement_by_chance": own.by_chance,
            "self_agreement_p": own.p_chance,
        }
        rows += [
            [name, "", safe_cell(own.rater), _number(v), str(own.total)] for name, v in of.items()
        ]
    if outcome.key.design == "pairs":
        rows.append(["first_text_chosen", "", "", _number(outcome.first_chosen), ""])
    return _to_csv(rows)


def _ends(found: Interval) -> list[str]:
    return [_number(end) for end in (found.value, found.low, found.high)]


def _number(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else ""


def _to_csv(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([safe_field(cell) for cell in r] for r in rows)
    return out.getvalue()
