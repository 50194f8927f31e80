"""Texts in many scripts and forms, for what must hold in all of them; invented for this purpose."""

# ruff: noqa: RUF001

from __future__ import annotations

from unicodedata import normalize

_WRITTEN = {
    "english": "Hello, World! It's 5 o'clock.",
    "german": "Straße, GROẞ und Öl",
    "turkish": "İstanbul, Iğdır",
    "vietnamese": "Tiếng Việt rất đẹp và dễ nghe",
    "greek": "ΟΔΟΣ ΚΑΛΟΣ, Ο ΣΟΦΟΣ Σ",
    "russian": "Ёлка и Йод!",
    "armenian": "ԱՅՍՕՐ ԼԱՎ Է",
    "georgian": "ᲥᲐᲠᲗᲣᲚᲘ ენა",
    "hebrew": "שָׁלוֹם עולם",
    "arabic": "مُحَمَّد كتب ٣ كتب",
    "hindi": "क़लम और फ़र्क़ है।",
    "bengali": "আজ বাজার ভালো",
    "tamil": "தமிழ் கொடு",
    "amharic": "ሰላም ለዓለም",
    "cherokee": "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ",
    "korean": "오늘 날씨가 좋다",
    "chinese": "双11买的iPhone 很好,真的 ok。",
    "japanese": "東京タワーへ行きました。ガム",
    "thai": "ฉันไปที่ตลาด 3 ครั้ง",
    "lao": "ມື້ນີ້ ຕະຫຼາດດີ",
    "khmer": "ភាសាខ្មែរ",
    "burmese": "မြန်မာဘာသာ",
    "tibetan": "བོད་སྐད་ཡག་པོ",
    "deseret": "𐐀𐐁 𐐂",
    "separators": "a\x1cb\x1dc\x1ed\x1fe\u2028f\x85g\u3000h",
    "emoji": "👍🏽 ❤️ good 👨‍👩‍👧",
}

TEXTS: dict[str, str] = {
    f"{name}-{form}": text
    for name, written in _WRITTEN.items()
    for form, text in (
        ("NFC", normalize("NFC", written)),
        ("NFD", normalize("NFD", written)),
        ("capitals", written.upper()),
    )
}
"""By script and form; all of them are written in NFC once more by whoever compares them."""
