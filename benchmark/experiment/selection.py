"""The tasks and systems that a call selects from a suite."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.experiment.registry import load_system, name_by_module, system_entries
from benchmark.experiment.suite import Suite


def choose_tasks(suite: Suite, names: Sequence[str]) -> list[str]:
    """The tasks selected by `--task`; `all` = those that the suite marks as default.

    Raises:
        UserError: for a task that the suite does not have.
    """
    default = [name for name, recipe in suite.tasks.items() if recipe.default]
    names = ["default" if name == "all" else name for name in names]
    where = f"suite {suite.name!r} (for data of your own give --data-dir)"
    return _choose(names, list(suite.tasks), default, where, "task")


def choose_systems(suite: Suite, names: Sequence[str], task: str | None = None) -> list[str]:
    """The systems selected by `--system`; `default` = those marked so, `all` = all installed ones.

    Args:
        names: what was selected.
        task: the task whose default systems are meant, where it has a list of its own.

    A registered id that the suite does not have, or a dotted path `module:Class`, runs with the
    defaults of its class.

    Raises:
        UserError: for a system that is not in the suite, not registered and not a path.
    """
    default = suite.tasks[task].systems if task is not None else None
    if default is None:
        default = [name for name, recipe in suite.systems.items() if recipe.default]
    missing, entries = missing_systems(suite), system_entries()
    names = [name_by_module(name) for name in names]
    known = [name for name in suite.systems if name not in missing]
    others = [name for name in names if ":" in name or name in entries]
    return _choose(names, known, default, f"suite {suite.name!r}", "system", others=others)


def missing_systems(suite: Suite) -> dict[str, str]:
    """Systems of the suite with missing requirements, and the command that installs these."""
    entries = system_entries()
    return {
        name: entries[name].install
        for name in suite.systems
        if name in entries and not entries[name].available
    }


def _choose(
    names: Sequence[str],
    known: list[str],
    default: list[str],
    where: str,
    what: str,
    *,
    others: Sequence[str] = (),
) -> list[str]:
    chosen: list[str] = []
    for name in names:
        if name == "all":
            chosen += known
        elif name == "default":
            chosen += default
        elif name in known or name in others:
            chosen.append(name)
        else:
            raise UserError(f"There is no {what} {name!r} in {where}: {suggestion(name, known)}")
    return list(dict.fromkeys(chosen))


def check_ablations(systems: Sequence[str], ablate: Sequence[str]) -> None:
    """Check that each ablation exists in some of the systems.

    Raises:
        UserError: for an ablation that none of them has.
    """
    known = {name for system in systems for name in load_system(system).capabilities.ablations}
    for name in ablate:
        if name not in known:
            raise UserError(
                f"None of the chosen systems has an ablation {name!r}: {suggestion(name, known)}"
            )
