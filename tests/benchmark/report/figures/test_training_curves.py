from __future__ import annotations

import math

import pytest

from benchmark.records.schema import Event
from benchmark.report.figures.training_curves import (
    TrainingCurve,
    average_seeds,
    choose_quality,
    progress_of,
)

BLEU = "bleu_sent_m4"


def step(update, seconds):
    return Event(update=update, kind="train", loss=1.0, seconds=seconds)


def look(update, quality):
    return Event(update=update, kind="valid", quality={BLEU: quality})


def test_a_validation_has_the_seconds_of_its_update():
    log = [step(10, 2.0), look(10, 0.1), step(20, 6.0), look(15, 0.2), look(5, 0.0)]
    progress = progress_of(log, BLEU)
    assert progress.updates == (10, 15, 5)
    assert progress.seconds == pytest.approx((2.0, 4.0, 1.0))
    assert progress.quality == (0.1, 0.2, 0.0)


def test_what_tells_no_quality_is_left_out():
    log = [step(10, 2.0), Event(update=10, kind="valid", loss=1.0, quality={"validity": 0.5})]
    assert progress_of(log, BLEU).updates == ()


def test_a_log_without_a_clock_has_no_seconds():
    progress = progress_of([look(10, 0.1)], BLEU)
    assert progress.updates == (10,)
    assert math.isnan(progress.seconds[0])


def test_seeds_are_averaged_where_all_were_looked_at():
    first = TrainingCurve((10, 20, 30), (1.0, 2.0, 3.0), (0.25, 0.5, 0.75))
    second = TrainingCurve((20, 10), (4.0, 2.0), (0.25, 0.5))
    mean = TrainingCurve((10, 20), (1.5, 3.0), (0.375, 0.375))
    assert average_seeds([first, second]) == [mean]
    assert average_seeds([first]) == [first]
    elsewhere = TrainingCurve((15,), (1.0,), (0.5,))
    assert average_seeds([first, elsewhere]) == [first, elsewhere]


@pytest.mark.parametrize(
    ("logged", "chosen"),
    [
        ([("validity", BLEU), (BLEU,)], "validity"),
        ([(f"{BLEU}:case=lower",), (f"{BLEU}:case=lower",), (BLEU,)], f"{BLEU}:case=lower"),
        ([(BLEU,), (f"{BLEU}:case=lower",)], BLEU),
        ([("accuracy",)], "accuracy"),
        ([()], None),
    ],
)
def test_the_quality_is_of_the_case_of_most_logs(logged, chosen):
    logs = {
        str(number): [(Event(update=1, kind="valid", quality=dict.fromkeys(names, 0.5)),)]
        for number, names in enumerate(logged)
    }
    assert choose_quality(logs) == chosen
