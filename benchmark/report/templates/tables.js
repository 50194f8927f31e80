"use strict";
// Tables: sorting, and which columns are shown.
for (const table of document.querySelectorAll("table.results")) {
  const heads = [...table.querySelectorAll("button[data-column]")];
  const bodies = [...table.tBodies];
  const rows = bodies.map((body) => [...body.rows]);
  const models = bodies[0];
  const said = document.createElement("span");
  said.className = "unseen";
  said.setAttribute("role", "status");

  // Sorting: first the better end of a column, then the other, then the order of the page.
  let sorted = null;
  const restore = () => bodies.forEach((body, i) => { body.hidden = false; body.replaceChildren(...rows[i]); });
  const value = (row, column) => {
    const text = row.cells[column]?.dataset.v;
    if (text === undefined) return null;
    return column === 0 ? text : Number(text);
  };
  const sort = (button) => {
    const column = Number(button.dataset.column);
    const first = button.dataset.down === "1" ? -1 : 1;
    const sign = !sorted || sorted.column !== column ? first : sorted.sign === first ? -first : 0;
    heads.forEach((head) => head.closest("th").removeAttribute("aria-sort"));
    restore();
    sorted = sign === 0 ? null : { column, sign };
    said.textContent = "In the original order";
    if (!sorted) return;
    const order = sign > 0 ? "ascending" : "descending";
    button.closest("th").setAttribute("aria-sort", order);
    said.textContent = `Sorted by ${button.closest("th").dataset.head ?? "System"}, ${order}`;
    const ordered = (list) => list.filter((row) => !row.classList.contains("family")).sort((a, b) => {
      const [x, y] = [value(a, column), value(b, column)];
      if (x === null || y === null) return (x === null) - (y === null);
      return sign * (x < y ? -1 : x > y ? 1 : 0);
    });
    // Yardsticks stay apart; the families of the models are mixed.
    const apart = bodies.findIndex((body) => body.classList.contains("yardsticks"));
    const mixed = rows.filter((_, i) => i !== apart).flat();
    bodies.forEach((body, i) => { if (i !== apart) body.hidden = body !== models; });
    if (apart !== 0) models.replaceChildren(...ordered(mixed));
    if (apart >= 0) bodies[apart].replaceChildren(rows[apart][0], ...ordered(rows[apart]));
  };
  heads.forEach((button) => button.addEventListener("click", () => sort(button)));

  // Columns: a group of them is folded by its button, the intervals by theirs.
  const tools = document.createElement("div");
  tools.className = "tools";
  const toggle = (text, title, change) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.title = title;
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      change(on);
    });
    tools.append(button);
  };
  const groups = [...table.querySelectorAll("tr.groups th")];
  let next = 1;
  const all = rows.flat();
  groups.forEach((group) => {
    const [start, count] = [next, group.colSpan];
    next += count;
    if (groups.length < 2) return;
    toggle(group.textContent, `Columns: ${group.textContent}`, (on) => {
      group.hidden = !on;
      for (const row of [...table.tHead.rows].slice(1).concat(all)) {
        if (row.cells.length < next) continue;
        for (const cell of [...row.cells].slice(start, start + count)) cell.hidden = !on;
      }
    });
  });
  if (table.querySelector("td > small")) {
    toggle("±", "Intervals", (on) => table.classList.toggle("plain-values", !on));
  }
  tools.append(said);
  table.closest(".table").prepend(tools);
}
