import { z } from "zod";

const KINDS = ["fail", "hang", "drop", "lose", "html", "number", "slow"] as const;

/**
 * How an answer goes wrong: `fail` answers `status` and `body`; `hang` never answers; `drop` ends the connection before
 * anything is done; `lose` does it, then ends the connection; `html` answers 200 with a page; `number` answers 200 with
 * `status` as body; `slow` answers after `ms`.
 */
export type FaultKind = (typeof KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** All, without one. */
  readonly method?: string;
  /** Path without the query; all, without one. */
  readonly path?: RegExp;
  /** The first request that goes wrong, counted from 1 among those that match; default 1. */
  readonly nth?: number;
  /** How many go wrong from there; default 1. */
  readonly times?: number;
  /** Of `fail` and `number`, default 500. */
  readonly status?: number;
  /** Of `fail`, JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of `slow`, default 1000. */
  readonly ms?: number;
}

/** A fault as people order it over HTTP. */
export const faultSchema = z.strictObject({
  kind: z.enum(KINDS),
  method: z.string().toUpperCase().optional(),
  path: z
    .string()
    .max(500)
    .refine(isPattern, "expected a regular expression")
    .transform((text) => new RegExp(text))
    .optional(),
  nth: z.int().min(1).optional(),
  times: z.int().min(1).optional(),
  status: z.int().min(200).max(599).optional(),
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  ms: z.int().min(0).max(600_000).optional(),
});

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** The faults that are in force. */
export class Faults {
  #active: { fault: Fault; seen: number }[] = [];

  /** Returns what takes it back. */
  add(fault: Fault): () => void {
    const entry = { fault, seen: 0 };
    this.#active.push(entry);
    return () => {
      this.#active = this.#active.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#active = [];
  }

  list(): Fault[] {
    return this.#active.map(({ fault }) => fault);
  }

  /** The fault of this request, if any; each that matches counts it. */
  next(method: string, path: string): Fault | null {
    let hit: Fault | null = null;
    for (const entry of this.#active) {
      const { fault } = entry;
      if (fault.method !== undefined && fault.method !== method) continue;
      if (fault.path !== undefined && !fault.path.test(path)) continue;
      entry.seen++;
      const { nth = 1, times = 1 } = fault;
      if (hit === null && entry.seen >= nth && entry.seen < nth + times) hit = fault;
    }
    this.#active = this.#active.filter(({ fault, seen }) => seen < (fault.nth ?? 1) + (fault.times ?? 1) - 1);
    return hit;
  }
}
