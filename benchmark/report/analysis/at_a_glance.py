"""At a glance: four questions that are read in ten seconds, and one line for each task.

Who is best, whether diffusion beats autoregression, what that costs, and whether either beats
copying the source. "Significantly" means what it means everywhere
(`benchmark.report.analysis.significance`); systems are compared by the main table's settings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from benchmark.records.schema import Interval
from benchmark.report.analysis.families import (
    AUTOREGRESSIVE,
    DIFFUSION,
    SECONDS,
    Duel,
    average,
    comparable_tasks,
    compare,
    find_duel,
    mean_difference,
    price,
    rank_families,
)
from benchmark.report.analysis.significance import RULE
from benchmark.report.analysis.verdicts import column_of, rank_models, task_verdicts
from benchmark.report.data.axes import CONTROL, main_axis
from benchmark.report.data.columns import MINUS
from benchmark.report.data.points import COPY, Board, Point
from benchmark.report.data.wording import join_names, write_value

NAMED = 3
"""At most this many systems are named in an answer; the others are counted."""

HEADS = (
    "Task",
    "Best of each family",
    "Diffusion against autoregression",
    "Cost of a text",
    "Against copying",
)

QUESTIONS = (
    "Who is best?",
    "Does diffusion beat autoregression?",
    "At what cost?",
    "Do they beat copying?",
)

_TERMS = (
    "Systems by the settings of the main table, whatever their diversity. Which system stands for"
    " its family was seen on the same sources, so that is descriptive; the tests allow for it,"
    " intervals of differences do not. Over tasks: the mean of the differences, with an interval"
    " and no test."
)


@dataclass(frozen=True)
class Answer:
    """An answer, and what stands behind it."""

    said: str
    terms: str = ""

    def __str__(self) -> str:
        return f"{self.said} ({self.terms})" if self.terms else self.said


def explain_glance(board: Board) -> str:
    """What quality is, and on what terms the answers hold."""
    is_asked = any(CONTROL.metric in board.metrics(task) for task in board.records.tasks)
    chosen = (
        " Settings that reach a quality or keep a time were chosen on the valid split."
        if any(trial.valid for trial in board.records.trial_records)
        else " These records have no valid part to choose settings on, so costs are of the main"
        " settings alone."
    )
    asked = "control where attributes are asked for, " if is_asked else ""
    # Older records name none.
    named = any(map(board.quality, board.records.tasks))
    other = "what the task names" if named else "the first metric"
    qualities = f"{asked}validity where the answers are known, else {other}"
    return f"Quality: {qualities}. {_TERMS}{chosen} {RULE}"


# Page and summary ask for the same.
@lru_cache(maxsize=8)
def answer_questions(board: Board) -> tuple[Answer, ...]:
    """The answers to `QUESTIONS`, over all tasks that can be averaged."""
    tasks = [task for task in comparable_tasks(board) if rank_families(board, task)]
    tasks = tasks or [task for task in board.records.tasks if rank_families(board, task)][:1]
    means = average(board, tasks)
    if not means and not board.models and any(point.trials for point in board.points):
        return (Answer("no model took part", "the rows are yardsticks"),) * len(QUESTIONS)
    if not means:
        return (Answer("not known", "no system has a quality on every task"),) * len(QUESTIONS)
    duels = _find_duels(board, tasks, means)
    best = _name_best(board, tasks, means)
    if not duels:
        families = {board.records.run.systems[s].family for s in means}
        kinds = (("diffusion", DIFFUSION), ("autoregressive", AUTOREGRESSIVE))
        missing = [kind for kind, names in kinds if not families.intersection(names)]
        where = " in all tasks" if len(tasks) > 1 else ""
        rivals = Answer("not compared", f"no {' and no '.join(missing)} system took part{where}")
        points = [p for task in tasks if (p := board.main(task, next(iter(means))))]
        return (
            best,
            rivals,
            Answer(_write_cost(points)),
            _face_copy(board, tasks, list(means)[:1]),
        )
    names = [duels[0].one.system, duels[0].other.system]
    return (best, _judge(board, tasks, duels), _weigh(duels), _face_copy(board, tasks, names))


def make_glance(board: Board, task: str) -> tuple[Answer, ...]:
    """The answers of a task that go under `HEADS`, after its title."""
    quality, families = main_axis(board, task), rank_families(board, task)
    if quality is not None and not board.models and any(p.trials for p in board.mains(task)):
        return (Answer("no model took part"),) * (len(HEADS) - 1)
    if quality is None or not families:
        return (Answer("no quality was measured"),) * (len(HEADS) - 1)
    first, *others = (
        f"{p.system} {write_value(quality.read(p), short=True)} ({family})"
        for family, p in families.items()
    )
    duel = find_duel(board, task)
    best = next(iter(families.values()))
    pair = [duel.one.system, duel.other.system] if duel else [best.system]
    return (
        Answer(first, "; ".join(others)),
        _describe_duel(board, duel) if duel else Answer("not compared"),
        _describe_price(board, duel) if duel else Answer(_write_cost([best])),
        _face_copy(board, [task], pair),
    )


@lru_cache(maxsize=8)
def total_glance(board: Board) -> tuple[Answer, ...]:
    """The line of all tasks under `HEADS`; empty where there are no two that can be averaged."""
    tasks = [task for task in comparable_tasks(board) if rank_families(board, task)]
    means = average(board, tasks)
    if len(tasks) < 2 or not means:
        return ()
    families: dict[str, str] = {}
    for system, mean in means.items():
        family = board.records.run.systems[system].family
        families.setdefault(family, f"{system} {mean:.3f} ({family})")
    first, *others = families.values()
    duels = _find_duels(board, tasks, means)
    if not duels:
        return (Answer(first, "; ".join(others)), *(Answer("not compared"),) * (len(HEADS) - 2))
    names = [duels[0].one.system, duels[0].other.system]
    one, other = (f"{name} {means[name]:.3f}" for name in names)
    gap = mean_difference(board, tasks, *names)
    return (
        Answer(first, "; ".join(others)),
        Answer(f"{write_difference(gap)}, {_count_verdicts(duels)}", f"{one}, {other}"),
        _weigh(duels),
        _face_copy(board, tasks, names),
    )


def write_difference(gap: Interval) -> str:
    """A difference with its sign and interval."""

    def signed(value: float) -> str:
        return f"{value:+.3f}".replace("-", MINUS) if abs(value) >= 5e-4 else "0.000"

    ends = f" [{signed(gap.low)}, {signed(gap.high)}]" if gap.bounded else ""
    return signed(gap.value) + ends


def _find_duels(board: Board, tasks: Sequence[str], means: dict[str, float]) -> list[Duel]:
    """One diffusion and one autoregressive system, the best on average, on every task."""
    info = board.records.run.systems
    one, other = (
        next((s for s in means if info[s].family in families), None)
        for families in (DIFFUSION, AUTOREGRESSIVE)
    )
    if one is None or other is None:
        return []
    return [duel for task in tasks if (duel := compare(board, task, one, other))]


def _name_best(board: Board, tasks: Sequence[str], means: dict[str, float]) -> Answer:
    best, *others = means
    family = board.records.run.systems[best].family
    axes = [(task, axis) for task in tasks if (axis := main_axis(board, task))]
    rankings = [found for task, axis in axes if (found := rank_models(board, task, axis))]
    if any((point := board.main(task, best)) and not point.sampled for task in tasks):
        family += ", not drawn"
    if not others:
        return Answer(best, f"{family}, {means[best]:.3f}, the only one")
    names = dict.fromkeys(axis.label.partition(" (")[0] for _, axis in axes)
    told = f"{family}, {next(iter(names)) if len(names) == 1 else 'quality'} {means[best]:.3f}"
    if len(tasks) > 1:
        alone = sum(r.best == best and not r.equals for r in rankings)
        ahead = ", ".join(f"{s} {means[s]:.3f}" for s in others[:2])
        where = f"on {alone} of {len(tasks)} tasks" if alone else "on no task"
        significant = f"{where} significantly better than all others"
        return Answer(best, f"{told}, mean over {len(tasks)} tasks; then {ahead}; {significant}")
    equals = rankings[0].equals
    verdict = (
        f"not significantly better than {_name_some(equals)}"
        if equals
        else f"significantly better than {_count_others(len(others))}"
    )
    return Answer(best, f"{told}, {verdict}")


def _judge(board: Board, tasks: Sequence[str], duels: Sequence[Duel]) -> Answer:
    """Whether the best diffusion system is better than the best autoregressive one."""
    one, other = duels[0].one.system, duels[0].other.system
    better, worse = sum(d.is_better for d in duels), sum(d.is_worse for d in duels)
    gap = mean_difference(board, tasks, one, other) if len(duels) > 1 else duels[0].difference
    if not any(duel.significant is not None for duel in duels):
        said = "Not tested"
    elif better == len(duels):
        said = "Yes"
    elif better:
        said = f"On {better} of {len(duels)} tasks"
    elif worse:
        said = "No"
    elif len(duels) > 1 and gap.bounded and gap.low * gap.high > 0:
        said = f"Not shown, {'higher' if gap.value > 0 else 'lower'} on average"
    else:
        said = "No difference shown"
    told = f"{one} {MINUS} {other}: {write_difference(gap)}; {_count_verdicts(duels)}"
    return Answer(said, "; ".join((told, *_name_absent(board, tasks))))


def _name_absent(board: Board, tasks: Sequence[str]) -> Iterator[str]:
    """Systems of the two kinds that some task lacks: they have no mean."""
    rivals = {*DIFFUSION, *AUTOREGRESSIVE}
    partly = [
        system
        for system in board.models
        if board.records.run.systems[system].family in rivals
        and 0 < sum(_has_quality(board, task, system) for task in tasks) < len(tasks)
    ]
    if partly:
        yield f"without {join_names(partly)}, not on every task"


def _has_quality(board: Board, task: str, system: str) -> bool:
    axis, point = main_axis(board, task), board.main(task, system)
    return bool(axis and point and point.trials and axis.read(point).defined)


def _count_verdicts(duels: Sequence[Duel]) -> str:
    if len(duels) == 1:
        return _name_verdict(duels[0])
    better, worse = sum(d.is_better for d in duels), sum(d.is_worse for d in duels)
    if all(duel.significant is None for duel in duels):
        return "not tested"
    if not better and not worse:
        return f"no significant difference on any of {len(duels)} tasks"
    return f"significantly better on {better} and worse on {worse} of {len(duels)} tasks"


def _name_verdict(duel: Duel) -> str:
    if duel.significant is None:
        return "not tested"
    if duel.is_better:
        return f"significantly better than {duel.other.system}"
    return "significantly worse" if duel.is_worse else "no significant difference"


def _describe_duel(board: Board, duel: Duel) -> Answer:
    both = ", ".join(
        f"{point.system} {write_value(duel.quality.read(point), short=True)}"
        for point in (duel.one, duel.other)
    )
    return Answer(f"{write_difference(duel.difference)}, {_name_verdict(duel)}", both)


def _weigh(duels: Sequence[Duel]) -> Answer:
    """How many times as long the diffusion system takes."""
    ratios = [d.one.cost(SECONDS) / d.other.cost(SECONDS) for d in duels if d.other.cost(SECONDS)]
    known = [ratio for ratio in ratios if math.isfinite(ratio)]
    both = "; ".join(
        f"{points[0].system} {_write_cost(points)}"
        for points in ([d.one for d in duels], [d.other for d in duels])
    )
    if not known:
        return Answer("not measured", both)
    return Answer(f"{_span(known, 2)} times the time of {duels[0].other.system}", both)


def _describe_price(board: Board, duel: Duel) -> Answer:
    """The cost of both, of reaching the autoregressive quality, and what its time buys."""
    weighed, found = _weigh([duel]), price(board, duel)
    if found is None:
        return weighed
    name, other, quality = duel.one.system, duel.other.system, duel.quality
    reach = (
        f"{name} is as good on valid from {_write_cost([found.reach])} on, with"
        f" {write_value(quality.read(found.reach), short=True)} on test"
        if found.reach
        else f"no setting of {name} is as good"
    )
    within = (
        f"in the time of {other}: {write_value(quality.read(found.within))}"
        if found.within
        else f"none is as fast as {other}"
    )
    return Answer(weighed.said, f"{weighed.terms}; {reach}; {within}")


def _write_cost(points: Sequence[Point]) -> str:
    """Milliseconds and network calls of a candidate, from the least to the most."""
    seconds = [p.cost(SECONDS) * 1000 for p in points if math.isfinite(p.cost(SECONDS))]
    calls = [p.cost("depth") for p in points if math.isfinite(p.cost("depth"))]
    told = [f"{_span(seconds, 3)} ms"] if seconds else []
    told += [f"{_span(calls, 3)} {'call' if max(calls) == 1 else 'calls'}"] if calls else []
    return " and ".join(told) or "no cost was measured"


def _span(values: Sequence[float], digits: int) -> str:
    low, high = (f"{value:.{digits}g}" for value in (min(values), max(values)))
    plain = [f"{float(text):g}" for text in (low, high)]
    return plain[0] if plain[0] == plain[1] else f"{plain[0]} to {plain[1]}"


def _face_copy(board: Board, tasks: Sequence[str], systems: Sequence[str]) -> Answer:
    """How often systems are significantly better than copying the source."""
    copies = [t for t in tasks if (p := board.main(t, COPY)) and p.trials]
    if not copies:
        return Answer("no copy-source row")
    wins = {s: sum(_beats(board, task, s, COPY) for task in copies) for s in systems}
    always = [s for s in systems if wins[s] == len(copies)]
    never = [s for s in systems if not wins[s]]
    if len(always) == len(systems):
        said = "Both do" if len(systems) == 2 else "Yes"
    elif all(_beats(board, task, COPY, s) for task in copies for s in systems):
        said = "No"
    elif len(never) == len(systems):
        said = "Not shown"
    else:
        said = "Not shown everywhere" if len(copies) > 1 else f"Shown of {join_names(always)} alone"
    counts = (*_write_copies(board, copies), *_count_wins(wins, len(copies)))
    return Answer(said, "; ".join((*counts, *_count_losses(board, copies))))


def _count_wins(wins: dict[str, int], tasks: int) -> Iterator[str]:
    if tasks == 1:
        above = [s for s, count in wins.items() if count]
        yield f"significantly better: {join_names(above) or 'none'}"
    else:
        counts = (f"{s} on {count}" for s, count in wins.items())
        yield f"significantly better than copying: {', '.join(counts)} of {tasks} tasks"


def _count_losses(board: Board, tasks: Sequence[str]) -> Iterator[str]:
    losses = {s: sum(_beats(board, task, COPY, s) for task in tasks) for s in board.models}
    if beaten := sum(count > 0 for count in losses.values()):
        many = "all" if beaten == len(losses) and len(losses) > 1 else f"{beaten} of"
        where = " on some task" if len(tasks) > 1 else ""
        yield f"the copy is significantly better than {many} {len(losses)} systems{where}"


def _write_copies(board: Board, tasks: Sequence[str]) -> Iterator[str]:
    axis, copy = main_axis(board, tasks[0]), board.main(tasks[0], COPY)
    if len(tasks) == 1 and axis and copy:
        yield f"a copy has {write_value(axis.read(copy), short=True)}"


def _beats(board: Board, task: str, system: str, other: str) -> bool:
    """Whether a system is significantly better than another on the main quality."""
    axis = main_axis(board, task)
    if axis is None:
        return False
    return other in task_verdicts(board, task).better_than(column_of(axis), system)


def _count_others(count: int) -> str:
    return "the other" if count == 1 else f"all {count} others"


def _name_some(names: Sequence[str]) -> str:
    if len(names) <= NAMED + 1:
        return join_names(names)
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
