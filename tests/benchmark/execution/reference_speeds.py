"""Write `benchmark/execution/reference_speeds.json` from kept reports of this checkout.

python tests/benchmark/execution/reference_speeds.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from benchmark.api import UserError
from benchmark.execution.speed_records import (
    REFERENCE,
    Speed,
    measure_product_s,
    way_of_setting,
    way_of_training,
)
from benchmark.experiment.configuration import fill
from benchmark.experiment.registry import load_system
from benchmark.records.record_files import RecordFiles
from benchmark.runtime.yaml_format import read_yaml
from benchmark.store.entries import content_key

ROOT = Path(__file__).parents[3]
REPORTS = ("mini-0.6.0", "mini-more-0.6.0", "qqp-small-0.5.0")
FIELDS = [field.name for field in fields(Speed) if field.name != "is_own"]


def read(report: str) -> Iterator[dict[str, Any]]:
    """The speeds of a report; a training that several lines share is there once."""
    folder = ROOT / "reports" / report / "records"
    run = json.loads((folder / "run.json").read_text())
    suite = read_yaml(run["suite_yaml"])
    seen = set()
    for line in (json.loads(row) for _, row in RecordFiles(folder).trial_lines()):
        name, system = line["system"], run["systems"][line["system"]]
        if "outputs" in line or not line["cost"] or not line["score"]:
            continue
        try:
            system_class = load_system(name)
        except UserError:  # it is not installed here
            continue
        # Fields that came later have the default that does what was done before.
        config = asdict(fill(system_class.Config, system["config"], name))
        usual = {
            "system": name, "task": line["task"], "device": "cpu", "calls": 1.0, "tokens": 0.0,
            "chars": 0.0, "config": content_key(config) if system["trainable"] else "",
        }  # fmt: skip
        trained = line["training"]
        if trained and line["keys"]["train"] not in seen:
            seen.add(line["keys"]["train"])
            recipe = suite["training"] | suite["systems"].get(name, {}).get("training", {})
            yield usual | {
                "kind": "train", "way": way_of_training(recipe), "seconds": trained["seconds"],
                "size": float(trained["updates"] * trained["batch"]),
                "tokens": float(trained["tokens"]),
            }  # fmt: skip
        setting = line["setting"]
        setting["decoding"] = asdict(fill(system_class.Decoding, setting["decoding"], name))
        samples = setting["num_samples"] or suite["evaluation"]["num_samples"]
        candidates = line["score"]["num_sources"] * (1 if setting["kind"] == "single" else samples)
        yield usual | {
            "kind": "generate", "way": way_of_setting(setting), "size": float(candidates),
            "calls": float(setting["nfe"] or 1), "seconds": line["cost"]["wall_s"],
        }  # fmt: skip


def main() -> None:
    """Stages that are alike but for their size are one row."""
    merged: dict[tuple[Any, ...], dict[str, Any]] = {}
    summed = ("size", "tokens", "seconds")
    for row in (row for report in REPORTS for row in read(report)):
        alike = tuple(row[name] for name in FIELDS if name not in summed)
        known = merged.setdefault(alike, row | dict.fromkeys(summed, 0.0))
        for name in summed:
            known[name] += row[name]
    rows = [
        [round(v, 3) if isinstance(v := row[name], float) else v for name in FIELDS]
        for row in merged.values()
    ]
    head = {"from": REPORTS, "product_s": measure_product_s(), "fields": FIELDS}
    text = json.dumps(head, indent=1).removesuffix("\n}")
    listed = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    REFERENCE.write_text(f'{text},\n "speeds": [\n{listed}\n ]\n}}\n')
    sys.stdout.write(f"{len(rows)} rows\n")


if __name__ == "__main__":
    main()
