// Time and gap over the size of the problem, for the plot: ours and the naive solver's measured in one run, the others as
// they were recorded.

import type { Panel, Series } from "../host/plot.ts";
import { matrixProblems } from "./cases/matrix.ts";
import { WORK_PER_MS } from "./goal.ts";
import { firstPlan, naivePlanTime } from "./goals/plan-time.ts";
import { generated } from "./problems.ts";
import { opened, type Problem, placementsScore, solve } from "./quality.ts";
import { NOVA, ORIGINAL } from "./reference.ts";
import { byTurns } from "./turns.ts";

/** The size that stays while the other grows. */
const HOSTS = 10_000;
const VMS = 100;
/** Beyond what is recorded of the original. */
const MOST_HOSTS = 100_000;
const MOST_VMS = 1000;
const ROUNDS = 3;
/** Above this many hosts times VMs the naive solver runs once. */
const LARGE = 2_000_000;
const BUDGET_MS = 10;

interface Size {
  readonly hosts: number;
  readonly vms: number;
}

type Point = readonly [x: number, y: number];

interface Measured {
  readonly size: number;
  readonly ms: { readonly ours: number; readonly naive: number };
  /** Hosts touched above the proven lower bound, in percent of it; null: no plan. */
  readonly gap: { readonly first: number; readonly improved: number; readonly naive: number | null };
  readonly touchedBound: number;
}

export async function curves(progress: (text: string) => void): Promise<Panel[]> {
  const cells = await matrixProblems();
  const measured = async (pick: (cell: Size) => number | null, more: Size) => {
    const largest = opened(await generated(more.hosts, more.vms, 1));
    const sizes = cells.flatMap((cell) => {
      const size = pick(cell.original);
      return size === null ? [] : [{ size, problem: cell as Problem }];
    });
    const rows: Measured[] = [];
    for (const { size, problem } of [...sizes, { size: pick(more)!, problem: largest }]) {
      progress(`curves, ${problem.file.name}`);
      rows.push(measure(size, problem));
    }
    return rows;
  };
  const overHosts = await measured(({ hosts, vms }) => (vms === VMS ? hosts : null), { hosts: MOST_HOSTS, vms: VMS });
  const overVms = await measured(({ hosts, vms }) => (hosts === HOSTS ? vms : null), { hosts: HOSTS, vms: MOST_VMS });
  const originalOverHosts = ORIGINAL.filter(({ vms }) => vms === VMS);
  const originalOverVms = ORIGINAL.filter(({ hosts }) => hosts === HOSTS);
  const hostsAxis = { title: "hosts", log: true };
  const vmsAxis = { title: "VMs", log: true };
  const timeAxis = { title: "time of the plan (ms)", log: true };
  const gapAxis = { title: "hosts touched above the lower bound (%)" };
  return [
    {
      title: `Time of a plan of ${VMS} VMs`,
      x: hostsAxis,
      y: timeAxis,
      series: [
        ...times(overHosts),
        recordedSeries(
          "original (recorded)",
          originalOverHosts.map(({ hosts, ms }) => [hosts, ms]),
        ),
        recordedSeries(
          "Nova (recorded)",
          NOVA.map(({ hosts, msPerVm }) => [hosts, msPerVm * VMS]),
        ),
      ],
    },
    {
      title: `Time of a plan on ${HOSTS.toLocaleString("en-US")} hosts`,
      x: vmsAxis,
      y: timeAxis,
      series: [
        ...times(overVms),
        recordedSeries(
          "original (recorded)",
          originalOverVms.map(({ vms, ms }) => [vms, ms]),
        ),
        recordedSeries("Nova (recorded)", novaOverVms()),
      ],
    },
    {
      title: `Gap of a plan of ${VMS} VMs`,
      x: hostsAxis,
      y: gapAxis,
      series: gaps(
        overHosts,
        originalOverHosts.map(({ hosts, touched }) => [hosts, touched]),
      ),
    },
    {
      title: `Gap of a plan on ${HOSTS.toLocaleString("en-US")} hosts`,
      x: vmsAxis,
      y: gapAxis,
      series: gaps(
        overVms,
        originalOverVms.map(({ vms, touched }) => [vms, touched]),
      ),
    },
  ];
}

function measure(size: number, problem: Problem): Measured {
  const first = solve(problem, { budget: 0 });
  const improved = solve(problem, { budget: BUDGET_MS * WORK_PER_MS });
  if (!first.ok || !improved.ok) throw new Error(`${problem.file.name} was not placed`);
  const { placements, ms: naiveMs } = naivePlanTime(problem.file);
  const naive = placements && placementsScore(problem.file, placements);
  if (naive && !naive.valid) throw new Error(`the naive plan of ${problem.file.name} breaks a rule`);
  const ours = () => firstPlan(problem).search;
  const large = problem.file.hosts.length * problem.application.vms.length > LARGE;
  const ms = large
    ? { ours: ours(), naive: naiveMs }
    : byTurns({ ours, naive: () => naivePlanTime(problem.file).ms }, ROUNDS);
  const touchedBound = improved.bound.hosts_touched;
  const above = (touched: number) => gap(touched, touchedBound);
  return {
    size,
    ms,
    touchedBound,
    gap: {
      first: above(first.objective.hosts_touched),
      improved: above(improved.objective.hosts_touched),
      naive: naive && above(naive.hosts_touched),
    },
  };
}

function gap(touched: number, bound: number): number {
  return 100 * (touched / bound - 1);
}

function times(rows: readonly Measured[]): Series[] {
  return [
    { name: "Ostro, first plan", mark: "line-and-dots", points: rows.map(({ size, ms }): Point => [size, ms.ours]) },
    { name: "naive, same run", mark: "line-and-dots", points: rows.map(({ size, ms }): Point => [size, ms.naive]) },
  ];
}

function gaps(rows: readonly Measured[], original: readonly (readonly [size: number, touched: number | null])[]) {
  const bounds = new Map(rows.map(({ size, touchedBound }) => [size, touchedBound]));
  const ours = (name: string, of: (row: Measured) => number | null): Series => ({
    name,
    mark: "line-and-dots",
    points: rows.flatMap((row): Point[] => {
      const value = of(row);
      return value === null ? [] : [[row.size, value]];
    }),
  });
  const recorded = original.flatMap(([size, touched]): Point[] =>
    touched === null ? [] : [[size, gap(touched, bounds.get(size)!)]],
  );
  return [
    ours("Ostro, first plan", (row) => row.gap.first),
    ours("naive, same run", (row) => row.gap.naive),
    recordedSeries("original (recorded)", recorded),
    ours(`Ostro, ${BUDGET_MS} ms of work`, (row) => row.gap.improved),
  ];
}

function recordedSeries(name: string, points: readonly Point[]): Series {
  return { name, mark: "line-and-dots", dashed: true, points };
}

/** Nova decides VM by VM. */
function novaOverVms(): Point[] {
  const { msPerVm } = NOVA.find(({ hosts }) => hosts === HOSTS)!;
  const sizes = ORIGINAL.filter(({ hosts }) => hosts === HOSTS).map(({ vms }) => vms);
  return [...sizes, MOST_VMS].map((vms) => [vms, vms * msPerVm]);
}
