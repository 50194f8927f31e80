"use strict";
// One item after the other; answers are kept in this browser and handed out as CSV.
{
  const { sheet, page, items, questions } = JSON.parse(document.getElementById("sheet").textContent);
  const $ = (id) => document.getElementById(id);
  const place = `human-evaluation ${sheet} ${page}`;
  // By item, the answers by question; `at` is the item that is shown.
  let state = { rater: "", at: 0, answers: {} };
  try { state = { ...state, ...JSON.parse(localStorage.getItem(place)) }; } catch { /* nothing kept */ }
  const keep = () => { try { localStorage.setItem(place, JSON.stringify(state)); } catch { /* lasts as long as the page */ } };

  const make = (name, options, ...children) => {
    const element = Object.assign(document.createElement(name), options);
    element.append(...children);
    return element;
  };
  const answersOf = (item) => state.answers[item[0]] ?? {};
  const isDone = (item) => questions.every(({ id }) => id in answersOf(item));
  const countDone = () => items.filter(isDone).length;
  // The question that the keys answer.
  let marked = 0;

  const show = (name) => {
    for (const part of ["start", "work", "end"]) $(part).hidden = part !== name;
    scrollTo(0, 0);
  };

  const draw = () => {
    const item = items[state.at];
    const given = answersOf(item);
    const texts = item.slice(2);
    $("progress").textContent = `${state.at + 1} of ${items.length}, ${countDone()} answered`;
    $("bar").value = countDone();
    $("source").textContent = item[1];
    $("texts").className = texts.length > 1 ? "pair" : "";
    $("texts").replaceChildren(...texts.map((text, n) => make("div", {},
      make("h2", {}, texts.length > 1 ? `Text ${"AB"[n]}` : "Text"),
      make("p", { className: "text", dir: "auto" }, text))));
    $("questions").replaceChildren(...questions.map((question, n) => {
      const buttons = question.options.map(([value, label]) => {
        const button = make("button", { type: "button", onclick: () => answer(n, value) }, label);
        button.setAttribute("aria-pressed", given[question.id] === value);
        return button;
      });
      return make("fieldset", { className: n === marked ? "marked" : "" },
        make("legend", {}, question.text), make("div", { className: "options" }, ...buttons));
    }));
    $("back").disabled = state.at === 0;
    $("next").disabled = state.at === items.length - 1;
  };

  const turn = (to) => {
    if (to < 0 || to >= items.length) return;
    state.at = to;
    marked = Math.max(0, questions.findIndex(({ id }) => !(id in answersOf(items[to]))));
    keep();
    show("work");
    draw();
  };

  const answer = (n, value) => {
    const item = items[state.at];
    const was = isDone(item);
    state.answers[item[0]] = { ...answersOf(item), [questions[n].id]: value };
    const open = questions.findIndex(({ id }) => !(id in answersOf(item)));
    marked = open >= 0 ? open : Math.min(n + 1, questions.length - 1);
    keep();
    if (was || open >= 0) draw();
    else if (countDone() === items.length) finish();
    else if (state.at < items.length - 1) turn(state.at + 1);
    else turn(items.findIndex((other) => !isDone(other)));
  };

  // Nothing in a cell needs quotes or begins a formula: ids, values, and a name of letters and digits.
  const write = () => [
    ["sheet", "rater", "item", ...questions.map(({ id }) => id)],
    ...items.filter(([id]) => id in state.answers).map((item) =>
      [sheet, state.rater, item[0], ...questions.map(({ id }) => answersOf(item)[id] ?? "")]),
  ].map((row) => `${row.join(",")}\n`).join("");

  const finish = () => {
    const left = items.length - countDone();
    $("summary").textContent = left ? `${left} of ${items.length} items are not answered yet.` : "All items are answered. Thank you.";
    $("answers").value = write();
    show("end");
  };

  const begin = () => {
    state.rater = $("rater").value.replace(/[^\p{L}\p{N} ._]/gu, "").trim();
    if (!state.rater) { $("rater").focus(); return; }
    turn(state.at);
  };
  const download = () => {
    const url = URL.createObjectURL(new Blob(["\ufeff", write()], { type: "text/csv" }));
    make("a", { href: url, download: `answers-${sheet}-${state.rater.replaceAll(" ", "-")}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  };

  $("begin").onclick = begin;
  $("back").onclick = () => turn(state.at - 1);
  $("next").onclick = () => turn(state.at + 1);
  $("stop").onclick = finish;
  $("return").onclick = () => turn(state.at);
  $("download").onclick = download;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!$("start").hidden && event.key === "Enter") { event.preventDefault(); begin(); return; }
    if ($("work").hidden) return;
    const option = questions[marked].options[Number(event.key) - 1];
    if (option) answer(marked, option[0]);
    else if (event.key === "ArrowLeft") turn(state.at - 1);
    else if (event.key === "ArrowRight") turn(state.at + 1);
  });

  $("rater").value = state.rater;
  show("start");
}
