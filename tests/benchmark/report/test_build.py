"""The whole report, once: files, page, determinism."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.api import UserError
from benchmark.records.file_stem import file_stem
from benchmark.report import build_report
from benchmark.report.build import write_texts
from benchmark.report.data.samples import PRINTED

pytestmark = pytest.mark.slow

PLOTS = ("frontier", "nfe", "seconds", "training")


@pytest.fixture(scope="module")
def report(synthetic):
    assert build_report(synthetic) == synthetic / "index.html"
    return synthetic


@pytest.fixture(scope="module")
def page(report):
    return (report / "index.html").read_text(encoding="utf-8")


def test_every_file_is_there(report):
    names = {p.relative_to(report).as_posix() for p in report.rglob("*") if p.is_file()}
    names = {name for name in names if not name.startswith("records/")}
    assert names == {
        "index.html",
        "summary.md",
        "figures/overview.png",
        *(f"tables/overview{end}" for end in (".md", ".csv", ".tex")),
        *(
            f"tables/dialogue{end}"
            for end in (".md", ".csv", ".tex", "-curves.csv", "-pairs.csv", "-places.csv")
        ),
        *(
            f"tables/dialogue-{name}{end}"
            for name in ("frontier", "significance", "ablation-policies", "cost")
            for end in (".md", ".csv", ".tex")
        ),
    }


def test_equal_records_give_equal_bytes(report, tmp_path):
    copy = tmp_path / report.name
    shutil.copytree(report / "records", copy / "records")
    code = (
        "import sys\nfrom pathlib import Path\nfrom benchmark.report import build_report\n"
        "build_report(Path(sys.argv[1]))\nassert 'torch' not in sys.modules\n"
    )
    # NumPy refuses an empty SOURCE_DATE_EPOCH.
    plain = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    subprocess.run(
        [sys.executable, "-c", code, str(copy)], check=True, env=plain | {"PYTHONHASHSEED": "7"}
    )
    for path in sorted(report.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (copy / path.relative_to(report)).read_bytes(), path


def test_page_needs_nothing_else(report, page):
    assert len(page.encode()) < 3 * 2**20
    # What is fetched: only the report's own files, and those on a click.
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    for source in sources:
        assert source.startswith("#") or (report / source).exists(), source
    assert "@import" not in page
    assert 'Content-Security-Policy" content="default-src &#39;none&#39;' in page
    assert not re.search(r"url\((?!#)", page)


def test_page_is_well_formed(page):
    class Check(HTMLParser):
        void = frozenset({"meta", "link", "br", "img", "hr", "input"})

        def __init__(self):
            super().__init__()
            self.open = []

        def handle_starttag(self, tag, attributes):
            if tag not in self.void:
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag, self.getpos()

    check = Check()
    check.feed(page)
    assert check.open == []


def test_links_inside_the_page_lead_somewhere(page):
    ids = re.findall(r'(?<=[\s])id="([^"]+)"', page)
    assert len(set(ids)) == len(ids)
    for target in re.findall(r'(?:xlink:)?href="#([^"]+)"', page):
        assert target in ids, target


def test_page_tells_what_was_run(page):
    for said in (
        "python -m benchmark.run --task all",
        "Toy CPU @ 2.4 GHz (2 cores)",
        "torch 2.13.0",
        "0123456789abcdef0123456789abcdef01234567",
        "bleu_sent_m4|case:mixed",
        "Train repeats 12 pairs exactly",
        "<strong>known answers</strong>",
        "prefers-color-scheme: dark",
        "✗",
    ):
        assert said in page, said


def test_supplementary_tables_are_in_page_and_summary(report, page):
    summary = (report / "summary.md").read_text(encoding="utf-8")
    for said in (
        "One checkpoint, every policy",
        "Cost and size",
        "policy=remask",
        "policy=ancestral (main)",
        "the size that was published",
    ):
        assert said in page, said
        assert said in summary, said


def test_samples_stand_in_the_page_without_its_scripts(page):
    bare = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    samples = bare[bare.index('<section id="samples">') : bare.index('<section id="reading">')]
    assert samples.count('<span class="source">') == PRINTED
    assert samples.count('<th scope="row">references</th>') == PRINTED
    assert '<span class="mark good" title="a valid target">✓</span>' in samples


def test_every_point_of_a_figure_has_its_tip(page):
    numbers = {int(number) for number in re.findall(r'data-p="(\d+)"', page)}
    block = re.search(r'<script type="application/json" id="tips">(.*?)</script>', page)
    tips = json.loads(block[1])
    assert numbers == set(range(len(tips)))
    assert all(re.fullmatch(r"[0-9a-f]{16}( [0-9a-f]{16})*", tip["keys"]) for tip in tips)


def test_text_of_records_is_escaped(page):
    assert "loss is not finite at update 40 &lt;deletion head&gt;" in page
    assert "<deletion head>" not in page


def test_every_cell_of_the_page_names_its_record(page):
    for cell_ in re.findall(r'<td data-v="[^"]*" title="([^"]*)"', page):
        assert re.search(r"record [0-9a-f]{16}", cell_), cell_


class RenderedError(Exception):
    pass


@pytest.fixture
def stop(monkeypatch):
    """Rendering ends before it begins."""

    def halt(records):
        raise RenderedError

    monkeypatch.setattr("benchmark.report.build.Board", halt)


def test_nothing_is_done_twice(report, stop):
    assert build_report(report) == report / "index.html"


def test_a_deleted_file_is_made_again(report, stop):
    table = report / "tables" / "dialogue.md"
    text = table.read_bytes()
    table.unlink()
    with pytest.raises(RenderedError):
        build_report(report)
    table.write_bytes(text)


def test_changed_records_are_rendered_again(report, stop, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(report, copy)
    build_report(copy)
    run = copy / "records" / "run.json"
    run.write_text(run.read_text().replace("2026-01-02", "2026-01-03"))
    build_report(copy)
    run.write_text(run.read_text().replace("Toy CPU", "Another CPU"))
    with pytest.raises(RenderedError):
        build_report(copy)


def test_every_figure_is_a_file_where_that_is_asked_for(tmp_path):
    folder = write_handmade(tmp_path / "x", [trial("a", bleu(0.5))])

    def names(kind):
        return {path.stem for path in (folder / "figures").glob(f"*.{kind}")}

    build_report(folder)
    assert (names("png"), names("pdf")) == ({"overview"}, set())
    page = build_report(folder, drawings=True).read_text(encoding="utf-8")
    assert names("pdf") == names("png") == {"overview", *(f"toy-{plot}" for plot in PLOTS)}
    linked = set(re.findall(r'href="figures/([^"]*)\.pdf"', page))
    assert linked == names("pdf")
    # Whoever wants none is not hindered by them; after a change they would be out of date.
    assert build_report(folder).read_text(encoding="utf-8") == page
    run = folder / "records" / "run.json"
    run.write_text(run.read_text().replace('"toy"', '"other"', 1))
    assert ".pdf" not in build_report(folder).read_text(encoding="utf-8")
    assert (names("png"), names("pdf")) == ({"overview"}, set())


def test_tasks_are_folded_where_there_are_several(tmp_path):
    several = [trial("a", bleu(0.5), task=task) for task in ("one", "two")]
    pages = [
        build_report(write_handmade(tmp_path / str(len(trials)), trials)).read_text(
            encoding="utf-8"
        )
        for trials in (several, several[:1])
    ]
    found = [re.findall(r'<details class="fold task"( open)?>', page) for page in pages]
    assert found == [["", ""], [" open"]]


def test_everything_failed_is_a_report_too(tmp_path):
    folder = write_handmade(tmp_path / "x", [trial("a", None)])
    page = build_report(folder).read_text(encoding="utf-8")
    assert "ValueError: it broke &amp; &lt;fell&gt;" in page


def test_a_report_whose_texts_are_not_kept(tmp_path):
    folder = write_handmade(tmp_path / "x", [trial("a", bleu(0.5))])
    shutil.rmtree(folder / "records" / "samples")
    assert "The records keep no texts" in build_report(folder).read_text(encoding="utf-8")


def test_columns_of_latex_are_chosen_and_kept_in_mind(tmp_path):
    folder = write_handmade(tmp_path / "x", [trial("a", bleu(0.5))])
    path = folder / "tables" / "toy.tex"
    build_report(folder)
    preset = path.read_text(encoding="utf-8")
    build_report(folder, columns=["cost.depth"])
    chosen = path.read_text(encoding="utf-8")
    assert "% Columns: cost.depth\n" in chosen
    # What verifies a report renders the columns that its files have.
    write_texts(folder, tmp_path / "again")
    assert (tmp_path / "again" / "tables" / "toy.tex").read_text(encoding="utf-8") == chosen
    build_report(folder)
    assert path.read_text(encoding="utf-8") == preset != chosen


def test_a_task_called_overview_has_a_table_of_its_own(tmp_path):
    trials = [trial("a", bleu(0.5), task="overview"), trial("a", bleu(0.5), task="other")]
    folder = write_handmade(tmp_path / "x", trials)
    write_texts(folder, folder)
    own = folder / "tables" / f"{file_stem('overview')}.md"
    assert "task overview" in own.read_text(encoding="utf-8")
    of_all = (folder / "tables" / "overview.md").read_text(encoding="utf-8")
    assert of_all.startswith("# Overview")


def test_tasks_of_other_scripts_and_of_one_name_have_tables_of_their_own(tmp_path):
    tasks = ("退货原因", "商品标题", "ab c", "ab-c", "AB-C", "x" * 250)
    folder = write_handmade(tmp_path / "x", [trial("a", bleu(0.5), task=task) for task in tasks])
    page = build_report(folder).read_text(encoding="utf-8")
    tables = {path.name for path in (folder / "tables").glob("*-significance.md")}
    assert len(tables) == len(tasks) and "退货原因-significance.md" in tables
    anchors = re.findall(r'<(?:section|details|h3|figure)[^>]* id="([^"]*)"', page)
    assert len(anchors) == len({*anchors}) and {"退货原因", "ab-c"} <= {*anchors}


def test_missing_samples_are_named(tmp_path):
    folder = write_handmade(tmp_path / "x", [trial("a", bleu(0.5))])
    (folder / "records" / "samples" / "generate-a-main-1.jsonl").unlink()
    with pytest.raises(UserError, match=r"generate-a-main-1\.jsonl is missing"):
        build_report(folder)


def test_a_task_of_edits(edited):
    """Its figures come first on the page, and every entry of a legend belongs to some curve."""
    page = build_report(edited).read_text(encoding="utf-8")
    own = ("edits", "composition", "labels", "sentences")
    found = re.findall(r'id="figure-toy-([a-z]+)"', page)
    assert found == [*own, "frontier", "nfe", "seconds", "training"]
    for figure in re.findall(r'id="figure-toy-[a-z]+".*?</figure>', page, flags=re.DOTALL):
        named = set(re.findall(r'data-s="([^"]*)" data-l', figure))
        assert named <= set(re.findall(r'data-s="([^"]*)"(?! data-l)', figure))
    assert (edited / "tables" / "toy-composition.tex").exists()
