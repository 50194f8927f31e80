"use strict";
// The sample browser: one source at a time, with what every system wrote for it.
{
  const data = JSON.parse(document.getElementById("sample-data").textContent);
  const box = document.getElementById("browser");  // none where no texts were kept
  const stems = Object.keys(data).filter((stem) => data[stem].sources.length);
  const make = (name, options, ...children) => {
    const element = Object.assign(document.createElement(name), options);
    element.append(...children);
    return element;
  };
  const choice = (label, options) => {
    const select = make("select", {}, ...options.map(([value, text]) => make("option", { value }, text)));
    return [make("label", {}, label, select), select];
  };

  const [taskLabel, taskOf] = choice("Task", stems.map((stem) => [stem, data[stem].title]));
  const search = make("input", { type: "search", placeholder: "words", autocomplete: "off" });
  const [whereLabel, where] = choice("in", [
    ["all", "everything"], ["source", "sources"], ["references", "references"], ["candidates", "candidates"],
  ]);
  const [whichLabel, which] = choice("Candidates", [
    ["all", "all"], ["chosen", "the choice of MBR"], ["valid", "valid targets"], ["invalid", "invalid targets"],
  ]);
  const chips = make("div", { className: "chips" });
  const chipsBox = make("details", {}, make("summary", {}, "Systems"), chips);
  const back = make("button", { type: "button" }, "← previous");
  const on = make("button", { type: "button" }, "next →");
  const status = make("span", {});
  status.setAttribute("role", "status");
  const block = make("div", {});
  const off = new Set();
  let [at, found] = [0, []];

  const needle = () => search.value.trim().toLowerCase();
  const holds = (text) => text.toLowerCase().includes(needle());
  const wanted = ([, , , valid, chosen]) =>
    ({ all: true, chosen: chosen === 1, valid: valid === 1, invalid: valid === 0 })[which.value];
  const asked = (source) => (source[4] ?? []).map(([name, value]) => `${name}: ${value}`);
  const inScope = (scope) => where.value === "all" || where.value === scope;

  // The candidates of a source that the filters let through, system by system.
  const answersOf = (task, source) =>
    source[3]
      .filter(([system]) => !off.has(task.systems[system].name))
      .map(([system, candidates]) => [task.systems[system], candidates.filter(wanted)])
      .filter(([, candidates]) => candidates.length);
  const matches = (task, source) => {
    const answers = answersOf(task, source);
    if (which.value !== "all" && !answers.length) return false;
    if (!needle()) return true;
    if (inScope("source") && [source[1], ...asked(source)].some(holds)) return true;
    if (inScope("references") && source[2].some(holds)) return true;
    return inScope("candidates") && answers.some(([, list]) => list.some(([text]) => holds(task.texts[text])));
  };

  // A text with the words that were looked for marked.
  const marked = (text, scope) => {
    const word = needle();
    if (!word || !inScope(scope)) return [text];
    const parts = [];
    // Where lower case has another length, places in it are no places in the text.
    const lower = text.toLowerCase();
    if (lower.length !== text.length) return [text];
    let from = 0;
    for (let i = lower.indexOf(word); i >= 0; i = lower.indexOf(word, from)) {
      parts.push(text.slice(from, i), make("mark", {}, text.slice(i, i + word.length)));
      from = i + word.length;
    }
    return [...parts, text.slice(from)];
  };
  const row = (name, note, cells) => {
    const head = make("th", { scope: "row" }, name, ...(note ? [make("small", {}, note)] : []));
    return make("tr", {}, head, make("td", {}, ...cells));
  };
  const candidate = (task, [text, count, quality, valid, chosen, state, remark]) => {
    const line = make("p", {});
    if (quality !== null) line.append(make("span", { className: "quality", title: task.quality }, quality.toFixed(3)));
    const what = task.asked ? "as wanted" : "a valid target";
    if (valid === 1) line.append(make("span", { className: "mark good", title: what }, "✓"), " ");
    if (valid === 0) line.append(make("span", { className: "mark", title: `not ${what}` }, "✗"), " ");
    line.append(...(task.texts[text] ? marked(task.texts[text], "candidates") : ["(empty)"]));
    if (count > 1) line.append(" ", make("small", { title: `${count} equal candidates` }, `×${count}`));
    if (state) line.append(" ", make("small", {}, state));
    if (remark) line.append(" ", make("small", {}, remark));
    if (chosen) line.append(" ", make("span", { className: "mbr", title: "the choice of minimum Bayes risk" }, "MBR"));
    return line;
  };

  const draw = () => {
    const task = data[taskOf.value];
    back.disabled = at <= 0;
    on.disabled = at >= found.length - 1;
    const filtered = found.length < task.sources.length;
    status.textContent = found.length
      ? `source ${at + 1} of ${found.length}${filtered ? ` that match (${task.sources.length} in all)` : ""}`
      : "no source matches";
    block.replaceChildren();
    if (!found.length) return;
    const source = found[at];
    const wishes = asked(source).flatMap((text) => [make("span", { className: "asked" }, ...marked(text, "source")), " "]);
    block.append(make("p", { className: "source" }, ...wishes, ...marked(source[1], "source"), " ", make("small", {}, source[0])));
    const table = make("table", { className: "samples" });
    table.append(row("references", "", source[2].map((text) => make("p", {}, ...marked(text, "references")))));
    for (const [system, candidates] of answersOf(task, source)) {
      const name = system.kind === "samples" ? system.name : `${system.name}†`;
      table.append(row(name, system.setting, candidates.map((c) => candidate(task, c))));
    }
    if (task.quality) block.append(make("p", { className: "note" }, `On the right: ${task.quality} of each candidate.`));
    block.append(table);
  };
  const look = () => {
    const task = data[taskOf.value];
    at = 0;
    found = task.sources.filter((source) => matches(task, source));
    draw();
  };
  const open = () => {
    const task = data[taskOf.value];
    for (const option of which.options) option.hidden = !task.known && option.value.endsWith("valid");
    if (which.selectedOptions[0].hidden) which.value = "all";
    chips.replaceChildren(...task.systems.map(({ name }) => {
      const tick = make("input", { type: "checkbox", checked: !off.has(name), value: name });
      tick.addEventListener("change", () => { off[tick.checked ? "delete" : "add"](name); look(); });
      return make("label", {}, tick, name);
    }));
    look();
  };

  if (stems.length) {
    box.className = "browser";
    box.hidden = false;
    box.append(
      make("div", { className: "controls" }, taskLabel, make("label", {}, "Search", search), whereLabel, whichLabel),
      chipsBox,
      make("div", { className: "pager" }, back, on, status),
      block,
    );
    search.addEventListener("input", look);
    where.addEventListener("change", look);
    which.addEventListener("change", look);
    taskOf.addEventListener("change", open);
    back.addEventListener("click", () => { at -= 1; draw(); });
    on.addEventListener("click", () => { at += 1; draw(); });
    for (const link of document.querySelectorAll("a.to-samples")) {
      link.addEventListener("click", () => {
        if (!stems.includes(link.dataset.task)) return;
        taskOf.value = link.dataset.task;
        open();
      });
    }
    open();
  }
}
