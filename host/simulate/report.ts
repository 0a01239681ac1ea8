// A report: a folder with index.html, the pictures it shows and the figures as JSON.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Panel, plotSvg } from "../plot.ts";

export interface Report {
  readonly title: string;
  /** Below the title, one paragraph each. */
  readonly paragraphs: readonly string[];
  /** Rows of cells; the first row is the head when its first cell is in capitals. */
  readonly tables: readonly (readonly (readonly string[])[])[];
  /** One more, below the pictures. */
  readonly details?: readonly (readonly string[])[];
  /** By the name of the picture's file. */
  readonly charts: Readonly<Record<string, Panel>>;
  /** Written to summary.json. */
  readonly summary: object;
}

/** Writes the folder, over what a report before has left there; answers the page's path. */
export async function writeReport(folder: string, report: Report): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, panel] of Object.entries(report.charts))
    await writeFile(join(folder, `${name}.svg`), await plotSvg([panel], { width: 640, height: 260 }));
  await writeFile(join(folder, "summary.json"), `${JSON.stringify(report.summary, null, 2)}\n`);
  const page = join(folder, "index.html");
  await writeFile(page, htmlOf(report));
  return page;
}

const STYLE = `
  body { font: 15px/1.5 "DejaVu Sans", Verdana, Arial, sans-serif; color: #222; background: white; max-width: 1500px; margin: 2em auto; padding: 0 1em; }
  h1 { font-size: 1.4em; }
  table { border-collapse: collapse; margin: 1.5em 0; }
  th, td { text-align: left; vertical-align: top; padding: 0.2em 1.6em 0.2em 0; border-bottom: 1px solid #e4e4e4; }
  th { font-size: 0.8em; color: #666; }
  .charts { display: flex; flex-wrap: wrap; gap: 1em; }
  .charts img { max-width: 100%; }`;

function htmlOf({ title, paragraphs, tables, charts, details = [] }: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${paragraphs.map((text) => `<p>${escaped(text)}</p>`).join("\n")}
${tables.map(tableOf).join("\n")}
<div class="charts">
${Object.entries(charts)
  .map(([name, panel]) => `<img src="${name}.svg" alt="${escaped(panel.title)}">`)
  .join("\n")}
</div>
${details.length > 0 ? tableOf(details) : ""}
</body>
</html>
`;
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((cells, i) => {
    const tag = i === 0 && /^[A-Z][A-Z ]*$/.test(cells[0] ?? "") ? "th" : "td";
    return `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  });
  return `<table>\n${lines.join("\n")}\n</table>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character]!);
}
