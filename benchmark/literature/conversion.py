"""From figures as they were collected to `published.csv`: what each one can be compared with.

A collected row has `task, system, metric, value, scale, reading, source`, with the number of
candidates in the name of the system (`DiffuSeq(MBR10)`), one label of scale for all that is
called BLEU, and some figures several times. Here each gets its statistic, its scale among our
metrics where the evaluation script that made it is known, and a note where it is doubtful.

Sources of the rules: the evaluation script of Shark-NLP/DiffuSeq (mean of NLTK sentence BLEU,
smoothing 4, whitespace tokens of word pieces that were joined again, references too; its arguments
were swapped until 2023-02-14), the tables themselves, and issues of the repositories named in the
notes.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from typing import cast

from benchmark.literature.published_figures import (
    NOT_OURS,
    UNBOUNDED,
    PublishedFigure,
    Reading,
    Statistic,
    Task,
    identity,
)

TEST_SOURCES: Mapping[str, int] = {"qqp": 2500, "qg": 10000, "wiki_auto": 5000, "ccd": 10000}

SET_CANDIDATES = 3
"""Candidates behind self-BLEU and div-4 in the table of DiffuSeq."""

PIECES = "pieces=bert-base-uncased"
"""Candidates and references went through the tokeniser and back before they were compared."""

SENTENCE_BLEU = f"bleu_sent_m4:case=lower,{PIECES}"
SWAPPED_BLEU = f"bleu_sent_m4_swapped:case=lower,{PIECES}"

SCALES: Mapping[str, str] = {
    "ROUGE-L": f"rouge_l:{PIECES}",
    "dist-1": f"dist_1:case=lower,{PIECES}",
    "self-BLEU": f"self_bleu:case=lower,form=published,{PIECES}",
    "div-4": f"div_4:case=lower,{PIECES}",
}
"""Metrics of the official script beside BLEU."""

ORIGINAL = "DiffuSeq arXiv"

OFFICIAL = (ORIGINAL, "DiffuSeq Fig", "DiffuSeq-v2", "SeqDiffuSeq arXiv")
"""Beginnings of the sources whose figures the official script made."""

REASONS: Mapping[str, str] = {
    "BERTScore": "encoder microsoft/deberta-xlarge-mnli; the signature of ours names another",
    "Len": "counts the empty strings that deleted marks leave, about 2 too many",
    "corpus-BLEU": "corpus BLEU of fairseq's tokens, divided by 100",
    "ROUGE-1": "no such metric here",
    "ROUGE-2": "no such metric here",
}

QUOTED = (
    "RDM-absorbing",
    "RDM-multinomial",
    "BG-DiffuSeq",
    "TESS (re-run)",
    "DiffuSeq-v2",
    "DiffusionBERT",
)
"""Systems whose figures are in tables of papers other than their own."""

_MBR = re.compile(r"[( ]MBR(\d+)\)?")


def convert(text: str) -> list[PublishedFigure]:
    """The figures of a collection, in its order; what occurs twice is kept once."""
    kept: dict[tuple[object, ...], PublishedFigure] = {}
    values: set[tuple[object, ...]] = set()
    rows = list(csv.DictReader(text.splitlines()))
    # The paper's own table first: a later one that repeats a figure adds none, and what it
    # changes is kept beside it.
    for row in sorted(rows, key=lambda row: not row["source"].startswith(ORIGINAL)):
        figure = _convert_row(row)
        same = (*identity(figure)[:-1], figure.value)
        if figure.reading != "by eye" and same in values:
            continue
        if identity(figure) in kept:
            raise ValueError(f"{figure.source}: {figure.system}, {figure.metric} has two values")
        values.add(same)
        kept[identity(figure)] = figure
    return list(kept.values())


def _convert_row(row: Mapping[str, str]) -> PublishedFigure:
    system, statistic, candidates = _find_statistic(row)
    metric, source = row["metric"], " ".join(row["source"].replace("(values /100)", "").split())
    scale, reason = _find_scale(system, metric, source)
    if metric in ("self-BLEU", "div-4"):
        statistic, candidates = "set", SET_CANDIDATES if source.startswith(ORIGINAL) else None
    if metric in UNBOUNDED and metric != "Len":
        statistic, candidates = "cost", None
    known_split = not (source.startswith("Meta-DiffuB") and row["task"] == "wiki_auto")
    notes = (reason, _find_doubt(row["task"], system, metric, source))
    return PublishedFigure(
        task=cast(Task, row["task"]),
        system=system,
        metric=metric,
        statistic=statistic,
        candidates=candidates,
        value=float(row["value"]),
        scale=scale,
        test_sources=TEST_SOURCES[row["task"]] if known_split else None,
        reading=_find_reading(row, system),
        source=source,
        note="; ".join(note for note in notes if note),
    )


def _find_statistic(row: Mapping[str, str]) -> tuple[str, Statistic, int | None]:
    """The system without its number of candidates, and what that number is."""
    name, source = row["system"], row["source"]
    if name == "RDM (quoted)":
        name = "RDM-absorbing" if row["task"] == "qqp" else "RDM-multinomial"
    name = name.removesuffix(" T7").replace(" (LD4LG table)", "")
    name = name.replace("DiffuSeq T2000 MBR10 NFE20000", "DiffuSeq MBR10")
    if found := _MBR.search(name):
        count = int(found[1])
        return _MBR.sub("", name), "single" if count == 1 else "mbr", count
    if name.endswith(" oracle-5"):
        return name.removesuffix(" oracle-5"), "oracle", 5
    if name.endswith((" random", " beam", " nucleus")) or "Table 1" in source:
        return name, "single", 1
    return name, "unknown", None


def _find_scale(system: str, metric: str, source: str) -> tuple[str, str]:
    """Our metric that computes the same, and why there is none."""
    if metric in REASONS:
        return NOT_OURS, REASONS[metric]
    if metric in UNBOUNDED:
        return NOT_OURS, "speed of another machine"
    if source.startswith(("Meta-DiffuB", "RDM")):
        if metric != "BLEU":
            return SCALES[metric], ""
        if system == "BG-DiffuSeq" or "TESS" in system:
            return NOT_OURS, "quoted beside sentence BLEU; the script that made it was not checked"
        return SWAPPED_BLEU, "sentence BLEU with its arguments swapped in its authors' script"
    if source.startswith(OFFICIAL):
        return (SENTENCE_BLEU if metric == "BLEU" else SCALES[metric]), ""
    if source.startswith("DINOISER"):
        return NOT_OURS, "sentence BLEU over the word pieces of BERT"
    if metric == "BLEU":
        return NOT_OURS, "the source does not say which BLEU"
    return NOT_OURS, "the script that made it was not checked"


def _find_reading(row: Mapping[str, str], system: str) -> Reading:
    source = row["source"]
    if row["reading"] != "table":
        return "by eye"
    if "pre-camera-ready" in system:
        return "superseded"
    if "wizwand" in source or "papernotes" in source:
        return "secondary"
    return "quoted" if system in QUOTED else "table"


def _find_doubt(task: str, system: str, metric: str, source: str) -> str:
    """The known doubt about a figure."""
    if source.startswith(ORIGINAL) and metric == "BLEU":
        return "may be from before 2023-02-14, with swapped arguments"
    if source.startswith(ORIGINAL) and (task, system, metric) == (
        "ccd", "GPT2-base-FT", "ROUGE-L",
    ):  # fmt: skip
        return "half as much again as all other systems of its table, unexplained"
    if source.startswith("SeqDiffuSeq") and system == "DiffuSeq" and task in ("qg", "wiki_auto"):
        return "differs from Table 1 of DiffuSeq where both have it"
    if source.startswith("SeqDiffuSeq") and system == "Transformer(pre-camera-ready)":
        return "of a version of DiffuSeq that its authors have replaced"
    if "Table 3[" in source and (task, system) == ("qqp", "Meta-DiffuB"):
        return "its BLEU is that of the variant on SeqDiffuSeq in Table 2, its BERTScore is not"
    if source.startswith("Meta-DiffuB") and task == "wiki_auto":
        return "its paper says 80,000 test sources"
    return ""
