"""The figures of the papers: what they show, how ours differ, and what is missing."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmark.report.analysis.mbr_scaling import describe_protocol as scaling_protocol
from benchmark.report.analysis.mbr_scaling import scaled
from benchmark.report.data.points import Board
from benchmark.report.figures.sheet import Sheet
from benchmark.report.paper.candidate_count import candidate_curves, draw_candidates
from benchmark.report.paper.curve_panels import MANY
from benchmark.report.paper.generation_process import draw_generation, trace_axes, trace_curves
from benchmark.report.paper.step_count import draw_speed, draw_steps, has_steps
from benchmark.report.paper.trade_off import draw_trade_off, trade_off_plane
from benchmark.report.paper.training_time import draw_training_time, quality_over_training

Has = Callable[[Board, str], bool]


@dataclass(frozen=True)
class PaperFigure:
    """A figure of a paper.

    `name` is its file without suffix. `theirs` says what the paper's shows, `ours` how the
    redrawn one differs. `has` says whether the records of a task hold what is drawn; `makes` is
    what has to be added to the call of the run where they do not; `drawn_from` says how many
    sources or seeds are behind the figures.
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


def list_paper_figures() -> tuple[PaperFigure, ...]:
    """All of them, in the order of the papers: arXiv 2210.08933, then arXiv 2310.05793."""
    return (
        PaperFigure(
            "figure-3-candidates",
            "Figure 3: quality over the number of candidates",
            "BLEU of the candidate that minimum Bayes risk chooses from |S| = 1 to 20, DiffuSeq"
            " beside GPT2-base on simplification and beside GPT2-large on paraphrase.",
            f"every system chooses from equally many candidates; bands, up to {MANY} systems, are"
            " intervals over the sources; the line is what copying the source scores.",
            lambda board, task: bool(candidate_curves(board, task)),
            "--set evaluation.mbr.candidates=20",
            draw_candidates,
            _sources_of_curves,
        ),
        PaperFigure(
            "figure-4-trade-off",
            "Figure 4: quality against diversity",
            "BLEU against div-4 on question generation: DiffuSeq and GPVAE-T5 as curves, GPT2-base,"
            " GPT2-large and NAR-LevT as points.",
            "every system is a curve over its knob, and quality is the mean over the same"
            " candidates whose div-4 is measured, not a choice from them. Systems with one"
            " answer are left out: the div-4 of three equal answers, near 1/3, is not diversity."
            " Large marks: the setting of the table; numbers: the knob at the ends of a curve; the"
            " line is what copying the source scores; grey and dashed: the grammar, where there is"
            " one.",
            lambda board, task: trade_off_plane(board, task) is not None,
            "--set evaluation.metrics=[bleu_sent_m4,self_bleu,div_4]",
            draw_trade_off,
            _sources,
        ),
        PaperFigure(
            "figure-5-generation",
            "Figure 5: quality and diversity along the generation process",
            "BLEU and div-4 on simplification over the share of the steps: DiffuSeq has div-4 near"
            " 1 and BLEU near 0 until the last fifth, NAR-LevT is at its BLEU after a fifth.",
            "every system that shows its steps, diversity in its own panel. What is read is"
            " the state after a step: a continuous one is rounded to words, hidden tokens of a"
            " masked one are left out, a left-to-right system has its prefix. Div-4 is high where"
            " the words are still noise, and 0 for texts of fewer than four words.",
            _has_trace,
            "--trace",
            draw_generation,
            _traced_sources,
        ),
        PaperFigure(
            "figure-6-steps",
            "Figure 6: quality and speed over the number of steps",
            "BLEU and generated samples per second of DiffuSeq with 100, 500, 1,000 and 2,000 steps"
            " on question generation, beside GPT2-large.",
            "every system, quality above and speed below over the network calls that hooks have"
            " counted, with logarithmic axes. Speed is that of the machine of the run, tokenising"
            " included; quality is the mean over candidates; hollow marks: deterministic systems;"
            " the line is what copying the source scores.",
            has_steps,
            "--set diffuseq.nfe=[5,20,100]",
            draw_steps,
            _sources,
        ),
        PaperFigure(
            "v2-figure-2-training",
            "Second version, Figure 2: quality over training time",
            "test BLEU over hours of training, with and without the soft absorbing state.",
            "`diffuseq-v2` has that state and `diffuseq` has not; quality is that on a few examples"
            " of the valid split, so that steps within a few hundredths are noise, and there are no"
            " intervals. Seconds of training on the machine of the run; below, updates, which do"
            " not depend on it.",
            lambda board, task: bool(quality_over_training(board, task)),
            "--set training.quality_examples=64 training.validate_every=500",
            draw_training_time,
            lambda board, tasks: "One line per seed.",
        ),
        PaperFigure(
            "v2-figure-3-speed",
            "Second version, Figure 3: quality against speed",
            "BLEU over iterations per second on paraphrase: the second version with DPM-Solver++,"
            " DiffuSeq with DDIM, and GPT2.",
            "every system, candidates per second of the machine of the run on a logarithmic axis;"
            " numbers: network calls at the ends of a curve; hollow marks: deterministic systems;"
            " the line is what copying the source scores.",
            has_steps,
            "--set diffuseq-v2.nfe=[5,20,100]",
            draw_speed,
            _sources,
        ),
    )


def write_caption(figure: PaperFigure, board: Board) -> str:
    """What the paper's figure shows, how ours differs, and what it was drawn from."""
    said = f"The paper shows {figure.theirs} Ours: {figure.ours}"
    return f"{said} {figure.drawn_from(board, figure.tasks(board))}"


def _has_trace(board: Board, task: str) -> bool:
    return any(trace_curves(board, task, axis) for axis in trace_axes(board, task))


def _traced_sources(board: Board, tasks: Sequence[str]) -> str:
    keys = {c.keys.trace for c in board.records.trial_records if c.keys.trace and c.task in tasks}
    traces = [board.records.trace(key) for key in sorted(keys)]
    sources = sorted({trace.num_sources for trace in traces})
    counted = f"{' or '.join(map(str, sources))} sources per task"
    return f"{counted}; bands, up to {MANY} systems, are intervals over them."


def _sources_of_curves(board: Board, tasks: Sequence[str]) -> str:
    told = (f"{task}: {scaling_protocol(scaled(board, task))}" for task in tasks)
    return " ".join(told)


def _sources(board: Board, tasks: Sequence[str]) -> str:
    counts = []
    for task in tasks:
        scores = (c.score for p in board.mains(task) for c in p.cells if c.score)
        if score := next(scores, None):
            counts.append(f"{task} {score.num_sources:,}")
    return f"Sources: {', '.join(counts)}."
