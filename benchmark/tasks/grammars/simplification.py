"""Simplification: plain words and plain order for the same statement (Wiki-Auto).

Hard words become plain ones, words that are plain already stay, a passive becomes active, a
relative clause becomes an adjective (with its article: "an old car") or a sentence of its own.
One to three targets, one of them far ahead.
"""

from __future__ import annotations

from benchmark.tasks.grammar import Entry, Frame, Grammar, Rule, entry


def _plain(words: dict[str, str]) -> tuple[Entry, ...]:
    return tuple(entry(hard, plain=plain) for hard, plain in words.items())


_PEOPLE = {
    "physician": "doctor",
    "attorney": "lawyer",
    "instructor": "teacher",
    "monarch": "king",
    "companion": "friend",
    "burglar": "thief",
    "farmer": "farmer",
}

_THINGS = {
    "vehicle": "car",
    "residence": "house",
    "vessel": "ship",
    "timepiece": "clock",
    "garment": "shirt",
    "blossom": "flower",
    "letter": "letter",
}

_QUALITIES = {
    "elderly": "old",
    "intelligent": "smart",
    "exhausted": "tired",
    "wealthy": "rich",
    "furious": "angry",
    "kind": "kind",
}

_CATEGORIES = {
    "person": _plain(_PEOPLE),
    "thing": _plain(_THINGS),
    "quality": _plain(_QUALITIES),
    "look": (
        entry("enormous", plain="big", with_article="a big"),
        entry("diminutive", plain="small", with_article="a small"),
        entry("attractive", plain="nice", with_article="a nice"),
        entry("ancient", plain="old", with_article="an old"),
        entry("peculiar", plain="odd", with_article="an odd"),
    ),
    # `plain` may leave a choice, `main` is its likelier option.
    "verb": (
        entry("purchased", main="bought", plain={"bought": 0.8, "got": 0.2}),
        entry("observed", main="saw", plain={"saw": 0.7, "watched": 0.3}),
        entry("demolished", main="broke", plain={"broke": 0.75, "smashed": 0.25}),
        entry("discovered", main="found", plain="found"),
        entry("concealed", main="hid", plain="hid"),
        entry("illustrated", main="drew", plain="drew"),
        entry("requested", main="wanted", plain="wanted"),
    ),
}

GRAMMAR = Grammar(
    "simplification",
    1,
    categories=_CATEGORIES,
    frames=(
        Frame(
            0.4,
            "the {q:quality} {p:person} {v:verb} the {t:thing} .",
            (
                Rule(0.85, "the {q.plain} {p.plain} {v.plain} the {t.plain} ."),
                Rule(0.15, "the {p.plain} {v.main} the {t.plain} ."),
            ),
        ),
        Frame(
            0.35,
            "the {t:thing} was {v:verb} by the {q:quality} {p:person} .",
            (Rule(1.0, "the {q.plain} {p.plain} {v.plain} the {t.plain} ."),),
        ),
        Frame(
            0.25,
            "the {p:person} {v:verb} a {t:thing} , which was {l:look} .",
            (
                Rule(0.75, "the {p.plain} {v.main} {l.with_article} {t.plain} ."),
                Rule(0.25, "the {p.plain} {v.main} a {t.plain} . it was {l.plain} ."),
            ),
        ),
    ),
)
