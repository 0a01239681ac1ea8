import { describe, expect, it } from "vitest";
import * as abi from "../../../assembly/abi.ts";
import { encode } from "../../../host/core/encode.ts";
import { Inventory } from "../../../host/core/inventory.ts";
import { corePath } from "../../../host/core/load.ts";
import { CoreSession, type SolveTask } from "../../../host/core/session.ts";
import { simulatedDataCenter } from "../../../host/core/simulated.ts";
import { BUILDS, randomScene, sessionOf } from "../../contracts/stage.ts";
import { group, plainVm } from "../../support/plain.ts";

const BUDGETS = { budget: 60, repairBudget: 300, disabledRules: 0 };

function taskOf(inventory: Inventory, seed: number, without: readonly string[] = []): SolveTask {
  const { application } = randomScene(seed, { hosts: 40, vms: 20 });
  return { request: encode(inventory, application, without), vms: application.vms.length, seed, ...BUDGETS };
}

/** The core's own copy of the columns, and what it keeps beside them of touched hosts and racks. */
function columnsIn({ core }: CoreSession): Buffer {
  return Buffer.from(new Uint8Array(core.memory.buffer, core.columnAt(0), core.inventoryBytes()).slice());
}

describe.each(BUILDS)("a session of the %s build", (build) => {
  const rounds = { release: 1000, debug: 100, check: 30 }[build];

  it(`needs no more memory after ${rounds} solves than after the first ones, and leaves every column as it was`, () => {
    const session = new CoreSession(corePath(build));
    const { dataCenter } = randomScene(5, { hosts: 40 });
    const inventory = new Inventory(dataCenter);
    const { buffer } = inventory.snapshot;
    const away = dataCenter.existing.slice(0, 3).map((vm) => vm.id);
    const tasks = Array.from({ length: 20 }, (_, seed) => taskOf(inventory, seed, seed % 2 === 0 ? away : []));
    session.sync(buffer);
    const columns = columnsIn(session);
    const statuses = new Set<number>();
    for (const task of tasks) statuses.add(session.solve(buffer, task).result[abi.RESULT_STATUS]!);
    const bytes = session.core.memory.buffer.byteLength;
    for (let i = 0; i < rounds; i++) {
      const { bytesCopied } = session.solve(buffer, tasks[i % tasks.length]!);
      expect(bytesCopied).toBe(0);
      if (!columnsIn(session).equals(columns)) expect.fail(`solve ${i} left something behind`);
    }
    expect(session.core.memory.buffer.byteLength).toBe(bytes);
    expect(statuses).toEqual(new Set([abi.STATUS_PLACED, abi.STATUS_REFUSED]));
  });
});

describe("a session", () => {
  it("copies all columns once, then the cells that changed", () => {
    const session = new CoreSession();
    const dataCenter = simulatedDataCenter("sim:4x16");
    const inventory = new Inventory(dataCenter);
    const { buffer, columnBytes } = inventory.snapshot;
    const solve = () => session.solve(buffer, taskOf(inventory, 1));
    expect(solve().bytesCopied).toBe(columnBytes);
    expect(solve().bytesCopied).toBe(0);
    const need = { vcpus: 1, ramMiB: 1024, diskGiB: 10 };
    inventory.put({ id: "v", host: dataCenter.hosts[20]!.name, groups: [], need });
    const { bytesWritten } = inventory.snapshot;
    expect(bytesWritten).toBeGreaterThan(0);
    expect(solve()).toMatchObject({ bytesCopied: bytesWritten, version: inventory.version });
    expect(solve().bytesCopied).toBe(0);
  });

  it("can take turns between data centers of different sizes", () => {
    const session = new CoreSession();
    const fresh = (inventory: Inventory, seed: number) =>
      new CoreSession().solve(inventory.snapshot.buffer, taskOf(inventory, seed)).result;
    const inventories = ["sim:4x16", "sim:1x2", "sim:30x20"].map((size) => new Inventory(simulatedDataCenter(size)));
    for (let seed = 0; seed < 9; seed++) {
      const inventory = inventories[seed % 3]!;
      const { result } = session.solve(inventory.snapshot.buffer, taskOf(inventory, seed));
      expect(result).toEqual(fresh(inventory, seed));
    }
  });

  it("makes the first plan however short the time, and leaves it at that", () => {
    const inventory = new Inventory(simulatedDataCenter("sim:4x16"));
    const vms = Array.from({ length: 40 }, (_, i) => plainVm(`v${i}`, { vcpus: 1 + (i % 5) }));
    const application = { name: "app", vms, groups: [group("diversity", "rack", ["v0", "v1"])] };
    const task = { request: encode(inventory, application), vms: 40, seed: 1, ...BUDGETS, budget: 100_000 };
    const session = sessionOf("release");
    const hurried = session.solve(inventory.snapshot.buffer, { ...task, dueAt: 0 });
    expect(hurried.result[abi.RESULT_STATUS]).toBe(abi.STATUS_PLACED);
    expect(hurried.result[abi.RESULT_ATTEMPTS]).toBeLessThanOrEqual(200);
    const { result } = session.solve(inventory.snapshot.buffer, { ...task, budget: 1000 });
    expect(result[abi.RESULT_ATTEMPTS]).toBeGreaterThan(200);
  });

  it("that trapped in the middle of a solve begins anew with whole columns", () => {
    const session = new CoreSession(corePath("debug"));
    const inventory = new Inventory(simulatedDataCenter("sim:4x16"));
    const task = taskOf(inventory, 1);
    const { result } = session.solve(inventory.snapshot.buffer, task);
    // A request that no encoder makes: its groups lie beyond all memory.
    const broken = task.request.slice();
    broken[abi.REQUEST_GROUPS] = 1;
    broken[abi.REQUEST_GROUP_TABLE] = 2 ** 29;
    expect(() => session.solve(inventory.snapshot.buffer, { ...task, request: broken })).toThrow();
    const again = session.solve(inventory.snapshot.buffer, task);
    expect(again.bytesCopied).toBe(inventory.snapshot.columnBytes);
    expect(again.result).toEqual(result);
  });
});
