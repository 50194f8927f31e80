"""The page: everything about a run in one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from pydantic import TypeAdapter, ValidationError

from benchmark.api import Script, detect_script
from benchmark.records.schema import TaskInfo
from benchmark.report.analysis.at_a_glance import (
    HEADS,
    QUESTIONS,
    Answer,
    answer_questions,
    explain_glance,
    make_glance,
    total_glance,
)
from benchmark.report.analysis.significance import BOLD_RULE, RULE
from benchmark.report.analysis.verdicts import warn_of_seeds
from benchmark.report.data.axes import quality_axis
from benchmark.report.data.columns import Column
from benchmark.report.data.control_points import has_control, has_edits
from benchmark.report.data.points import Board
from benchmark.report.data.samples import PRINTED, SHOWN, Edits, SampleBlock, list_edits
from benchmark.report.figures.plot import Plot
from benchmark.report.page.data_block import make_data_block, make_policy
from benchmark.report.page.facts import list_facts, write_lead
from benchmark.report.page.inline_svg import GROUND, InlineFigures
from benchmark.report.page.sample_browser import gather_sample_data
from benchmark.report.page.tooltips import make_tooltips
from benchmark.report.tables.latex_escape import SIGNS
from benchmark.report.tables.renderers import ARROWS, head, named, shown
from benchmark.report.tables.table import Table
from benchmark.report.text.markdown import render_markdown
from benchmark.report.text.summary import build_overview_table, list_failures, write_sentences
from benchmark.runtime.shown_text import show_controls

_TEMPLATES = Path(__file__).parents[1] / "templates"

_SCRIPTS = ("theme", "contents", "tables", "copying", "figures", "samples")
"""The scripts of the page, each on its own, in their order."""

WITH_DRAWINGS = '<meta name="figures" content="png pdf">'
"""In the head of a page whose figures are there as PNG and PDF too."""

_COLOURS = {
    "ground": (GROUND["light"], GROUND["dark"]),
    "ink": ("#1b1b1b", "#e6e6e6"),
    "muted": ("#63676d", "#a0a6ae"),
    "soft": ("#f4f5f6", "#1f242b"),
    "line": ("#dcdfe3", "#343a43"),
    "grid": ("#e4e4e4", "#2b3038"),
    "axis": ("#8a8a8a", "#7a8089"),
    "link": ("#0b57a4", "#7db8f5"),
    "bad": ("#b02a1c", "#ff9a8a"),
    "good": ("#1f7a45", "#74cf9b"),
}
"""Colours of the page, light and dark."""


@dataclass(frozen=True)
class Drawn:
    """A figure as the page shows it."""

    plot: Plot
    svg: Markup


@dataclass(frozen=True)
class TaskView:
    """What the page says about one task; `stem` begins the names of its files."""

    board: Board
    id: str
    stem: str
    table: Table
    further: Mapping[str, Table]
    """Further tables by the stem of their files."""
    figures: Sequence[Drawn]
    blocks: Sequence[SampleBlock]

    @property
    def info(self) -> TaskInfo:
        """The task as the run saw it."""
        return self.board.records.run.tasks[self.id]

    @property
    def title(self) -> str:
        """The title of the task."""
        return self.board.title(self.id)

    @cached_property
    def glance(self) -> tuple[Answer, ...]:
        """What goes under `HEADS`, after the title."""
        return make_glance(self.board, self.id)

    @cached_property
    def sentences(self) -> list[str]:
        """What the records say about the task."""
        return write_sentences(self.board, self.id)

    @property
    def quality(self) -> str:
        """The quality that is shown beside a candidate."""
        axis = quality_axis(self.board, self.id)
        return axis.label if axis else ""

    @property
    def known(self) -> bool:
        """Whether the task knows its answers."""
        return self.info.kind == "controlled" or self.has_attributes

    @property
    def has_attributes(self) -> bool:
        """Whether candidates are asked for attributes."""
        return has_control(self.board, self.id)

    @property
    def edits(self) -> Sequence[Edits]:
        """The first edits of every system, not selected; none where no text is edited."""
        return list_edits(self.blocks) if has_edits(self.board, self.id) else ()

    @cached_property
    def script(self) -> Script:
        """Of its references."""
        return detect_script(text for block in self.blocks for text in block.references)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is unusual about the data."""
        return tuple(_write_notes(self.info.notes)) or ("Nothing unusual was counted.",)

    @property
    def card(self) -> Markup:
        """The card of the task as HTML."""
        return Markup(render_markdown(self.info.card))


def render_page(
    board: Board,
    views: Iterable[TaskView],
    *,
    overview: Drawn,
    inline: InlineFigures,
    digest: str,
    drawings: bool,
    boxes: str = "",
) -> str:
    """The whole page as text.

    Args:
        board: the points.
        views: the tasks.
        overview: the figure of all tasks.
        inline: what all figures share.
        digest: names what the page was made from.
        drawings: whether there are files of all figures.
        boxes: a sentence on what the figures show as boxes.
    """
    tasks = tuple(views)
    run = board.records.run
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["groupby_run"] = _group_runs
    scripts = {name: (_TEMPLATES / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS}
    page = environment.get_template("page.html.j2").render(
        run=run,
        digest=digest,
        with_drawings=Markup(WITH_DRAWINGS) if drawings else "",
        lead=write_lead(board),
        glance_heads=HEADS,
        glance_answers=tuple(zip(QUESTIONS, answer_questions(board), strict=True)),
        glance_total=total_glance(board),
        glance_reading=explain_glance(board),
        overview=overview,
        overview_table=build_overview_table(board),
        boxes=boxes,
        tasks=tasks,
        known=any(task.known for task in tasks),
        has_attributes=any(task.has_attributes for task in tasks),
        failures=list_failures(board),
        facts=tuple(list_facts(board)),
        systems=[(name, run.systems[name]) for name in board.systems],
        warning=warn_of_seeds(board),
        rule=RULE,
        bold_rule=BOLD_RULE,
        shown=shown,
        shown_candidates=SHOWN,
        printed=PRINTED,
        arrows=ARROWS,
        head=head,
        named=named,
        policy=make_policy(scripts.values()),
        signs=make_data_block("latex-signs", SIGNS),
        tips=make_data_block("tips", make_tooltips(board, inline.points)),
        samples=make_data_block(
            "sample-data",
            {
                t.stem: gather_sample_data(
                    t.title, t.quality, t.blocks, known=t.known, asked=t.has_attributes
                )
                for t in tasks
            },
        ),
        light=Markup(_declare_colours(0) + inline.variables("light")),
        dark=Markup(_declare_colours(1) + inline.variables("dark")),
        glyphs=Markup(inline.definitions()),
        # The files of this package, not text of a record.
        css=Markup((_TEMPLATES / "page.css").read_text(encoding="utf-8") + inline.rules()),
        scripts={name: Markup(text) for name, text in scripts.items()},
    )
    return show_controls(page)


def _write_notes(notes: Mapping[str, Any]) -> Iterator[str]:
    """The data notes as sentences; as plain names and counts where their form is another."""
    from benchmark.tasks.data_notes import DataNotes

    try:
        yield from TypeAdapter(DataNotes).validate_python(dict(notes)).sentences()
    except (ValidationError, KeyError, ValueError):
        yield from (f"{name}: {value}" for name, value in _flatten(notes))


def _flatten(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{above}{name}, ")
        elif value not in ([], "", None):
            yield f"{above}{name}".replace("_", " "), value


def _declare_colours(which: int) -> str:
    return "".join(f"--{name}:{pair[which]};" for name, pair in _COLOURS.items())


def _group_runs(columns: Iterable[Column], attribute: str) -> list[tuple[str, list[Column]]]:
    """Neighbours with the same attribute, in order: Jinja's own filter would sort them."""
    return [(key, list(run)) for key, run in groupby(columns, lambda c: getattr(c, attribute))]
