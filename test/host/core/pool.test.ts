import type { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { HOST_CLASS } from "../../../assembly/abi.ts";
import { Inventory } from "../../../host/core/inventory.ts";
import type { Application, SolveOptions } from "../../../host/core/model.ts";
import { type Breakdown, PoolSolver } from "../../../host/core/pool.ts";
import { simulatedDataCenter } from "../../../host/core/simulated.ts";
import { LocalSolver } from "../../../host/core/solver.ts";
import { plainVm } from "../../support/plain.ts";

const application: Application = { name: "app", vms: [plainVm("a"), plainVm("b")], groups: [] };

/** A data center whose columns send the core out of its memory. */
function damaged(): { inventory: Inventory; repair: () => void } {
  const inventory = new Inventory(simulatedDataCenter("sim:2x16"));
  const { snapshot } = inventory;
  const column = snapshot.column(HOST_CLASS);
  const right = [...column];
  const write = (values: readonly number[]) =>
    snapshot.change(snapshot.version, () => {
      for (const [row, value] of values.entries()) snapshot.write(snapshot.cell(HOST_CLASS, row), value);
    });
  write(right.map(() => 2 ** 29));
  return { inventory, repair: () => write(right) };
}

describe("a request that traps in the core", () => {
  let pool: PoolSolver;
  afterEach(() => pool.close());

  it("is tried once more, then refused with a clear error; others are answered all the while", async () => {
    const told: Breakdown[] = [];
    pool = new PoolSolver({
      workers: 2,
      broken: (breakdown) => {
        told.push(breakdown);
        return "replay/1.json";
      },
    });
    const healthy = new Inventory(simulatedDataCenter("sim:2x16"));
    const { inventory } = damaged();
    const others = Array.from({ length: 20 }, () => pool.solve(healthy, application));
    await expect(pool.solve(inventory, application, { seed: 7 })).rejects.toMatchObject({
      code: "solver.broken",
      message: expect.stringMatching(/broke down twice.*out of bounds.*\nThe request is saved in \(replay\/1\.json\)/),
    });
    expect(told).toEqual([{ inventory, application, options: { seed: 7 }, error: expect.any(Error) }]);
    const expected = new LocalSolver().solveNow(healthy, application);
    for (const answer of [...(await Promise.all(others)), await pool.solve(healthy, application)])
      expect({ ...answer, searchMs: 0 }).toEqual({ ...expected, searchMs: 0 });
  });

  it("is answered by the second run when that one does not trap, on a fresh copy of everything", async () => {
    const { inventory, repair } = damaged();
    pool = new PoolSolver({
      workers: 1,
      broken: () => {
        repair();
        return null;
      },
    });
    expect(await pool.solve(inventory, application)).toMatchObject({ ok: true });
    expect(pool.bytesCopied).toBe(inventory.snapshot.columnBytes);
  });
});

it("a worker whose thread ends is replaced, and what it was solving is solved again", async () => {
  const threads: Worker[] = [];
  const remember = (worker: Worker) => threads.push(worker);
  process.on("worker", remember);
  const told: string[] = [];
  const pool = new PoolSolver({ workers: 1, broken: ({ error }) => String(told.push(error.message)) });
  try {
    const inventory = new Inventory(simulatedDataCenter("sim:4x16"));
    await pool.solve(inventory, application);
    // Long enough that it is still solved when the thread ends.
    const vms = Array.from({ length: 60 }, (_, i) =>
      plainVm(`v${i}`, { vcpus: 1 + ((i * 7) % 5), ramMiB: 500 + i * 37 }),
    );
    const answer = pool.solve(inventory, { name: "long", vms, groups: [] }, { budget: 200_000 });
    await threads[0]!.terminate();
    expect(await answer).toMatchObject({ ok: true });
    expect(told).toEqual([expect.stringContaining("exited")]);
    expect(threads).toHaveLength(2);
    await threads[1]!.terminate();
    expect(await pool.solve(inventory, application)).toMatchObject({ ok: true });
  } finally {
    process.off("worker", remember);
    await pool.close();
  }
});

it.each([1e-9, 0, -5, -1e12])("a deadline of %d ms, which is past at once, still brings a whole plan", (deadlineMs) => {
  const inventory = new Inventory(simulatedDataCenter("sim:4x16"));
  const vms = Array.from({ length: 40 }, (_, i) => plainVm(`v${i}`, { vcpus: 1 + (i % 5) }));
  const answer = new LocalSolver().solveNow(inventory, { name: "app", vms, groups: [] }, { deadlineMs, budget: 1e9 });
  expect(answer).toMatchObject({ ok: true, placements: { v0: expect.any(String), v39: expect.any(String) } });
});

describe("an option that makes no sense", () => {
  const cases: [string, SolveOptions][] = [
    ["a negative budget", { budget: -1 }],
    ["half a unit of work", { budget: 0.5 }],
    ["a budget of years", { budget: 2 ** 40 }],
    ["no number", { budget: Number.NaN }],
    ["an endless budget", { budget: Number.POSITIVE_INFINITY }],
    ["a fraction as seed", { seed: 1.5 }],
    ["a deadline that is no number", { deadlineMs: Number.NaN }],
    ["a deadline in years", { deadlineMs: 2 ** 40 }],
  ];
  it.each(cases)("%s is refused", (_, options) => {
    const inventory = new Inventory(simulatedDataCenter("sim:2x2"));
    expect(() => new LocalSolver().solveNow(inventory, application, options)).toThrow(
      expect.objectContaining({ code: "request.invalid" }),
    );
  });
});
