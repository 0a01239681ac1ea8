// Small problems with a proven optimum, on every level of the objective: found soon, and proven by ourselves.

import { FOUND, missesOf, PROVEN } from "../cases/optima.ts";
import { countersOf } from "../gates/counters.ts";
import { type Figure, type Goal, WORK_PER_MS } from "../goal.ts";
import { isProven, solve, tightProblem } from "../quality.ts";
import { OPTIMA, type TightProblem } from "../reference.ts";

const FOUND_MS = 50;
const PROVEN_MS = 1000;
/** 14 of the 16 with recorded optima. */
const PROVEN_SHARE = 14 / 16;
/** Per size, beyond those with recorded optima. */
const OTHER_SEEDS = [11, 12, 13, 14];

export const optima: Goal = {
  name: "optima",
  async measure({ progress }) {
    const all = OPTIMA.length;
    progress(`${all} known optima`);
    const [found, proven] = [await countersOf([FOUND]), await countersOf([PROVEN])];
    return [
      {
        what: `optima found within ${FOUND_MS} ms of work, of ${all}`,
        value: Number(found[FOUND.name]!.optimal),
        unit: "",
        basis: "counted",
        goal: { atLeast: all },
      },
      {
        what: `… by the clock`,
        value: await foundByClock(),
        unit: "",
        basis: "measured",
        goal: { atLeast: all },
      },
      {
        what: `… proven by us within 1 s of work, of ${all}`,
        value: Number(proven[PROVEN.name]!.proven),
        unit: "",
        basis: "counted",
        goal: { atLeast: PROVEN_SHARE * all },
      },
      ...(await otherSeeds(progress)),
    ];
  },
};

async function foundByClock(): Promise<number> {
  let found = 0;
  for (const optimum of OPTIMA) {
    const answer = solve(await tightProblem(optimum), {
      budget: PROVEN_MS * WORK_PER_MS,
      deadlineMs: FOUND_MS,
    });
    if (missesOf(answer, optimum) === null) found++;
  }
  return found;
}

/** What one knows without an exact solver: where our own proof ends, its optimum is the optimum. */
async function otherSeeds(progress: (text: string) => void): Promise<Figure[]> {
  const sizes = new Map(OPTIMA.map(({ hosts, vms, load }) => [`${hosts} ${vms} ${load}`, { hosts, vms, load }]));
  const problems: TightProblem[] = [...sizes.values()].flatMap((size) =>
    OTHER_SEEDS.map((seed) => ({ ...size, seed })),
  );
  let [proven, found, placed] = [0, 0, 0];
  for (const [i, row] of problems.entries()) {
    progress(`optima of other seeds, ${i + 1} of ${problems.length}`);
    const problem = await tightProblem(row);
    const best = solve(problem, { budget: PROVEN_MS * WORK_PER_MS });
    if (isProven(best)) proven++;
    if (!best.ok || !isProven(best)) continue;
    placed++;
    const soon = solve(problem, { budget: FOUND_MS * WORK_PER_MS });
    const { hosts_activated: activated, hosts_touched: touched, racks_touched: racks } = best.objective;
    if (missesOf(soon, { ...row, activated, touched, racks }) === null) found++;
  }
  return [
    {
      what: `… proven by us within 1 s of work, of ${problems.length} with other seeds`,
      value: proven,
      unit: "",
      basis: "counted",
      goal: { atLeast: PROVEN_SHARE * problems.length },
    },
    {
      what: `… of these ${placed} plans, found within ${FOUND_MS} ms of work`,
      value: found,
      unit: "",
      basis: "counted",
      goal: placed > 0 ? { atLeast: placed } : null,
    },
  ];
}
