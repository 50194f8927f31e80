from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmark.report.data.axes import planes


@pytest.mark.parametrize("self_bleu", ["self_bleu", "self_bleu:case=lower"])
def test_metrics_with_options_are_found(self_bleu: str) -> None:
    metric = SimpleNamespace(direction="higher", level="candidate", title="t")
    names = ["bleu_sent_m4:case=lower", self_bleu, "div_4:case=lower"]
    board = SimpleNamespace(metrics=lambda task: dict.fromkeys(names, metric))
    ((variety, quality),) = planes(board, "qqp")
    assert (variety.metric, variety.complement) == (self_bleu, True)
    assert quality.metric == "bleu_sent_m4:case=lower"
