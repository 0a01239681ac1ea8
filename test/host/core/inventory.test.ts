import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Inventory } from "../../../host/core/inventory.ts";
import type { PipeEnd } from "../../../host/core/link-loads.ts";
import {
  type DataCenter,
  type ExistingVm,
  type GroupType,
  groupKey,
  type Host,
  LEVELS,
  type Rack,
} from "../../../host/core/model.ts";
import { simulatedDataCenter } from "../../../host/core/simulated.ts";
import { SnapshotReader } from "../../../host/core/snapshot.ts";
import { NaiveInventory } from "../../oracle/naive-inventory.ts";
import { differences, viewColumns } from "../../support/column-view.ts";
import { propertySeed } from "../../support/property-seed.ts";
import { Random } from "../../support/random.ts";

const AGGREGATES = { ssd: { ssd: "true" }, gpu: { gpu: "a100" } };
/** No host stands in r5. */
const RACKS = ["r0", "r1", "r2", "r3", "r4", "r5"];
const TYPES: readonly GroupType[] = ["affinity", "diversity", "exclusivity"];
const KEYS = LEVELS.flatMap((level) =>
  TYPES.flatMap((type) => ["x", "y"].map((name) => groupKey({ level, type, name }))),
);

/** A random host; a rack always lies in the same cluster. */
function randomHost(random: Random, name: string): Host {
  const rack = random.pick([null, 0, 1, 2, 3, 4]);
  const capacity = { vcpus: random.between(0, 64), ramMiB: random.between(0, 65536), diskGiB: random.between(0, 2000) };
  return {
    name,
    rack: rack === null ? null : `r${rack}`,
    cluster: rack === null ? random.pick([null, "c0"]) : [null, "c0", "c0", "c1", "c2"][rack]!,
    ...randomFacts(random, capacity),
    capacity,
    physical: { vcpus: random.pick([8, 16]), ramMiB: 65536 },
  };
}

function randomFacts(
  random: Random,
  capacity: Host["capacity"],
): Omit<Host, "name" | "rack" | "cluster" | "capacity" | "physical"> {
  // Now and then more is used than there is.
  const part = (whole: number) => Math.floor(whole * random.next() * 1.1);
  return {
    zone: random.pick([null, "z0", "z1"]),
    aggregates: random.some(Object.keys(AGGREGATES), 0.4),
    up: random.chance(0.8),
    ...(random.chance(0.7) && { nicKbps: random.pick([null, 5_000, 50_000]), nicUsedKbps: random.between(0, 900) }),
    used: { vcpus: part(capacity.vcpus), ramMiB: part(capacity.ramMiB), diskGiB: part(capacity.diskGiB) },
  };
}

/** The same facts as an inventory, as plain lists, and what changed when. */
class Ledger {
  readonly hosts = new Map<string, Host>();
  readonly racks = new Map<string, Rack>();
  readonly vms = new Map<string, ExistingVm>();
  readonly changes: { readonly version: number; readonly names: readonly string[] }[] = [];

  dataCenter(): DataCenter {
    const { hosts, racks, vms } = this;
    return {
      hosts: [...hosts.values()],
      racks: [...racks.values()],
      aggregates: AGGREGATES,
      existing: [...vms.values()],
      flavors: [],
    };
  }

  on(host: string): ExistingVm[] {
    return [...this.vms.values()].filter((vm) => vm.host === host);
  }

  note(version: number, hosts: readonly Host[], vms: readonly ExistingVm[]): void {
    const names = hosts.flatMap(({ name, rack, cluster }) => [`host ${name}`, `rack ${rack}`, `cluster ${cluster}`]);
    this.changes.push({ version, names: [...names, ...vms.flatMap((vm) => vm.groups.map((key) => `group ${key}`))] });
  }

  changedSince(version: number, name: string): boolean {
    return this.changes.some((change) => change.version > version && change.names.includes(name));
  }
}

function start(random: Random): { inventory: Inventory; ledger: Ledger } {
  const ledger = new Ledger();
  for (let i = random.between(1, 30); i > 0; i--) ledger.hosts.set(`h${i}`, randomHost(random, `h${i}`));
  for (const name of random.some(RACKS, 0.6)) ledger.racks.set(name, randomRack(random, name));
  for (let i = random.between(0, 30); i > 0; i--) {
    const vm = randomVm(random, `v${i}`, ledger);
    ledger.vms.set(vm.id, vm);
  }
  return { inventory: new Inventory(ledger.dataCenter()), ledger };
}

function randomRack(random: Random, name: string): Rack {
  return { name, uplinkKbps: random.pick([null, 20_000, 90_000]), uplinkUsedKbps: random.between(0, 900) };
}

/** Pipes to VMs that are there, may come later or never do; also to itself, twice, and to those that have one back. */
function randomPipes(random: Random, id: string, ledger: Ledger): NonNullable<ExistingVm["pipes"]> {
  const peers = [...ledger.vms.keys(), id, "v1", "v2", "never there"];
  return Array.from({ length: random.between(1, 4) }, () => ({
    peer: random.pick(peers),
    kbps: random.between(1, 3000),
  }));
}

function randomVm(random: Random, id: string, ledger: Ledger): ExistingVm {
  return {
    id,
    host: random.pick([...ledger.hosts.keys()]),
    groups: random.chance(0.5) ? [] : random.some(KEYS, 0.1),
    need: { vcpus: random.between(0, 4), ramMiB: random.between(0, 4096), diskGiB: random.between(0, 40) },
    ...(random.chance(0.5) && { pipes: randomPipes(random, id, ledger) }),
  };
}

/** One random change of both. */
function change(random: Random, inventory: Inventory, ledger: Ledger): void {
  const kind = random.next();
  const vms = [...ledger.vms.keys()];
  const host = ledger.hosts.get(random.pick([...ledger.hosts.keys()]))!;
  if (kind < 0.4) {
    const vm = randomVm(random, random.chance(0.3) && vms.length > 0 ? random.pick(vms) : `w${random.next()}`, ledger);
    const before = ledger.vms.get(vm.id);
    inventory.put(vm);
    ledger.vms.set(vm.id, vm);
    const moved = before === undefined ? [vm] : [before, vm];
    ledger.note(
      inventory.version,
      moved.map((each) => ledger.hosts.get(each.host)!),
      moved,
    );
  } else if (kind < 0.65 && vms.length > 0) {
    const vm = ledger.vms.get(random.pick(vms))!;
    expect(inventory.remove(vm.id)).toBe(true);
    ledger.vms.delete(vm.id);
    ledger.note(inventory.version, [ledger.hosts.get(vm.host)!], [vm]);
  } else if (kind < 0.7) {
    const rack = randomRack(random, random.pick(RACKS));
    inventory.setRack(rack);
    ledger.racks.set(rack.name, rack);
  } else if (kind < 0.88) {
    const facts = { ...host, ...randomFacts(random, host.capacity) };
    inventory.setHost(facts);
    ledger.hosts.set(facts.name, facts);
    ledger.note(inventory.version, [facts], ledger.on(facts.name));
  } else if (kind < 0.96) {
    const name = random.chance(0.5) ? host.name : `n${random.next()}`;
    const facts = randomHost(random, name);
    const before = ledger.hosts.get(name);
    inventory.setHost(facts);
    ledger.hosts.set(name, facts);
    ledger.note(inventory.version, before === undefined ? [facts] : [before, facts], ledger.on(name));
  } else if (ledger.hosts.size > 1) {
    const gone = ledger.on(host.name);
    inventory.removeHost(host.name);
    ledger.hosts.delete(host.name);
    for (const vm of gone) ledger.vms.delete(vm.id);
    ledger.note(inventory.version, [host], gone);
  }
}

const SEEDS = { numRuns: 60, seed: propertySeed };

function afterChanges(property: (inventory: Inventory, ledger: Ledger, random: Random) => void): void {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = new Random(seed);
      const { inventory, ledger } = start(random);
      for (let round = 0; round < 3; round++) {
        for (let i = random.between(1, 20); i > 0; i--) change(random, inventory, ledger);
        property(inventory, ledger, random);
      }
    }),
    SEEDS,
  );
}

describe("after any sequence of changes", () => {
  it("the columns say the same as those of an inventory made anew", () => {
    afterChanges((inventory, ledger) => {
      const anew = new Inventory(ledger.dataCenter());
      expect(differences(viewColumns(inventory), viewColumns(anew))).toEqual([]);
    });
  });

  it("the facts are those of a naive list", () => {
    afterChanges((inventory, ledger) => {
      const naive = new NaiveInventory(ledger.dataCenter());
      expect(inventory.vmCount).toBe(ledger.vms.size);
      expect([...inventory.hosts.keys()].sort()).toEqual([...ledger.hosts.keys()].sort());
      const ids = (vms: Iterable<ExistingVm>) => [...vms].map((vm) => vm.id).sort();
      for (const name of [...ledger.hosts.keys(), "nowhere"]) {
        const expected = naive.hostState(name);
        expect(inventory.hostState(name)).toEqual(expected && { ...expected, vmCount: ledger.on(name).length });
        expect(ids(inventory.vmsIn("host", name))).toEqual(ids(naive.vmsIn("host", name)));
      }
      for (const rack of RACKS) {
        expect(ids(inventory.vmsIn("rack", rack))).toEqual(ids(naive.vmsIn("rack", rack)));
        expect(inventory.uplink(rack)).toEqual(naive.uplink(rack));
      }
      for (const cluster of ["c0", "c1", "c2", "c3"])
        expect(ids(inventory.vmsIn("cluster", cluster))).toEqual(ids(naive.vmsIn("cluster", cluster)));
      for (const key of KEYS) expect(new Map(inventory.living(key))).toEqual(naive.living(key));
      const byPeer = (a: PipeEnd, b: PipeEnd) => (a.peer < b.peer ? -1 : 1);
      for (const vm of ledger.vms.values()) {
        expect(inventory.vm(vm.id)).toEqual(vm);
        expect(inventory.pipesOf(vm.id).sort(byPeer)).toEqual(naive.pipesOf(vm.id).sort(byPeer));
      }
    });
  });

  it("what changed since a version is known for hosts, racks, clusters and groups", () => {
    afterChanges((inventory, ledger, random) => {
      const version = random.between(1, inventory.version);
      for (const host of [...ledger.hosts.keys(), "h1", "nowhere"])
        expect(inventory.changedSince(version, { hosts: [host] })).toBe(ledger.changedSince(version, `host ${host}`));
      for (const rack of ["r0", "r1", "r2", "r3", "r4"])
        expect(inventory.changedSince(version, { racks: [rack] })).toBe(ledger.changedSince(version, `rack ${rack}`));
      for (const cluster of ["c0", "c1", "c2"])
        expect(inventory.changedSince(version, { clusters: [cluster] })).toBe(
          ledger.changedSince(version, `cluster ${cluster}`),
        );
      for (const key of KEYS)
        expect(inventory.changedSince(version, { groups: [key] })).toBe(ledger.changedSince(version, `group ${key}`));
    });
  });

  it("VMs thought away leave the columns of an inventory without them, and nothing is written", () => {
    afterChanges((inventory, ledger, random) => {
      const away = new Set(random.some([...ledger.vms.keys()], 0.3));
      const before = Buffer.from(new Uint8Array(inventory.snapshot.buffer).slice());
      const view = viewColumns(inventory, inventory.patchesWithout([...away, ...away, "unknown"]));
      const { existing, ...rest } = ledger.dataCenter();
      const anew = new Inventory({ ...rest, existing: existing.filter((vm) => !away.has(vm.id)) });
      expect(differences(view, viewColumns(anew))).toEqual([]);
      expect(before.equals(new Uint8Array(inventory.snapshot.buffer))).toBe(true);
      // Facts are as they were, too.
      expect(differences(viewColumns(inventory), viewColumns(new Inventory(ledger.dataCenter())))).toEqual([]);
      for (const id of away) expect(inventory.vm(id)).toEqual(ledger.vms.get(id));
    });
  });

  it("a worker that copied only the changes holds the same bytes as one that copies all", () => {
    let deltas = 0;
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = new Random(seed);
        const { inventory, ledger } = start(random);
        let reader = new SnapshotReader(inventory.snapshot.buffer);
        let cells = new Int32Array(inventory.snapshot.columnBytes / 4);
        for (let i = 0; i < 40; i++) {
          change(random, inventory, ledger);
          if (random.chance(0.5)) continue;
          const { buffer, columnBytes } = inventory.snapshot;
          if (!reader.reads(buffer)) {
            reader = new SnapshotReader(buffer);
            cells = new Int32Array(columnBytes / 4);
          }
          const { version, bytes } = reader.copyInto(cells);
          expect(version).toBe(inventory.version);
          if (bytes < columnBytes) deltas++;
          const all = new Int32Array(columnBytes / 4);
          new SnapshotReader(buffer).copyInto(all);
          expect(Buffer.compare(Buffer.from(cells.buffer), Buffer.from(all.buffer))).toBe(0);
        }
      }),
      SEEDS,
    );
    expect(deltas).toBeGreaterThan(300);
  });
});

describe("a pipe", () => {
  const need = { vcpus: 1, ramMiB: 1, diskGiB: 1 };
  const lives = (id: string, host: string, pipes: ExistingVm["pipes"] = []): ExistingVm => ({
    id,
    host,
    groups: [],
    need,
    pipes,
  });
  const used = (inventory: Inventory) => ({
    nics: ["sim01r01c001", "sim01r01c002", "sim01r02c001"].map((name) => inventory.hostState(name)!.nicUsedKbps),
    uplinks: ["sim01r01", "sim01r02"].map((name) => inventory.uplink(name).usedKbps),
  });

  it("takes both NICs once both VMs are there, both uplinks too when their racks differ, and nothing on one host", () => {
    const inventory = new Inventory(simulatedDataCenter("sim:2x2"));
    inventory.put(lives("a", "sim01r01c001", [{ peer: "b", kbps: 100 }]));
    expect(used(inventory)).toEqual({ nics: [0, 0, 0], uplinks: [0, 0] });
    inventory.put(lives("b", "sim01r02c001"));
    expect(used(inventory)).toEqual({ nics: [100, 0, 100], uplinks: [100, 100] });
    inventory.put(lives("b", "sim01r01c002"));
    expect(used(inventory)).toEqual({ nics: [100, 100, 0], uplinks: [0, 0] });
    inventory.put(lives("b", "sim01r01c001"));
    expect(used(inventory)).toEqual({ nics: [0, 0, 0], uplinks: [0, 0] });
  });

  it("written on both its VMs counts once, several to one peer add up", () => {
    const inventory = new Inventory(simulatedDataCenter("sim:2x2"));
    inventory.put(
      lives("a", "sim01r01c001", [
        { peer: "b", kbps: 70 },
        { peer: "b", kbps: 30 },
      ]),
    );
    inventory.put(lives("b", "sim01r01c002", [{ peer: "a", kbps: 100 }]));
    expect(used(inventory).nics).toEqual([100, 100, 0]);
    inventory.remove("a");
    expect(used(inventory).nics).toEqual([0, 0, 0]);
  });

  it("is released with the host of one of its VMs", () => {
    const inventory = new Inventory(simulatedDataCenter("sim:2x2"));
    inventory.put(lives("a", "sim01r01c001", [{ peer: "b", kbps: 100 }]));
    inventory.put(lives("b", "sim01r02c001"));
    inventory.removeHost("sim01r02c001");
    expect(inventory.hostState("sim01r01c001")!.nicUsedKbps).toBe(0);
    expect(inventory.uplink("sim01r01")).toEqual({ kbps: 40_000_000, usedKbps: 0 });
  });
});

describe("what a commit writes", () => {
  const bytesOf = (size: string, rows: readonly number[]) => {
    const dataCenter = simulatedDataCenter(size);
    const inventory = new Inventory(dataCenter);
    const need = { vcpus: 2, ramMiB: 2048, diskGiB: 20 };
    const groups = ["host:EX:tenant", "rack:DIV:db"];
    for (const row of rows) inventory.put({ id: `v${row}`, host: dataCenter.hosts[row]!.name, groups, need });
    return inventory.snapshot.bytesWritten;
  };

  it("is the same number of bytes on 100 hosts and on 10000", () => {
    const one = bytesOf("sim:10x10", [3]);
    expect(one).toBe(bytesOf("sim:100x100", [3]));
    expect(one).toBeLessThan(100);
  });

  it("grows with the hosts touched", () => {
    const many = Array.from({ length: 100 }, (_, i) => i * 7);
    const bytes = [1, 10, 100].map((count) => bytesOf("sim:100x100", many.slice(0, count)));
    expect(bytes[1]!).toBeGreaterThan(5 * bytes[0]!);
    expect(bytes[2]!).toBeGreaterThan(5 * bytes[1]!);
    expect(bytes[2]!).toBeLessThanOrEqual(100 * bytes[0]!);
  });

  it("is nothing when a host is said to be as it is", () => {
    const dataCenter = simulatedDataCenter("sim:4x8");
    const inventory = new Inventory(dataCenter);
    for (const host of dataCenter.hosts) inventory.setHost(host);
    expect(inventory.snapshot.bytesWritten).toBe(0);
  });
});

describe("columns are made anew", () => {
  const dataCenter = simulatedDataCenter("sim:4x8");
  const [first] = dataCenter.hosts;

  it("when a host comes, goes or moves to another rack, and only then", () => {
    const inventory = new Inventory(dataCenter);
    const same = () => {
      const { buffer } = inventory.snapshot;
      return (act: () => void) => {
        act();
        return inventory.snapshot.buffer === buffer;
      };
    };
    expect(same()(() => inventory.setHost({ ...first!, up: false, zone: "other" }))).toBe(true);
    expect(same()(() => inventory.setHost({ ...first!, name: "new" }))).toBe(false);
    expect(same()(() => inventory.setHost({ ...first!, rack: "another" }))).toBe(false);
    expect(same()(() => inventory.removeHost("new"))).toBe(false);
    expect(same()(() => inventory.removeHost("never there"))).toBe(true);
  });

  it("when there is no room for more kinds of hosts", () => {
    const inventory = new Inventory(dataCenter);
    const { buffer } = inventory.snapshot;
    for (let i = 0; i < 300; i++) inventory.setHost({ ...first!, zone: `zone${i}` });
    expect(inventory.snapshot.buffer).not.toBe(buffer);
    expect(
      differences(
        viewColumns(inventory),
        viewColumns(new Inventory({ ...dataCenter, hosts: [...inventory.hosts.values()] })),
      ),
    ).toEqual([]);
  });
});

it("a VM on an unknown host is refused before anything changes", () => {
  const inventory = new Inventory(simulatedDataCenter("sim:2x2"));
  const { version } = inventory;
  const need = { vcpus: 1, ramMiB: 1, diskGiB: 1 };
  expect(() => inventory.put({ id: "v", host: "nowhere", groups: [], need })).toThrow(/\(v\).*\(nowhere\)/);
  expect(inventory.version).toBe(version);
  expect(inventory.remove("v")).toBe(false);
});

describe("a service that runs for long", () => {
  const tenant = (i: number): ExistingVm => ({
    id: `vm${i}`,
    host: "sim01r01c001",
    need: { vcpus: 1, ramMiB: 1, diskGiB: 1 },
    groups: [`host:EX:tenant${i}`, `rack:EX:tenant${i}`],
  });

  it("gives numbers of exclusivity groups that are gone to others", () => {
    const inventory = new Inventory(simulatedDataCenter("sim:2x2"));
    inventory.put({ ...tenant(0), host: "sim01r02c001" });
    for (let i = 1; i <= 10_000; i++) {
      inventory.put(tenant(i));
      inventory.remove(`vm${i}`);
    }
    expect(inventory.ownerClasses().fresh).toBeLessThan(3_000);
    const anew = new Inventory({
      ...simulatedDataCenter("sim:2x2"),
      existing: [{ ...tenant(0), host: "sim01r02c001" }],
    });
    expect(differences(viewColumns(inventory), viewColumns(anew))).toEqual([]);
  });

  it("keeps its columns when a VM comes to a data center of thousands of exclusivity groups", () => {
    const dataCenter = {
      ...simulatedDataCenter("sim:2x2"),
      existing: Array.from({ length: 3000 }, (_, i) => tenant(i)),
    };
    const inventory = new Inventory(dataCenter);
    const { snapshot } = inventory;
    inventory.put(tenant(3000));
    expect(inventory.snapshot).toBe(snapshot);
  });

  it("moves a rack to another cluster host by host", () => {
    const dataCenter = simulatedDataCenter("sim:5x3");
    const inventory = new Inventory(dataCenter);
    const moved = [...inventory.hosts.values()].filter(({ rack }) => rack === "sim01r01");
    const cluster = [...inventory.hosts.values()].find(({ cluster }) => cluster !== moved[0]!.cluster)!.cluster;
    for (const host of moved) inventory.setHost({ ...host, cluster });
    const anew = new Inventory({ ...dataCenter, hosts: [...inventory.hosts.values()] });
    expect(differences(viewColumns(inventory), viewColumns(anew))).toEqual([]);
    const rows = moved.map(({ name }) => inventory.rowOf(name)! >> 4);
    expect(new Set(rows).size).toBe(1);
  });
});
