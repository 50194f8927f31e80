"use strict";
// Sorting: first the better end of a column, then the other, then the order of the page.
for (const table of document.querySelectorAll("table.results")) {
  const heads = [...table.querySelectorAll("button[data-column]")];
  const bodies = [...table.tBodies];
  const rows = bodies.map((body) => [...body.rows]);
  const models = bodies[0];
  let sorted = null;
  const restore = () => bodies.forEach((body, i) => { body.hidden = false; body.replaceChildren(...rows[i]); });
  const value = (row, column) => {
    const text = row.cells[column]?.dataset.v;
    if (text === undefined) return null;
    return column === 0 ? text : Number(text);
  };
  const click = (button) => {
    const column = Number(button.dataset.column);
    const first = button.dataset.down === "1" ? -1 : 1;
    const sign = !sorted || sorted.column !== column ? first : sorted.sign === first ? -first : 0;
    heads.forEach((head) => head.closest("th").removeAttribute("aria-sort"));
    restore();
    sorted = sign === 0 ? null : { column, sign };
    if (!sorted) return;
    button.closest("th").setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const order = (list) => list.filter((row) => !row.classList.contains("family")).sort((a, b) => {
      const [x, y] = [value(a, column), value(b, column)];
      if (x === null || y === null) return (x === null) - (y === null);
      return sign * (x < y ? -1 : x > y ? 1 : 0);
    });
    // Yardsticks stay apart; the families of the models are mixed.
    const apart = bodies.findIndex((body) => body.classList.contains("yardsticks"));
    const mixed = rows.filter((_, i) => i !== apart).flat();
    bodies.forEach((body, i) => { if (i !== apart) body.hidden = body !== models; });
    if (apart !== 0) models.replaceChildren(...order(mixed));
    if (apart >= 0) bodies[apart].replaceChildren(rows[apart][0], ...order(rows[apart]));
  };
  heads.forEach((button) => button.addEventListener("click", () => click(button)));
}
