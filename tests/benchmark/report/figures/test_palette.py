from __future__ import annotations

import itertools

from benchmark.report.figures.palette import assign_looks

KNOWN = {
    "diffuseq": "continuous diffusion",
    "diffuseq-v2": "continuous diffusion",
    "d3pm-absorbing": "discrete diffusion",
    "d3pm-uniform": "discrete diffusion",
    "mdlm": "discrete diffusion",
    "rdm-absorbing": "discrete diffusion",
    "transformer": "autoregressive",
    "gpt2": "autoregressive",
    "nat": "iterative",
    "cmlm": "iterative",
    "levenshtein": "edit",
    "rdm-multinomial": "discrete diffusion",
    "fairseq-transformer": "autoregressive",
    "fairseq-nat": "iterative",
    "fairseq-cmlm": "iterative",
    "fairseq-levenshtein": "edit",
}


def grey(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_no_two_systems_look_alike():
    found = assign_looks(KNOWN | {"mine": "plug-in", "my_file:Other": "autoregressive"})
    assert len({look.colour for look in found.values()}) == len(found)
    assert len({look.marker for look in found.values()}) == len(found)


def test_families_differ_in_their_lines():
    lines = {KNOWN[system]: look.line for system, look in assign_looks(KNOWN).items()}
    assert len(set(map(str, lines.values()))) == 5


def test_members_of_a_family_differ_in_greyscale_or_shape():
    found = assign_looks(KNOWN)
    for a, b in itertools.combinations(KNOWN, 2):
        if KNOWN[a] == KNOWN[b]:
            dark = abs(grey(found[a].colour) - grey(found[b].colour))
            assert dark > 0.1 or found[a].marker != found[b].marker


def test_looks_do_not_depend_on_who_else_runs():
    alone = assign_looks({"cmlm": "iterative"})["cmlm"]
    assert alone == assign_looks(KNOWN)["cmlm"]
