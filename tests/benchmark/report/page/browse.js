// What a reader does with the page of `test_browser.py`, and what the page answers.
const $ = (query, root = document) => root.querySelector(query);
const $$ = (query, root = document) => [...root.querySelectorAll(query)];
const table = $("#toy .results");
const names = () => $$("tbody:not([hidden]) tr:not(.family)", table).map((row) => row.cells[0].dataset.v);
const head = (text) => $$("thead button", table).find((button) => button.textContent.includes(text));
const copied = [];
Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => { copied.push(text); } } });
const copy = async () => {
  for (const button of $$("#toy .table .tools").at(0).querySelectorAll("[aria-label^=Copy]")) { button.click(); await 0; }
  return copied.splice(0);
};
findings.copied = await copy();

findings.sorts = [];
for (let i = 0; i < 3; i++) {
  head("mean").click();
  findings.sorts.push([head("mean").closest("th").getAttribute("aria-sort"), names()]);
}
head("NFE").focus();
findings.focusable = document.activeElement === head("NFE");
$$("#toy .tools button").find((button) => button.textContent === "diversity").click();
findings.folded = $$("thead tr:last-child th", table).filter((th) => th.offsetParent).map((th) => th.dataset.head ?? "System");
findings.copiedFolded = (await copy())[0].split("\n")[0];

const svg = $("#figure-toy-frontier svg");
const marks = $$("[data-p][role]", svg);
findings.marks = marks.map((mark) => mark.getAttribute("aria-label"));
findings.stops = marks.filter((mark) => mark.tabIndex === 0).length;
const first = marks.find((mark) => mark.tabIndex === 0);
const box = first.getBoundingClientRect();
const at = { clientX: box.x + box.width / 2 + 5, clientY: box.y + box.height / 2, bubbles: true };
svg.dispatchEvent(new PointerEvent("pointermove", { ...at, pointerType: "mouse" }));
findings.tip = [$("#tip").hidden, $("#tip").innerText];
svg.dispatchEvent(new PointerEvent("pointermove", { ...at, clientX: at.clientX - 400, pointerType: "mouse" }));
findings.away = $("#tip").hidden;
first.focus();
first.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
findings.keyed = [document.activeElement.getAttribute("aria-label"), $("#tip").hidden];
const entry = $$("[data-l][role=button]", svg).find((part) => part.dataset.s === "best");
entry.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
findings.legend = [entry.getAttribute("aria-pressed"), svg.classList.contains("picked"),
  [...new Set($$("[data-s].on", svg).map((part) => part.dataset.s))]];

const browser = $("#browser");
const seen = () => ({ status: $("[role=status]", browser).textContent, text: $(".samples", browser)?.innerText ?? "" });
const type = (text) => { const box = $("input[type=search]", browser); box.value = text; box.dispatchEvent(new Event("input")); };
const set = (select, value) => { select.value = value; select.dispatchEvent(new Event("change")); };
findings.first = seen();
$$(".pager button", browser)[1].click();
findings.second = seen();
type("ONE OF NEAR");
findings.searched = [seen(), $$("mark", browser).map((mark) => mark.textContent)];
set($$("select", browser)[1], "source");
findings.elsewhere = seen().status;
set($$("select", browser)[1], "all");
type("<!-- & é");
findings.hard = seen();
type("");
set($$("select", browser)[2], "chosen");
findings.chosen = seen();
set($$("select", browser)[2], "all");
$$(".chips input", browser).find((tick) => tick.value === "best").click();
findings.without = seen();
findings.printed = getComputedStyle($(".printed")).display;

const before = getComputedStyle(document.body).backgroundColor;
$("#theme").click();
findings.colours = [before, getComputedStyle(document.body).backgroundColor];
