// How much the search does for large groups and on large data centers, in counters that are equal on every machine.
import { describe, expect, it } from "vitest";
import { RESULT_BLOCKS, RESULT_HOSTS, STATUS_BUILDING, STATUS_PLACED } from "../../../assembly/abi.ts";
import { encode } from "../../../host/core/encode.ts";
import { Inventory } from "../../../host/core/inventory.ts";
import type { Application, Group, Vm } from "../../../host/core/model.ts";
import { CoreSession } from "../../../host/core/session.ts";
import { simulatedDataCenter } from "../../../host/core/simulated.ts";

const session = new CoreSession();
const { core } = session;

/** Builds the first plan: its status, the work that it took, the blocks that it looked into, and the VMs' host rows. */
function planned(dataCenter: string, application: Application) {
  const inventory = new Inventory(simulatedDataCenter(dataCenter));
  session.sync(inventory.snapshot.buffer);
  session.write(encode(inventory, application));
  core.disableRules(0);
  core.begin(1);
  let status: number = STATUS_BUILDING;
  while (status === STATUS_BUILDING) status = core.construct(core.work() + 64);
  const work = core.work();
  core.finish();
  const words = new Int32Array(core.memory.buffer, core.result(), RESULT_HOSTS + application.vms.length);
  return { status, work, blocks: words[RESULT_BLOCKS]!, rows: [...words.subarray(RESULT_HOSTS)] };
}

function vmsNamed(count: number, vcpus = 1): Vm[] {
  const need = { vcpus, ramMiB: 1000, diskGiB: 10 };
  return Array.from({ length: count }, (_, i) => ({ name: `v${i}`, ...need, zone: null, extraSpecs: {} }));
}

function oneGroup(type: Group["type"], level: Group["level"], vms: readonly Vm[]): Application {
  return { name: "app", vms, groups: [{ name: "g", type, level, members: vms.map((vm) => vm.name) }] };
}

describe("a large group", () => {
  it("of 1,000 VMs on different hosts looks into a few dozen blocks for each", () => {
    const { status, blocks, rows } = planned("sim:100x40", oneGroup("diversity", "host", vmsNamed(1000)));
    expect(status).toBe(STATUS_PLACED);
    expect(new Set(rows).size).toBe(1000);
    expect(blocks).toBeLessThan(60 * 1000);
  });

  it("of 2,000 VMs in one rack costs four trials and the placing, if racks are large enough", () => {
    const { status, work } = planned("sim:5x200", oneGroup("affinity", "rack", vmsNamed(2000)));
    expect(status).toBe(STATUS_PLACED);
    expect(work).toBeLessThan(5 * 2000 * 1.1);
  });

  it("is known not to fit into any rack without being tried", () => {
    // Each rack has 640 vCPU and 41 VMs need 615, but 40 hosts take 40 of 15.
    const { status, work } = planned("sim:100x40", oneGroup("affinity", "rack", vmsNamed(41, 15)));
    expect(status).not.toBe(STATUS_PLACED);
    expect(work).toBeLessThan(100);
  });

  it("is known not to fit into any cluster without being tried", () => {
    const { status, work } = planned("sim:100x40", oneGroup("affinity", "cluster", vmsNamed(161, 15)));
    expect(status).not.toBe(STATUS_PLACED);
    expect(work).toBeLessThan(1000);
  });

  it("of more VMs apart than a rack has hosts is known not to fit into one", () => {
    const vms = vmsNamed(41);
    const members = vms.map((vm) => vm.name);
    const { status, work } = planned("sim:100x40", {
      name: "app",
      vms,
      groups: [
        { name: "apart", type: "diversity", level: "host", members },
        { name: "together", type: "affinity", level: "rack", members: ["apart"] },
      ],
    });
    expect(status).not.toBe(STATUS_PLACED);
    expect(work).toBeLessThan(300);
  });
});

describe("the work of a first plan", () => {
  it("hardly grows with the hosts", () => {
    const vms = vmsNamed(100, 4);
    const groups: Group[] = [
      { name: "apart", type: "diversity", level: "host", members: vms.slice(0, 20).map((vm) => vm.name) },
      { name: "together", type: "affinity", level: "rack", members: vms.slice(20, 40).map((vm) => vm.name) },
    ];
    const small = planned("sim:25x40", { name: "app", vms, groups });
    const large = planned("sim:1000x40", { name: "app", vms, groups });
    expect(large.status).toBe(STATUS_PLACED);
    expect(large.work).toBeLessThan(1.5 * small.work);
  });
});
