// The columns of a trace: what they may be called and what stands in their cells.

import { MAX_NUMBER } from "../core/problem-schema.ts";

/** Names that a header may use, compared without case and with `_` for blanks and hyphens. */
export const COLUMNS = {
  time: ["time", "timestamp", "arrival", "arrival_time", "start", "start_time"],
  id: ["id", "vm", "vm_id", "name", "instance", "instance_id"],
  flavor: ["flavor", "flavor_name", "vm_type", "instance_type", "type"],
  vcpus: ["vcpus", "vcpu", "cpus", "cpu", "cores"],
  memory: ["mem_mb", "memory_mb", "ram_mb", "mem", "memory", "ram"],
  disk: ["disk_gb", "disk", "storage_gb"],
  lifetime: ["lifetime", "duration"],
  departure: ["departure", "departure_time", "end", "end_time"],
  application: ["app", "application", "stack"],
  groups: ["groups"],
} as const satisfies Record<string, readonly string[]>;

export type ColumnKey = keyof typeof COLUMNS;

/** Where a column stands, and its name in this file's header. */
interface Found {
  readonly at: number;
  readonly name: string;
}

/** What is wrong with a header or a line; the reader adds file and line. */
export class TraceFault extends Error {}

export class TraceColumns {
  readonly count: number;
  readonly #found: ReadonlyMap<ColumnKey, Found>;

  /** @throws TraceFault when columns are missing or meant twice. */
  constructor(header: readonly string[]) {
    this.count = header.length;
    const found = new Map<ColumnKey, Found>();
    for (const [at, name] of header.entries()) {
      const key = keyOf(name);
      if (key === undefined) continue;
      const other = found.get(key);
      if (other) throw new TraceFault(`columns ${other.name} and ${name} mean the same.\nKeep one of them.`);
      found.set(key, { at, name });
    }
    this.#found = found;
    this.#checkThere(header);
  }

  has(key: ColumnKey): boolean {
    return this.#found.has(key);
  }

  /** The cell, "" when there is no such column. */
  text(fields: readonly string[], key: ColumnKey): string {
    const found = this.#found.get(key);
    return found === undefined ? "" : fields[found.at]!;
  }

  /** A whole number from 0; `fallback` for a column that is not there. */
  whole(fields: readonly string[], key: ColumnKey, fallback?: number): number {
    if (fallback !== undefined && !this.has(key)) return fallback;
    const text = this.text(fields, key);
    const value = Number(text);
    if (/^\d{1,10}$/.test(text) && value <= MAX_NUMBER) return value;
    throw this.fault(key, text, `a whole number from 0 to ${MAX_NUMBER}`);
  }

  /** Seconds from 0, decimals allowed. */
  seconds(fields: readonly string[], key: ColumnKey): number {
    const text = this.text(fields, key);
    if (/^\d{1,12}(\.\d+)?$/.test(text)) return Number(text);
    throw this.fault(key, text, "seconds, a number from 0 to 999999999999");
  }

  fault(key: ColumnKey, text: string, wanted: string): TraceFault {
    const shown = text === "" ? "it is empty" : `it is ${JSON.stringify(text.slice(0, 80))}`;
    return new TraceFault(`${this.nameOf(key)}: ${shown}.\nIt must be ${wanted}.`);
  }

  /** As this file's header has it. */
  nameOf(key: ColumnKey): string {
    return this.#found.get(key)?.name ?? key;
  }

  #checkThere(header: readonly string[]): void {
    const missing = (["time", "id"] as const).filter((key) => !this.has(key)).map(quoted);
    if (!this.has("flavor")) {
      const sizes = (["vcpus", "memory"] as const).filter((key) => !this.has(key));
      if (sizes.length > 0) missing.push(`"flavor" (or ${sizes.map(quoted).join(" and ")})`);
    }
    if (missing.length > 0)
      throw new TraceFault(
        `no column ${missing.join(", ")}.\nThe first line must name the columns; it is ${JSON.stringify(header.join(",").slice(0, 120))}.`,
      );
    if (this.has("lifetime") && this.has("departure"))
      throw new TraceFault(
        `columns ${this.nameOf("lifetime")} and ${this.nameOf("departure")} both say when a VM leaves.\nKeep one of them.`,
      );
  }
}

function quoted(key: ColumnKey): string {
  return `"${COLUMNS[key][0]}"`;
}

function keyOf(name: string): ColumnKey | undefined {
  const plain = name.toLowerCase().replaceAll(/[ -]/g, "_");
  return (Object.keys(COLUMNS) as ColumnKey[]).find((key) => (COLUMNS[key] as readonly string[]).includes(plain));
}
