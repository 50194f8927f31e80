"use strict";
// Tables on the clipboard, as they are shown now: sorted, and without the folded columns.
{
  const shown = (list) => [...list].filter((cell) => !cell.hidden);
  const clean = (text) => text.replace(/\s+/g, " ").trim();

  // A table as heads and lines; a line is a family, a status, or cells of [value, bold, spread].
  const read = (table) => {
    const last = table.tHead.rows[table.tHead.rows.length - 1];
    const heads = shown(last.cells).slice(1).map((th) => th.dataset.head);
    const lines = [];
    for (const body of table.tBodies) {
      if (body.hidden) continue;
      for (const row of body.rows) {
        const first = row.cells[0];
        if (row.classList.contains("family")) {
          lines.push({ family: clean(first.textContent) });
        } else if (row.cells[1]?.classList.contains("failed")) {
          lines.push({ name: first.dataset.name, status: row.cells[1].dataset.status });
        } else {
          const setting = clean(first.querySelector("small").textContent);
          lines.push({ name: first.dataset.name, setting, cells: shown(row.cells).slice(1).map(cellOf) });
        }
      }
    }
    return { heads, lines };
  };
  const cellOf = (cell) => {
    const spread = cell.querySelector("small")?.textContent ?? "";
    const parts = [...cell.childNodes].filter((node) => !["SMALL", "SUP"].includes(node.nodeName));
    return {
      value: clean(parts.map((node) => node.textContent).join("")),
      bold: cell.querySelector("b") !== null,
      spread: /^[±[]/.test(spread) ? spread : "",
      raised: cell.querySelector("sup")?.textContent ?? "",
    };
  };

  const [PLAIN, RAISED] = ["abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"].map((letters) => [...letters]);
  const raised = (text) => [...text].map((letter) => RAISED[PLAIN.indexOf(letter)] ?? letter).join("");
  const markdown = ({ heads, lines }) => {
    const plain = (cell) => cell.replaceAll("<", "&lt;").replaceAll("|", "\\|");
    const pipe = (cells) => `| ${cells.map(plain).join(" | ")} |`;
    const blank = (count) => Array(Math.max(0, count)).fill("");
    const cell = (c) => [c.bold ? `**${c.value}**` : c.value, c.spread, raised(c.raised)];
    const body = lines.map((line) => {
      if (line.family) return pipe([`*${line.family}*`, ...blank(heads.length)]);
      if (line.status) return pipe([line.name, line.status, ...blank(heads.length - 1)]);
      return pipe([line.name, ...line.cells.map((c) => cell(c).filter(Boolean).join(" "))]);
    });
    return [pipe(["System", ...heads]), pipe([":---", ...heads.map(() => "---:")]), ...body].join("\n") + "\n";
  };

  // A spreadsheet computes what begins like a formula, unless it is a number.
  const isFormula = (text) => /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) && !/^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(text);
  const safe = (text) => (isFormula(text) ? `'${text}` : text);
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const csv = ({ heads, lines }) => {
    const rows = [["System", "Setting", ...heads.flatMap((head) => [head, `± ${head}`])]];
    for (const line of lines) {
      if (line.family) continue;
      if (line.status) rows.push([line.name, line.status]);
      else rows.push([line.name, line.setting, ...line.cells.flatMap((c) => [c.value, c.spread.replace("±", "")])]);
    }
    return rows.map((row) => row.map(safe).map(quoted).join(",")).join("\n") + "\n";
  };

  const SIGNS = JSON.parse(document.getElementById("latex-signs").textContent);
  const tex = (text) => [...text].map((sign) => SIGNS[sign] ?? sign).join("");
  const latex = ({ heads, lines }) => {
    const across = (count, align, text) => `\\multicolumn{${count}}{${align}}{\\emph{${tex(text)}}} \\\\`;
    const cell = ({ value, bold, spread, raised }) =>
      (bold ? `\\textbf{${tex(value)}}` : tex(value)) +
      (spread ? `\\,{\\tiny${tex(spread)}}` : "") +
      (raised ? `\\textsuperscript{${tex(raised)}}` : "");
    const body = lines.map((line, i) => {
      if (line.family) return (i ? "\\addlinespace\n" : "") + across(heads.length + 1, "@{}l", line.family);
      if (line.status) return `${tex(line.name)} & ${across(heads.length, "l", line.status)}`;
      return `${[tex(line.name), ...line.cells.map(cell)].join(" & ")} \\\\`;
    });
    return [
      "% Needs \\usepackage{booktabs}.",
      `\\begin{tabular}{@{}l${"r".repeat(heads.length)}@{}}`,
      "\\toprule",
      `${["System", ...heads.map(tex)].join(" & ")} \\\\`,
      "\\midrule",
      ...body,
      "\\bottomrule",
      "\\end{tabular}",
      "",
    ].join("\n");
  };

  // Old browsers, and pages that may not use the clipboard, copy a selection instead.
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };

  for (const table of document.querySelectorAll("table.results")) {
    const tools = table.closest(".table").querySelector(".tools");
    const status = tools.querySelector("[role=status]");
    const label = document.createElement("span");
    label.className = "apart";
    label.textContent = "Copy as";
    tools.append(label);
    for (const [name, write] of [["Markdown", markdown], ["LaTeX", latex], ["CSV", csv]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.setAttribute("aria-label", `Copy the table as ${name}`);
      button.addEventListener("click", async () => {
        const done = await copy(write(read(table)));
        button.textContent = done ? "copied" : "not allowed";
        status.textContent = done ? `Copied as ${name}` : "The browser does not allow copying";
        setTimeout(() => { button.textContent = name; }, 1500);
      });
      tools.append(button);
    }
  }
}
