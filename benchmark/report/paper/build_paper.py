"""Draw the figures of the papers into a folder, with a page that says what they are."""

from __future__ import annotations

from pathlib import Path

from benchmark.api import UserError
from benchmark.records.reader import read_records
from benchmark.records.report_lock import hold_report
from benchmark.report.data.points import Board
from benchmark.report.figures.figure_files import save, use_style
from benchmark.report.paper.paper_figures import list_paper_figures, write_caption
from benchmark.store.files import write_text

PAGE = "paper.md"


def build_paper(folder: Path, out: Path | None = None) -> Path:
    """Draw what `folder/records` holds into `out` (default: `folder/paper`), PNG and PDF.

    Returns:
        The path of `paper.md`: the figures with their captions, and for what is missing the
        call that makes it.

    Raises:
        UserError: if a record is missing or cannot be read, or `out` cannot be written.
    """
    with hold_report(folder):
        return _build(folder, folder / "paper" if out is None else out)


def _build(folder: Path, out: Path) -> Path:
    board = Board(read_records(folder))
    lines = [f"# Figures of the papers, from the run {board.records.run.run}", ""]
    try:
        with use_style(board.names):
            for figure in list_paper_figures():
                title = figure.texts.title
                lines += [f"## {title}", ""]
                if tasks := figure.tasks(board):
                    save(figure.draw(board, tasks).figure, out / figure.name)
                    lines += [f"![{title}]({figure.name}.png)", ""]
                    lines += [write_caption(figure, board), ""]
                if missing := figure.missing(board):
                    lines += [missing, ""]
        write_text(out / PAGE, "\n".join(lines).rstrip() + "\n")
    except OSError as error:
        raise UserError(
            f"The folder {out} cannot be written ({error.strerror or error}):"
            " name one that you can write to with --output."
        ) from error
    return out / PAGE
