"""Whether the figures of two reports may stand on one board: what differs is refused, not averaged.

Tasks of one name have to hold the same data, metrics of one name the same signature, systems of one
name the same recipe and source, and settings of one label the same decoding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmark.api import UserError
from benchmark.records.merge_part import MergePart, Row

_ONE_SUITE = "run both with one suite"
_ONE_VERSION = "run both with one recipe and one version of the package"
_OF_SYSTEM = (
    "version", "config", "family", "knob", "nfe_knob", "control", "trainable", "from_scratch",
)  # fmt: skip


def check_comparable(one: MergePart, other: MergePart) -> None:
    """Compare two reports.

    Raises:
        UserError: if they may not be merged, with what differs.
    """
    _check_tasks(one, other)
    _check_systems(one, other)
    _check_scores(one, other)
    _check_settings(one, other)


def refuse(one: MergePart, other: MergePart, what: str, fix: str) -> UserError:
    """The error that says why two reports cannot be merged."""
    return UserError(f"{one.report} and {other.report} cannot be merged: {what}: {fix}.")


def _check_tasks(one: MergePart, other: MergePart) -> None:
    for task in _shared(one.run["tasks"], other.run["tasks"]):
        first, second = one.run["tasks"][task], other.run["tasks"][task]
        for name, fix in (
            ("digest", "run both on the same data and limits"),
            ("quality", "give both the same main quality"),
        ):
            if first.get(name) != second.get(name):
                raise refuse(one, other, f"task {task} has another {name} in each", fix)


def _check_systems(one: MergePart, other: MergePart) -> None:
    for system in _shared(one.run["systems"], other.run["systems"]):
        first, second = one.run["systems"][system], other.run["systems"][system]
        for name in _OF_SYSTEM:
            if name in first and name in second and first[name] != second[name]:
                raise refuse(
                    one, other, f"system {system} has another {name} in each", _ONE_VERSION
                )
        digests = [(of.get("source") or {}).get("digest") for of in (first, second)]
        if digests[0] != digests[1]:
            raise refuse(
                one, other, f"system {system} has another source in each", "run both with one"
            )
        if first.get("trainable") is False:
            continue  # a copy of the source is the same whatever trains the others
        recipes = [part.recipe_of(system) for part in (one, other)]
        _check_recipes(one, other, system, recipes)
        for task in _shared(one.run["tasks"], other.run["tasks"]):
            if all(_has(part, task, system) for part in (one, other)):
                recipes = [part.task_recipe_of(system, task) for part in (one, other)]
                _check_recipes(one, other, f"{system} on {task}", recipes)


def _check_recipes(
    one: MergePart, other: MergePart, system: str, recipes: list[Row | None]
) -> None:
    if recipes[0] == recipes[1] and not (recipes[0] is None and (one.is_vague or other.is_vague)):
        return
    for part, recipe in zip((one, other), recipes, strict=True):
        if recipe is None:
            what = f"the recipe of system {system} is not known in {part.report}"
            raise refuse(one, other, what, "merge the reports of the runs themselves")
    what = f"system {system} was trained by another recipe in each"
    raise refuse(one, other, what, _ONE_SUITE)


def _has(part: MergePart, task: str, system: str) -> bool:
    return any(line["task"] == task and line["system"] == system for line in part.lines)


def _check_scores(one: MergePart, other: MergePart) -> None:
    """Figures of a task are of the same metrics, sources, numbers of candidates and intervals."""
    for task in _shared(one.run["tasks"], other.run["tasks"]):
        facts = [_gather_facts(part, task) for part in (one, other)]
        for name in _shared(*facts):
            if facts[0][name] != facts[1][name]:
                raise refuse(
                    one, other, f"on {task} they have another {name}",
                    "score both with one suite and one version of the package",
                )  # fmt: skip


def _gather_facts(part: MergePart, task: str) -> Row:
    found: Row = {}
    metrics: dict[str, str] = {}
    for line in part.lines:
        score = line["score"]
        if line["task"] != task or score is None:
            continue
        metrics |= {name: entry["signature"] for name, entry in score["metrics"].items()}
        if "main" not in line["setting"]["roles"]:
            continue
        found["interval"] = score["interval"]
        found["utility of MBR"] = score.get("mbr_utility", "")
        if not line.get("outputs"):
            found["number of sources"] = score["num_sources"]
            if line["setting"].get("kind", "samples") == "samples":
                found["number of candidates"] = score["num_samples"]
    signatures = {f"signature of {name}": of for name, of in metrics.items()}
    return found | signatures | ({"set of metrics": sorted(metrics)} if metrics else {})


def _check_settings(one: MergePart, other: MergePart) -> None:
    """A row is one setting: seeds that were decoded otherwise, or learnt from others, are none."""
    settings = [_gather_settings(part.lines) for part in (one, other)]
    for name in _shared(*settings):
        first, second = (of[name] for of in settings)
        for what in _shared(first, second):
            if first[what] != second[what]:
                raise refuse(one, other, f"{name} has another {what} in each", _ONE_SUITE)


def _gather_settings(lines: Iterable[Row]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for line in lines:
        system = f"{line['task']} / {line['system']}"
        setting, score = line["setting"], line["score"]
        facts = found.setdefault(f"{system} / {setting['label']}", {})
        facts |= {
            "decoding": setting.get("decoding", {}),
            "kind": setting.get("kind", "samples"),
            "number of labels": (line.get("labels"), line.get("labels_alone", False)),
        }
        if score is not None:
            facts["number of sources"] = score["num_sources"]
            facts["number of candidates"] = score["num_samples"]
        if line.get("valid"):
            facts["number of valid sources"] = line["valid"]["num_sources"]
        if "main" in setting["roles"]:
            found.setdefault(system, {})["main setting"] = setting["label"]
    return found


def _shared(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return sorted({*one} & {*other})
