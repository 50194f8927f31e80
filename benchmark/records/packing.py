"""Records in few small files, for a report that a repository keeps."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

from benchmark.api import UserError
from benchmark.records.record_files import KINDS, TABLE, RecordFiles
from benchmark.records.value_packing import pack_values
from benchmark.store.files import write_bytes

ARCHIVE_TEXT = 2**24
"""Bytes of text in one archive."""
ARCHIVE_BYTES = 2**20
"""An archive of several files that is larger is made of fewer: repositories warn of large files."""


def pack_records(report: Path) -> None:
    """Put the records of a report into archives; equal records give equal bytes.

    Raises:
        UserError: if there are none, one is broken, or the folder cannot be written.
    """
    files = RecordFiles(report / "records")
    files.read("run.json")
    names = {kind: list(files.names(kind)) for kind in KINDS} | {"values": _order_by_task(files)}
    try:
        for kind in KINDS:
            _write_archives(files.folder, kind, list(_archives(files, kind, names[kind])))
            # Last: what is both plain and packed is read, and packed, from the plain file.
            shutil.rmtree(files.folder / kind, ignore_errors=True)
    except OSError as error:
        raise UserError(
            f"The records in {report} cannot be packed ({error.strerror}): copy it to a folder of"
            " yours."
        ) from error


def _write_archives(folder: Path, kind: str, archives: Sequence[bytes]) -> None:
    def place(number: int) -> Path:
        return folder / f"{kind}-{number}.tar.xz"

    old = list(folder.glob(f"{kind}-*.tar.xz"))
    wanted = {place(number): archive for number, archive in enumerate(archives, start=1)}
    if {*old} == {*wanted} and all(path.read_bytes() == wanted[path] for path in old):
        return
    # Beside the old ones, which hold the same files in other groups: a kill leaves all of them.
    free = (number for number in count(len(archives) + 1) if not place(number).exists())
    fresh = [place(next(free)) for _ in archives]
    for path, archive in zip(fresh, archives, strict=True):
        write_bytes(path, archive)
    for path in old:
        path.unlink()
    for path, name in zip(fresh, wanted, strict=True):
        path.rename(name)


def _archives(files: RecordFiles, kind: str, names: list[str]) -> Iterator[bytes]:
    while names:
        texts: dict[str, str] = {}
        size = 0
        while names and size < ARCHIVE_TEXT:
            texts[names[0]] = files.read(names[0])
            size += len(texts[names.pop(0)].encode("utf-8"))
        yield from _archive_all(texts, kind)


def _archive_all(texts: Mapping[str, str], kind: str) -> Iterator[bytes]:
    table = pack_values(texts) if kind == "values" else None
    archive = _archive(texts if table is None else {TABLE: table})
    if len(archive) <= ARCHIVE_BYTES or len(texts) == 1:
        yield archive
        return
    items, half = list(texts.items()), len(texts) // 2
    yield from _archive_all(dict(items[:half]), kind)
    yield from _archive_all(dict(items[half:]), kind)


def _archive(members: Mapping[str, str]) -> bytes:
    raw = io.BytesIO()
    # Members have no dates and no owners, so that equal records give equal bytes.
    with tarfile.open(fileobj=raw, mode="w:xz") as archive:
        for name, text in members.items():
            data = text.encode("utf-8")
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return raw.getvalue()


def _order_by_task(files: RecordFiles) -> list[str]:
    """The files of values, those of one task together: they share candidates."""
    lines = (json.loads(line) for _, line in files.trial_lines())
    tasks = {f"values/{line['keys']['score']}.jsonl": line["task"] for line in lines}
    return sorted(files.names("values"), key=lambda name: (tasks.get(name, ""), name))
