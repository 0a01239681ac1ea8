import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CASES } from "../../bench/cases/index.ts";
import { differences, readExpected } from "../../bench/gates/counters.ts";
import { compare, interval, medianOf } from "../../bench/gates/paired.ts";
import { faultsOf, MOST_BYTES } from "../../bench/gates/wasm.ts";
import { corePath } from "../../host/core/load.ts";

const folder = mkdtempSync(join(tmpdir(), "ostro-gates-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A WebAssembly module from its sections. */
function moduleFile(name: string, ...sections: readonly number[][]): string {
  const path = join(folder, name);
  writeFileSync(path, Uint8Array.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]));
  return path;
}

describe("the gate of exact counters", () => {
  it("has an expectation for every case with counters, and for no other", () => {
    const gated = CASES.filter((one) => one.gated).map(({ name }) => name);
    expect(Object.keys(readExpected()).sort()).toEqual(gated.sort());
  });

  it("names what differs, is new or is gone", () => {
    const expected = { a: { moves: 1, hash: "x" }, gone: { moves: 1 } };
    expect(differences(expected, expected)).toEqual([]);
    expect(differences(expected, { a: { moves: 2, hash: "x", more: 1 }, added: { moves: 1 } })).toEqual([
      "a: moves was 1, is 2",
      "a: more was undefined, is 1",
      "gone: is expected but no longer a case",
      "added: is new",
    ]);
  });
});

describe("the gate of the core's bytes", () => {
  it("lets the core pass", () => {
    expect(faultsOf(corePath())).toEqual([]);
  });

  it("refuses a core that imports something", () => {
    const type = [1, 4, 1, 0x60, 0, 0];
    const imports = [2, 11, 1, 3, 0x65, 0x6e, 0x76, 4, 0x73, 0x65, 0x65, 0x64, 0, 0];
    imports[1] = imports.length - 2;
    expect(faultsOf(moduleFile("imports.wasm", type, imports))).toEqual([
      "core.wasm imports env.seed, it must import nothing",
    ]);
  });

  it("refuses a core that is too large", () => {
    const custom = new Array(MOST_BYTES).fill(0);
    const size = custom.length + 2;
    const leb = [(size & 0x7f) | 0x80, ((size >> 7) & 0x7f) | 0x80, size >> 14];
    expect(faultsOf(moduleFile("large.wasm", [0, ...leb, 1, 0x78, ...custom]))).toEqual([
      expect.stringMatching(/^core[.]wasm has \d+ bytes, at most/),
    ]);
  });
});

describe("the gate of paired times", () => {
  /** Work that a clock can see, in proportion to `n`. */
  const work = (n: number) => () => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum = (Math.imul(sum, 31) + i) | 0;
    return sum;
  };

  // A machine that does much else can spoil one comparison; the gate itself compares twice, too.
  it("finds work that takes a third more, and how much more", { retry: 2 }, () => {
    compare(work(300_000), work(400_000)); // the engine compiles it meanwhile
    const { median, low } = compare(work(300_000), work(400_000));
    expect(median).toBeGreaterThan(1.2);
    expect(median).toBeLessThan(1.6);
    expect(low).toBeGreaterThan(1.02);
  });

  it("gives an interval around the median, the same for the same rounds", () => {
    const ratios = Array.from({ length: 15 }, (_, i) => 1 + ((i * 7) % 15) / 100);
    const { low, high } = interval(ratios);
    expect(low).toBeLessThan(medianOf(ratios));
    expect(high).toBeGreaterThan(medianOf(ratios));
    expect(interval(ratios)).toEqual({ low, high });
    expect(interval(ratios.map(() => 1.1))).toEqual({ low: 1.1, high: 1.1 });
  });
});
