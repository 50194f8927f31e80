from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from benchmark.report.page.data_block import make_data_block, make_policy

HARD = ["</script><b>", "<!--<script>", "]]>", "&lt;", 'a "b" \\', "\u2028 \x00 é 語"]


class Scripts(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.texts.append(data)


def test_any_text_comes_back():
    parsed = Scripts(str(make_data_block("x", HARD)) + "<p>")
    assert parsed.tags == ["script", "p"]
    # Control characters are shown, as no browser would.
    shown = [text.replace("\x00", "\u2400") for text in HARD]
    assert json.loads("".join(parsed.texts)) == shown


def test_json_has_no_nan():
    with pytest.raises(ValueError, match="not JSON compliant"):
        make_data_block("x", float("nan"))


def test_policy_names_the_scripts():
    # printf 'alert(1)' | openssl dgst -sha256 -binary | base64
    assert "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='" in make_policy(["alert(1)"])
    assert "default-src 'none'" in make_policy([])
