// The second check against the format's own checker: they must agree on good answers and on spoiled ones.
import fc from "fast-check";
import { expect, it } from "vitest";
import { Inventory } from "../../host/core/inventory.ts";
import { parseProblem } from "../../host/core/problem.ts";
import { verify } from "../../host/core/verify.ts";
import { NaiveInventory } from "../oracle/naive-inventory.ts";
import { score } from "../oracle/validate.mjs";
import { propertySeed } from "../support/property-seed.ts";
import { Random } from "../support/random.ts";
import { type RandomProblem, randomProblem } from "../support/random-problem.ts";

/** How the checker and the check word the same fault. */
const KINDS: readonly [checker: RegExp, check: RegExp][] = [
  [/^unplaced /, / has no host$| is on unknown host /],
  [/^placed .* not asked for$/, / was not asked for$/],
  [/ on unknown host /, / is on unknown host /],
  [/, which is down$/, /, which is down$/],
  [/^zone of /, / in zone /],
  [/ was fixed to /, /, fixed to /],
  [/ outside its candidates$/, /, no candidate$/],
  [/ on an excluded host$/, /, which is excluded$/],
  [/ is larger than /, / and larger than it /],
  [/^aggregate of /, / satisfies its extra specs$/],
  [/^vcpus of /, / vCPU of /],
  [/^mem_mb of /, / MiB RAM of /],
  [/^disk_gb of /, / GiB disk of /],
  [/^nic of /, /^NIC of host /],
  [/^uplink of /, /^uplink of rack /],
  [/ on a host without a rack$/, /, which has no rack$/],
  [/ on a host without a cluster$/, /, which has no cluster$/],
  [/^affinity /, /^affinity group /],
  [/^diversity /, /^diversity group /],
  [/^exclusivity .*: v\d+ inside$/, /^exclusivity(:| group)/],
  [/^exclusivity .*: existing /, /^exclusivity(:| group)/],
  [/ enters host exclusive to /, /^exclusivity: .* share host /],
  [/ enters rack exclusive to /, /^exclusivity: .* share rack /],
  [/ enters cluster exclusive to /, /^exclusivity: .* share cluster /],
];

/** One to three VMs go astray. */
function spoil({ problem, planted }: RandomProblem, random: Random): Record<string, string> {
  const spoiled = { ...planted };
  for (let i = random.between(1, 3); i > 0; i--) {
    const vm = random.pick(problem.app.vms).name;
    const how = random.between(1, 50);
    if (how === 1) delete spoiled[vm];
    else if (how === 2) spoiled[vm] = "nowhere";
    else if (how === 3) spoiled.stranger = random.pick(problem.hosts).name;
    else spoiled[vm] = random.pick(problem.hosts).name;
  }
  return spoiled;
}

it("the second check finds exactly the plans that the format's checker finds broken, and each kind of fault", () => {
  const found = KINDS.map(() => 0);
  let sound = 0;
  const property = fc.property(fc.nat(), (seed) => {
    const random = new Random(seed);
    const made = randomProblem(seed);
    const { dataCenter, application } = parseProblem(JSON.stringify(made.problem), `problem ${seed}`);
    const inventory = new Inventory(dataCenter);
    const naive = new NaiveInventory(dataCenter);
    for (const placements of [made.planted, spoil(made, random), spoil(made, random)]) {
      const { valid, violations } = score(made.problem, placements);
      const broken = verify(inventory, application!, placements);
      expect(verify(naive, application!, placements)).toEqual(broken);
      expect({ seed, valid: broken.length === 0, violations, broken }).toMatchObject({ valid });
      if (valid) sound++;
      KINDS.forEach(([checker, check], kind) => {
        if (!violations.some((text) => checker.test(text))) return;
        expect(
          broken.filter((text) => check.test(text)),
          `${violations} in problem ${seed}`,
        ).not.toEqual([]);
        found[kind]!++;
      });
    }
  });
  fc.assert(property, { numRuns: 3000, seed: propertySeed });
  const table = Object.fromEntries(KINDS.map(([checker], kind) => [checker.source, found[kind]]));
  console.log(`check against checker, seed ${propertySeed}: ${sound} sound plans, faults ${JSON.stringify(table)}`);
  expect(sound).toBeGreaterThan(2000);
  for (const count of found) expect(count).toBeGreaterThanOrEqual(10);
});
