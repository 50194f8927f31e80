from __future__ import annotations

import inspect
import re
import unicodedata

import pytest

from benchmark.records.file_stem import FOLLOWED_BY, LONGEST, file_stem
from benchmark.report.figures import all_figures, control_figures
from benchmark.report.tables import (
    ablation_table,
    composition_table,
    cost_table,
    frontier_table,
    likelihood_table,
    mbr_tables,
    published_tables,
    significance_table,
    strata_table,
)
from benchmark.tasks import TASKS

IDS = [
    "退货原因", "商品标题", "ab c", "ab-c", "ab/c", "AB-c", "Ab-c", "ab--c", "a.b", "a_b", "ß",
    "ss", "ẞ", "caf\u00e9", "cafe\u0301", "हिन्दी", "हिनदी", "Ωmega", "ωmega", "overview",
    "samples", "con", "-x", ".x", "x" * 100, "x" * 101, "x" * 250, "x" * 249 + "y", "中" * 80,
    "中" * 79 + "文", "!", "?", "qqp", "qqp-cost", "qqp-mbr", "qqp-mbr-metrics",
    "qqp-ablation-policies", "qqp-results", "qqp.", "qqp ", "..", ".", "a\x00b", "a\nb",
]  # fmt: skip


def test_names_of_the_package_are_kept():
    for task in (*TASKS, "qqp-distilled", "退货原因", "商品标题", "ab-c", "a.b", "हिन्दी", "пример"):
        assert file_stem(task) == task


def test_no_two_tasks_share_a_name_on_any_disk():
    stems = [file_stem(task) for task in IDS]
    folded = {unicodedata.normalize("NFD", stem.casefold()) for stem in stems}
    assert len(folded) == len(IDS)
    # Nor does one share that of a table or an anchor of another.
    derived = {f"{stem}-{name}" for stem in stems for name in (*FOLLOWED_BY, "mbr-metrics",
               "ablation-policies", "strata-diversity")}  # fmt: skip
    assert derived.isdisjoint(stems) and {"overview", "samples"}.isdisjoint(stems)


@pytest.mark.parametrize("task", IDS)
def test_a_stem_is_a_file_name_and_an_anchor(task):
    stem = file_stem(task)
    assert stem == file_stem(task) and 0 < len(stem.encode()) <= LONGEST
    assert not {*stem} & {*'/\\:*?"<>|#% \x00\n'} and stem.isprintable()
    assert stem[0] not in ".-" and stem[-1] != "."


def test_a_stem_can_be_read():
    assert file_stem("退货 原因").startswith("退货-原因-")
    assert file_stem("ab c").startswith("ab-c-")
    assert file_stem("x" * 250).startswith("x" * 91 + "-")


def test_all_that_follows_a_stem_is_known():
    tables = {
        composition_table.COMPOSITION, frontier_table.FRONTIER, significance_table.SIGNIFICANCE,
        ablation_table.ABLATION, mbr_tables.MBR, mbr_tables.OTHERS, likelihood_table.LIKELIHOOD,
        strata_table.QUALITY, strata_table.DIVERSITY, cost_table.COST, published_tables.PUBLISHED,
    }  # fmt: skip
    assert {name.partition("-")[0] for name in tables} <= {*FOLLOWED_BY}
    drawn = inspect.getsource(all_figures) + inspect.getsource(control_figures)
    assert {*re.findall(r"\{stem\}-([a-z]+)", drawn)} <= {*FOLLOWED_BY}
