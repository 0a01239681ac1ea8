// The mapping file: which host stands in which rack and cluster, and how fast its links are. YAML, so JSON too.

import { readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { z } from "zod";
import { AppError } from "../errors.ts";

/** Mbit/s; the core counts kbit/s in 31 bits. */
const mbps = z.number().nonnegative().max(2_147_483);
const name = z.string().min(1).max(255);
const FILE = z.strictObject({
  /** The first that matches a host counts. */
  hosts: z
    .array(
      z.strictObject({
        /** A host's name, or a pattern in which `*` stands for anything and `?` for one character. */
        host: name,
        /** `$1` is what the first `*` or `?` stood for, and so on. */
        rack: name.nullish(),
        cluster: name.nullish(),
        nic: mbps.nullish(),
      }),
    )
    .default([]),
  /** By name of the rack. */
  racks: z.record(z.string(), z.strictObject({ cluster: name.nullish(), uplink: mbps.nullish() })).default({}),
});

export interface MappedHost {
  readonly rack: string | null;
  readonly cluster: string | null;
  readonly nicKbps: number | null;
}

export interface HostMapping {
  /** Null: no line is for this host. */
  hostOf(host: string): MappedHost | null;
  readonly racks: ReadonlyMap<string, { readonly cluster: string | null; readonly uplinkKbps: number | null }>;
}

/** @throws AppError file.invalid naming file, place and what was expected */
export function readHostMapping(path: string): HostMapping {
  const parsed = FILE.safeParse(readYaml(path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(path, `${issue!.path.join(".") || "the file"}: ${issue!.message}`);
  }
  const { hosts, racks } = parsed.data;
  const exact = new Map<string, (typeof hosts)[number] & { at: number }>();
  const patterns: { at: number; form: RegExp; line: (typeof hosts)[number] }[] = [];
  for (const [at, line] of hosts.entries()) {
    if (/[*?]/.test(line.host)) patterns.push({ at, form: formOf(line.host), line });
    else if (!exact.has(line.host)) exact.set(line.host, { ...line, at });
  }
  return {
    racks: new Map(
      Object.entries(racks).map(([rack, { cluster, uplink }]) => [
        rack,
        { cluster: cluster ?? null, uplinkKbps: kbpsOf(uplink) },
      ]),
    ),
    hostOf(host) {
      const same = exact.get(host);
      for (const { at, form, line } of patterns) {
        if (same && same.at < at) break;
        const match = form.exec(host);
        if (match === null) continue;
        const filled = (text: string | null | undefined) =>
          text?.replaceAll(/\$(\d)/g, (_, n) => match[Number(n)] ?? "") ?? null;
        return { rack: filled(line.rack), cluster: filled(line.cluster), nicKbps: kbpsOf(line.nic) };
      }
      return same ? { rack: same.rack ?? null, cluster: same.cluster ?? null, nicKbps: kbpsOf(same.nic) } : null;
    },
  };
}

function readYaml(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw invalid(path, `cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw invalid(path, `is not YAML: ${error.message.split("\n")[0]}`, error);
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw invalid(path, `is not usable: ${(cause as Error).message}`, cause);
  }
}

/** Neighbouring stars are one. */
function formOf(pattern: string): RegExp {
  const source = pattern.replaceAll(/\*+|[?]|[.+^${}()|[\]\\]/g, (found) =>
    found.startsWith("*") ? "(.*)" : found === "?" ? "(.)" : `\\${found}`,
  );
  return new RegExp(`^${source}$`, "s");
}

function kbpsOf(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Math.floor(value * 1000);
}

function invalid(path: string, message: string, cause?: unknown): AppError {
  return new AppError("file.invalid", `${path}: ${message}`, { cause });
}
