"""The texts that raters can be shown: what the records of a report keep of one task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark.api import UserError, read_control
from benchmark.api.did_you_mean import suggestion
from benchmark.records.reader import Records
from benchmark.records.schema import Sample, TrialRecord
from benchmark.report.data.axes import CONTROL
from benchmark.report.data.points import COPY, REFERENCE, YARDSTICK
from benchmark.tasks import TASKS

CONTROLS = (COPY, REFERENCE)
"""Further "systems" of every sheet: what raters say of them says something about the raters."""


@dataclass(frozen=True)
class KeptSource:
    """A source with one text of every system and control."""

    id: str
    text: str
    answers: Mapping[str, str]
    """By system; the controls come last."""


@dataclass(frozen=True)
class KeptTexts:
    """All sources of a task that every chosen system has a text for."""

    sources: tuple[KeptSource, ...]
    systems: tuple[str, ...]
    controls: tuple[str, ...]
    family: str
    """The family of the task, which decides what is asked."""
    split_size: int | None
    """Sources of the test part; None where the records do not say."""
    without: tuple[str, ...] = ()
    """Systems of the task that have no text and were not named."""

    @property
    def names(self) -> tuple[str, ...]:
        """Systems and controls."""
        return (*self.systems, *self.controls)


def gather_texts(records: Records, task: str, systems: Sequence[str] = ()) -> KeptTexts:
    """One text of every system for every kept source: the first candidate of its main setting.

    It is of the first seed. Of systems that sample it is a random draw, of the others their answer.

    Args:
        records: those of the report.
        task: its id.
        systems: their ids; none means all that are no yardsticks.

    Raises:
        UserError: if the task or a system is not there, or there are no texts.
    """
    if task not in records.tasks:
        raise UserError(
            f"--task {task}: the report has no such task: {suggestion(task, records.tasks)}"
        )
    mains = _find_mains(records, task)
    chosen = _choose(mains, systems, task)
    if not records.keeps_texts:
        raise UserError(
            f"{records.files.folder} keeps no texts, as in kept reports on data that may not be"
            " redistributed: name the report of a run of your own."
        )
    samples = {
        system: records.samples(trial.keys.generate)
        for system in chosen
        if (trial := mains[system]) is not None and trial.keys.generate
    }
    shared = [
        sample
        for name, sample in next(iter(samples.values())).items()
        if all(name in of and of[name].candidates for of in samples.values())
    ]
    asked = any(CONTROL.metric in t.score.metrics for t in mains.values() if t and t.score)
    if not shared:
        raise UserError(f"--task {task}: no source has a text of every system: name fewer systems.")
    sources = tuple(_make_source(sample, samples, asked=asked) for sample in shared)
    controls = tuple(c for c in CONTROLS if all(c in source.answers for source in sources))
    return KeptTexts(
        sources=sources,
        systems=tuple(samples),
        controls=controls,
        family=_family_of(task, asked=asked, edited=COPY in controls),
        split_size=records.run.tasks[task].counts.get("test"),
        without=() if systems else tuple(s for s, trial in mains.items() if trial is None),
    )


def _find_mains(records: Records, task: str) -> dict[str, TrialRecord | None]:
    """The first finished trial of every system under its main setting; None where none finished."""
    found: dict[str, TrialRecord | None] = {}
    for trial in records.trial_records:
        if trial.task != task or "main" not in trial.setting.roles:
            continue
        done = trial if trial.status == "ok" and trial.keys.generate else None
        found[trial.system] = found.get(trial.system) or done
    return found


def _choose(
    mains: Mapping[str, TrialRecord | None], systems: Sequence[str], task: str
) -> tuple[str, ...]:
    for system in systems:
        if system in CONTROLS:
            raise UserError(f"--system {system}: it is a control of every sheet; leave it out.")
        if system not in mains:
            raise UserError(
                f"--system {system}: the report has no outputs of it on {task}:"
                f" {suggestion(system, mains)}"
            )
        if mains[system] is None:
            raise UserError(f"--system {system}: no trial of it on {task} is complete.")
    if systems:
        return tuple(dict.fromkeys(systems))
    models = tuple(s for s, t in mains.items() if t is not None and t.family != YARDSTICK)
    if not models:
        raise UserError(f"--task {task}: no system has a complete trial.")
    return models


def _make_source(
    sample: Sample, samples: Mapping[str, Mapping[str, Sample]], *, asked: bool
) -> KeptSource:
    answers = {system: of[sample.id].candidates[0].text for system, of in samples.items()}
    control = read_control(sample.source) if asked else None
    # A control line is nothing to copy, only the text in it is.
    copied = sample.source if control is None else control.text
    if copied is not None:
        answers[COPY] = copied
    if sample.references:
        answers[REFERENCE] = sample.references[0]
    return KeptSource(sample.id, sample.source, answers)


def _family_of(task: str, *, asked: bool, edited: bool) -> str:
    if asked:
        return "editing" if edited else "control"
    entry = TASKS.get(task.removesuffix("-distilled"))
    return entry.family if entry else ""
