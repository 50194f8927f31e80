"""The tables and the summary of a kept report against its records.

Report code may have changed since, so where bytes differ the figures count: every line of the
kept file needs a line of the file that is rendered now with all of its numbers, as they were
printed. Columns, rows and words may be added or moved; a number may not change. Drawings are not
compared: their bytes depend on the version of matplotlib.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmark.report.build import write_texts
from benchmark.verification.findings import Difference, Finding
from benchmark.verification.kept_report import StoredReport

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?")


def verify_rendering(report: StoredReport) -> list[Finding]:
    """Render tables and summary again, and compare each kept file.

    Raises:
        UserError: if the records cannot be rendered.
    """
    with TemporaryDirectory(prefix="benchmark-verify-") as folder:
        fresh = Path(folder)
        write_texts(report.folder, fresh)
        kept = [report.folder / "summary.md", *sorted((report.folder / "tables").glob("*"))]
        return [
            compare_files(path.relative_to(report.folder), report.folder, fresh)
            for path in kept
            if path.is_file()
        ]


def compare_files(name: Path, kept: Path, fresh: Path) -> Finding:
    """The verdict on the kept file `name` from the one that is rendered now."""
    subject = {"file": name.as_posix()}
    if not (fresh / name).exists():
        return Finding(subject, "cannot be checked", ("this code renders no such file",))
    before, after = (_read(folder / name) for folder in (kept, fresh))
    if before == after:
        return Finding(subject, "equal")
    if name.suffix == ".csv":
        before, after = before.replace(",", " "), after.replace(",", " ")
    lines = after.split("\n")
    available = [numbers(line) for line in lines]
    for number, line in enumerate(before.split("\n"), start=1):
        wanted = numbers(line)
        if not any(wanted <= found for found in available):
            nearest = max(range(len(lines)), key=lambda i: (wanted & available[i]).total())
            missing = " ".join((wanted - available[nearest]).elements())
            where = f"line {number}, not found: {missing}"
            difference = Difference("figures", where, line, lines[nearest])
            return Finding(subject, "differs", (), (difference,))
    return Finding(subject, "within bounds", ("other layout; all figures agree",))


def numbers(line: str) -> Counter[str]:
    """The numbers of a line, as they are printed."""
    return Counter(_NUMBER.findall(line))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
