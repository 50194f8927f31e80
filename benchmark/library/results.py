"""The records of a run as frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.records.reader import Records, read_records
from benchmark.records.schema import TrialRecord

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Results:
    """What a run, or a kept report, found."""

    folder: Path
    records: Records

    @cached_property
    def trials(self) -> DataFrame:
        """A row for each setting of each trial: what was run, whether it went well, its cost.

        Columns: `task`, `system`, `family`, `seed`, `setting`, `main` (the row of the table),
        `status`, `error`, `nfe` (network calls for one candidate, measured),
        `seconds_per_candidate`, `parameters`, `updates`.
        """
        return _frame([_trial(record) for record in self.records.trial_records], _TRIAL)

    @cached_property
    def scores(self) -> DataFrame:
        """A row for each figure of each setting.

        Columns: `task`, `system`, `family`, `seed`, `setting`, `main`, `metric`, `statistic`
        (`expected`, `mbr`, `oracle`, `set`), `value`, `low`, `high` (NaN where undefined).
        """
        return _frame([row for of in self.records.trial_records for row in _scores(of)], _SCORE)

    @cached_property
    def texts(self) -> DataFrame:
        """A row for each candidate that the records keep, of the first test sources.

        Columns: `task`, `system`, `seed`, `setting`, `id`, `source`, `candidate`, `text`, `status`.
        """
        if not self.records.keeps_texts:
            return _frame([], _TEXT)
        return _frame([row for of in self.records.trial_records for row in self._texts(of)], _TEXT)

    def table(self, statistic: str = "expected") -> DataFrame:
        """Main settings by metric: tasks, systems and seeds down, metrics across.

        Args:
            statistic: of candidates; metrics of a set of candidates have one of their own.
        """
        scores = self.scores
        kept = scores[scores.main & scores.statistic.isin([statistic, "set"])]
        order = list(dict.fromkeys(kept.metric))
        rows = kept.pivot_table(
            index=["task", "system", "seed"],
            columns="metric",
            values="value",
            sort=False,
            dropna=False,
            observed=True,
        )
        return rows.dropna(how="all")[order]

    def _texts(self, record: TrialRecord) -> Iterator[dict[str, Any]]:
        key = record.keys.generate
        if key is None or f"samples/{key}.jsonl" not in self.records.files.names("samples"):
            return
        for sample in self.records.samples(key).values():
            for number, of in enumerate(sample.candidates):
                yield {
                    "task": record.task,
                    "system": record.system,
                    "seed": record.seed,
                    "setting": record.setting.label,
                    "id": sample.id,
                    "source": sample.source,
                    "candidate": number,
                    "text": of.text,
                    "status": of.status,
                }


def read_results(folder: str | Path) -> Results:
    """The results in the folder of a report.

    Raises:
        UserError: if there are none, or they cannot be read.
    """
    return Results(Path(folder), read_records(Path(folder)))


_NAMES = ("task", "system", "family", "seed", "setting", "main")
_TRIAL = (
    *_NAMES,
    *("status", "error", "nfe", "seconds_per_candidate", "parameters", "updates"),
)
_SCORE = (*_NAMES, "metric", "statistic", "value", "low", "high")
_TEXT = ("task", "system", "seed", "setting", "id", "source", "candidate", "text", "status")


def _frame(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=[*columns])


def _named(record: TrialRecord) -> dict[str, Any]:
    return {
        "task": record.task,
        "system": record.system,
        "family": record.family,
        "seed": record.seed,
        "setting": record.setting.label,
        "main": "main" in record.setting.roles,
    }


def _trial(record: TrialRecord) -> dict[str, Any]:
    cost, training, parameters = record.cost, record.training, record.parameters
    return _named(record) | {
        "status": record.status,
        "error": record.error,
        "nfe": cost.depth if cost else None,
        "seconds_per_candidate": cost.seconds_per_candidate if cost else None,
        "parameters": parameters.total if parameters else None,
        "updates": training.updates if training else None,
    }


def _scores(record: TrialRecord) -> Iterator[dict[str, Any]]:
    for name, metric in record.score.metrics.items() if record.score else ():
        for statistic, of in metric.statistics.items():
            found = {"value": of.value, "low": of.low, "high": of.high}
            yield _named(record) | {"metric": name, "statistic": statistic} | found
