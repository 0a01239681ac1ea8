// The first plan is built in steps, so that whoever waits for it can look at the clock between them.
import { describe, expect, it } from "vitest";
import { RESULT_HOSTS, RESULT_MOVES, RESULT_TOUCHED, STATUS_BUILDING, STATUS_PLACED } from "../../../assembly/abi.ts";
import { encode } from "../../../host/core/encode.ts";
import { Inventory } from "../../../host/core/inventory.ts";
import type { Application, Group, Vm } from "../../../host/core/model.ts";
import { parseProblem } from "../../../host/core/problem.ts";
import { CoreSession } from "../../../host/core/session.ts";
import { simulatedDataCenter } from "../../../host/core/simulated.ts";
import { randomScene } from "../../contracts/stage.ts";
import { generate } from "../../oracle/gen.mjs";

const session = new CoreSession();
const { core } = session;

function begin(inventory: Inventory, application: Application): void {
  session.sync(inventory.snapshot.buffer);
  session.write(encode(inventory, application));
  core.disableRules(0);
  core.begin(1);
}

/** Builds the first plan with this much work a call; returns how many calls it took, and at most `most`. */
function build(step: number, most = Number.POSITIVE_INFINITY): number {
  for (let calls = 1; ; calls++) {
    if (core.construct(core.work() + step) !== STATUS_BUILDING || calls === most) return calls;
  }
}

function result(application: Application): number[] {
  return [...new Int32Array(core.memory.buffer, core.result(), RESULT_HOSTS + application.vms.length)];
}

const columns = () => new Int32Array(core.memory.buffer, core.columnAt(0), core.inventoryBytes() / 4).slice();

const vmsNamed = (count: number): Vm[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `v${i}`,
    vcpus: 1,
    ramMiB: 1000,
    diskGiB: 10,
    zone: null,
    extraSpecs: {},
  }));

const groupOf = (type: Group["type"], level: Group["level"], vms: readonly Vm[]): Group => ({
  name: `${type}-${level}`,
  type,
  level,
  members: vms.map((vm) => vm.name),
});

describe("the first plan", () => {
  it("ties VMs to roomy racks, where the others find room beside them", () => {
    // In the first rack that takes all VMs of a group the same plans touch 16 hosts.
    for (const seed of [2, 3]) {
      const { dataCenter, application } = parseProblem(JSON.stringify(generate(300, 100, seed)), "generated");
      begin(new Inventory(dataCenter), application!);
      build(1e6);
      core.finish();
      expect(result(application!)[RESULT_TOUCHED]).toBe(13);
    }
  });

  it("is the same whether it is built at once or step by step", () => {
    for (let seed = 0; seed < 60; seed++) {
      const { dataCenter, application } = randomScene(seed, { hosts: 30, vms: 20 }, seed % 3 === 0);
      const inventory = new Inventory(dataCenter);
      begin(inventory, application);
      build(1e6);
      core.finish();
      const whole = result(application);
      begin(inventory, application);
      build(1);
      core.finish();
      expect(result(application), `seed ${seed}`).toEqual(whole);
    }
  });

  it.each([
    ["no group", []],
    ["a rack-level affinity group", [groupOf("affinity", "rack", vmsNamed(400))]],
    ["a cluster-level affinity group", [groupOf("affinity", "cluster", vmsNamed(400))]],
  ])("of 400 VMs with %s does little in each call", (_, groups) => {
    const inventory = new Inventory(simulatedDataCenter("sim:20x40"));
    begin(inventory, { name: "app", vms: vmsNamed(400), groups });
    for (let last = core.work(), status: number = STATUS_BUILDING; status === STATUS_BUILDING; last = core.work()) {
      status = core.construct(core.work() + 1);
      // One choice of a host, and what it adds to the blocks that others looked into.
      expect(core.work() - last).toBeLessThanOrEqual(4);
    }
    expect(core.finish()).toBe(STATUS_PLACED);
  });

  it("can be left off anywhere: the inventory is as it was, and what has no host yet gets one", () => {
    const inventory = new Inventory(simulatedDataCenter("sim:8x16"));
    const vms = vmsNamed(120);
    const application = { name: "app", vms, groups: [groupOf("affinity", "cluster", vms.slice(0, 60))] };
    begin(inventory, application);
    const before = columns();
    core.finish();
    for (let calls = 1; calls < 300; calls += 7) {
      begin(inventory, application);
      build(1, calls);
      expect(core.finish()).toBe(STATUS_PLACED);
      expect(result(application)[RESULT_MOVES]).toBeGreaterThan(0);
      expect(columns()).toEqual(before);
    }
  });
});
