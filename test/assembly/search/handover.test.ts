import fc from "fast-check";
import { expect, it } from "vitest";
import { STATUS_PLACED } from "../../../assembly/abi.ts";
import { encode } from "../../../host/core/encode.ts";
import { compareLevels, LEVELS } from "../../../host/core/incumbent.ts";
import { Inventory } from "../../../host/core/inventory.ts";
import type { Application } from "../../../host/core/model.ts";
import { parseProblem } from "../../../host/core/problem.ts";
import { verify } from "../../../host/core/verify.ts";
import { randomScene, sessionOf } from "../../contracts/stage.ts";
import { generate } from "../../oracle/gen.mjs";
import { propertySeed } from "../../support/property-seed.ts";
import { Random } from "../../support/random.ts";

/** A core of the check build, which recomputes all state after each move, with a first plan for a random problem. */
function planned(seed: number, { dataCenter, application } = randomScene(seed, { hosts: 20, vms: 10 })) {
  const inventory = new Inventory(dataCenter);
  const session = sessionOf("check");
  const { core } = session;
  const restart = () => {
    session.sync(inventory.snapshot.buffer);
    session.write(encode(inventory, application));
    core.disableRules(0);
    core.begin(1);
  };
  restart();
  let status = core.construct(1e6);
  if (status !== STATUS_PLACED) status = core.improve(core.work() + 500, 1);
  const view = () => {
    const words = (at: number, count: number) => new Int32Array(core.memory.buffer, at, count);
    return {
      levels: words(core.handoverLevels(), 2 * LEVELS),
      rows: words(core.handoverRows(), application.vms.length),
    };
  };
  const captured = () => {
    core.capture();
    const { levels, rows } = view();
    return { levels: [...levels], rows: [...rows] };
  };
  const sound = (rows: readonly number[]) => {
    const placements = application.vms.map((vm, i) => [vm.name, inventory.hostAt(rows[i]!)] as const);
    return (
      placements.every(([, host]) => host !== undefined) &&
      verify(inventory, application, Object.fromEntries(placements) as Record<string, string>).length === 0
    );
  };
  return { core, placed: status === STATUS_PLACED, restart, captured, view, sound, hosts: dataCenter.hosts.length };
}

it("a plan that one search wrote down is the plan of another that adopts it, level for level", () => {
  let adopted = 0;
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { core, placed, restart, captured, view } = planned(seed);
      const written = captured();
      core.finish();
      if (!placed) return;
      restart();
      view().rows.set(written.rows);
      expect(core.adopt()).toBe(1);
      expect(captured()).toEqual(written);
      expect(core.finish()).toBe(STATUS_PLACED);
      adopted++;
    }),
    { numRuns: 150, seed: propertySeed },
  );
  expect(adopted).toBeGreaterThan(50);
});

it("a plan is adopted exactly when it keeps every rule; one that does not changes nothing", () => {
  let adopted = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const { core, placed, captured, view, sound } = planned(seed);
      const before = captured();
      if (placed) {
        const random = new Random(seed);
        const rows = before.rows.slice();
        for (let n = random.between(1, 3); n > 0; n--) rows[random.between(0, rows.length - 1)] = random.pick(rows);
        if (random.chance(0.2)) rows[0] = random.pick([-1, 2 ** 30, -(2 ** 31)]);
        view().rows.set(rows);
        const taken = core.adopt() === 1;
        expect(taken).toBe(sound(rows));
        expect(captured()).toEqual(taken ? { levels: expect.anything(), rows } : before);
        if (taken) adopted++;
        else refused++;
      }
      core.finish();
    }),
    { numRuns: 300, seed: propertySeed },
  );
  expect(adopted).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(50);
});

/** One in which the first plan is seldom the best. */
function tight(seed: number) {
  const text = JSON.stringify(generate(30, 24, seed, { load: 0.8, rack: "4-8" }));
  const { dataCenter, application } = parseProblem(text, "generated");
  return { dataCenter, application: application as Application };
}

it("a search goes on soundly from a plan that it adopts in between", () => {
  let changed = 0;
  fc.assert(
    fc.property(fc.nat(10_000), (seed) => {
      const { core, placed, captured, view, sound } = planned(seed, tight(seed));
      const first = captured();
      if (placed) {
        core.improve(core.work() + 150, 0);
        const better = captured();
        for (const { rows } of [first, better, first]) {
          view().rows.set(rows);
          expect(core.adopt()).toBe(1);
          core.improve(core.work() + 100, 0);
        }
        const last = captured();
        expect(sound(last.rows)).toBe(true);
        expect(compareLevels(Int32Array.from(last.levels), Int32Array.from(first.levels))).toBeLessThanOrEqual(0);
        if (`${better.rows}` !== `${first.rows}`) changed++;
      }
      core.finish();
    }),
    { numRuns: 30, seed: propertySeed },
  );
  expect(changed).toBeGreaterThan(10);
});
