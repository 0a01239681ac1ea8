// README.md tells every option and every error of the code, and what was measured last. `npm run docs` writes them.
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readResults, tableOf } from "../bench/results.ts";
import { flagOf, SETTING_KEYS, SETTINGS, variableOf } from "../host/config.ts";
import { ERRORS } from "../host/errors.ts";
import { COLUMNS } from "../host/simulate/trace-columns.ts";

const README = new URL("../README.md", import.meta.url);

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const TABLES: Record<string, string> = {
  options: table(
    ["flag", "variable", "default", "meaning"],
    SETTING_KEYS.map((key) => {
      const setting: { help: string; placeholder: string; fallback: unknown; secret?: boolean } = SETTINGS[key];
      const flag = setting.secret ? "none" : `\`--${flagOf(key)} ${setting.placeholder}\``;
      // The default of the machine that writes the table is nobody else's.
      const none = setting.fallback === null || setting.fallback === "";
      const fallback = key === "workers" || none ? "" : `\`${setting.fallback}\``;
      return [flag, `\`${variableOf(key)}\``, fallback, setting.help];
    }),
  ),
  errors: table(
    ["code", "status", "means"],
    Object.entries(ERRORS).map(([code, { status, text }]) => [`\`${code}\``, String(status), text]),
  ),
  goals: tableOf(readResults()),
};

describe("README.md", () => {
  it.each(Object.keys(TABLES))("tells all %s", (name) => {
    const section = new RegExp(`(<!-- ${name}: [^\\n]*-->\\n)([^]*?)(<!-- /${name} -->)`);
    const text = readFileSync(README, "utf8");
    if (process.env.OSTRO_WRITE_DOCS) {
      writeFileSync(
        README,
        text.replace(section, (_, open, __, close) => `${open}${TABLES[name]}\n${close}`),
      );
      return;
    }
    expect(section.exec(text)?.[2]).toBe(`${TABLES[name]}\n`);
  });

  it.each(Object.entries(COLUMNS))("tells every name of the column %s of a trace", (_, names) => {
    const rows = readFileSync(README, "utf8")
      .split("\n")
      .filter((line) => line.startsWith(`| \`${names[0]}\` |`));
    const told = rows.map((row) =>
      [
        ...row
          .split(" | ", 2)
          .join(" ")
          .matchAll(/`(\w+)`/g),
      ].map((match) => match[1]),
    );
    expect(told.map((row) => row.toSorted())).toContainEqual([...names].toSorted());
  });
});
