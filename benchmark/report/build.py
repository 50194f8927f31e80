"""Render a report: read the records, write tables, figures, summary and page."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from markupsafe import Markup

from benchmark.api import UserError
from benchmark.literature.published_figures import published_text
from benchmark.records.file_stem import file_stem
from benchmark.records.reader import Records, read_records
from benchmark.records.report_lock import hold_report
from benchmark.report.analysis.at_a_glance import (
    HEADS,
    QUESTIONS,
    answer_questions,
    explain_glance,
    total_glance,
)
from benchmark.report.analysis.mbr_scaling import curves_csv
from benchmark.report.analysis.verdicts import warn_of_seeds
from benchmark.report.data.csv_cells import write_frame
from benchmark.report.data.points import Board
from benchmark.report.data.samples import SampleBlock, gather_blocks
from benchmark.report.data.wording import OVERVIEW
from benchmark.report.figures.all_figures import overview_plot, task_plots
from benchmark.report.figures.figure_files import DRAWINGS, render_svg, save, use_style
from benchmark.report.figures.plot import Plot
from benchmark.report.page.facts import list_facts
from benchmark.report.page.inline_svg import InlineFigures
from benchmark.report.page.page import WITH_DRAWINGS, Drawn, TaskView, render_page
from benchmark.report.tables.frontier_table import build_place_frame
from benchmark.report.tables.latex_columns import check_columns, read_columns
from benchmark.report.tables.latex_table import to_latex
from benchmark.report.tables.renderers import (
    format_pipe_row,
    format_pipe_table,
    to_csv,
    to_markdown,
)
from benchmark.report.tables.significance_table import SIGNIFICANCE, build_pair_frame
from benchmark.report.tables.supplementary_tables import (
    build_supplementary_tables,
    supplementary_names,
)
from benchmark.report.tables.table import Table, build_table
from benchmark.report.text.summary import build_overview_table, list_failures
from benchmark.runtime.command_line import note
from benchmark.runtime.shown_text import show_controls
from benchmark.store.files import write_text

FURTHER_FILES = (".md", ".csv", ".tex")
TABLE_FILES = (*FURTHER_FILES, "-curves.csv", "-pairs.csv", "-places.csv")

_ROOMS = ("report", "records", "scoring")
"""Whose sources decide what a report says."""


@dataclass(frozen=True)
class Drawing:
    """Where the figures of a report go: files in `folder`, and the page."""

    folder: Path
    inline: InlineFigures
    everything: bool
    """Whether every figure is written as PNG and PDF; else the overview alone, as PNG."""

    def add(self, plot: Plot) -> Drawn:
        """Draw a figure."""
        figure = plot.draw().figure
        kinds = DRAWINGS if self.everything else DRAWINGS[:1] if plot.name == OVERVIEW else ()
        save(figure, self.folder / plot.name, kinds)
        drawn = self.inline.add(render_svg(figure), f"{plot.title}. {plot.caption}")
        return Drawn(plot, Markup(drawn))


def build(folder: Path, *, drawings: bool = False, columns: Collection[str] = ()) -> Path:
    """Render the report of `folder/records` into `folder`; see `benchmark.report`.

    A report that was rendered from the same records by the same code is left as it is: the
    page carries a digest of both. So is one that has more drawings than are wanted.

    Args:
        folder: of the report.
        drawings: whether every figure is written as PNG and PDF.
        columns: ids of columns for the LaTeX tables, in place of the presets.
    """
    with hold_report(folder), _collect_seldom():
        return _build(folder, drawings=drawings, columns=columns)


@contextmanager
def _collect_seldom() -> Iterator[None]:
    """Look for garbage less often: by default that takes half of the time of reading records."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _build(folder: Path, *, drawings: bool, columns: Collection[str]) -> Path:
    records = read_records(folder)
    digest = _hash_inputs(records, columns)
    page = folder / "index.html"
    if _is_current(folder, records, digest, drawings=drawings):
        return page
    board = Board(records)
    if columns:
        tasks = records.tasks
        further = (table for task in tasks for table in build_supplementary_tables(board, task))
        check_columns(columns, (*(build_table(board, task) for task in tasks), *further))
    # Read first: a missing record is reported before anything is drawn.
    samples = {task: gather_blocks(board, task) for task in records.tasks}
    drawing = Drawing(folder / "figures", InlineFigures(), drawings)
    try:
        with use_style(board.names, pdf=drawings) as boxes:
            overview = drawing.add(overview_plot(board))
            views = [_build_task(board, task, folder, drawing, samples[task]) for task in samples]
        for name, table in _name_tables(board, views).items():
            _write_table(table, folder / "tables" / name, columns)
        write_text(folder / "summary.md", _render_summary(board, views))
        # Last: the digest in it says that all the others are there.
        text = render_page(
            board,
            views,
            overview=overview,
            inline=drawing.inline,
            digest=digest,
            drawings=drawings,
            boxes=boxes,
        )
        write_text(page, text)
    except OSError as error:
        raise UserError(
            f"The report folder {folder} cannot be written ({error.strerror or error}):"
            " copy it to a folder that you can write to."
        ) from error
    if boxes:
        note(f"note: {boxes}")
    return page


def write_texts(folder: Path, target: Path) -> None:
    """The tables and the summary of `folder`, written into `target`: all but what is drawn.

    Raises:
        UserError: if a record is missing or cannot be read.
    """
    board = Board(read_records(folder))
    views = [_build_task(board, task, target, None, ()) for task in board.records.tasks]
    for name, table in _name_tables(board, views).items():
        columns = read_columns(folder / "tables" / f"{name}.tex")
        _write_table(table, target / "tables" / name, columns)
    write_text(target / "summary.md", _render_summary(board, views))


def _hash_inputs(records: Records, columns: Collection[str]) -> str:
    """SHA-256 of the records, of the columns, of this package and of what it draws with.

    When the records were gathered is left out: gathering them again changes nothing.
    """
    sha = hashlib.sha256(version("matplotlib").encode())
    sha.update(published_text().encode())
    sha.update(" ".join(sorted(columns)).encode())
    package = Path(__file__).parents[1]
    rooms = (*(package / room for room in _ROOMS), records.files.folder)
    for room in rooms:
        for path in sorted(room.rglob("*")):
            if path.is_file() and path.suffix != ".pyc" and path.name != "run.json":
                sha.update(path.relative_to(room).as_posix().encode())
                sha.update(hashlib.sha256(path.read_bytes()).digest())
    sha.update(records.run.model_copy(update={"created": ""}).model_dump_json().encode())
    return sha.hexdigest()


def _is_current(folder: Path, records: Records, digest: str, *, drawings: bool) -> bool:
    page = folder / "index.html"
    tables = [f"{OVERVIEW}{suffix}" for suffix in FURTHER_FILES]
    tables += [f"{file_stem(t)}{suffix}" for t in records.tasks for suffix in TABLE_FILES]
    tables += [
        f"{file_stem(task)}-{name}{suffix}"
        for task in records.tasks
        for name in supplementary_names(records, task)
        for suffix in FURTHER_FILES
    ]
    expected = [page, folder / "summary.md", folder / "figures" / "overview.png"]
    expected += [folder / "tables" / name for name in tables]
    if not all(path.exists() for path in expected):
        return False
    with page.open(encoding="utf-8", errors="replace") as file:
        head = file.read(1000)
    return digest in head and (not drawings or WITH_DRAWINGS in head)


def _build_task(
    board: Board,
    task: str,
    folder: Path,
    drawing: Drawing | None,
    samples: Sequence[SampleBlock],
) -> TaskView:
    table = build_table(board, task)
    name, room = file_stem(task), folder / "tables"
    frames = {
        "curves": board.frame(task),
        "pairs": build_pair_frame(board, task),
        "places": build_place_frame(board, task),
    }
    for what, frame in frames.items():
        write_text(room / f"{name}-{what}.csv", write_frame(frame))
    if curves := curves_csv(board, task):
        write_text(room / f"{name}-mbr-curves.csv", curves)
    further = {f"{name}-{t.name}": t for t in build_supplementary_tables(board, task)}
    drawn = [drawing.add(plot) for plot in task_plots(board, task, name)] if drawing else []
    return TaskView(board, task, name, table, further, drawn, samples)


def _name_tables(board: Board, views: Sequence[TaskView]) -> dict[str, Table]:
    """All tables by the names of their files."""
    named = {OVERVIEW: build_overview_table(board)}
    for view in views:
        named |= {view.stem: view.table, **view.further}
    return named


def _write_table(table: Table, path: Path, columns: Collection[str]) -> None:
    texts = (to_markdown(table), to_csv(table), to_latex(table, columns))
    for suffix, text in zip(FURTHER_FILES, texts, strict=True):
        # Not `with_suffix`: a task may have a dot in its name.
        write_text(path.with_name(path.name + suffix), text)


def _render_summary(board: Board, views: Sequence[TaskView]) -> str:
    """The report in one page of Markdown, for a terminal or a README."""
    run = board.records.run
    table = build_overview_table(board)
    total = total_glance(board)
    answers = [("All tasks", *map(str, total))] if total else []
    answers += [(view.title, *map(str, view.glance)) for view in views]
    rows = map(format_pipe_row, (HEADS, [":---"] * len(HEADS), *answers))
    told = zip(QUESTIONS, answer_questions(board), strict=True)
    warning = warn_of_seeds(board)
    lines = [f"# {run.run}", "", *([warning, ""] if warning else []), "## At a glance", ""]
    lines += [*(f"- {question} **{a.said}**: {a.terms}" if a.terms else f"- {question} **{a.said}**"
                for question, a in told), ""]  # fmt: skip
    lines += [*rows, "", explain_glance(board), ""]
    lines += [
        "## What was run",
        "",
        *(f"- {name}: {value}" for name, value in list_facts(board)),
        "",
    ]
    lines += ["![Quality against diversity, all tasks](figures/overview.png)", ""]
    lines += [format_pipe_table(table), "", table.caption, ""]
    lines += [f"Table: [tables/{OVERVIEW}.md](tables/{OVERVIEW}.md)", ""]
    for view in views:
        lines += [f"## {view.title}", "", *(f"- {said}" for said in view.sentences), ""]
        lines += [f"Table: [tables/{view.stem}.md](tables/{view.stem}.md)", ""]
        for name, further in view.further.items():
            lines += [f"### {view.title}: {further.title}", ""]
            if further.name != SIGNIFICANCE:
                lines += [format_pipe_table(further), ""]
            sized = [note.text for note in further.footnotes if "size" in note.groups]
            lines += [line for text in sized for line in (text, "")]
            lines += [f"Table: [tables/{name}.md](tables/{name}.md)", ""]
    if failed := list_failures(board):
        lines += ["## Failures", ""]
        lines += [f"- {f.task}, {f.system}, seed {f.seed}: {f.status}" for f, _ in failed]
    return show_controls("\n".join(lines).rstrip() + "\n")
