"""The provenance of a record: code, versions, machine."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmark.runtime.device import count_cores
from benchmark.runtime.processor import DETAILS, describe_processor

PACKAGES = (
    "torch",
    "transformers",
    "accelerate",
    "tokenizers",
    "numpy",
    "scipy",
    "sacrebleu",
    "nltk",
    "rouge-score",
    "ve-fairseq",
)
_ROOMS = ("benchmark", "diffuseq", "baselines")


def provenance(device: str, threads: int) -> dict[str, Any]:
    """The provenance stored with every record."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": code(),
        "versions": versions(),
        "machine": machine(),
        # Which of several GPUs it was changes no number; its name stands in `machine`.
        "device": device.partition(":")[0],
        "threads": threads,
    }


def conditions(record: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a record's provenance that can change numbers."""
    machine, source = record["machine"], record.get("source")
    # Of a plug-in, whose source is not in the digest of the code.
    of_system = {"source": source["digest"]} if source else {}
    # Of a training; absent in records of versions up to 0.5.0.
    of_training = {"precision": record["precision"]} if "precision" in record else {}
    return (
        of_system
        | of_training
        | {
            "code": record["code"]["digest"],
            "device": record["device"],
            "threads": record["threads"],
            "processes": record.get("processes", 1),
            "cpu": machine["cpu"],
            # Absent in records of versions up to 0.6.0.
            **{name: machine[name] for name in DETAILS if name in machine},
            "gpu": machine.get("gpu"),
            "versions": record["versions"],
        }
    )


@lru_cache(maxsize=1)
def code() -> dict[str, Any]:
    """Version, digest of code and data files, and the commit if the package is in its repository.

    Grammars and the table of systems are YAML: they decide numbers as the code does.
    """
    root = Path(__file__).parents[2]
    commit = _git(root, "rev-parse", "HEAD") if (root / ".git").exists() else None
    dirty = bool(_git(root, "status", "--porcelain", "--", *_ROOMS)) if commit else None
    return {
        "version": _version("diffuseq-bench"),
        "digest": source_digest(root),
        "commit": commit,
        "dirty": dirty,
    }


def source_digest(root: Path) -> str:
    """Sixteen hexadecimal digits over names and content of all code and YAML below `root`."""
    digest = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted(p for kind in ("*.py", "*.yaml") for p in (root / room).rglob(kind)):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can change numbers."""
    found = {name: _version(name) for name in PACKAGES}
    return {"python": platform.python_version()} | {n: v for n, v in found.items() if v}


@lru_cache(maxsize=2)
def machine(*, gpu: bool = True) -> dict[str, Any]:
    """Processor, memory (bytes), accelerator; `gpu` is False if none can have been used."""
    return {
        **describe_processor(),
        "cores": count_cores(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "gpu": _gpu_name() if gpu else None,
        "platform": platform.platform(),
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _gpu_name() -> str | None:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None
