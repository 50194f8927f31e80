"""From stored records to tables, figures and one page; imports no torch.

    python -m benchmark.report reports/mini

Everything is rendered from `reports/<run>/records/` alone, so a report can be made again
anywhere, byte for byte, without the models or the data.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path


def build_report(folder: Path, *, drawings: bool = False, columns: Collection[str] = ()) -> Path:
    """Render `folder/records` into tables, figures, `summary.md` and `index.html`.

    Args:
        folder: the report.
        drawings: whether every figure is also wanted as PNG and PDF, for a paper.
        columns: ids of columns for the LaTeX tables, as the heads of the CSV files have them. A
            table that has none of them keeps its preset.

    Returns:
        The path of `index.html`.

    Raises:
        UserError: if a record is missing or cannot be read, no table has one of the columns, or
            the folder cannot be written.
    """
    from benchmark.report.build import build

    return build(folder, drawings=drawings, columns=columns)


def build_paper(folder: Path, out: Path | None = None) -> Path:
    """Draw the figures of the papers from `folder/records`; see `benchmark.report.paper`.

    Returns:
        The path of the page that holds them with their captions.

    Raises:
        UserError: if a record is missing or cannot be read, or `out` cannot be written.
    """
    from benchmark.report.paper.build_paper import build_paper as build

    return build(folder, out)
