"""Leases: who works on what, among processes that share no more than a folder.

Network file systems do not keep the locks of a kernel, so nothing is locked. A lease is a file
with a number, `<folder>/<number>`, that is made by a hard link or exclusively, which one process
alone can do; the highest number counts. Its owner raises a counter in it every `BEAT_S`. To let go,
it makes `<number>.free` beside it. Whoever finds the highest number free, or its owner dead,
makes the next number, so that of several at once one succeeds, and no file of another has to be
removed for that. The highest number never goes down, and so an owner that was thought dead and is
not finds a higher one and stops.

An owner is dead if its process is gone, where that can be seen: in the same boot of the same
machine or container. Elsewhere it is dead if its counter stood still while the observer looked
`STILL` times, `BEAT_S` or more apart. No two clocks are compared. Who has seen the end of an owner
by other means, as its parent or Ray has, lets go in its place (`release_for`), and others need not
look; should the owner be alive after all, it finds its lease free or a higher one, and stops.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from benchmark.store.files import unfinished

BEAT_S = 10.0
"""Seconds between two beats of an owner."""
STILL = 7
"""Looks without a beat after which an owner counts as dead: a minute at least."""

_DIGITS = 10
_FREE = ".free"
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)
"""How file systems without hard links refuse one."""


@dataclass(frozen=True)
class Owner:
    """The process that holds a lease."""

    host: str
    pid: int
    since: str
    """When it took the lease, by its own clock (ISO 8601, UTC)."""
    what: str
    """What it works on."""
    place: str = ""
    """Machine, boot and process namespace; empty where they cannot be told."""
    started: str = ""
    """When the process started, in ticks of its machine: numbers of processes are used again."""
    token: str = ""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since[:16].replace('T', ' ')} UTC"


class HeldError(Exception):
    """Somebody else holds a lease."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(owner)
        self.owner = owner

    def __reduce__(self) -> tuple[type[HeldError], tuple[Owner]]:
        return HeldError, (self.owner,)


class LeaseLostError(Exception):
    """This process was thought dead, and its lease given up or taken over."""


class Lease:
    """A lease of this process; see `take`."""

    def __init__(self, folder: Path, number: int, owner: Owner) -> None:
        self.folder, self.number, self.owner = folder, number, owner
        self.is_lost = False
        self._beats = 0
        self._taken = time.monotonic()

    @property
    def age_s(self) -> float:
        """Seconds since it was taken."""
        return time.monotonic() - self._taken

    def check(self) -> None:
        """Look whether the lease is still that of this process.

        Raises:
            LeaseLostError: if it is not.
        """
        with suppress(OSError):  # a file system that does not answer says nothing about the lease
            self.is_lost = self.is_lost or _find_last(self.folder) != (self.number, False)
        if self.is_lost:
            raise LeaseLostError(
                f"{self.owner.what}: this process stood still or was out of reach, and its lease"
                " was given up or taken over by another one."
            )

    def beat(self) -> None:
        """Show that the owner is alive."""
        try:
            # The open file is this one whatever its name stands for now.
            with _path(self.folder, self.number).open("r+b") as file:
                self._beats += 1
                file.write(_count(self._beats))
                file.flush()
                os.fsync(file.fileno())
        except FileNotFoundError:
            with suppress(LeaseLostError):
                self.check()
        except OSError:  # for a moment: the next beat may get through
            return

    def release(self) -> None:
        """Let others have it."""
        _heart.remove(self)
        _set_free(self.folder, self.number)


def take(folder: Path, what: str) -> Lease:
    """Take the lease of a folder, which is made if it is missing.

    Raises:
        HeldError: if somebody else has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    last, is_free = _find_last(folder)
    if last and not is_free:
        owner, beats = _read(_path(folder, last))
        if not _observer.finds_dead(folder / str(last), owner, beats):
            raise HeldError(owner)
    owner = _describe_self(what)
    number = last + 1
    if not _create(_path(folder, number), owner):
        raise HeldError(_read(_path(folder, number))[0])
    # The list may have been an old one, as network file systems show it for some seconds; after
    # this change of the folder it is not.
    highest, _ = _find_last(folder)
    if highest > number:
        _path(folder, number).unlink(missing_ok=True)
        raise HeldError(_read(_path(folder, highest))[0])
    _remove_below(folder, number)
    lease = Lease(folder, number, owner)
    _heart.add(lease)
    return lease


def find_owner(folder: Path) -> Owner | None:
    """Who holds the lease of a folder; None if nobody does, or an owner that is dead."""
    last, is_free = _find_last(folder)
    if not last or is_free:
        return None
    owner, beats = _read(_path(folder, last))
    return None if _observer.finds_dead(folder / str(last), owner, beats) else owner


def release_for(folder: Path, place: str, pids: Collection[int]) -> None:
    """Let go in place of an owner that has ended, so that other machines need not find out.

    Args:
        folder: of the lease; one that another owner holds is left alone.
        place: what `find_place` said where the processes were.
        pids: their numbers.
    """
    last, is_free = _find_last(folder)
    if not last or is_free or not place:
        return
    owner, _ = _read(_path(folder, last))
    if owner.place == place and owner.pid in pids:
        _set_free(folder, last)


def read_owner(folder: Path) -> tuple[Owner, Path] | None:
    """The owner of a lease that is not free, dead or not, and its file; None if there is none."""
    last, is_free = _find_last(folder)
    path = _path(folder, last)
    return None if not last or is_free else (_read(path)[0], path)


def is_gone(owner: Owner) -> bool:
    """Whether the process of an owner has ended, as far as this process can see."""
    if not owner.place or owner.place != find_place():
        return False
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    started = _start_of(owner.pid)
    return bool(started) and started != owner.started


# The heart


class _Heart:
    """A thread that beats for every lease of this process."""

    def __init__(self) -> None:
        self._leases: dict[str, Lease] = {}
        self._change = threading.Condition()
        self._pid = 0

    def add(self, lease: Lease) -> None:
        with self._change:
            if self._pid != os.getpid():  # a fork has neither the thread nor the leases
                self._leases, self._pid = {}, os.getpid()
                threading.Thread(target=self._run, daemon=True, name="leases").start()
            self._leases[lease.owner.token] = lease

    def remove(self, lease: Lease) -> None:
        with self._change:
            self._leases.pop(lease.owner.token, None)

    def _run(self) -> None:
        while True:
            time.sleep(BEAT_S)
            with self._change:
                leases = list(self._leases.values())
            for lease in leases:
                lease.beat()

    def forget(self) -> None:
        """In a fork: a thread of the parent may have been within the lock."""
        self._change = threading.Condition()


class _Observer:
    """What this process saw of the leases of others."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[Path, tuple[tuple[str, int], float, int]] = {}
        """By file: token and beats, when they were last counted, and how often."""

    def finds_dead(self, path: Path, owner: Owner, beats: int) -> bool:
        """Whether an owner is dead, as far as it was observed."""
        if owner.started and owner.place == find_place():
            return is_gone(owner)
        state, now = (owner.token, beats), self._clock()
        seen, last, count = self._seen.get(path, (None, now, 0))
        if state != seen:
            self._seen[path] = (state, now, 1)
            return False
        # A pause of this process itself counts as one look, however long it was.
        if now - last >= BEAT_S:
            self._seen[path] = (state, now, count := count + 1)
        return count >= STILL


_heart = _Heart()
_observer = _Observer()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_heart.forget)


# Files


def _path(folder: Path, number: int) -> Path:
    return folder / str(number)


def _find_last(folder: Path) -> tuple[int, bool]:
    """The highest number and whether it is free; 0 if there is none."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return 0, True
    found = [
        (int(stem), bool(end)) for stem, end, _ in (n.partition(_FREE) for n in names)
        if stem.isdecimal()
    ]  # fmt: skip
    return max(found, default=(0, True))


def _set_free(folder: Path, number: int) -> None:
    """Let others have a lease, if it is still there."""
    # The number itself stays taken: one who looked long ago must not be able to make it again.
    with suppress(OSError):
        if _path(folder, number).exists():
            (folder / f"{number}{_FREE}").touch()


def _create(path: Path, owner: Owner) -> bool:
    """Make a lease with its content; False if there is one of that number."""
    data = _count(0) + json.dumps(asdict(owner), ensure_ascii=False).encode() + b"\n"
    fresh = unfinished(path)
    try:
        _write(fresh, data)
        try:
            os.link(fresh, path)
        except FileExistsError:
            # A reply that was lost makes a network file system try twice: links are counted.
            return fresh.stat().st_nlink == 2
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            try:
                _write(path, data)
            except FileExistsError:
                return False
        return True
    finally:
        fresh.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _remove_below(folder: Path, number: int) -> None:
    """Remove what earlier owners, and processes that were killed, left."""
    for path in folder.iterdir():
        stem = path.name.partition(_FREE)[0]
        if stem.isdecimal() and int(stem) < number:
            path.unlink(missing_ok=True)


def _read(path: Path) -> tuple[Owner, int]:
    """The owner and the beats of a lease; an unknown owner where it is just being written."""
    try:
        data = path.read_bytes()
        values = json.loads(data[_DIGITS + 1 :])
        known = {field.name for field in fields(Owner)}
        return Owner(**{k: v for k, v in values.items() if k in known}), int(data[:_DIGITS])
    except (OSError, ValueError, TypeError, AttributeError):
        return Owner("an unknown host", 0, "", "", token=path.name), 0


def _count(beats: int) -> bytes:
    return f"{beats:0{_DIGITS}d}\n".encode()


# This process


def _describe_self(what: str) -> Owner:
    return Owner(
        host=socket.gethostname(),
        pid=os.getpid(),
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        what=what,
        place=find_place(),
        started=_start_of(os.getpid()),
        token=uuid.uuid4().hex,
    )


@cache
def find_place() -> str:
    """What is alike for two processes exactly if one can see whether the other is alive.

    Machine, boot and process namespace; empty where they cannot be told.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        # Without /proc: machines that are alike in both count as one.
        return f"{socket.gethostname()} {uuid.getnode()}" if os.name == "posix" else ""


def _start_of(pid: int) -> str:
    """When a process started; empty where that is not known, `ended` for one that is no more."""
    try:
        # The name in brackets may hold anything: what counts stands behind it.
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return "ended" if Path("/proc/self/stat").exists() else ""
    except OSError:
        return ""
    return "ended" if state in "ZX" else rest[18]
