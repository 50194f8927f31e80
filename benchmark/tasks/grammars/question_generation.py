"""Question generation: a statement turned into a question about one of its parts (Quasar-T).

The part asked about disappears from the question; the verb goes back to its base form
after "did" and stays in the past after "who".
"""

from __future__ import annotations

from benchmark.tasks.grammar import Frame, Grammar, Rule, entry

_VERBS = {
    "bought": "buy",
    "sold": "sell",
    "found": "find",
    "lost": "lose",
    "broke": "break",
    "drew": "draw",
    "hid": "hide",
    "made": "make",
}

_CATEGORIES = {
    "name": tuple(
        map(entry, ("anna", "ben", "clara", "david", "emma", "frank", "grace", "henry", "julia"))
    ),
    "verb": tuple(entry(past, base=base) for past, base in _VERBS.items()),
    "thing": tuple(
        map(entry, ("chair", "clock", "doll", "drum", "flute", "kite", "lamp", "mask", "ring"))
    ),
    "city": tuple(map(entry, ("paris", "london", "rome", "berlin", "cairo", "tokyo"))),
    "day": tuple(map(entry, ("monday", "tuesday", "friday", "saturday", "sunday"))),
}

GRAMMAR = Grammar(
    "question-generation",
    1,
    categories=_CATEGORIES,
    frames=(
        Frame(
            0.4,
            "{n:name} {v:verb} a {t:thing} in {c:city} .",
            (
                Rule(0.35, "who {v} a {t} in {c} ?"),
                Rule(0.3, "what did {n} {v.base} in {c} ?"),
                Rule(0.25, "where did {n} {v.base} a {t} ?"),
                Rule(0.1, "in which city did {n} {v.base} a {t} ?"),
            ),
        ),
        Frame(
            0.3,
            "{n:name} {v:verb} a {t:thing} on {d:day} .",
            (
                Rule(0.4, "what did {n} {v.base} on {d} ?"),
                Rule(0.35, "when did {n} {v.base} a {t} ?"),
                Rule(0.25, "who {v} a {t} on {d} ?"),
            ),
        ),
        Frame(
            0.3,
            "on {d:day} {n:name} {v:verb} a {t:thing} in {c:city} .",
            (
                Rule(0.2, "who {v} a {t} in {c} ?"),
                Rule(0.15, "who {v} a {t} on {d} ?"),
                Rule(0.15, "what did {n} {v.base} in {c} ?"),
                Rule(0.1, "what did {n} {v.base} on {d} ?"),
                Rule(0.15, "where did {n} {v.base} a {t} ?"),
                Rule(0.15, "when did {n} {v.base} a {t} ?"),
                Rule(0.05, "in which city did {n} {v.base} a {t} ?"),
                Rule(0.05, "on which day did {n} {v.base} a {t} ?"),
            ),
        ),
    ),
)
