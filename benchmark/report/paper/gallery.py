"""Which figures of the papers there are, what they show, in what ours differ, what is missing."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmark.report.figures.axes import planes, quality_axis
from benchmark.report.figures.frontier import overview
from benchmark.report.figures.sheet import Sheet
from benchmark.report.paper.candidates import candidate_curves, draw_candidates
from benchmark.report.paper.generation import draw_generation, trace_axes, trace_curves
from benchmark.report.paper.steps import draw_steps, has_steps
from benchmark.report.paper.training_time import draw_training_time, quality_over_training
from benchmark.report.points import Board

Has = Callable[[Board, str], bool]


@dataclass(frozen=True)
class PaperFigure:
    """A figure of a paper.

    `name` is its file without suffix. `theirs` says what the paper's shows, `ours` in what the
    redrawn one differs. `has` says whether the records of a task hold what is drawn; `makes` is
    what has to be added to the call of the run where they do not; `drawn_from` says what stands
    behind the figures in numbers.
    """

    name: str
    title: str
    theirs: str
    ours: str
    has: Has
    makes: str
    draw: Callable[[Board, Sequence[str]], Sheet]
    drawn_from: Callable[[Board, Sequence[str]], str]

    def tasks(self, board: Board) -> tuple[str, ...]:
        """The tasks that can be drawn."""
        return tuple(task for task in board.records.tasks if self.has(board, task))

    def missing(self, board: Board) -> str:
        """A sentence on the tasks that cannot be drawn, with the call that makes the records."""
        drawn = self.tasks(board)
        lacking = [task for task in board.records.tasks if task not in drawn]
        if not lacking:
            return ""
        run = board.records.run
        words = ["--task", *lacking, "--suite", run.suite]
        if any(run.tasks[task].kind == "jsonl" for task in lacking):
            words += ["--data-dir", "DATA"]
        call = f"python -m benchmark.run {shlex.join(words)} {self.makes}"
        return f"There are no records of it for {', '.join(lacking)}: `{call}` makes them."


def paper_figures() -> tuple[PaperFigure, ...]:
    """All of them, in the order of the papers."""
    return (
        PaperFigure(
            "figure-3-candidates",
            "Figure 3: quality over the number of candidates",
            "BLEU of the candidate that minimum Bayes risk chooses from |S| candidates, DiffuSeq"
            " beside a fine-tuned GPT-2, on QQP and on Wiki-Auto.",
            "every system chooses from as many candidates; bands are intervals over the sources;"
            " the line is what copying the source scores.",
            lambda board, task: bool(candidate_curves(board, task)),
            "--set evaluation.mbr.candidates=20",
            draw_candidates,
            _counted,
        ),
        PaperFigure(
            "figure-4-trade-off",
            "Figure 4: quality against diversity",
            "the trade-off of quality and diversity, DiffuSeq beside other systems.",
            "each system is a curve over its own knob where it has one, and quality is the mean"
            " over the same candidates whose diversity is measured, not the choice from them;"
            " systems without samples stand at the left.",
            lambda board, task: bool(planes(board, task)),
            "--set evaluation.metrics=[bleu_sent_m4,self_bleu,div_4]",
            lambda board, tasks: overview(board, plane=-1),
            _counted,
        ),
        PaperFigure(
            "figure-5-generation",
            "Figure 5: quality and diversity along the generation process",
            "BLEU and div-4 of what DiffuSeq and the Levenshtein transformer have in hand over the"
            " share of their steps.",
            "every system that shows its steps. What is read is the state after a step: a"
            " continuous one is rounded to the nearest words, hidden tokens of a masked one are"
            " left out, a left-to-right system has its prefix. Diversity is high where the words"
            " are still noise: it means nothing before quality is there, and texts shorter than"
            " four words have none.",
            _has_trace,
            "--trace",
            draw_generation,
            _traced,
        ),
        PaperFigure(
            "figure-6-steps",
            "Figure 6: quality and speed over the number of steps",
            "BLEU and samples a second of DiffuSeq with 100 to 2,000 steps beside GPT-2, on"
            " question generation and one A100.",
            "all systems, candidates per second of the machine of the run, tokenising included."
            " Numbers: network calls at the ends of a curve; hollow marks: deterministic systems;"
            " the line is what copying the source scores. Quality is the mean over candidates.",
            has_steps,
            "--set diffuseq.nfe=[5,20,100]",
            draw_steps,
            _counted,
        ),
        PaperFigure(
            "v2-training-time",
            "Second version: quality over training time",
            "BLEU over training time, DiffuSeq beside its second version (arXiv 2310.05793).",
            "seconds of training on the machine of the run, and updates below, which do not"
            " depend on it; quality on a few examples of the valid split, so that steps of a"
            " curve within a few hundredths are noise. There are no intervals.",
            lambda board, task: bool(quality_over_training(board, task)),
            "--set training.quality_examples=64 training.validate_every=500",
            draw_training_time,
            lambda board, tasks: "One line a seed.",
        ),
    )


def caption(figure: PaperFigure, board: Board) -> str:
    """What the paper's figure shows, in what ours differs, and what it was drawn from."""
    said = f"The paper shows {figure.theirs} Ours: {figure.ours}"
    return f"{said} {figure.drawn_from(board, figure.tasks(board))}"


def _has_trace(board: Board, task: str) -> bool:
    return any(trace_curves(board, task, axis) for axis in trace_axes(board, task))


def _traced(board: Board, tasks: Sequence[str]) -> str:
    keys = {c.keys.trace for c in board.records.cells if c.keys.trace and c.task in tasks}
    traces = [board.records.trace(key) for key in sorted(keys)]
    sources = sorted({trace.num_sources for trace in traces})
    return f"{' or '.join(map(str, sources))} sources a task; bands are intervals over them."


def _counted(board: Board, tasks: Sequence[str]) -> str:
    counts = []
    for task in tasks:
        score = next((c.score for p in board.mains(task) for c in p.cells if c.score), None)
        axis = quality_axis(board, task)
        if score is not None and axis is not None:
            counts.append(f"{task} {score.num_sources:,}")
    return f"Sources: {', '.join(counts)}." if counts else ""
