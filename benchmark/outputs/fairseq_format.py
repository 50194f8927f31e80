"""What `fairseq-generate` prints: lines `S-3`, `T-3`, `H-3` and `D-3` among those of its log.

`S` is the source, `T` the target, `H` a hypothesis with its score and `D` the same without the
tokeniser's marks, which is preferred if present; several with one number are an n-best list, in
order. The number is the index in the split, from 0. Scores are not read: fairseq divides
log-probabilities by a power of the length. Other lines (`P-`, `E-`, the log) are skipped.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.api import UserError
from benchmark.outputs.output_row import OutputRow, candidate
from benchmark.outputs.text_lines import read_lines

LINE = re.compile(r"([STHD])-(\d+)\t(.*)")


def read_fairseq(path: Path) -> list[OutputRow]:
    """The rows of a file, in the order of the split.

    Raises:
        UserError: if a hypothesis has no score, or there are no hypotheses.
    """
    texts: dict[str, dict[int, list[str]]] = {kind: {} for kind in "STHD"}
    first: dict[int, int] = {}
    for place, line in enumerate(read_lines(path), start=1):
        found = LINE.fullmatch(line)
        if found is None:
            continue
        kind, number, text = found[1], int(found[2]), found[3]
        if kind in "HD":
            score, tab, text = text.partition("\t")
            try:
                float(score if tab else "")
            except ValueError as error:
                raise UserError(
                    f"{path}, line {place}: {kind}-{number} has no score: a hypothesis is"
                    f" {kind}-{number}, score and text, with tabs between them."
                ) from error
        texts[kind].setdefault(number, []).append(text)
        first.setdefault(number, place)
    hypotheses = texts["D"] or texts["H"]
    if not hypotheses:
        raise UserError(f"{path} has no hypotheses: fairseq writes them as H- or D- lines.")
    lacking = sorted(first.keys() - hypotheses.keys())
    if lacking:
        raise UserError(
            f"{path}, line {first[lacking[0]]}: sample {lacking[0]} has no hypothesis"
            f" ({'D' if texts['D'] else 'H'}-{lacking[0]}): generate it again."
        )
    for kind in "ST":
        for number, found_twice in texts[kind].items():
            if len(found_twice) > 1:
                raise UserError(
                    f"{path}: {kind}-{number} occurs {len(found_twice)} times: use a separate"
                    " file for every call of fairseq-generate."
                )
    return [
        OutputRow(
            f"{path}, line {first[number]}",
            tuple(candidate(text) for text in of_number),
            source=texts["S"][number][0] if number in texts["S"] else None,
            references=tuple(texts["T"][number]) if number in texts["T"] else None,
            number=number,
        )
        for number, of_number in sorted(hypotheses.items())
    ]
