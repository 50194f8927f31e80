# ruff: noqa: RUF001 - characters that look like others are the subject
r"""Any text as pdfLaTeX prints it, without an error.

LaTeX stops at a character that its fonts lack. What has a command gets it, accents are put on
their letters, Chinese, Japanese and Korean go through the macro `\cjk`, which needs the package
CJKutf8, and the rest is given by its number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
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


DEFINE_CJK = (
    r"\ifdefined\cjk\else"
    r"\DeclareRobustCommand{\cjk}[2]{\begin{CJK}{UTF8}{#1}#2\end{CJK}}\fi"
)
r"""Defines `\cjk` unless the document has a definition of its own."""

CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]+")
"""Chinese, Japanese and Korean characters, their punctuation and their wide forms."""

_CJK_FONTS: Mapping[str, str] = {"gbsn": "gb2312", "bsmi": "big5", "min": "euc_jp", "mj": "euc_kr"}
"""Fonts of the package CJK with the character set of each."""

BREAKS = re.compile(r"(?<=[|_/:=,;.+-])")
"""Where a long word may be broken."""

_LONG_WORD = 20
_LONGEST_PIECE = 24


# The layouts that a table is tried in hold the same words.
@lru_cache(maxsize=2**14)
def latex_escape(text: str) -> str:
    """Text that LaTeX prints as it is; characters are replaced one by one, never twice."""
    found, end = [], 0
    for run in CJK.finditer(text):
        found += [_escape_run(text[end : run.start()]), _write_cjk(run[0])]
        end = run.end()
    return "".join((*found, _escape_run(text[end:])))


def latex_paragraph(text: str) -> str:
    """Text as `latex_escape` has it, with places to break a line within long words."""
    words = text.split()
    return " ".join(r"\allowbreak{}".join(map(latex_escape, _split_word(w))) for w in words)


def _split_word(word: str) -> list[str]:
    if len(word) <= _LONG_WORD:
        return [word]
    size = _LONGEST_PIECE
    pieces = filter(None, BREAKS.split(word))
    return [piece[i : i + size] for piece in pieces for i in range(0, len(piece), size)]


def _escape_run(text: str) -> str:
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
    return _write_number(character)


def _write_cjk(text: str) -> str:
    for font, codec in _CJK_FONTS.items():
        try:
            text.encode(codec)
        except UnicodeEncodeError:
            continue
        return rf"\cjk{{{font}}}{{{text}}}"
    return _write_number(text) if len(text) == 1 else "".join(map(_write_cjk, text))


def _write_number(character: str) -> str:
    return rf"\texttt{{U+{ord(character):04X}}}"
