import { readFileSync } from "node:fs";
import { AppError } from "../errors.ts";

/** Sections of a configuration file of the originals, each with its keys; of a key that comes twice the last value. */
export type Ini = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Reads `[section]` (or `:section`, havalet's old form), `key = value` or `key: value`, comments after # or ; at the start
 * of a line, and indented lines that continue a value, as oslo.config does. Throws config.invalid; no message repeats a value.
 */
export function readIni(path: string): Ini {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new AppError("config.invalid", `${path}: cannot be read (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    });
  }
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let continued: string | null = null;
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === "") continued = null;
    if (trimmed === "" || /^[#;]/.test(trimmed)) continue;
    if (continued !== null && /^\s/.test(line)) {
      section!.set(continued, `${section!.get(continued)}\n${trimmed}`);
      continue;
    }
    const name = /^(?:\[([^\]]+)\]|:\s*([\w.-]+))$/.exec(trimmed);
    if (name !== null) {
      const found = name[1] ?? name[2]!;
      section = sections.get(found) ?? new Map();
      sections.set(found, section);
      continued = null;
      continue;
    }
    const [, key, value] = /^([\w.-]+)\s*[=:]\s*(.*)$/.exec(trimmed) ?? [];
    if (section === undefined || key === undefined || value === undefined) {
      throw new AppError("config.invalid", `${path}:${at + 1}: expected [section], and key = value below it`);
    }
    section.set(key, value);
    continued = key;
  }
  return sections;
}

const MOST_SUBSTITUTIONS = 20;

/**
 * A value as oslo.config gives it to a program: quotes around it dropped, `$key`, `${key}` and `${section.key}` replaced
 * (looked for in the same section, then in [DEFAULT]), `$$` a dollar. Null: it names what the file does not have.
 */
export function osloValue(ini: Ini, section: string, raw: string, depth = 0): string | null {
  const bare = raw.length >= 2 && /^(["']).*\1$/s.test(raw) ? raw.slice(1, -1) : raw;
  let missing = depth > MOST_SUBSTITUTIONS;
  const value = bare.replaceAll(
    /\$(?:(\$)|(\w+)|\{(?:([\w-]+)\.)?([\w-]+)\})/g,
    (_, dollar, plain, of: string | undefined, braced) => {
      if (dollar) return "$";
      const key: string = plain ?? braced;
      const from = of !== undefined ? [of] : [section, "DEFAULT"];
      const home = from.find((name) => ini.get(name)?.has(key));
      const inner = home === undefined || missing ? null : osloValue(ini, home, ini.get(home)!.get(key)!, depth + 1);
      missing ||= inner === null;
      return inner ?? "";
    },
  );
  return missing ? null : value;
}
