import fc from "fast-check";
import { expect, test } from "vitest";
import type { Host } from "../../../host/core/model.ts";
import { LeastHosts } from "../../../host/simulate/least-hosts.ts";
import { propertySeed } from "../../support/property-seed.ts";

const host = (name: string, vcpus: number, ramMiB: number, used = 0, up = true): Host => ({
  name,
  rack: null,
  cluster: null,
  zone: null,
  aggregates: [],
  up,
  capacity: { vcpus, ramMiB, diskGiB: 100 },
  physical: { vcpus, ramMiB },
  used: { vcpus: used, ramMiB: 0, diskGiB: 0 },
});
const demand = (vcpus: number, ramMiB = 0) => ({ vcpus, ramMiB, diskGiB: 0 });

test("the roomiest hosts count first, and the scarcest resource decides", () => {
  const least = new LeastHosts([host("small", 4, 100), host("large", 16, 40), host("middle", 8, 40)], new Set());
  expect([0, 1, 16, 17, 24, 25].map((vcpus) => least.for(demand(vcpus)))).toEqual([0, 1, 1, 2, 2, 3]);
  expect(least.for(demand(16, 101))).toBe(2);
});

test("hosts that ran something before are in use anyway, and lend what they have free", () => {
  const least = new LeastHosts([host("old", 8, 100, 5), host("new", 8, 100)], new Set(["old"]));
  expect([0, 3, 4].map((vcpus) => least.for(demand(vcpus)))).toEqual([1, 1, 2]);
});

test("a host that is down holds nothing", () => {
  const least = new LeastHosts([host("down", 64, 100, 0, false), host("a", 2, 100), host("b", 2, 100)], new Set());
  expect(least.for(demand(3))).toBe(2);
});

test("what any set of hosts holds needs no more hosts than the set has", () => {
  const hosts = fc.array(
    fc.record({ vcpus: fc.nat(20), ram: fc.nat(20), chosen: fc.boolean(), before: fc.boolean() }),
    {
      maxLength: 12,
    },
  );
  fc.assert(
    fc.property(hosts, (all) => {
      const named = all.map(({ vcpus, ram }, i) => host(`h${i}`, vcpus, ram));
      const before = new Set(named.filter((_, i) => all[i]!.before).map(({ name }) => name));
      const used = named.filter((_, i) => all[i]!.chosen || all[i]!.before);
      const sum = (of: (host: Host) => number) => used.reduce((total, each) => total + of(each), 0);
      const held = demand(
        sum(({ capacity }) => capacity.vcpus),
        sum(({ capacity }) => capacity.ramMiB),
      );
      expect(new LeastHosts(named, before).for(held)).toBeLessThanOrEqual(used.length);
    }),
    { seed: propertySeed },
  );
});
