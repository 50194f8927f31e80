"""Records as frames, compared with the records themselves."""

from __future__ import annotations

import pytest

from benchmark.api import UserError
from benchmark.library import read_results


def test_a_row_for_each_setting_and_each_figure(folder):
    results = read_results(folder)
    records = {of.system: of for of in results.records.trial_records}
    trials = results.trials.set_index("system")
    assert list(trials.index) == list(records)
    assert trials.status["broken"] == "failed" and trials.status["best"] == "ok"
    assert trials.family["worse"] == "discrete diffusion"
    scores = results.scores
    row = scores.query("system == 'best' and metric == 'bleu_sent_m4' and statistic == 'expected'")
    known = records["best"].score.metrics["bleu_sent_m4"].statistics["expected"]
    assert (row.value.item(), row.low.item(), row.high.item()) == (
        known.value, known.low, known.high,
    )  # fmt: skip
    assert "broken" not in set(scores.system)


def test_the_table_has_the_main_settings(folder):
    table = read_results(folder).table()
    assert table.index.names == ["task", "system", "seed"]
    known = {"worse": 0.30, "best": 0.50, "near": 0.485, "fixed": 0.40, "copy-source": 0.55}
    found = table.bleu_sent_m4.droplevel(["task", "seed"]).to_dict()
    assert found == pytest.approx(known, abs=0.02)
    assert "self_bleu" in table.columns


def test_no_report(tmp_path):
    with pytest.raises(UserError, match="There are no records in"):
        read_results(tmp_path)


@pytest.mark.slow
def test_kept_texts(kept):
    results = read_results(kept.report)
    texts = results.texts.query("system == 'transformer'")
    main = results.trials.query("system == 'transformer' and main").setting.item()
    texts = texts[texts.setting == main]
    sources = list(dict.fromkeys(texts.id))
    assert sources[:2] == ["test-1", "test-2"] and len(texts) == 3 * len(sources)
    copies = results.texts.query("system == 'copy-source'")
    assert (copies.text == copies.source).all()
