import { readFile } from "node:fs/promises";
import { Inventory } from "../core/inventory.ts";
import type { Resources } from "../core/model.ts";
import { verify } from "../core/verify.ts";
import { AppError } from "../errors.ts";
import type { Panel } from "../plot.ts";
import { type CloudBalancingCase, parseCloudBalancing } from "../simulate/cloud-balancing.ts";
import { writeReport } from "../simulate/report.ts";
import { columns } from "./columns.ts";
import { solveOnce } from "./plan-solve.ts";
import type { SimulateOptions } from "./simulate-options.ts";

/** A case is planned once and by itself, so it gets far more work than a request: seconds for 1,600 computers. */
const CASE_BUDGET = 100_000;

/** Plans a cloud-balancing case, prints and reports what it takes; false: not all processes have a place. */
export async function simulateCase(path: string, options: SimulateOptions): Promise<boolean> {
  const { out, json, seed } = options;
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new AppError("file.invalid", `${path}: cannot be read (${cause.code})`, { cause });
  });
  const given = parseCloudBalancing(text, path);
  const inventory = new Inventory(given.dataCenter);
  const outcome = await solveOnce(inventory, given.application, { ...options, budget: options.budget ?? CASE_BUDGET });
  const sizes = { computers: given.dataCenter.hosts.length, processes: given.application.vms.length };
  const ms = { search: Number(outcome.searchMs.toFixed(3)) };
  if (!outcome.ok) {
    const summary = {
      case: path,
      ...sizes,
      placed: false,
      proven: outcome.proven,
      reason: outcome.reason,
      seed,
      stats: outcome.stats,
      ms,
    };
    process.stdout.write(json ? `${JSON.stringify(summary)}\n` : `Not all have a place: ${outcome.reason}\n`);
    return false;
  }
  const broken = verify(inventory, given.application, outcome.placements);
  if (broken.length > 0) throw new AppError("plan.unsound", `${path}: the plan breaks a rule: ${broken.join("; ")}`);
  const used = new Set(Object.values(outcome.placements));
  const summary = {
    case: path,
    ...sizes,
    placed: true,
    computers_used: used.size,
    least_computers: outcome.bound.hosts_activated,
    cost: [...used].reduce((sum, host) => sum + given.costOf.get(host)!, 0),
    seed,
    stats: outcome.stats,
    ms,
    placements: outcome.placements,
  };
  const rows = [
    ["processes placed", `${sizes.processes} of ${sizes.processes}`],
    ["computers used", `${used.size} of ${sizes.computers}, at least ${summary.least_computers} are needed`],
    ["cost", `${summary.cost} (reported only; the aim is few computers)`],
    ["search", `${ms.search.toFixed(1)} ms`],
  ];
  const page = await writeReport(out, {
    title: path,
    paragraphs: ["The bandwidth that a process requires is planned like CPU and memory, as an amount of its computer."],
    tables: [rows],
    charts: { fill: fillOf(given, outcome.placements) },
    summary,
  });
  process.stdout.write(
    json ? `${JSON.stringify(summary)}\n` : [...columns(rows), "", `Report: ${page}`, ""].join("\n"),
  );
  return true;
}

/** How full the computers in use are, fullest first, each resource in its own order. */
function fillOf({ dataCenter, application }: CloudBalancingCase, placements: Readonly<Record<string, string>>): Panel {
  const shares = (amount: (of: Resources) => number): [number, number][] => {
    const taken = new Map<string, number>();
    for (const vm of application.vms) {
      const host = placements[vm.name]!;
      taken.set(host, (taken.get(host) ?? 0) + amount(vm));
    }
    return dataCenter.hosts
      .filter(({ name }) => taken.has(name))
      .map(({ name, capacity }) => (100 * taken.get(name)!) / Math.max(1, amount(capacity)))
      .sort((a, b) => b - a)
      .map((share, i) => [i + 1, share]);
  };
  return {
    title: "How full the computers in use are",
    x: { title: "computers, fullest first" },
    y: { title: "in use (%)", to: 100 },
    series: [
      { name: "CPU", points: shares(({ vcpus }) => vcpus) },
      { name: "memory", points: shares(({ ramMiB }) => ramMiB) },
      { name: "bandwidth", points: shares(({ diskGiB }) => diskGiB) },
    ],
  };
}
