"""Record what the official evaluation scripts say of `samples/` (see ../README.md).

    python tests/parity/evaluation/record.py CHECKOUT CHECKOUT_OF_THE_FIRST_RELEASE

Needs torchmetrics and nltk. BERTScore is left out: a stub takes its place.
"""

from __future__ import annotations

import json
import runpy
import sys
import tempfile
from pathlib import Path
from shutil import copy
from types import ModuleType
from unittest.mock import patch

import torch

HERE = Path(__file__).parent
FILES = sorted((HERE / "samples").glob("*.json"))


def run(script: Path, files: list[Path], *options: str) -> dict[str, object]:
    """All that the script has in its variables when it is done with a folder of `files`."""
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            copy(file, folder)
        with patch("sys.argv", [str(script), "--folder", folder, *options]):
            return runpy.run_path(str(script), run_name="__main__")


def lists(found: dict[str, object], names: dict[str, str]) -> dict[str, list[float]]:
    return {ours: [float(v) for v in found[theirs]] for ours, theirs in names.items()}


def record(script: Path) -> dict[str, object]:
    each = {"bleu": "bleu", "rouge_l": "rougel", "dist_1": "dist1", "len": "avg_len"}
    candidates = {file.name: lists(run(script, [file]), each) for file in FILES}
    sets = lists(run(script, FILES), {"self_bleu": "selfBleu", "div_4": "div4"})
    best = run(script, FILES, "--mbr")
    return {
        "candidates": candidates,
        "sets": sets,
        "mbr": {"chosen": best["recovers"], **lists(best, each)},
    }


def main() -> None:
    stub = ModuleType("bert_score")
    stub.score = lambda texts, *_, **__: (torch.zeros(len(texts)),) * 3
    sys.modules["bert_score"] = stub
    import torchmetrics.functional.text.rouge as rouge

    # For ROUGE-Lsum alone, which the scripts do not read; it would download a model.
    rouge._split_sentence = lambda text: [text]
    fixed, first = (Path(name) / "scripts" / "eval_seq2seq.py" for name in sys.argv[1:3])
    expected = {"fixed": record(fixed), "first_release": record(first)}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
