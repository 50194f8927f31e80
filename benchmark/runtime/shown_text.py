"""Text of other people as it may be shown: control characters as pictures of themselves.

An escape sequence in an output would recolour or clear the terminal that prints a summary, and no
browser shows it.
"""

from __future__ import annotations

_PICTURES = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: 0x2421,
    **dict.fromkeys(range(128, 160), 65533),
}


def show_controls(text: str) -> str:
    """The text with U+241B for an escape, U+2407 for a bell, and so on; line breaks stay."""
    return text if text.isprintable() else text.translate(_PICTURES)
