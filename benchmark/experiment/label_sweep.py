"""The curve over numbers of labels that a call asks for: which systems have a point of it."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.api import UserError
from benchmark.experiment.plan import Plan
from benchmark.tasks.label_budget import ALONE


def check_label_sweep(plan: Plan, written: Sequence[int | str]) -> str:
    """Check that a curve over labels has the points that were asked for.

    Args:
        plan: of the trials, those of the curve included.
        written: the numbers of `--labels`.

    Returns:
        A sentence on the systems that learn nothing from labels alone, where that was asked for;
        empty where all have their points.

    Raises:
        UserError: if no task has labels, or only such systems are to learn from labels alone.
    """
    if not any(task.attributes for task in plan.tasks.values()):
        raise UserError(
            f"--labels: no attributes are asked for in {', '.join(plan.tasks)}, so there are no"
            " labels to learn: name a control task, or omit --labels."
        )
    alone = [str(number) for number in written if str(number).endswith(ALONE)]
    guided = dict.fromkeys(
        trial.system
        for trial in plan.trials
        if trial.task.attributes and trial.system_class.capabilities.control == "guided"
    )
    if not alone or not guided:
        return ""
    one = len(guided) == 1
    reason = (
        f"--labels {' '.join(alone)}: {', '.join(guided)} {'is' if one else 'are'} trained on all"
        " texts without their labels"
    )
    if not any(trial.labels is not None and trial.labels.alone for trial in plan.trials):
        numbers = " ".join(number.removesuffix(ALONE) for number in alone)
        raise UserError(
            f"{reason}, never on labels alone: write --labels {numbers}, or add a conditional"
            " system such as transformer."
        )
    return f"{reason} and {'has' if one else 'have'} no such point."
