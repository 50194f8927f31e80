"use strict";
// Tables on the clipboard, as they are shown now: sorted, and without the folded columns.
{
  const shown = (list) => [...list].filter((cell) => !cell.hidden);
  const clean = (text) => text.replace(/\s+/g, " ").trim();

  // A table as heads and lines; a line is a family, a status, or cells of [value, bold, ±].
  const read = (table) => {
    const heads = shown(table.tHead.rows[table.tHead.rows.length - 1].cells).slice(1).map((th) => th.dataset.head);
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
          lines.push({ name: first.dataset.name, setting: clean(first.querySelector("small").textContent), cells: shown(row.cells).slice(1).map(cellOf) });
        }
      }
    }
    return { heads, lines };
  };
  const cellOf = (cell) => {
    const half = cell.querySelector("small")?.textContent ?? "";
    const value = [...cell.childNodes].filter((node) => !["SMALL", "SUP"].includes(node.nodeName)).map((node) => node.textContent);
    return {
      value: clean(value.join("")),
      bold: cell.querySelector("b") !== null,
      half: half.startsWith("±") ? half.slice(1) : "",
      raised: cell.querySelector("sup")?.textContent ?? "",
    };
  };

  const RAISED = new Map([..."abcdefghijklmnoprstuvwxyz"].map((letter, i) => [letter, [..."ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"][i]]));
  const raised = (text) => [...text].map((letter) => RAISED.get(letter) ?? letter).join("");
  const markdown = ({ heads, lines }) => {
    const pipe = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    const blank = (count) => Array(Math.max(0, count)).fill("");
    const body = lines.map((line) => {
      if (line.family) return pipe([`*${line.family}*`, ...blank(heads.length)]);
      if (line.status) return pipe([line.name, line.status, ...blank(heads.length - 1)]);
      return pipe([line.name, ...line.cells.map((c) => [c.bold ? `**${c.value}**` : c.value, c.half && `±${c.half}`, raised(c.raised)].filter(Boolean).join(" "))]);
    });
    return [pipe(["System", ...heads]), pipe([":---", ...heads.map(() => "---:")]), ...body].join("\n") + "\n";
  };

  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const csv = ({ heads, lines }) => {
    const rows = [["System", "Setting", ...heads.flatMap((head) => [head, `± ${head}`])]];
    for (const line of lines) {
      if (line.family) continue;
      if (line.status) rows.push([line.name, line.status]);
      else rows.push([line.name, line.setting, ...line.cells.flatMap((c) => [c.value, c.half])]);
    }
    return rows.map((row) => row.map(quoted).join(",")).join("\n") + "\n";
  };

  const SIGNS = {
    "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", $: "\\$", "&": "\\&", "#": "\\#", "%": "\\%", _: "\\_",
    "^": "\\textasciicircum{}", "~": "\\textasciitilde{}", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}",
    "±": "$\\pm$", "†": "$^{\\dagger}$", "‡": "$^{\\ddagger}$", "–": "--", "×": "$\\times$", "−": "$-$",
    "↑": "$\\uparrow$", "↓": "$\\downarrow$", "\u00a0": "~",
  };
  const tex = (text) => [...text].map((sign) => SIGNS[sign] ?? sign).join("");
  const latex = ({ heads, lines }) => {
    const body = lines.map((line, i) => {
      if (line.family) return `${i ? "\\addlinespace\n" : ""}\\multicolumn{${heads.length + 1}}{@{}l}{\\emph{${tex(line.family)}}} \\\\`;
      if (line.status) return `${tex(line.name)} & \\multicolumn{${heads.length}}{l}{\\emph{${tex(line.status)}}} \\\\`;
      const cells = line.cells.map((c) => (c.bold ? `\\textbf{${tex(c.value)}}` : tex(c.value)) + (c.half ? `\\,{\\tiny$\\pm$${tex(c.half)}}` : "") + (c.raised ? `\\textsuperscript{${tex(c.raised)}}` : ""));
      return `${[tex(line.name), ...cells].join(" & ")} \\\\`;
    });
    return [
      "% Needs \\usepackage{booktabs}.", `\\begin{tabular}{@{}l${"r".repeat(heads.length)}@{}}`, "\\toprule",
      `${["System", ...heads.map(tex)].join(" & ")} \\\\`, "\\midrule", ...body, "\\bottomrule", "\\end{tabular}", "",
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
