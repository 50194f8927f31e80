"""Headless Chromium as a test drives it: a page, a script, and what the script found."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

PROGRAM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not on this machine")

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

WATCH = """
window.findings = {errors: []};
const note = (text) => findings.errors.push(String(text));
addEventListener("error", (e) => note(e.message || e.target.outerHTML), true);
addEventListener("unhandledrejection", (e) => note(e.reason));
addEventListener("securitypolicyviolation", (e) => note(`${e.violatedDirective} ${e.blockedURI}`));
console.error = console.warn = note;
"""

TELL = """
(async () => {
  try { await (async () => { %s })(); } catch (error) { note(error.stack); }
  findings.requests = performance.getEntriesByType("resource").map((entry) => entry.name);
  const pre = document.createElement("pre");
  pre.id = "findings";
  pre.textContent = JSON.stringify(findings);
  if (parent === window) document.body.append(pre);
  else parent.postMessage(pre.textContent, "*");
})();
"""

FRAME = """<!doctype html><title>frame</title>
<iframe src="{page}" style="width:{width}px;height:800px;border:0"></iframe>
<script>addEventListener("message", (event) => {{
  const pre = document.createElement("pre");
  pre.id = "findings";
  pre.textContent = event.data;
  document.body.append(pre);
}});</script>"""


def call(folder: Path, *words: str) -> str:
    """Standard output of Chromium with a profile of its own."""
    done = subprocess.run(
        [str(PROGRAM), *FLAGS, f"--user-data-dir={folder / 'profile'}", *words],
        capture_output=True,
        check=True,
        timeout=120,
        encoding="utf-8",
    )
    return done.stdout


def drive(page: Path, script: str, folder: Path, *, width: int | None = None) -> dict[str, Any]:
    """What `script` put into `findings`, run at the end of a copy of `page`.

    Args:
        page: the page; it keeps its policy, which lets the two scripts of the test run too.
        script: the body of an async function.
        folder: where the copy and the profile go.
        width: width of the window in CSS pixels; that of Chromium by default.
    """
    text = page.read_text(encoding="utf-8")
    tell = TELL % script
    digests = (
        base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in (WATCH, tell)
    )
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    text = text.replace("script-src ", f"script-src {html.escape(allowed)} ", 1)
    text = text.replace("<title>", f"<script>{WATCH}</script><title>", 1)
    text = text.replace("</body>", f"<script>{tell}</script></body>")
    folder.mkdir(parents=True, exist_ok=True)
    shown = folder / "page.html"
    shown.write_text(text, encoding="utf-8")
    if width is not None:
        # Windows have a least width, frames have none.
        shown = folder / "frame.html"
        shown.write_text(FRAME.format(page="page.html", width=width), encoding="utf-8")
    dom = call(folder, "--virtual-time-budget=20000", "--dump-dom", shown.as_uri())
    found = re.search(r'<pre id="findings">(.*?)</pre>', dom, re.DOTALL)
    assert found is not None, dom[-2000:]
    findings: dict[str, Any] = json.loads(html.unescape(found[1]))
    return findings
