// An inventory that was changed step by step is as good as one made anew, to the solver and to the check.
import { describe, expect, it } from "vitest";
import { Inventory } from "../../host/core/inventory.ts";
import type { Application, DataCenter, ExistingVm, Plan, Refusal, Resources } from "../../host/core/model.ts";
import { parseProblem } from "../../host/core/problem.ts";
import { LocalSolver } from "../../host/core/solver.ts";
import { toProblem } from "../../host/core/to-problem.ts";
import { verify } from "../../host/core/verify.ts";
import { score } from "../oracle/validate.mjs";
import { propertySeed } from "../support/property-seed.ts";
import { Random } from "../support/random.ts";
import { randomProblem } from "../support/random-problem.ts";

/** A random problem whose existing VMs have needs of their own, taken out of their hosts' use, and pipes among them. */
function tracked(seed: number, random: Random): { dataCenter: DataCenter; application: Application } {
  const { problem } = randomProblem(seed, { hosts: 20, vms: 12 });
  const { dataCenter, application } = parseProblem(JSON.stringify(problem), problem.name!);
  const used = new Map(dataCenter.hosts.map((host) => [host.name, { ...host.used }]));
  const existing = dataCenter.existing.map((vm): ExistingVm => {
    const left = used.get(vm.host)!;
    const need: Resources = {
      vcpus: random.between(0, left.vcpus),
      ramMiB: random.between(0, left.ramMiB),
      diskGiB: random.between(0, left.diskGiB),
    };
    left.vcpus -= need.vcpus;
    left.ramMiB -= need.ramMiB;
    left.diskGiB -= need.diskGiB;
    // Whole Mbit/s, as the format of the problem files counts.
    const peers = random.chance(0.5) ? random.some(dataCenter.existing, 0.2) : [];
    const pipes = peers.map(({ id }) => ({ peer: id, kbps: random.between(1, 50) * 1000 }));
    return { ...vm, need, pipes };
  });
  const hosts = dataCenter.hosts.map((host) => ({ ...host, used: used.get(host.name)! }));
  return { dataCenter: { ...dataCenter, hosts, existing }, application: application! };
}

/** What must be equal: not the version or the clock, nor a bound, which may be weaker with VMs thought away. */
function essence(answer: Plan | Refusal): object {
  return answer.ok ? { placements: answer.placements, objective: answer.objective } : { ok: false };
}

const SEEDS = Array.from({ length: 300 }, (_, i) => propertySeed * 1000 + i);
const options = { budget: 100 };
const solver = new LocalSolver();

describe("on 300 random data centers", () => {
  it("VMs that are thought away count as little as VMs that are not there", () => {
    let placed = 0;
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const { dataCenter, application } = tracked(seed, random);
      const away = new Set(random.some(dataCenter.existing, 0.4).map((vm) => vm.id));
      const inventory = new Inventory(dataCenter);
      const without = [...away, "never there"];
      const answer = solver.solveNow(inventory, application, { ...options, without });
      const remaining = { ...dataCenter, existing: dataCenter.existing.filter((vm) => !away.has(vm.id)) };
      const expected = solver.solveNow(new Inventory(remaining), application, options);
      expect({ seed, ...essence(answer) }).toEqual({ seed, ...essence(expected) });
      // And nothing of it sticks.
      const after = solver.solveNow(inventory, application, options);
      expect({ seed, ...essence(after) }).toEqual({
        seed,
        ...essence(solver.solveNow(new Inventory(dataCenter), application, options)),
      });
      if (!answer.ok) continue;
      placed++;
      expect(verify(inventory, application, answer.placements, { without })).toEqual([]);
      expect(score(toProblem(remaining, application, "remaining"), answer.placements).violations).toEqual([]);
    }
    expect(placed).toBeGreaterThan(200);
  });

  it("VMs that come, go and move, and hosts that fail and return, leave the inventory as if made anew", () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const { dataCenter, application } = tracked(seed, random);
      const inventory = new Inventory({ ...dataCenter, existing: random.some(dataCenter.existing, 0.5) });
      const { buffer } = inventory.snapshot;
      for (const host of random.some(dataCenter.hosts, 0.3)) inventory.setHost({ ...host, up: !host.up });
      for (const vm of random.some(dataCenter.existing, 0.5))
        inventory.put({
          ...vm,
          host: random.pick(dataCenter.hosts).name,
          groups: [`host:EX:passing${vm.id}`],
          pipes: [],
        });
      solver.solveNow(inventory, application, options);
      for (const vm of random.some(dataCenter.existing, 0.3)) inventory.remove(vm.id);
      for (const vm of random.shuffled(dataCenter.existing)) inventory.put(vm);
      for (const host of dataCenter.hosts) inventory.setHost(host);
      expect(inventory.snapshot.buffer).toBe(buffer);

      const answer = solver.solveNow(inventory, application, options);
      const expected = solver.solveNow(new Inventory(dataCenter), application, options);
      expect({ seed, ...essence(answer) }).toEqual({ seed, ...essence(expected) });
    }
  });
});
