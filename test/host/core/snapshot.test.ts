import { once } from "node:events";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCK_ROWS, CLASS_UP, FREE_RAM, FREE_VCPUS, HOST_VMS, RACK_BLOCK } from "../../../assembly/abi.ts";
import { Snapshot, SnapshotReader } from "../../../host/core/snapshot.ts";
import { propertySeed } from "../../support/property-seed.ts";
import { Random } from "../../support/random.ts";

const SIZE = { blocks: 4, racks: 3, clusters: 1, classes: 8 };
const ROWS = 64;

/** A worker's private columns. */
function follower(snapshot: Snapshot): { catchUp(): { version: number; bytes: number }; cells: Int32Array } {
  const reader = new SnapshotReader(snapshot.buffer);
  const cells = new Int32Array(snapshot.columnBytes / 4);
  return { catchUp: () => reader.copyInto(cells), cells };
}

describe("a reader", () => {
  it("knows the size and copies everything at first, then only what changed", () => {
    const snapshot = new Snapshot(SIZE);
    snapshot.column(RACK_BLOCK).set([0, 1, 3, 4]);
    const { catchUp, cells } = follower(snapshot);
    expect(new SnapshotReader(snapshot.buffer).size).toEqual(SIZE);
    expect(catchUp()).toEqual({ version: 0, bytes: snapshot.columnBytes });
    expect([...cells.subarray(snapshot.cell(RACK_BLOCK, 0), snapshot.cell(RACK_BLOCK, 4))]).toEqual([0, 1, 3, 4]);
    expect(catchUp()).toEqual({ version: 0, bytes: 0 });

    snapshot.change(7, () => {
      snapshot.write(snapshot.cell(HOST_VMS, 5), 3);
      snapshot.write(snapshot.cell(CLASS_UP, 2), 1);
      snapshot.write(snapshot.cell(HOST_VMS, 6), 0); // as it is
    });
    expect(snapshot.bytesWritten).toBe(8);
    expect(snapshot.version).toBe(7);
    expect(catchUp()).toEqual({ version: 7, bytes: 8 });
    expect(cells[snapshot.cell(HOST_VMS, 5)]).toBe(3);
    expect(cells[snapshot.cell(CLASS_UP, 2)]).toBe(1);
  });

  it("copies everything again when it fell behind by more than the journal holds, and not before", () => {
    const snapshot = new Snapshot(SIZE);
    const { catchUp, cells } = follower(snapshot);
    catchUp();
    const journal = snapshot.buffer.byteLength / 4 - snapshot.columnBytes / 4 - 8;
    let value = 0;
    const write = (count: number) => {
      snapshot.change(++value, () => {
        for (let i = 0; i < count; i++) snapshot.write(snapshot.cell(FREE_VCPUS, i % ROWS), value * count + i + 1);
      });
    };
    const expected = () => new Int32Array(snapshot.buffer).slice(-cells.length);
    for (const [count, bytes] of [
      [journal, journal * 4],
      [journal + 1, snapshot.columnBytes],
      [3, 12],
      [5 * journal, snapshot.columnBytes],
      [journal - 1, (journal - 1) * 4],
    ] as const) {
      write(count);
      expect(catchUp()).toEqual({ version: value, bytes });
      expect(cells).toEqual(expected());
    }
  });

  it("ends with the same bytes however often it looked", () => {
    const property = fc.property(fc.nat(), (seed) => {
      const random = new Random(seed);
      const snapshot = new Snapshot(SIZE);
      const readers = [0.9, 0.3, 0.02].map((often) => ({ often, ...follower(snapshot) }));
      for (let version = 1; version <= 100; version++) {
        snapshot.change(version, () => {
          const most = random.pick([1, 10, 2000]);
          for (let i = random.between(0, most); i > 0; i--)
            snapshot.write(random.between(0, snapshot.columnBytes / 4 - 1), random.between(-5, 5));
        });
        for (const { often, catchUp } of readers) if (random.chance(often)) expect(catchUp().version).toBe(version);
      }
      const all = follower(snapshot);
      all.catchUp();
      for (const { catchUp, cells } of readers) {
        catchUp();
        expect(cells).toEqual(all.cells);
      }
    });
    fc.assert(property, { numRuns: 20, seed: propertySeed });
  });

  it("is not locked out by a change whose writing failed", () => {
    const snapshot = new Snapshot(SIZE);
    const { catchUp, cells } = follower(snapshot);
    expect(() =>
      snapshot.change(2, () => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(catchUp().version).toBe(0);
    snapshot.change(3, () => snapshot.write(snapshot.cell(FREE_RAM, 0), 99));
    expect(catchUp()).toEqual({ version: 3, bytes: 4 });
    expect(cells[snapshot.cell(FREE_RAM, 0)]).toBe(99);
  });
});

it("a reader never sees half of a change that another thread writes", async () => {
  const rows = 2048;
  const size = { ...SIZE, blocks: rows / BLOCK_ROWS };
  const compiled = new URL("../../../dist/host/core/snapshot.js", import.meta.url);
  // Each change sets every host's RAM to the version; journal and whole copies take turns as the reader is slow or not.
  const writer = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
     import(workerData.module).then(({ Snapshot }) => {
       const snapshot = new Snapshot(workerData.size);
       parentPort.postMessage(snapshot.buffer);
       const end = Date.now() + 600;
       let version = 0;
       while (Date.now() < end) {
         version++;
         snapshot.change(version, () => {
           for (let row = 0; row < workerData.rows; row++) snapshot.write(snapshot.cell(workerData.column, row), version);
         });
         for (let pause = (version % 8) * 400; pause > 0; pause--) Atomics.load(new Int32Array(snapshot.buffer), 1);
       }
       parentPort.postMessage(version);
     });`,
    { eval: true, workerData: { module: compiled.href, size, rows, column: FREE_RAM } },
  );
  try {
    const [buffer] = (await once(writer, "message")) as [SharedArrayBuffer];
    const reader = new SnapshotReader(buffer);
    const like = new Snapshot(size);
    const cells = new Int32Array(like.columnBytes / 4);
    const from = like.cell(FREE_RAM, 0);
    let looks = 0;
    const seen = new Set<number>();
    const sizes = new Set<boolean>();
    const end = Date.now() + 400;
    while (Date.now() < end) {
      const { version, bytes } = reader.copyInto(cells);
      seen.add(version);
      sizes.add(bytes === like.columnBytes);
      for (let row = 0; row < rows; row++)
        if (cells[from + row] !== version) expect.fail(`row ${row} says ${cells[from + row]} in version ${version}`);
      // Now and then it falls behind by more than the journal holds.
      if (looks++ % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    expect(seen.size).toBeGreaterThan(5);
    expect(sizes).toEqual(new Set([true, false]));
  } finally {
    await writer.terminate();
  }
});
