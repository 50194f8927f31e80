"""Dialogue: a reply to an invitation (the shape of Commonsense Conversation), one to many.

A reply accepts, declines, is busy, refers to someone else, or proposes something else, and stays
consistent: "yes" goes with "love" and never with "hate", "i am" never with "we are", the pronoun is
that of the person named, the verb agrees with it, and a counter-proposal names another thing of the
same kind or another time. So a mixture of two valid replies is rarely one.
"""

from __future__ import annotations

from benchmark.tasks.grammar import Entry, Frame, Grammar, Rule, entry


def _person(name: str, pronoun: str) -> Entry:
    plural = pronoun == "they"
    return entry(
        name,
        pronoun=pronoun,
        object={"he": "him", "she": "her", "they": "them"}[pronoun],
        wants="want" if plural else "wants",
        loves="love" if plural else "loves",
        hates="hate" if plural else "hates",
        prefers="prefer" if plural else "prefers",
        are="are" if plural else "is",
    )


_THINGS = {
    "eat": ("noodles", "pizza", "soup", "rice", "curry"),
    "play": ("chess", "tennis", "cards", "football", "hockey"),
    "watch": ("films", "news", "cartoons", "boxing", "racing"),
}

_CATEGORIES = {
    "person": (
        *(_person(name, "she") for name in ("anna", "clara", "emma", "grace")),
        *(_person(name, "he") for name in ("ben", "david", "frank", "henry")),
        *(_person(name, "they") for name in ("my parents", "the twins")),
    ),
    "time": (
        entry("today", 2.0),
        entry("tomorrow", 2.0),
        *map(entry, ("tonight", "at noon", "after work", "next week")),
    ),
    "lead": (entry("shall", 0.5), entry("can", 0.3), entry("should", 0.2)),
    "speaker": (entry("i", 0.7, am="am"), entry("we", 0.3, am="are")),
    "yes": (entry("yes", 0.5), entry("sure", 0.3), entry("great", 0.2)),
    "no": (entry("sorry", 0.65), entry("no", 0.35)),
    **{verb: tuple(map(entry, things)) for verb, things in _THINGS.items()},
}


def _invitation(verb: str) -> Frame:
    return Frame(
        0.7,
        f"{{l:lead}} we {verb} {{t:{verb}}} with {{p:person}} {{d:time}} ?",
        (
            Rule(0.3, "{y:yes} , {s:speaker} love {t} ."),
            Rule(0.15, "{y:yes} , call {p.object} {d} ."),
            Rule(0.15, "{n:no} , {s:speaker} hate {t} ."),
            Rule(0.12, "{n:no} , {s:speaker} {s.am} busy {d} ."),
            Rule(0.08, "{n:no} , {p.pronoun} {p.hates} {t} ."),
            Rule(0.12, f"maybe , but {{s:speaker}} prefer {{o:{verb}!t}} ."),
            Rule(0.08, "maybe , how about {e:time!d} ?"),
        ),
    )


def _wish(verb: str) -> Frame:
    return Frame(
        0.3,
        f"{{p:person}} {{p.wants}} to {verb} {{t:{verb}}} {{d:time}} .",
        (
            Rule(0.25, "{y:yes} , {p.pronoun} {p.loves} {t} ."),
            Rule(0.2, "{y:yes} , {s:speaker} love {t} too ."),
            Rule(0.15, "{n:no} , {p.pronoun} {p.are} busy {d} ."),
            Rule(0.15, "{n:no} , {s:speaker} {s.am} busy {d} ."),
            Rule(0.15, f"maybe , but {{p.pronoun}} {{p.prefers}} {{o:{verb}!t}} ."),
            Rule(0.1, "maybe , call {p.object} {e:time!d} ."),
        ),
    )


GRAMMAR = Grammar(
    "dialogue",
    1,
    categories=_CATEGORIES,
    frames=tuple(make(verb) for make in (_invitation, _wish) for verb in _THINGS),
)
