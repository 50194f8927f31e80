"""The page in a real browser, and its script on its own."""

from __future__ import annotations

import html
import shutil
import subprocess
from pathlib import Path

import pytest
from chromium import drive, needs_chromium
from rated import SOURCES, make_report, write_samples

from benchmark.human_evaluation import page
from benchmark.human_evaluation.answers import read_answers
from benchmark.human_evaluation.kept_texts import gather_texts
from benchmark.human_evaluation.questions import usual_questions
from benchmark.human_evaluation.sheet import SheetPlan, make_key, write_sheets
from benchmark.records.reader import read_records

SCRIPT = Path(page.__file__).parent / "templates" / "page.js"
HARD = "</script><script>note('escaped')</script><b>&amp; \u202e"

ANSWER = """
const $ = (id) => document.getElementById(id);
const press = (key) => dispatchEvent(new KeyboardEvent("keydown", { key }));
const parts = () => ["start", "work", "end"].filter((id) => !$(id).hidden);
findings.parts = [parts()];
$("begin").click();
findings.parts.push(parts());
$("rater").value = "=Ann, \\"É 1";
$("begin").click();
findings.parts.push(parts());
findings.texts = [];
const all = (query) => [...document.querySelectorAll(query)];
const see = () => findings.texts.push(all(".text").map((part) => part.textContent));
see();
findings.asked = all("legend").map((part) => part.textContent);
// The first item by clicks, the others by keys; one answer is changed on the way back.
all("legend").forEach((_, n) => all("fieldset")[n].querySelectorAll("button")[1].click());
findings.second = $("progress").textContent;
press("ArrowLeft");
all("fieldset")[0].querySelectorAll("button")[0].click();
findings.changed = $("progress").textContent;
press("ArrowRight");
$("stop").click();
findings.early = [$("summary").textContent, $("answers").value];
$("return").click();
press("9");
for (let n = 0; n < 1000 && !$("work").hidden; n++) {
  if (document.querySelector("fieldset").className === "marked") see();
  press(String(1 + n % 3));
}
findings.parts.push(parts());
findings.summary = $("summary").textContent;
findings.answers = $("answers").value;
findings.kept = Object.keys(localStorage).map((name) => [name, JSON.parse(localStorage[name])]);
let clicked = null;
HTMLAnchorElement.prototype.click = function () {
  clicked = [this.download, this.href.slice(0, 5)];
};
$("download").click();
findings.download = clicked;
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not on this machine")
def test_the_script_parses():
    done = subprocess.run(["node", "--check", str(SCRIPT)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def export(folder, design):
    report = make_report(folder / "toy")
    texts = [HARD, *(f"text fst {n}" for n in range(1, SOURCES))]
    write_samples(report, "first-model", texts, sources=[f"source {n}" for n in range(SOURCES)])
    records = read_records(report)
    kept = gather_texts(records, "toy")
    questions = usual_questions("", design)
    key = make_key(records, "toy", kept, SheetPlan(design, questions, 200, 5, 0))
    write_sheets(folder / "out", key, kept, 1)
    return key, folder / "out" / "rater-1" / "page.html"


@pytest.mark.parametrize("design", ["ratings", "pairs"])
def test_the_page_fetches_nothing_and_asks_what_the_key_says(tmp_path, design):
    key, path = export(tmp_path, design)
    text = html.unescape(path.read_text(encoding="utf-8"))
    assert "default-src 'none'" in text and "http" not in text.replace("http-equiv", "")
    assert "</script><script>note" not in text and "\u202e" not in text
    assert all(text.count(f'"{item.id}"') == 1 for item in key.items)
    assert all(question.text in text for question in key.questions)


@pytest.fixture(scope="module", params=["ratings", "pairs"])
def answered(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    key, path = export(folder, request.param)
    return key, drive(path, ANSWER, folder / "driven"), folder


@pytest.mark.browser
@needs_chromium
def test_a_rater_s_way_through_the_page(answered):
    key, found, _ = answered
    assert found["errors"] == [] and found["requests"] == []
    assert found["parts"] == [["start"], ["start"], ["work"], ["end"]], "it asks for a name"
    assert found["asked"] == [question.text for question in key.questions]
    size = len(key.items)
    assert found["second"] == found["changed"].replace("1 of", "2 of", 1)
    assert found["second"] == f"2 of {size}, 1 answered"
    assert found["summary"] == "All items are answered. Thank you."
    shown = HARD.replace("\u202e", "<U+202E>")
    assert any(shown in texts for texts in found["texts"])
    assert len(found["texts"]) == size, "one item after the other"


@pytest.mark.browser
@needs_chromium
def test_answers_come_back(answered):
    key, found, folder = answered
    early, late = folder / "early.csv", folder / "late.csv"
    early.write_text(found["early"][1], encoding="utf-8")
    late.write_text("\ufeff" + found["answers"], encoding="utf-8")
    some, all_of_it = read_answers([early], key), read_answers([late], key)
    assert (
        found["early"][0] == f"{len(key.items) - 1} of {len(key.items)} items are not answered yet."
    )
    expected = {"ratings": [1, 2], "pairs": [1]}[key.design]
    assert [answer.value for answer in some.given] == expected, "the changed answer, then the other"
    assert all_of_it.raters == ("Ann É 1",) and all_of_it.left_open == {"Ann É 1": 0}
    assert {answer.item.id for answer in all_of_it.given} == {item.id for item in key.items}
    assert found["download"] == [f"answers-{key.sheet}-Ann-É-1.csv", "blob:"]


@pytest.mark.browser
@needs_chromium
def test_progress_is_kept(answered):
    key, found, _ = answered
    ((name, state),) = found["kept"]
    assert name == f"human-evaluation {key.sheet} 1"
    assert state["rater"] == "Ann É 1" and len(state["answers"]) == len(key.items)


@pytest.mark.browser
@needs_chromium
def test_a_phone(tmp_path):
    _, path = export(tmp_path, "pairs")
    found = drive(
        path,
        """
        document.getElementById("rater").value = "ann";
        document.getElementById("begin").click();
        findings.page = document.documentElement.scrollWidth;
        findings.buttons = [...document.querySelectorAll("button")]
          .filter((button) => button.offsetParent).map((button) => button.offsetHeight);
        """,
        tmp_path / "driven",
        width=360,
    )
    assert found["page"] <= 360, "it does not scroll sideways"
    assert min(found["buttons"]) >= 40, "large enough for a thumb"
