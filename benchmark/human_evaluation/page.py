"""The page that a rater clicks through: one file, which keeps her answers and hands them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from benchmark.human_evaluation.key import Key
from benchmark.human_evaluation.questions import Question
from benchmark.human_evaluation.shown_item import ShownItem
from benchmark.report.page.data_block import make_data_block, make_policy

_TEMPLATES = Path(__file__).parent / "templates"


def render_page(key: Key, items: Sequence[ShownItem], *, rater: int) -> str:
    """The page of the rater of a number, with the items in the order given."""
    script = (_TEMPLATES / "page.js").read_text(encoding="utf-8")
    data = {
        "sheet": key.sheet,
        "page": rater,
        "items": [[item.id, item.source, *item.texts] for item in items],
        "questions": [
            {"id": question.id, "text": question.text, "options": _options(key, question)}
            for question in key.questions
        ],
    }
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html.j2").render(
        title=key.title,
        count=len(items),
        pairs=key.design == "pairs",
        last=len(_options(key, key.questions[0])),
        policy=make_policy([script]),
        data=make_data_block("sheet", data),
        # The files of this package, not text of a record.
        css=Markup((_TEMPLATES / "page.css").read_text(encoding="utf-8")),
        script=Markup(script),
    )


def _options(key: Key, question: Question) -> list[list[str]]:
    """What may be answered, with what stands on its button."""
    if key.design == "pairs":
        return [["a", "A is better"], ["tie", "equally good"], ["b", "B is better"]]
    ends = {"1": f"1 {question.low}", str(key.scale): f"{key.scale} {question.high}"}
    return [[value, ends.get(value, value)] for value in key.values]
