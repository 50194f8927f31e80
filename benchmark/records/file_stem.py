"""The name of a task as the beginning of file names and as an anchor of the page.

Letters, marks and digits of every script stay, so that a name can be read. Where a name would not
be its own on every disk, or could be that of a table of another task, a digest follows it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST = 100
"""Bytes of a stem, to which names of tables and endings are added."""

FOLLOWED_BY = (
    "ablation", "choosing", "composition", "cost", "curves", "data", "diversity", "edits",
    "figures", "free", "frontier", "labels", "likelihood", "mbr", "nfe", "pairs", "places",
    "published", "quality", "results", "seconds", "sentences", "significance", "strata", "training",
    "undrawn",
)  # fmt: skip
"""What may follow the stem of a task after a hyphen."""

_TAKEN = frozenset({
    "browser", "contents", "failures", "glance", "main", "overview", "reading", "run", "samples",
    "con", "prn", "aux", "nul",
})  # fmt: skip
"""Other files and anchors of a report, and names that Windows does not give to a file."""

_DERIVED = re.compile(rf"-(?:{'|'.join(FOLLOWED_BY)})(?:-|$)")
_DIGEST = re.compile(r"-[0-9a-f]{8}$")


def file_stem(task: str) -> str:
    """The stem of a task: its id where that can be one, else what is left of it and a digest.

    Two tasks never share a stem, also where a disk knows no case and no Unicode forms. It depends
    on no other task.
    """
    kept = "".join(map(_keep, unicodedata.normalize("NFC", task)))
    is_own = (
        kept == task == unicodedata.normalize("NFC", task.casefold())
        and not task.startswith((".", "-", "figure-"))
        and not task.endswith(".")
        and task not in _TAKEN
        and not _DERIVED.search(task)
        and not _DIGEST.search(task)
        and len(task.encode()) <= LONGEST
    )
    if is_own:
        return task
    digest = hashlib.sha256(task.encode(errors="surrogatepass")).hexdigest()[:8]
    readable = re.sub("-+", "-", kept).encode()[: LONGEST - 9].decode(errors="ignore")
    return f"{readable.strip('-.') or 'task'}-{digest}"


def _keep(sign: str) -> str:
    is_text = sign.isalnum() or sign in "._-" or unicodedata.category(sign)[0] == "M"
    return sign if is_text else "-"
