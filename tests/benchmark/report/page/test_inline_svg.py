from __future__ import annotations

import re
from xml.etree.ElementTree import fromstring

from benchmark.report.page.inline_svg import InlineFigures, lighten

SVG = (
    '<svg width="237.6pt" height="100pt">'
    '<g id="axes_1"><path d="M 1.23456 2.0" style="fill: #0072b2; stroke: #1b1b1b"/></g>'
    '<!-- A --><g><defs>\n<path id="DejaVuSans-41" d="M 1 2 \nz" transform="scale(0.015625)"/>'
    '</defs>\n<use href="#DejaVuSans-41"/></g></svg>'
)


def test_colours_become_variables():
    page = InlineFigures()
    svg = page.add(fromstring(SVG), 'a "label" & more')
    assert page.rules() == ".f0{fill:var(--c0072b2);stroke:var(--ink)}"
    assert 'class="f0"' in svg and 'style="--width:4.36in;width:4.36in"' in svg
    assert page.variables("light") == "--c0072b2:#0072b2;"
    assert re.fullmatch(r"--c0072b2:#[0-9a-f]{6};", page.variables("dark"))
    assert 'aria-label="a &quot;label&quot; &amp; more"' in svg
    assert 'd="M1.23 2.0"' in svg
    assert "axes_1" not in svg


def test_letters_are_defined_once():
    page = InlineFigures()
    first, second = page.add(fromstring(SVG), "one"), page.add(fromstring(SVG), "two")
    for svg in (first, second):
        assert '<g><use href="#i0" /></g>' in svg
        assert " id=" not in svg
    assert page.definitions().count('<path id="i0" d="M1 2z"') == 1
    assert "scale(0.015625)" in page.definitions(), "letters keep their scale to the digit"


def test_dark_colours_stand_out():
    assert lighten("#ffffff") == "#ffffff"
    assert lighten("#e69f00") == "#e69f00", "bright colours stay"
    red, green, blue = (int(lighten("#000000")[i : i + 2], 16) for i in (1, 3, 5))
    assert red == green == blue > 100
