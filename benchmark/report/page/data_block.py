"""What the page holds for its scripts, and what it lets them do."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping

from markupsafe import Markup

from benchmark.runtime.shown_text import show_controls


def make_data_block(name: str, value: object) -> Markup:
    """A `<script>` that holds `value` as JSON, whatever texts are in it."""
    text = json.dumps(_show(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # The end of a script is found before its JSON is read: it may hold no "<".
    text = text.replace("<", "\\u003c")
    return Markup(f'<script type="application/json" id="{name}">{text}</script>')


def _show(value: object) -> object:
    if isinstance(value, str):
        return show_controls(value)
    if isinstance(value, Mapping):
        return {_show(name): _show(inner) for name, inner in value.items()}
    return [_show(inner) for inner in value] if isinstance(value, list | tuple) else value


def make_policy(scripts: Iterable[str]) -> str:
    """A Content-Security-Policy: these scripts alone run, and nothing is fetched."""
    hashes = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )
