"""Damage to a store and a report: what disks, kills and people do to files, by kind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

KINDS = ("train", "generate", "score", "trace", "likelihood")
SEAL = ',\n "sealed": "'


@dataclass(frozen=True)
class Damage:
    """One kind of damage."""

    name: str
    act: Callable[[Path, Random], None]
    """Damages the folder that holds `runs` and `reports/r`."""
    is_told: bool = True
    """Whether a sentence has to say so: a cache that is made again changes nothing."""


def entries(runs: Path, *kinds: str) -> list[Path]:
    """Folders of finished entries."""
    found = [p for kind in kinds or KINDS for p in runs.glob(f"{kind}/*") if "." not in p.name]
    return sorted(path for path in found if path.is_dir())


def files(entry: Path) -> list[Path]:
    """The files of an entry, but for its record."""
    return sorted(p for p in entry.rglob("*") if p.is_file() and p.name != "record.json")


def flip(path: Path, random: Random) -> None:
    """Change one bit."""
    data = bytearray(path.read_bytes())
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    path.write_bytes(data)


def cut(path: Path, random: Random) -> None:
    """Keep the beginning of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: random.randrange(len(data))])


def empty(path: Path, random: Random) -> None:
    """Leave nothing in a file."""
    path.write_bytes(b"")


def remove(path: Path, random: Random) -> None:
    """Remove a file."""
    path.unlink()


def lengthen(path: Path, random: Random) -> None:
    """Write the last line of a file again."""
    data = path.read_bytes()
    path.write_bytes(data + data.rstrip(b"\n").rpartition(b"\n")[2] + b"\n")


def make_folder(path: Path, random: Random) -> None:
    """Put a folder in the place of a file."""
    path.unlink()
    path.mkdir()


def drop_half(path: Path, random: Random) -> None:
    """Keep half of the lines."""
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    path.write_text("".join(f"{line}\n" for line in lines[: len(lines) // 2]), encoding="utf-8")


SPOIL = (flip, cut, empty, remove, lengthen, make_folder)


def unseal(entry: Path) -> None:
    """Make an entry one of version 0.5.0: without a seal, without digests of files."""
    path = entry / "record.json"
    text = path.read_text(encoding="utf-8").rpartition(SEAL)[0] + "\n}"
    record = json.loads(text)
    del record["files"]
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def of_file(name: str, kind: str, pattern: str, act: Callable[[Path, Random], None]) -> Damage:
    """Damage to the files of a kind of entry."""

    def damage(folder: Path, random: Random) -> None:
        entry = random.choice(entries(folder / "runs", kind))
        act(random.choice(sorted(entry.rglob(pattern))), random)

    return Damage(name, damage)


def of_old(name: str, kind: str, pattern: str, act: Callable[[Path, Random], None]) -> Damage:
    """As `of_file`, in a store that an earlier version wrote."""

    def damage(folder: Path, random: Random) -> None:
        for entry in entries(folder / "runs"):
            unseal(entry)
        entry = random.choice(entries(folder / "runs", kind))
        act(random.choice(sorted(entry.rglob(pattern))), random)

    return Damage(name, damage)


def _half_scored(folder: Path, random: Random) -> None:
    entry = random.choice(entries(folder / "runs", "generate"))
    drop_half(entry / "candidates.jsonl", random)
    digest = json.loads((entry / "record.json").read_text(encoding="utf-8"))["candidates_digest"]
    for score in entries(folder / "runs", "score"):
        record = json.loads((score / "record.json").read_text(encoding="utf-8"))
        if record["candidates_digest"] == digest:
            shutil.rmtree(score)


def _any_file(folder: Path, random: Random) -> None:
    entry = random.choice(entries(folder / "runs"))
    random.choice(SPOIL)(random.choice(files(entry)), random)


def _record(text: str) -> Callable[[Path, Random], None]:
    def damage(folder: Path, random: Random) -> None:
        entry = random.choice(entries(folder / "runs"))
        (entry / "record.json").write_text(text, encoding="utf-8")

    return damage


def _wrong_type(folder: Path, random: Random) -> None:
    path = random.choice(entries(folder / "runs")) / "record.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record[random.choice(sorted(record))] = random.choice([None, [], "x", -1, {"x": 1}])
    path.write_text(json.dumps(record, indent=random.choice((1, None))), encoding="utf-8")


def _old_wrong_type(folder: Path, random: Random) -> None:
    for entry in entries(folder / "runs"):
        unseal(entry)
    path = random.choice(entries(folder / "runs", "train", "generate")) / "record.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    known = ("code", "versions", "machine", "device", "threads", "seed")
    record[random.choice(known)] = random.choice([None, []])
    path.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _wrong_value(folder: Path, random: Random) -> None:
    path = random.choice(entries(folder / "runs", "score")) / "record.json"
    text = path.read_text(encoding="utf-8")
    place = random.choice([i for i, c in enumerate(text) if c in "123456789"])
    digit = random.choice([d for d in "123456789" if d != text[place]])
    path.write_text(text[:place] + digit + text[place + 1 :], encoding="utf-8")


def _any_record(folder: Path, random: Random) -> None:
    path = random.choice(entries(folder / "runs")) / "record.json"
    random.choice(SPOIL)(path, random)


def _whole_entry(folder: Path, random: Random) -> None:
    entry = random.choice(entries(folder / "runs"))
    shutil.rmtree(entry)
    random.choice((entry.mkdir, entry.touch))()


def _swapped(folder: Path, random: Random) -> None:
    one, other = random.sample(entries(folder / "runs", "score"), 2)
    first, second = (entry / "values.jsonl" for entry in (one, other))
    text = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(text)


def _pairs(folder: Path, random: Random) -> None:
    for path in sorted((folder / "runs" / "pairs").iterdir()):
        random.choice((flip, cut, empty))(path, random)
    for score in entries(folder / "runs", "score"):
        shutil.rmtree(score)


def _failure(folder: Path, random: Random) -> None:
    entry = random.choice(entries(folder / "runs", "score"))
    shutil.rmtree(entry)
    (entry.parent / f"{entry.name}.failed.json").write_text("{}", encoding="utf-8")


def _report(folder: Path, random: Random) -> None:
    records = folder / "reports" / "r" / "records"
    found = sorted(path for path in records.rglob("*") if path.is_file())
    for path in random.sample(found, 3):
        random.choice(SPOIL)(path, random)


def _leftovers(folder: Path, random: Random) -> None:
    report = folder / "reports" / "r"
    (report / "records").rename(report / ".records-0.old")
    for name in ("records.tmp", ".records-1.tmp"):
        (report / name / "samples").mkdir(parents=True)
    (report / f".{0:032x}.tmp").touch()


DAMAGES: tuple[Damage, ...] = (
    Damage("candidates cut to half of their lines, score removed", _half_scored),
    of_file("candidates: a bit", "generate", "candidates.jsonl", flip),
    of_file("candidates: cut", "generate", "candidates.jsonl", cut),
    of_file("candidates: a line twice", "generate", "candidates.jsonl", lengthen),
    of_file("values: a bit", "score", "values.jsonl", flip),
    of_file("values: half of the lines", "score", "values.jsonl", drop_half),
    of_file("values: removed", "score", "values.jsonl", remove),
    Damage("values of two scores swapped", _swapped),
    of_file("weights: a bit", "train", "model.safetensors", flip),
    of_file("weights: cut", "train", "model.safetensors", cut),
    of_file("configuration: a bit", "train", "config.json", flip),
    of_file("tokeniser: removed", "train", "tokenizer.json", remove),
    of_file("log: a bit", "train", "events.jsonl", flip),
    of_file("trace: removed", "trace", "states.jsonl", remove),
    of_file("trace: a bit", "trace", "states.jsonl", flip),
    Damage("record: {}", _record("{}")),
    Damage("record: []", _record("[]")),
    Damage("record: a field of another type", _wrong_type),
    Damage("record of a score: a digit", _wrong_value),
    Damage("record: any damage", _any_record),
    Damage("an empty folder or a file in the place of an entry", _whole_entry),
    Damage("any file of any entry, any damage", _any_file),
    of_old("version 0.5.0, candidates: a bit", "generate", "candidates.jsonl", flip),
    of_old("version 0.5.0, candidates: half", "generate", "candidates.jsonl", drop_half),
    of_old("version 0.5.0, weights: cut", "train", "model.safetensors", cut),
    of_old("version 0.5.0, values: half of the lines", "score", "values.jsonl", drop_half),
    Damage("version 0.5.0, record: a field of another type", _old_wrong_type),
    of_old("version 0.5.0, trace: removed", "trace", "states.jsonl", remove),
    Damage("pair scores: any damage, scores removed", _pairs, is_told=False),
    Damage("record of a failure: {}", _failure, is_told=False),
    Damage("files of the report: any damage", _report, is_told=False),
    Damage("what a killed writer leaves in a report", _leftovers, is_told=False),
)


def choose(count: int, random: Random) -> Iterator[tuple[Damage, Random]]:
    """`count` damages: every kind in turn, each with a randomness of its own."""
    for number in range(count):
        yield DAMAGES[number % len(DAMAGES)], Random(random.getrandbits(64))


def names() -> Mapping[str, Damage]:
    """The kinds by name."""
    return {damage.name: damage for damage in DAMAGES}
