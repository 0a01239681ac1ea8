// What every rule of the core must keep: it says what its naive oracle says, host by host, also after legal moves; it
// never sets a bit; it keeps a unit out of a rack only if it refuses every host there; and a move undoes itself exactly.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCK_ROWS } from "../../assembly/abi.ts";
import type { Host, Vm } from "../../host/core/model.ts";
import { propertySeed } from "../support/property-seed.ts";
import { MemoryView } from "./memory.ts";
import { BUILDS, Stage } from "./stage.ts";

/** Does this one rule let the unit, which has no host now, stand on the host? Written on names and facts, not columns. */
export type Oracle = (unit: readonly Vm[], host: Host, stage: Stage) => boolean;

export interface ContractOptions {
  /** How often the rule must have refused a host in these runs, so that the comparison means something. */
  readonly leastRefusals?: number;
  readonly runs?: number;
}

export function constraintContract(name: string, oracle: Oracle, options: ContractOptions = {}): void {
  const { leastRefusals = 50, runs = 20 } = options;
  const check = (property: (seed: number) => void, numRuns = runs) =>
    fc.assert(fc.property(fc.nat(), property), { numRuns, seed: propertySeed });

  describe.each(BUILDS)(`the rule ${name}, %s build`, (build) => {
    it("says what the oracle says, host by host, also after legal moves", () => {
      let refusals = 0;
      check((seed) => {
        const stage = new Stage(build, seed);
        const rule = stage.rules.indexOf(name);
        for (let round = 0; round < 3; round++) {
          for (const unit of stage.waiting()) {
            for (let block = 0; block < stage.blocks; block++) {
              const mask = stage.core.filterRule(rule, stage.vmRow(unit), block, 0xffff);
              for (let lane = 0; lane < BLOCK_ROWS; lane++) {
                const host = stage.hostAt(block * BLOCK_ROWS + lane);
                if (host === undefined) continue;
                const expected = oracle(unit, host, stage);
                if (!expected) refusals++;
                if (expected !== Boolean(mask & (1 << lane)))
                  expect.fail(`seed ${seed}: VM (${unit[0]!.name}) on (${host.name}): ${!expected}, not ${expected}`);
              }
            }
          }
          stage.wander(2 * stage.units.length);
        }
      });
      expect(refusals).toBeGreaterThan(leastRefusals);
    });

    it("never sets a bit, and says the same of a host whoever is asked about with it", () => {
      check((seed) => {
        const stage = new Stage(build, seed);
        const rule = stage.rules.indexOf(name);
        stage.wander(stage.units.length);
        for (const unit of stage.waiting()) {
          for (let block = 0; block < stage.blocks; block++) {
            const all = stage.core.filterRule(rule, stage.vmRow(unit), block, 0xffff);
            const some = stage.random.between(0, 0xffff);
            expect(stage.core.filterRule(rule, stage.vmRow(unit), block, some)).toBe(all & some);
          }
        }
      }, 10);
    });

    it("keeps a unit out of a rack only if it refuses every host there", () => {
      check((seed) => {
        const stage = new Stage(build, seed, name);
        for (let round = 0; round < 2; round++) {
          for (const unit of stage.waiting()) {
            for (const row of stage.allowedRows(unit)) {
              if (stage.hostAt(row) !== undefined && !stage.core.mayEnterRackOf(stage.vmRow(unit), row))
                expect.fail(`seed ${seed}: (${unit[0]!.name}) may stand on row ${row} but not enter its rack`);
            }
          }
          stage.wander(stage.units.length);
        }
      }, 15);
    });

    it("has every byte restored when a unit comes and leaves again", () => {
      check((seed) => {
        const stage = new Stage(build, seed, name);
        const memory = new MemoryView(stage);
        stage.wander(stage.units.length);
        for (const unit of stage.waiting()) {
          const rows = stage.allowedRows(unit).filter((row) => stage.hostAt(row) !== undefined);
          if (rows.length === 0) continue;
          const before = memory.read();
          stage.put(unit, stage.random.pick(rows));
          expect(memory.read(), `seed ${seed}`).not.toEqual(before);
          stage.takeOff(unit);
          expect(Buffer.compare(Buffer.from(memory.read().buffer), Buffer.from(before.buffer)), `seed ${seed}`).toBe(0);
        }
      }, 15);
    });
  });
}
