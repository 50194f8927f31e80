"use strict";
// The bar of contents: which section is read now, and the switch between light and dark.
{
  const nav = document.getElementById("contents");
  const root = document.documentElement;
  const links = new Map([...nav.querySelectorAll("a")].map((a) => [a.hash.slice(1), a]));
  const sections = [...document.querySelectorAll("main > section")];
  let current = null;
  const follow = () => {
    const line = innerHeight * 0.2;
    const section = sections.findLast((s) => s.getBoundingClientRect().top <= line) ?? null;
    if (section === current) return;
    current = section;
    for (const item of nav.querySelectorAll(".current")) item.classList.remove("current");
    const link = section && links.get(section.id);
    if (!link) return;
    link.parentElement.classList.add("current");
    const list = link.closest("ul");
    list.scrollTo({ left: link.offsetLeft - list.clientWidth / 2 + link.offsetWidth / 2 });
  };
  addEventListener("scroll", follow, { passive: true });
  addEventListener("resize", follow);
  follow();

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = document.createElement("button");
  button.id = "theme";
  button.type = "button";
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const label = () => {
    button.textContent = isDark() ? "☀" : "☾";
    button.title = isDark() ? "Light colours" : "Dark colours";
    button.setAttribute("aria-label", button.title);
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("diffuseq-bench-theme", root.dataset.theme); } catch { /* for this visit */ }
    label();
  });
  dark.addEventListener("change", label);
  label();
  nav.append(button);

  // What a link leads to may be folded, or hold what is folded: a section opens with its link.
  const reveal = (hash) => {
    const target = document.getElementById(decodeURIComponent(hash.slice(1)));
    const first = target?.matches("section") ? target.querySelector(":scope > details") ?? target : target;
    for (let fold = first?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  };
  addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (link) reveal(link.hash);
  });
  addEventListener("hashchange", () => reveal(location.hash));
  if (location.hash) reveal(location.hash);

  // Paper has no clicks: what is folded is opened for it, and folded again.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));
}
