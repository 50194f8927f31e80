"use strict";
// Figures: a mark shows its setting and its values, an entry of a legend highlights its curve.
{
  const tips = JSON.parse(document.getElementById("tips").textContent);
  const REACH = { mouse: 12, pen: 16, touch: 26 };  // CSS pixels around a mark

  const make = (name, text, parent) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    parent?.append(element);
    return element;
  };
  const tip = make("div", undefined, document.body);
  tip.id = "tip";
  tip.setAttribute("role", "tooltip");
  const ring = make("div", undefined, document.body);
  ring.id = "ring";
  tip.hidden = ring.hidden = true;
  let kept = false;

  const centre = (mark) => {
    const box = mark.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const spoken = (point) =>
    `${point.system}, ${point.setting}: ${point.facts.map(([label, value]) => `${label} ${value}`).join(", ")}`;

  const show = (mark) => {
    const point = tips[Number(mark.dataset.p)];
    tip.replaceChildren();
    make("b", point.system, tip);
    make("small", `${point.setting}; ${point.task}`, tip);
    const table = make("table", undefined, tip);
    for (const [label, value, interval] of point.facts) {
      const row = make("tr", undefined, table);
      make("th", label, row).scope = "row";
      make("td", value, row);
      make("td", interval, row);
    }
    if (point.decoding) make("small", `Setting: ${point.decoding}`, tip);
    make("small", `Seeds ${point.seeds}; score key ${point.keys}`, tip);
    tip.hidden = ring.hidden = false;
    const [x, y] = centre(mark);
    ring.style.left = `${x + scrollX}px`;
    ring.style.top = `${y + scrollY}px`;
    // Beside the mark, inside the window; below it where there is no room above.
    const box = tip.getBoundingClientRect();
    const room = document.documentElement.clientWidth;
    const left = Math.max(8, Math.min(x + 14, room - box.width - 8));
    const above = y - box.height - 14;
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${(above > 8 ? above : y + 14) + scrollY}px`;
  };
  const hide = () => { tip.hidden = ring.hidden = true; kept = false; };

  const prepare = (svg) => {
    // A mark may be drawn twice at one place, small and large: the last lies on top.
    const found = new Map();
    for (const mark of svg.querySelectorAll("[data-p]")) {
      mark.querySelector("title")?.remove();
      found.set(["p", "x", "y"].map((n) => mark.dataset[n] ?? mark.getAttribute(n)).join(), mark);
    }
    const marks = [...found.values()];
    marks.forEach((mark, i) => {
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", spoken(tips[Number(mark.dataset.p)]));
      // One tab stop per figure; the arrow keys continue from there.
      mark.setAttribute("tabindex", i ? "-1" : "0");
      mark.addEventListener("focus", () => show(mark));
      mark.addEventListener("blur", hide);
    });
    const nearest = (event) => {
      let [best, distance] = [null, REACH[event.pointerType] ?? REACH.mouse];
      for (const mark of marks) {
        const [x, y] = centre(mark);
        const apart = Math.hypot(event.clientX - x, event.clientY - y);
        if (apart <= distance) [best, distance] = [mark, apart];
      }
      return best;
    };
    svg.addEventListener("pointermove", (event) => {
      if (kept) return;
      const mark = nearest(event);
      if (mark) show(mark);
      else hide();
    });
    svg.addEventListener("pointerleave", (event) => { if (!kept && event.pointerType !== "touch") hide(); });
    svg.addEventListener("click", (event) => {
      const mark = nearest(event);
      hide();
      if (!mark) return;
      show(mark);
      kept = true;
    });
    svg.addEventListener("keydown", (event) => {
      const at = marks.indexOf(document.activeElement);
      const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -at, End: marks.length - 1 - at };
      if (at < 0 || !(event.key in steps)) return;
      event.preventDefault();
      const next = marks[(at + steps[event.key] + marks.length) % marks.length];
      marks[at].setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus({ preventScroll: true });
    });

    let pinned = null;
    const pick = (system) => {
      svg.classList.toggle("picked", system !== null);
      for (const part of svg.querySelectorAll("[data-s]")) part.classList.toggle("on", part.dataset.s === system);
    };
    const named = new Set();
    const drawn = new Set([...svg.querySelectorAll("[data-s]:not([data-l])")].map((part) => part.dataset.s));
    // The words come after the lines: they are what the tab key stops at.
    for (const entry of [...svg.querySelectorAll("[data-l]")].reverse()) {
      const system = entry.dataset.s;
      if (!drawn.has(system)) continue;  // an entry for something other than a system
      const box = entry.getBBox();
      const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      for (const name of ["x", "y", "width", "height"]) ground.setAttribute(name, box[name]);
      ground.setAttribute("fill", "transparent");
      entry.prepend(ground);
      const pin = () => {
        pinned = pinned === system ? null : system;
        pick(pinned);
        for (const key of svg.querySelectorAll("[data-l][role]")) key.setAttribute("aria-pressed", String(key.dataset.s === pinned));
      };
      entry.addEventListener("pointerenter", () => pick(system));
      entry.addEventListener("pointerleave", () => pick(pinned));
      entry.addEventListener("click", (event) => { event.stopPropagation(); pin(); });
      if (named.has(system)) continue;
      named.add(system);
      entry.setAttribute("role", "button");
      entry.setAttribute("tabindex", "0");
      entry.setAttribute("aria-pressed", "false");
      entry.setAttribute("aria-label", `Highlight ${system}`);
      entry.addEventListener("focus", () => { if (entry.matches(":focus-visible")) pick(system); });
      entry.addEventListener("blur", () => pick(pinned));
      entry.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        pin();
      });
    }
  };
  // Nothing has a size while it is folded.
  for (const svg of document.querySelectorAll(".drawing > svg")) {
    const fold = svg.closest("details:not([open])");
    if (fold) fold.addEventListener("toggle", () => prepare(svg), { once: true });
    else prepare(svg);
  }
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  addEventListener("pointerdown", (event) => { if (!event.target.closest?.(".drawing")) hide(); });
}
