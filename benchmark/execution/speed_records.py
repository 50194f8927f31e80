"""How long stages took: those of the store, and those of kept reports, as a first guess.

The second are in `reference_speeds.json`, scaled by how fast a product of matrices was there and is
here; `tests/benchmark/execution/reference_speeds.py` writes them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.store.entries import RECORD, Store, content_key
from benchmark.store.seal import DamagedError, read_sealed

REFERENCE = Path(__file__).with_name("reference_speeds.json")
MEASURED = ("train", "operators", "generate", "trace", "likelihood", "score")


@dataclass(frozen=True)
class Speed:
    """How long one stage took."""

    kind: str
    system: str
    """Empty for scores, which depend on texts alone."""
    task: str
    config: str
    """Key of the configuration; empty where nothing is trained."""
    way: str
    """Key of how it trains or decodes, without what is counted in `size` and `calls`."""
    device: str
    calls: float
    """Calls of the network that a setting asks for; 1 where it does not say."""
    size: float
    """Examples that were trained on, or candidates that were made or scored."""
    tokens: float
    """Tokens that were trained on; 0 elsewhere."""
    chars: float
    """Characters of a source and its target; 0 if not known."""
    seconds: float
    is_own: bool = True
    """Whether it is of this store; else it is a first guess."""


def way_of_setting(setting: Mapping[str, Any]) -> str:
    """Key of how a setting decodes, whatever its temperature and its number of calls."""
    varied = {"temperature", setting.get("knob")}
    decoding = {
        name: value
        for name, value in setting["decoding"].items()
        if name not in varied and (isinstance(value, bool) or value != setting.get("nfe"))
    }
    return content_key({"kind": setting["kind"], "decoding": decoding})


def way_of_training(training: Mapping[str, Any]) -> str:
    """Key of how a recipe trains, as far as it decides how long an example takes."""
    names = ("batch", "micro_batch", "precision", "by_length", "compile")
    return content_key({name: training.get(name) for name in names})


def read_speeds(store: Store) -> list[Speed]:
    """The speeds of all finished entries; those that cannot be read say nothing."""
    records: dict[str, dict[str, dict[str, Any]]] = {}
    for kind in MEASURED:
        records[kind] = {}
        for path in sorted((store.root / kind).glob(f"*/{RECORD}")):
            if "." not in path.parent.name:
                with suppress(DamagedError, UserError):
                    records[kind][path.parent.name], _ = read_sealed(path)
    trained, generated = records["train"], records["generate"]
    by_digest = {record.get("candidates_digest"): record for record in generated.values()}
    found = []
    for kind, of_kind in records.items():
        for record in of_kind.values():
            of = by_digest.get(record["candidates_digest"]) if kind == "score" else record
            with suppress(LookupError, TypeError, AttributeError):
                config = trained[record["train"]]["config"] if record.get("train") else None
                if of is not None and (speed := _read(kind, record, of, config)):
                    found.append(speed)
    return found


def _read(
    kind: str, record: Mapping[str, Any], of: Mapping[str, Any], config: Mapping[str, Any] | None
) -> Speed | None:
    stage_s = float(record.get("stage_s", 0))
    tokens, calls, way = 0.0, 1.0, ""
    if kind == "train":
        summary = record["summary"]
        config, tokens = record["config"], float(summary["tokens"])
        size, way = summary["updates"] * summary["batch"], way_of_training(record["training"])
        # Of a training that was resumed, the stage is the last part alone.
        stage_s = max(stage_s, summary["seconds"])
    elif kind == "operators":
        size = 1
    else:
        size = of["num_sources"] * of.get("num_samples", 1)
        if kind in ("generate", "trace"):
            way, calls = way_of_setting(of["setting"]), float(of["setting"]["nfe"] or 1)
        if kind == "generate" and not stage_s and record["cost"]:
            stage_s = record["cost"]["wall_s"]
        if kind == "score":
            way = str(of["num_samples"])
    if not stage_s or not size:
        return None
    return Speed(
        kind=kind,
        system="" if kind == "score" else of["system"],
        task=of["task"],
        config=content_key(config) if config and kind != "score" else "",
        way=way,
        device=record.get("device", of.get("device", "cpu")),
        calls=calls,
        size=float(size),
        tokens=tokens,
        chars=float(of.get("chars", 0)),
        seconds=stage_s,
    )


def read_reference() -> Iterator[Speed]:
    """The speeds of kept reports, as they would be on this machine."""
    kept = json.loads(REFERENCE.read_text(encoding="utf-8"))
    here = measure_product_s() / kept["product_s"]
    for row in kept["speeds"]:
        values = dict(zip(kept["fields"], row, strict=True))
        yield Speed(**values | {"seconds": values["seconds"] * here, "is_own": False})


def measure_product_s() -> float:
    """Processor seconds of products of matrices as in small networks: the fastest of many tries."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    a, b = torch.ones(1024, 128), torch.ones(128, 384)
    best = float("inf")
    for _ in range(30):
        started = time.process_time()
        for _ in range(4):
            torch.mm(a, b)
        best = min(best, time.process_time() - started)
    torch.set_num_threads(threads)
    return best
