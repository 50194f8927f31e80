"""The sheet as raters get it: a table for a spreadsheet, and one page to click through.

The folder of a rater holds nothing that tells whose a text is: neither names nor an order.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.api import UserError
from benchmark.human_evaluation.item_design import draw_items, order_items
from benchmark.human_evaluation.kept_texts import KeptTexts
from benchmark.human_evaluation.key import Key, write_key
from benchmark.human_evaluation.page import render_page
from benchmark.human_evaluation.questions import CHOICES, Design, Question
from benchmark.human_evaluation.shown_item import ShownItem, show_items
from benchmark.records.reader import Records
from benchmark.records.schema import title_of
from benchmark.report.data.csv_cells import safe_cell
from benchmark.report.data.points import YARDSTICK
from benchmark.runtime.output_paths import make_folder
from benchmark.store.files import write_text


@dataclass(frozen=True)
class SheetPlan:
    """What is asked, and of how many items."""

    design: Design
    questions: tuple[Question, ...]
    num_items: int
    scale: int
    seed: int


def make_key(records: Records, task: str, kept: KeptTexts, plan: SheetPlan) -> Key:
    """Draw the items, and note whose their texts are.

    Raises:
        UserError: if the items are too few for the systems.
    """
    drawn = draw_items(kept, plan.design, num_items=plan.num_items, seed=plan.seed)
    families = {system: records.run.systems[system].family for system in kept.systems}
    key = Key(
        sheet="",
        report=records.run.run,
        task=task,
        title=title_of(records.run.tasks, task),
        design=plan.design,
        seed=plan.seed,
        scale=plan.scale,
        questions=plan.questions,
        systems=families | dict.fromkeys(kept.controls, YARDSTICK),
        items=drawn.items,
        equal=drawn.equal,
    )
    shown = show_items(key.items, kept)
    digest = hashlib.sha256(f"{key.model_dump_json()} {shown}".encode()).digest()
    # Of letters alone: a spreadsheet takes digits for a number.
    return key.model_copy(update={"sheet": "".join(chr(97 + byte % 26) for byte in digest[:8])})


def write_sheets(folder: Path, key: Key, kept: KeptTexts, num_raters: int) -> list[Path]:
    """Write the key, and for each rater a folder with her page and her table.

    Returns:
        The path of the key, then those of the pages and tables.

    Raises:
        UserError: if the folder cannot be written, or holds the key of another sheet.
    """
    make_folder(folder, "--output")
    written = [write_key(folder, key)]
    for rater in range(1, num_raters + 1):
        items = show_items(order_items(key.items, seed=key.seed, rater=rater), kept)
        page, table = (folder / f"rater-{rater}" / name for name in ("page.html", "sheet.csv"))
        try:
            write_text(page, render_page(key, items, rater=rater))
            # Without the mark in front, spreadsheets expect an older encoding.
            write_text(table, "\ufeff" + write_table(key, items))
        except OSError as error:
            raise UserError(f"{page.parent} cannot be written: {error.strerror}.") from error
        written += [page, table]
    return written


def write_table(key: Key, items: Sequence[ShownItem]) -> str:
    """The items as CSV, with empty cells for the answers; the heads say what is asked."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = ["text"] if key.design == "ratings" else ["text_a", "text_b"]
    heads = [f"{question.id}: {describe_question(key, question)}" for question in key.questions]
    writer.writerow(["sheet", "item", "source", *names, *map(safe_cell, heads)])
    for item in items:
        cells = map(safe_cell, (item.source, *item.texts))
        writer.writerow([key.sheet, item.id, *cells, *[""] * len(key.questions)])
    return out.getvalue()


def describe_question(key: Key, question: Question) -> str:
    """The question with what may be answered."""
    if key.design == "pairs":
        return f"{question.text} ({', '.join(CHOICES)})"
    return f"{question.text} (1 = {question.low}, {key.scale} = {question.high})"
