# ruff: noqa: RUF001 - characters that look like others are the subject
"""Any text as plain LaTeX prints it, without a package and without an error.

LaTeX stops at a character that its fonts lack. What has a command gets it, accents are put
on their letters, and the rest is given by its number.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from itertools import pairwise

_SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    "†": r"$^{\dagger}$", "‡": r"$^{\ddagger}$", "\N{EN DASH}": "--", "\N{EM DASH}": "---",
    "…": r"\ldots{}", "•": r"\textbullet{}", "§": r"\S{}", "°": r"$^{\circ}$",
    "\N{LEFT SINGLE QUOTATION MARK}": "`", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "“": "``", "”": "''", "„": ",,", "«": r"$\ll$", "»": r"$\gg$",
    "\u00a0": "~", "\u2009": r"\,", "\u202f": r"\,",
}  # fmt: skip

_MATHS = {
    "±": "pm", "\N{MULTIPLICATION SIGN}": "times", "\N{MINUS SIGN}": "-", "·": "cdot",
    "↑": "uparrow", "↓": "downarrow", "→": "rightarrow", "←": "leftarrow",
    "⇒": "Rightarrow", "⇐": "Leftarrow", "↔": "leftrightarrow", "≤": "leq", "≥": "geq",
    "≠": "neq", "≈": "approx", "∞": "infty", "√": "surd", "∈": "in", "∑": "sum",
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu",
    "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "χ": "chi",
    "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda",
    "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip

_LETTERS = {
    "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l",
    "Ł": "L", "ı": "i",
}  # fmt: skip

_ACCENTS: Mapping[str, str] = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
}  # fmt: skip


SIGNS: Mapping[str, str] = (
    _SIGNS
    | {sign: f"$\\{name}$" if name.isalpha() else f"${name}$" for sign, name in _MATHS.items()}
    | {letter: f"\\{name}{{}}" for letter, name in _LETTERS.items()}
)
"""What prints a character that LaTeX would read as something else, or could not read."""


def latex_escape(text: str) -> str:
    """Text that LaTeX prints as it is; characters are replaced one by one, never twice."""
    # Two hyphens in a row would print as a dash.
    pairs = pairwise(f" {text}")
    return "".join("{}-" if before == here == "-" else _escape(here) for before, here in pairs)


def _escape(character: str) -> str:
    if character in SIGNS:
        return SIGNS[character]
    if character.isascii() and character.isprintable():
        return character
    if character.isspace():
        return " "
    if unicodedata.category(character) in ("Cc", "Cf"):
        return ""
    parts = unicodedata.normalize("NFD", character)
    if len(parts) == 2 and parts[0].isascii() and parts[1] in _ACCENTS:
        return f"\\{_ACCENTS[parts[1]]}{{{parts[0]}}}"
    return rf"\texttt{{U+{ord(character):04X}}}"
