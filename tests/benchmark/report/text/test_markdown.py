from __future__ import annotations

import re

import pytest

from benchmark.report.text.markdown import render_markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# One\n## Two", "<h4>One</h4><h5>Two</h5>"),
        ("#### Deep\n###### Deeper", "<h6>Deep</h6><h6>Deeper</h6>"),
        ("Title\n=====\n\ntext", "<h4>Title</h4><p>text</p>"),
        ("a\nb\n\nc", "<p>a\nb</p><p>c</p>"),
        ("a `<b>` **c** *d*", "<p>a <code>&lt;b&gt;</code> <strong>c</strong> <em>d</em></p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
        ("[x](https://a.b/c)", '<p><a href="https://a.b/c">x</a></p>'),
        ("[x](javascript:alert)", "<p>[x](javascript:alert)</p>"),
        ("[x](//a.b)", "<p>[x](//a.b)</p>"),
        ("![x](https://a.b/c.png)", '<p>!<a href="https://a.b/c.png">x</a></p>'),
        ("<script>", "<p>&lt;script&gt;</p>"),
        ('a <b id="c">d</b>', "<p>a &lt;b id=&quot;c&quot;&gt;d&lt;/b&gt;</p>"),
        (
            "- a\n  - b\n  - c\n- d",
            "<ul><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ul>",
        ),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("1. a\n   - b\n2. c", "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>"),
        ("- a long\n  item\n- b", "<ul><li>a long\nitem</li><li>b</li></ul>"),
        ("```\n# a\n- <b> | c\n```", "<pre><code># a\n- &lt;b&gt; | c\n</code></pre>"),
        (
            "| a | b |\n| --- | ---: |\n| 1 | 2 |",
            '<table><thead><tr><th>a</th><th style="text-align:right">b</th></tr></thead>'
            '<tbody><tr><td>1</td><td style="text-align:right">2</td></tr></tbody></table>',
        ),
        (
            "| a | b |\n| --- | --- |\n| 1 \\| 2 | `x \\| y` |",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead>"
            "<tbody><tr><td>1 | 2</td><td><code>x | y</code></td></tr></tbody></table>",
        ),
        ("a `x | y` b", "<p>a <code>x | y</code> b</p>"),
        ("", ""),
    ],
)
def test_markdown(text, html):
    # Where the lines break between tags is up to the library.
    assert re.sub(r"(?<=>)\n|\n(?=<(?!/code))", "", render_markdown(text)) == html


def test_headings_nest_below_the_page():
    assert render_markdown("# One\n## Two", top_level=2) == "<h2>One</h2>\n<h3>Two</h3>\n"
