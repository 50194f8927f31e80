"""The tables and the summary of a kept report against its records.

Report code may have changed since, so where bytes differ the figures count: every line of the kept
file needs a line of the newly rendered file with all of its numbers and names of systems and tasks,
in the same order, as they were printed. Columns, rows and words may be added, and rows moved; a
number may not change, but for the last digits of those that are printed in full: processors round
sums differently. Plots are not compared, since their bytes depend on the version of matplotlib;
those that the report shows have to exist.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmark.records.file_stem import file_stem
from benchmark.report.build import FURTHER_FILES, write_texts
from benchmark.report.paper.build_paper import PAGE as PAPER
from benchmark.verification.findings import Difference, Finding
from benchmark.verification.raw_records import RawReport

_LINK = re.compile(r"\]\(([^)#]+)\)")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?")

_Row = list[str]

ROUNDING = 1e-12
"""Of its size, by which a number in full may differ."""
FULL = 15
"""Characters from which a number is one in full: what records hold is rounded to 10 digits behind
the point, and may not differ."""


def verify_rendering(report: RawReport) -> list[Finding]:
    """Render tables and summary again, and compare each kept file.

    Raises:
        UserError: if the records cannot be rendered.
    """
    with TemporaryDirectory(prefix="benchmark-verify-") as folder:
        fresh = Path(folder)
        write_texts(report.folder, fresh)
        names = _named_files(report)
        names |= {path.relative_to(report.folder) for path in report.folder.glob("tables/*")}
        subjects = {str(record.line[of]) for record in report.records for of in ("task", "system")}
        return [
            compare_files(name, report.folder, fresh, subjects)
            for name in sorted(names)
            if name.suffix != ".png" or not (report.folder / name).exists()
        ]


def _named_files(report: RawReport) -> set[Path]:
    """The summary, the table of each task, and all tables and drawings that its pages show."""
    tasks = {str(record.line["task"]) for record in report.records}
    names = {Path("summary.md"), *(Path("tables") / f"{file_stem(task)}.md" for task in tasks)}
    for page in (Path("summary.md"), Path("paper") / PAPER):
        if (report.folder / page).exists():
            links = _LINK.findall(_read(report.folder / page))
            names |= {page.parent / link for link in links if "://" not in link}
    tables = {name for name in names if name.parent.name == "tables"}
    return names | {name.with_name(name.stem + end) for name in tables for end in FURTHER_FILES}


def compare_files(name: Path, kept: Path, fresh: Path, subjects: Collection[str] = ()) -> Finding:
    """The verdict on the kept file `name` from the one that is rendered now.

    Args:
        name: of the file, in both folders.
        kept: folder of the report.
        fresh: folder of what is rendered now.
        subjects: the systems and tasks that figures are of.
    """
    subject = {"file": name.as_posix()}
    if not (kept / name).exists():
        remark = f"it is missing: `python -m benchmark.report --figures all {kept}` regenerates it"
        return Finding(subject, "differs", (remark,))
    if not (fresh / name).exists():
        return Finding(subject, "cannot be checked", ("this code renders no such file",))
    before, after = (_read(folder / name) for folder in (kept, fresh))
    if before == after:
        return Finding(subject, "equal")
    aligned = _align_columns(before, after) if name.suffix == ".csv" else None
    if name.suffix == ".csv":
        before, after = before.replace(",", " "), after.replace(",", " ")
    if difference := (
        _find_missing_row(*aligned) if aligned else _find_missing_line(before, after, subjects)
    ):
        return Finding(subject, "differs", (), (difference,))
    shown, rendered = (len(_NUMBER.findall(text)) for text in (before, after))
    if not shown:
        return Finding(subject, "cannot be checked", ("nothing was compared: it has no figures",))
    more = f"; {rendered - shown} more figures are rendered now" if rendered > shown else ""
    return Finding(subject, "within bounds", (f"different layout; all figures agree{more}",))


def _find_missing_line(before: str, after: str, subjects: Collection[str]) -> Difference | None:
    """The first kept line whose figures no rendered line has."""
    lines = after.split("\n")
    available = [find_figures(line, subjects) for line in lines]
    known = set(lines)
    for number, line in enumerate(before.split("\n"), start=1):
        wanted = find_figures(line, subjects)
        if line in known or any(_is_within(wanted, found) for found in available):
            continue
        counted = Counter(wanted)
        nearest = max(range(len(lines)), key=lambda i: (counted & Counter(available[i])).total())
        missing = find_missing(counted, Counter(available[nearest]))
        what = f"not found: {' '.join(missing)}" if missing else "in another order"
        return Difference("figures", f"line {number}, {what}", line, lines[nearest])
    return None


def _find_missing_row(kept: Sequence[_Row], fresh: Sequence[_Row]) -> Difference | None:
    """The first kept row of a table whose cells no rendered row has."""
    known = {tuple(row) for row in fresh}
    for number, row in enumerate(kept, start=1):
        if tuple(row) in known or any(_has_cells(row, other) for other in fresh):
            continue
        nearest = max(fresh, key=lambda other: sum(map(str.__eq__, row, other)))
        missing = [cell for cell, now in zip_longest(row, nearest) if cell != now and cell]
        where = f"line {number}, not found: {' '.join(missing) or 'empty cells'}"
        return Difference("figures", where, ",".join(row), ",".join(nearest))
    return None


def _has_cells(row: _Row, other: _Row) -> bool:
    return len(row) == len(other) and all(
        cell == now or _is_rounded(cell, now) for cell, now in zip(row, other, strict=True)
    )


def _align_columns(before: str, after: str) -> tuple[list[_Row], list[_Row]] | None:
    """The rows of both tables, with the columns of the first; None where the second lacks one."""
    kept, fresh = (list(csv.reader(text.splitlines())) for text in (before, after))
    if not kept or not fresh or not {*kept[0]} <= {*fresh[0]}:
        return None
    places = [fresh[0].index(head) for head in kept[0]]
    return kept, [[row[place] for place in places if place < len(row)] for row in fresh]


def find_figures(line: str, subjects: Collection[str] = ()) -> list[str]:
    """The numbers and subjects of a line in their order, as they are printed.

    In prose subjects are those that are marked: a name such as `control` may be a word there.
    """
    names = _names(frozenset(subjects), line.lstrip().startswith("|"))
    return [word.strip("*`") for word in names.findall(line)]


@lru_cache(maxsize=8)
def _names(subjects: frozenset[str], is_row: bool) -> re.Pattern[str]:
    """What finds numbers and subjects, of names within names the longest."""
    one_of = "|".join(map(re.escape, sorted(subjects, key=len, reverse=True)))
    if not one_of:
        return _NUMBER
    marked = rf"(?<![\w-])(?:{one_of})(?![\w-])" if is_row else rf"(?:\*\*|`)(?:{one_of})(?:\*\*|`)"
    return re.compile(f"{marked}|{_NUMBER.pattern}")


def _is_within(wanted: Sequence[str], found: Iterable[str]) -> bool:
    """Whether all that is wanted is found, in this order and with others between."""
    rest = iter(found)
    return all(any(one == other or _is_rounded(one, other) for other in rest) for one in wanted)


def find_missing(wanted: Counter[str], found: Counter[str]) -> list[str]:
    """The numbers that are not among `found`, where those in full may differ by `ROUNDING`."""
    missing, spare = [], [*(found - wanted).elements()]
    for number in (wanted - found).elements():
        close = next((other for other in spare if _is_rounded(number, other)), None)
        if close is None:
            missing.append(number)
        else:
            spare.remove(close)
    return missing


def _is_rounded(one: str, other: str) -> bool:
    if max(len(one), len(other)) < FULL:
        return False
    try:
        return math.isclose(float(one), float(other), rel_tol=ROUNDING)
    except ValueError:  # a version, or with commas
        return False


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
