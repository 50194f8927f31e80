"""The files of `records/`, plain or packed; nothing else reads them.

A run writes plain files, one for each key, for people and their tools. A report that a repository
keeps is packed: `samples-1.tar.xz`, `samples-2.tar.xz` and so on hold the same files under the same
names, which takes a tenth of the space, and `values-1.tar.xz` holds them source by source.
"""

from __future__ import annotations

import gzip
import io
import json
import lzma
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.api.regular_file import check_regular
from benchmark.records.file_stem import file_stem
from benchmark.records.value_packing import unpack_values
from benchmark.store.files import write_gzip, write_text

KINDS = ("cells", "events", "likelihoods", "samples", "sources", "traces", "values")
"""Folders of the records, and what archives are named after."""

LINE_DEFAULTS: dict[str, Any] = {
    "error": None, "training": None, "score": None, "cost": None, "statuses": {}, "made": {},
}  # fmt: skip
"""What a trial record may omit."""

FILE_OF_STAGE = {
    "train": "events/{}.jsonl",
    "generate": "samples/{}.jsonl",
    "score": "values/{}.jsonl",
    "trace": "traces/{}.json",
    "likelihood": "likelihoods/{}.jsonl",
}
"""The file of a key below `records/`."""

TABLE = "values.jsonl"
"""The member of an archive that holds values as `benchmark.records.value_packing` writes them."""


@dataclass(frozen=True)
class RecordFiles:
    """The files below a folder `records`, by names as `samples/KEY.jsonl`, without `.gz`."""

    folder: Path
    _unpacked: dict[str, dict[str, bytes]] = field(default_factory=dict, compare=False, repr=False)
    """By kind, what its archives hold."""

    def names(self, kind: str) -> tuple[str, ...]:
        """The files of one of `KINDS`, sorted.

        Raises:
            UserError: if an archive cannot be read.
        """
        files = (path.name.removesuffix(".gz") for path in self.folder.glob(f"{kind}/*"))
        return tuple(sorted({*self._packed(kind), *(f"{kind}/{name}" for name in files)}))

    def keyed_names(self) -> list[str]:
        """All files that are named by a key.

        Raises:
            UserError: if an archive cannot be read.
        """
        return [name for kind in KINDS if kind != "cells" for name in self.names(kind)]

    def holds(self, kind: str) -> bool:
        """Whether there are any: texts of data that may not be redistributed are left out."""
        return (self.folder / kind).is_dir() or any(self.folder.glob(f"{kind}-*.tar.xz"))

    def read(self, name: str) -> str:
        """The text of a file.

        Raises:
            UserError: if it is missing, or cannot be read.
        """
        path = self.place(name)
        check_regular(path)
        packed = {} if path.exists() else self._packed(name.partition("/")[0])
        try:
            data = packed[name] if name in packed else path.read_bytes()
            return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
        except FileNotFoundError as error:
            raise UserError(f"{path} is missing: render from a complete records folder.") from error
        except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
            raise UserError(f"{path} cannot be read: {error}.") from error

    def place(self, name: str) -> Path:
        """The path of a plain file, with `.gz` where it has it."""
        compressed = self.folder / f"{name}.gz"
        return compressed if compressed.exists() else self.folder / name

    def lines(self, name: str) -> Iterator[tuple[str, str]]:
        """The lines of a JSONL file that are not blank, each with its place.

        Raises:
            UserError: as `read`.
        """
        place = self.place(name)
        # Not `splitlines`, which would also split at line separators within a text.
        for number, line in enumerate(self.read(name).split("\n"), start=1):
            if line.strip():
                yield f"{place}, line {number}", line

    def trial_lines(self) -> Iterator[tuple[str, str]]:
        """The trial records: lines of `cells/<task>.jsonl`, in older reports of `cells.jsonl`.

        Raises:
            UserError: if they are missing or cannot be read.
        """
        for name in self.names("cells") or ("cells.jsonl",):
            yield from self.lines(name)

    def _packed(self, kind: str) -> dict[str, bytes]:
        if kind not in self._unpacked:
            found: dict[str, bytes] = {}
            for path in sorted(self.folder.glob(f"{kind}-*.tar.xz")):
                try:
                    # All of it at once: a reader of tar alone stops short of the checksum.
                    text = io.BytesIO(lzma.decompress(path.read_bytes()))
                    with tarfile.open(fileobj=text) as archive:
                        for member in archive:
                            content = archive.extractfile(member)
                            data = content.read() if content is not None else b""
                            found |= (
                                _read_table(data) if member.name == TABLE else {member.name: data}
                            )
                except (OSError, lzma.LZMAError, tarfile.TarError, ValueError) as error:
                    raise UserError(f"{path} cannot be read: {error}.") from error
            self._unpacked[kind] = found
        return self._unpacked[kind]


def write_trial_records(folder: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write one file per task: a single file for all would be too large for a repository."""
    texts: dict[str, list[str]] = {}
    for line in lines:
        name = file_stem(line["task"])
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        texts.setdefault(name, []).append(text + "\n")
    for name, rows in texts.items():
        write_text(folder / f"{name}.jsonl", "".join(rows))


def write_keyed(folder: Path, name: str, text: str) -> None:
    """Write a file that is named by a key, compressed where it is long."""
    if name.startswith(("sources/", "values/")):
        write_gzip(folder / f"{name}.gz", text.encode())
    else:
        write_text(folder / name, text)


def _read_table(data: bytes) -> dict[str, bytes]:
    return {
        name: text.encode("utf-8") for name, text in unpack_values(data.decode("utf-8")).items()
    }
