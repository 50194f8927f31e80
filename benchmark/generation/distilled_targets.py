"""Sequence-level distillation: targets of the train split replaced by outputs of a teacher.

A source with many good targets becomes one with a single answer, which a model that writes all
words at once can learn. The valid and test splits stay unchanged.

Source: arXiv 1606.07947, section 3.2; for non-autoregressive students arXiv 1711.02281,
section 3.4, and arXiv 1911.02727.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.api import Candidate, DecodingProtocol, Example, System, UserError
from benchmark.generation.measured_generation import generate
from benchmark.runtime.output_paths import make_folder
from benchmark.store.files import json_line, write_gzip, write_json, write_text
from benchmark.tasks import DISTILLED, Task
from benchmark.tasks.splits import Split

SOURCES_AT_ONCE = 2048
"""Sources between two writes: at most these are lost if the process is killed."""
_OUTPUTS = "outputs.jsonl"
"""The teacher's outputs so far."""


@dataclass(frozen=True, slots=True)
class DistilledCounts:
    """Counts over the teacher's outputs for the train split."""

    examples: int
    kept: int
    """Empty outputs, for which the original target was kept."""
    truncated: int
    """Outputs or sources truncated at the canvas."""
    copies: int
    """Outputs equal to their source."""
    unchanged: int
    """Outputs equal to a reference in the data."""
    distinct: int
    """Distinct outputs."""


def distil(
    teacher: System,
    task: Task,
    decoding: DecodingProtocol,
    *,
    folder: Path,
    identity: Mapping[str, Any],
    seed: int,
    batch: int,
    device: str = "cpu",
    on_progress: Callable[[int, int], None] | None = None,
) -> DistilledCounts:
    """Write the task of a student into `folder`, resuming where an earlier call stopped.

    Args:
        decoding: of the class `teacher.Decoding`; one candidate per source is taken.
        identity: what determines the targets (teacher, decoding, data); stored beside them.
        batch: sources decoded at once.

    Raises:
        UserError: if the task has no train split, or `folder` contains anything else.
    """
    if not task.train:
        raise UserError(f"Task {task.id!r} has no train split: there is nothing to distil.")
    partial = _open(folder, identity)
    outputs = _read_written(partial / _OUTPUTS, task.train)
    while len(outputs) < len(task.train):
        part = task.train[len(outputs) : len(outputs) + SOURCES_AT_ONCE]
        made = generate(
            teacher, part, decoding, num_samples=1, seed=seed, batch=batch, device=device
        )
        new = [of_source[0] for of_source in made.candidates]
        with (partial / _OUTPUTS).open("a", encoding="utf-8") as file:
            file.writelines(_output(e, c) for e, c in zip(part, new, strict=True))
        outputs += new
        if on_progress is not None:
            on_progress(len(outputs), len(task.train))
    counts = _counts(task.train, outputs)
    student: dict[Split, Sequence[Example]] = {
        "train": [_with_target(e, c) for e, c in zip(task.train, outputs, strict=True)],
        "valid": task.valid,
        "test": task.test,
    }
    for split, examples in student.items():
        if examples:
            text = "".join(json_line(_row(e)) for e in examples)
            write_gzip(partial / f"{split}.jsonl.gz", text.encode())
    write_json(partial / DISTILLED, {**identity, "counts": asdict(counts)})
    write_text(partial / "card.md", _card(task, identity, counts))
    (partial / _OUTPUTS).unlink()
    partial.replace(folder)
    return counts


def _open(folder: Path, identity: Mapping[str, Any]) -> Path:
    """The working folder, which an earlier call with the same identity may have begun."""
    if folder.exists():
        raise UserError(
            f"{folder} exists: name another folder with --output or --new-task, or remove it."
        )
    partial = folder.with_name(f".{folder.name}.partial")
    begun = partial / DISTILLED
    if begun.is_file() and not _is_same(json.loads(begun.read_text(encoding="utf-8")), identity):
        raise UserError(
            f"{partial} was started by a different call: finish that one, or remove the folder."
        )
    make_folder(partial, "--output", named=folder.parent)
    write_json(begun, identity)
    return partial


def _is_same(begun: Mapping[str, Any], identity: Mapping[str, Any]) -> bool:
    """Whether both agree apart from the counts, which an interruption at the very end leaves."""
    return {name: v for name, v in begun.items() if name != "counts"} == json.loads(
        json.dumps(identity)
    )


def _read_written(path: Path, examples: Sequence[Example]) -> list[Candidate]:
    """Read the outputs of an earlier call; an incomplete last line is removed."""
    if not path.exists():
        return []
    outputs: list[Candidate] = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        try:
            row = json.loads(line)
        except ValueError:
            break
        outputs.append(Candidate(row["text"], row["status"]))
    rows = zip(examples, outputs, strict=False)
    write_text(path, "".join(_output(e, c) for e, c in rows))
    return outputs


def _output(example: Example, output: Candidate) -> str:
    return json_line({"id": example.id, "text": output.text, "status": output.status})


def _with_target(example: Example, output: Candidate) -> Example:
    target = output.text.strip() or example.target
    return Example(example.id, example.source, target, (target,))


def _counts(examples: Sequence[Example], outputs: Sequence[Candidate]) -> DistilledCounts:
    pairs = list(zip(examples, (c.text.strip() for c in outputs), strict=True))
    return DistilledCounts(
        examples=len(pairs),
        kept=sum(not text for _, text in pairs),
        truncated=sum(c.status == "truncated" for c in outputs),
        copies=sum(_plain(text) == _plain(e.source) for e, text in pairs),
        unchanged=sum(_plain(text) in map(_plain, e.references) for e, text in pairs),
        distinct=len({text for _, text in pairs}),
    )


def _plain(text: str) -> str:
    """Vocabularies often have no capitals and only single spaces."""
    return " ".join(text.lower().split())


def _row(example: Example) -> dict[str, Any]:
    row: dict[str, Any] = {"src": example.source, "trg": example.target}
    return row | ({"refs": list(example.references)} if len(example.references) > 1 else {})


def _card(task: Task, identity: Mapping[str, Any], counts: DistilledCounts) -> str:
    return (
        f"# {task.title}, distilled\n\n"
        f"The sources of `{task.id}`; the targets of the train split were written by"
        f" `{identity['system']}` (training `{identity['train']}`, decoding"
        f" `{json.dumps(identity['decoding'])}`). The valid and test splits are those of"
        f" `{task.id}`; its source, licence and leakage apply here too.\n\n"
        f"- Examples: {counts.examples}, with {counts.distinct} distinct targets.\n"
        f"- Empty outputs, for which the original target was kept: {counts.kept}.\n"
        f"- Truncated at the canvas: {counts.truncated}.\n"
        f"- Equal to the source: {counts.copies}; to a reference in the data:"
        f" {counts.unchanged}.\n"
    )
