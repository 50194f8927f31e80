from __future__ import annotations

import pytest

from benchmark.report.text.markdown import render_markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# One\n## Two", "<h4>One</h4>\n<h5>Two</h5>"),
        ("a\nb\n\nc", "<p>a b</p>\n<p>c</p>"),
        ("a `<b>` **c** *d*", "<p>a <code>&lt;b&gt;</code> <strong>c</strong> <em>d</em></p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
        ("[x](https://a.b/c)", '<p><a href="https://a.b/c">x</a></p>'),
        ("[x](javascript:alert)", "<p>[x](javascript:alert)</p>"),
        ("<script>", "<p>&lt;script&gt;</p>"),
        (
            "- a\n  - b\n  - c\n- d",
            "<ul><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ul>",
        ),
        (
            "| a | b |\n| --- | ---: |\n| 1 | 2 |",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead>"
            "<tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
        ),
        ("", ""),
    ],
)
def test_markdown(text, html):
    assert render_markdown(text) == html
