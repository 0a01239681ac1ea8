import fc from "fast-check";
import { expect, it } from "vitest";
import { COLUMN_COUNT } from "../../../assembly/abi.ts";
import { layoutOf } from "../../../host/core/layout.ts";
import { loadCore } from "../../../host/core/load.ts";
import { propertySeed } from "../../support/property-seed.ts";

const core = loadCore();

it("host and core lay out the columns alike, for any size", () => {
  const size = fc.record({
    blocks: fc.nat(300),
    racks: fc.nat(300),
    clusters: fc.nat(20),
    classes: fc.integer({ min: 1, max: 200 }),
  });
  const property = fc.property(size, (each) => {
    const base = core.layout(each.blocks, each.racks, each.clusters, each.classes);
    const { offsets, words } = layoutOf(each);
    const inCore = Array.from({ length: COLUMN_COUNT }, (_, column) => (core.columnAt(column) - base) / 4);
    expect({ offsets: inCore, words: core.inventoryBytes() / 4 }).toEqual({ offsets: [...offsets], words });
    // Kernels read whole vectors.
    expect([base, ...inCore.map((offset) => offset * 4)].every((at) => at % 16 === 0)).toBe(true);
  });
  fc.assert(property, { seed: propertySeed });
});
