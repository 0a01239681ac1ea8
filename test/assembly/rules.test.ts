import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUILDS, Stage } from "../contracts/stage.ts";
import { propertySeed } from "../support/property-seed.ts";

describe.each(BUILDS)("all rules together, %s build", (build) => {
  const onStages = (property: (stage: Stage, seed: number) => void) =>
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const stage = new Stage(build, seed);
        stage.wander(stage.units.length);
        property(stage, seed);
      }),
      { numRuns: 15, seed: propertySeed },
    );

  it("allow the hosts that each of them allows, and no pad row", () => {
    let passed = 0;
    onStages((stage) => {
      for (const unit of stage.waiting()) {
        for (let block = 0; block < stage.blocks; block++) {
          let expected = 0;
          for (let lane = 0; lane < 16; lane++) if (stage.hostAt(block * 16 + lane)) expected |= 1 << lane;
          for (let rule = 0; rule < stage.rules.length; rule++)
            expected = stage.core.filterRule(rule, stage.vmRow(unit), block, expected);
          expect(stage.core.filterAll(stage.vmRow(unit), block, 0xffff)).toBe(expected);
          if (expected) passed++;
        }
      }
    });
    expect(passed).toBeGreaterThan(20);
  });

  it("let a unit into every rack that has a host for it", () => {
    let keptOut = 0;
    onStages((stage, seed) => {
      for (const unit of stage.waiting()) {
        const enterable = (row: number) => stage.core.mayEnterRackOf(stage.vmRow(unit), row) === 1;
        expect({ seed, rows: stage.allowedRows(unit).filter((row) => !enterable(row)) }).toEqual({ seed, rows: [] });
        for (const host of stage.dataCenter.hosts) if (!enterable(stage.inventory.rowOf(host.name)!)) keptOut++;
      }
    });
    expect(keptOut).toBeGreaterThan(20);
  });
});
