import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Inventory } from "../core/inventory.ts";
import type { Application, Plan, SolveOptions } from "../core/model.ts";

/** So many files are kept at most: a fault that comes back does not fill the disk. */
const MOST_FILES = 20;

/**
 * Writes all that is needed to solve the same again (`data center`, `application`, `options`) to a file in `directory`,
 * with the plan (null: the search broke down) and what is wrong. Returns its path, or null when there are enough of them.
 */
export function saveForReplay(
  directory: string,
  inventory: Inventory,
  application: Application,
  options: SolveOptions,
  plan: Plan | null,
  problems: readonly string[],
): string | null {
  mkdirSync(directory, { recursive: true });
  if (readdirSync(directory).length >= MOST_FILES) return null;
  const hosts = [...inventory.hosts.values()];
  const existing = hosts.flatMap(({ name }) => [...inventory.vmsIn("host", name)]);
  const dataCenter = { hosts, racks: [...inventory.racks], aggregates: inventory.aggregates, existing, flavors: [] };
  const path = join(directory, `${new Date().toISOString().replaceAll(":", "")}-${inventory.version}.json`);
  writeFileSync(path, JSON.stringify({ problems, plan, application, options, dataCenter }), { mode: 0o600 });
  return path;
}
