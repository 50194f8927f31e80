"use strict";
// Before anything is drawn: the colours that the reader chose, and that scripts are on.
{
  const root = document.documentElement;
  root.classList.add("js");
  let kept = null;
  try { kept = localStorage.getItem("diffuseq-bench-theme"); } catch { /* no storage, no memory */ }
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
}
