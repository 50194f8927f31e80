"""The setting `mbr`: the main decoding with more candidates, from which MBR chooses.

It may decode only part of the test split, since twenty candidates per source are expensive. Noise
is keyed by source and candidate, so its first candidates are those of the main setting.
"""

from __future__ import annotations

from dataclasses import replace

from benchmark.api import DRAWN_KINDS
from benchmark.experiment.recipes import Evaluation
from benchmark.experiment.settings import Setting


def with_mbr(
    settings: tuple[Setting, ...], evaluation: Evaluation, *, num_test: int
) -> tuple[Setting, ...]:
    """The settings of a system with role `mbr` among them, where the suite asks for it.

    Where it would equal the main setting it becomes a role of that one instead.

    Args:
        settings: one of them has the role `main`.
        evaluation: `mbr` gives the number of candidates and of sources.
        num_test: sources of the test split.
    """
    wanted = evaluation.mbr
    if wanted.candidates is None:
        return settings
    main = next(setting for setting in settings if "main" in setting.roles)
    usual = 1 if main.kind == "single" else evaluation.num_samples
    num_samples = _num_samples(main, wanted.candidates, usual)
    fewer = wanted.sources is not None and wanted.sources < num_test
    if num_samples == usual and not fewer:
        return tuple(replace(s, roles=(*s.roles, "mbr")) if s is main else s for s in settings)
    more = replace(
        main,
        label=f"{main.label}, mbr",
        roles=("mbr",),
        ablations=(),
        num_samples=num_samples,
        num_sources=wanted.sources if fewer else None,
    )
    return (*settings, more)


def _num_samples(main: Setting, wanted: int, usual: int) -> int:
    """Only sampling gives any number of candidates: a beam, like other lists, has a fixed one."""
    if main.kind in DRAWN_KINDS:
        return wanted
    beam = main.decoding.get("beam")
    return beam if main.kind == "n-best" and isinstance(beam, int) else usual
