// What the core makes of pipes: where it puts the VMs that they join, what it says that they reserve, and from below.
import { describe, expect, it } from "vitest";
import { Inventory } from "../../host/core/inventory.ts";
import type { ExistingVm, Group, Host, Pipe, Plan, Rack, Vm } from "../../host/core/model.ts";
import { LocalSolver } from "../../host/core/solver.ts";
import { group, plainHost, plainVm } from "../support/plain.ts";

const solver = new LocalSolver();
const NOTHING = { vcpus: 0, ramMiB: 0, diskGiB: 0 };

interface Case {
  readonly hosts: readonly Host[];
  readonly racks?: readonly Rack[];
  readonly existing?: readonly ExistingVm[];
  readonly vms: readonly Vm[];
  readonly groups?: readonly Group[];
  readonly pipes: readonly Pipe[];
}

function planned({ hosts, racks = [], existing = [], vms, groups = [], pipes }: Case): Plan {
  const inventory = new Inventory({ hosts, racks, aggregates: {}, existing });
  const answer = solver.solveNow(inventory, { name: "app", vms, groups, pipes });
  if (!answer.ok) throw new Error(answer.reason);
  return answer;
}

/** Two racks of two hosts with four vCPUs each; all run a VM, so that none is activated. */
const hosts = ["r0", "r0", "r1", "r1"].map((rack, i) =>
  plainHost(`h${i}`, { rack, capacity: { vcpus: 4, ramMiB: 65_536, diskGiB: 1_000 } }),
);
const existing: ExistingVm[] = hosts.map(({ name }) => ({ id: `on ${name}`, host: name, groups: [], need: NOTHING }));
const vms = (...vcpus: number[]) => vcpus.map((count, i) => plainVm(`v${i}`, { vcpus: count }));
const pipe = (a: number, b: number, kbps: number): Pipe => ({ a: `v${a}`, b: `v${b}`, kbps });

describe("VMs that a pipe joins", () => {
  it("share a host where they have room, and reserve nothing", () => {
    const plan = planned({ hosts, existing, vms: vms(2, 4, 2), pipes: [pipe(0, 2, 700)] });
    expect(plan.placements.v0).toBe(plan.placements.v2);
    expect(plan.objective.reserved_bw_mbps).toBe(0);
  });

  it("reserve two links in one rack, four between racks, and bounds say so when they must be apart", () => {
    const apart = (level: "host" | "rack") => [group("diversity", level, ["v0", "v1"])];
    for (const [level, links] of [
      ["host", 2],
      ["rack", 4],
    ] as const) {
      const plan = planned({ hosts, existing, vms: vms(1, 1), groups: apart(level), pipes: [pipe(0, 1, 700)] });
      expect(plan.objective.reserved_bw_mbps).toBe((links * 700) / 1_000);
      expect(plan.bound.reserved_bw_mbps).toBe((links * 700) / 1_000);
    }
  });

  it("reserve what several pipes between them add up to, beyond 32 bits", () => {
    const most = 2 ** 31 - 1;
    const plan = planned({ hosts, existing, vms: vms(3, 3), pipes: [pipe(0, 1, most), pipe(1, 0, most)] });
    expect(plan.objective.reserved_bw_mbps).toBe((4 * most) / 1_000);
  });

  it("stand where the larger of two pipes reserves nothing", () => {
    const plan = planned({ hosts, existing, vms: vms(3, 1, 3), pipes: [pipe(0, 1, 100), pipe(1, 2, 900)] });
    expect(plan.placements.v1).toBe(plan.placements.v2);
    expect(plan.objective.reserved_bw_mbps).toBe(0.2);
    expect(plan.bound.reserved_bw_mbps).toBeGreaterThan(0);
  });

  it("come near to a VM that lives already", () => {
    const pipes: Pipe[] = [{ a: "v0", b: "on h3", living: true, kbps: 500 }];
    expect(planned({ hosts, existing, vms: vms(4), pipes }).placements.v0).toBe("h3");
    const full = existing.map((vm) => (vm.host === "h3" ? { ...vm, need: { ...NOTHING, vcpus: 4 } } : vm));
    const beside = planned({ hosts, existing: full, vms: vms(4), pipes });
    expect([beside.placements.v0, beside.objective.reserved_bw_mbps]).toEqual(["h2", 1]);
  });
});

describe("a link that cannot carry a pipe", () => {
  const limited = (nicKbps: number | null) => hosts.map((host) => ({ ...host, nicKbps }));

  it("keeps VMs on one host although that activates it", () => {
    const alone = existing.filter((vm) => vm.host !== "h3");
    const busy = alone.map((vm) => ({ ...vm, need: { ...NOTHING, vcpus: 2 } }));
    const apart: Case = { hosts: limited(null), existing: busy, vms: vms(2, 2), pipes: [pipe(0, 1, 700)] };
    expect(planned(apart).objective).toMatchObject({ hosts_activated: 0, reserved_bw_mbps: 1.4 });
    expect(planned({ ...apart, hosts: limited(699) }).objective).toMatchObject({
      hosts_activated: 1,
      reserved_bw_mbps: 0,
    });
  });

  it("keeps VMs in one rack when it is the uplink", () => {
    const three: Case = { hosts, existing, vms: vms(4, 4, 4), pipes: [pipe(0, 1, 700), pipe(1, 2, 300)] };
    const rack = (name: string, uplinkKbps: number): Rack => ({ name, uplinkKbps, uplinkUsedKbps: 0 });
    const { placements } = planned({ ...three, racks: [rack("r0", 300), rack("r1", 300)] });
    const rackOf = (vm: string) => hosts.find(({ name }) => name === placements[vm])!.rack;
    expect([rackOf("v0") === rackOf("v1"), rackOf("v1") === rackOf("v2")]).toEqual([true, false]);
  });

  it("is named when it leaves a VM without a host", () => {
    const inventory = new Inventory({ hosts: limited(699), aggregates: {}, existing });
    const application = { name: "app", vms: vms(3, 3), groups: [], pipes: [pipe(0, 1, 700)] };
    const answer = solver.solveNow(inventory, application);
    expect(answer.ok ? answer : answer.rule).toBe("nic-capacity");
  });
});
