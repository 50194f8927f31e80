"""Paraphrase: a question asked in another way (the shape of QQP).

The form of the question changes, verb and adverb are drawn from their synonym sets, and the
person is kept through subject, object and possessive. No target equals its source.
"""

from __future__ import annotations

from benchmark.tasks.grammar import Frame, Grammar, Rule, entry, synonyms

_CATEGORIES = {
    "person": (
        entry("i", 3.0, object="me", possessive="my"),
        entry("we", 2.0, object="us", possessive="our"),
        entry("he", object="him", possessive="his"),
        entry("she", object="her", possessive="her"),
        entry("they", object="them", possessive="their"),
    ),
    "verb": (
        *synonyms({"fix": 0.5, "repair": 0.3, "mend": 0.2}),
        *synonyms({"clean": 0.6, "wash": 0.4}),
        *synonyms({"find": 0.75, "locate": 0.25}),
        *synonyms({"move": 0.5, "carry": 0.35, "shift": 0.15}),
        *synonyms({"hide": 0.7, "conceal": 0.3}),
    ),
    "thing": tuple(map(entry, ("car", "bike", "boat", "desk", "phone", "piano", "radio", "tent"))),
    "adverb": (
        *synonyms({"quickly": 0.7, "rapidly": 0.3}),
        *synonyms({"safely": 0.65, "securely": 0.35}),
        *synonyms({"easily": 0.8, "simply": 0.2}),
        *synonyms({"cheaply": 1.0}),
    ),
}

# The four forms of a question: as a source, and as a target.
_FORMS = {
    "can": (
        "how can {p:person} {v:verb} {p.possessive} {t:thing} {a:adverb} ?",
        "how can {p} {v.syn} {p.possessive} {t} {a.syn} ?",
    ),
    "should": (
        "how should {p:person} {a:adverb} {v:verb} {p.possessive} {t:thing} ?",
        "how should {p} {a.syn} {v.syn} {p.possessive} {t} ?",
    ),
    "helps": (
        "what helps {p:person.object} {v:verb} {p.possessive} {t:thing} {a:adverb} ?",
        "what helps {p.object} {v.syn} {p.possessive} {t} {a.syn} ?",
    ),
    "ways": (
        "ways to {a:adverb} {v:verb} {p:person.possessive} {t:thing} ?",
        "ways to {a.syn} {v.syn} {p.possessive} {t} ?",
    ),
}

# Weight of a form in the source, and of the forms that may answer it.
_TURNS: dict[str, tuple[float, dict[str, float]]] = {
    "can": (0.4, {"should": 0.5, "ways": 0.3, "helps": 0.2}),
    "should": (0.25, {"can": 0.6, "helps": 0.25, "ways": 0.15}),
    "helps": (0.15, {"can": 0.5, "ways": 0.35, "should": 0.15}),
    "ways": (0.2, {"can": 0.65, "should": 0.25, "helps": 0.1}),
}

GRAMMAR = Grammar(
    "paraphrase",
    1,
    categories=_CATEGORIES,
    frames=tuple(
        Frame(
            weight,
            _FORMS[form][0],
            tuple(Rule(share, _FORMS[answer][1]) for answer, share in answers.items()),
        )
        for form, (weight, answers) in _TURNS.items()
    ),
)
