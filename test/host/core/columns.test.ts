// What the property tests of the inventory do not look at: where rows lie, and the ends of the number range.
import { describe, expect, it } from "vitest";
import * as abi from "../../../assembly/abi.ts";
import { Columns, type HostCells } from "../../../host/core/columns.ts";
import type { Host } from "../../../host/core/model.ts";
import { plainHost } from "../../support/plain.ts";

function cellsOf(host: Host, cells: Partial<HostCells> = {}): HostCells {
  return { host, used: host.used, nicUsedKbps: 0, vmCount: 0, owner: abi.OWNER_NONE, ...cells };
}

function columnsOf(hosts: readonly Host[], vmCount = 0): Columns {
  return new Columns(hosts.map((host) => cellsOf(host, { vmCount })));
}

const rackOf = (columns: Columns, host: string) =>
  columns.snapshot.column(abi.BLOCK_RACK)[columns.rowOf(host)! >> abi.BLOCK_SHIFT]!;

describe("rows", () => {
  const rack = (name: string, cluster: string | null, count: number) =>
    Array.from({ length: count }, (_, i) => plainHost(`${name}-${i}`, { rack: name, cluster }));
  // In the order of a file: hosts of racks and clusters are mixed.
  const hosts = [
    ...rack("lonely", null, 2),
    ...rack("a", "c0", 17),
    ...rack("x", "c1", 3),
    ...rack("b", "c0", 16),
    plainHost("rackless", { cluster: "c0" }),
    plainHost("stray"),
  ];
  const columns = columnsOf(hosts);

  it("of a rack are neighbours and begin with a block", () => {
    const rows = (name: string, count: number) =>
      Array.from({ length: count }, (_, i) => columns.rowOf(`${name}-${i}`)!);
    const first = columns.rowOf("a-0")!;
    expect(first % abi.BLOCK_ROWS).toBe(0);
    expect(rows("a", 17)).toEqual(Array.from({ length: 17 }, (_, i) => first + i));
    expect(columns.rowOf("b-0")! % abi.BLOCK_ROWS).toBe(0);
    expect(columns.snapshot.size.blocks).toBe(7);
  });

  it("that are no host are pads, down and without room", () => {
    const free = columns.snapshot.column(abi.FREE_VCPUS);
    const pads = [...free.keys()].filter((row) => columns.names[row] === undefined);
    expect(pads).toHaveLength(7 * abi.BLOCK_ROWS - hosts.length);
    for (const row of pads) {
      for (const column of [abi.FREE_VCPUS, abi.FREE_RAM, abi.FREE_DISK])
        expect(columns.snapshot.column(column)[row]).toBe(abi.PAD_FREE);
      const hostClass = columns.snapshot.column(abi.HOST_CLASS)[row]!;
      expect(columns.snapshot.column(abi.CLASS_UP)[hostClass]).toBe(0);
    }
  });

  it("of a cluster's racks are neighbours; what has no cluster comes last", () => {
    const ends = columns.snapshot.column(abi.CLUSTER_RACK);
    const inCluster = (cluster: number) => (host: string) =>
      rackOf(columns, host) >= ends[cluster]! && rackOf(columns, host) < ends[cluster + 1]!;
    expect(["a-0", "b-0", "rackless"].map(inCluster(0))).toEqual([true, true, true]);
    expect(["x-0", "x-2"].map(inCluster(1))).toEqual([true, true]);
    expect(["lonely-0", "stray"].map((host) => rackOf(columns, host) >= ends[2]!)).toEqual([true, true]);
  });

  it("without a rack lie in one that is none, one for each cluster", () => {
    const real = columns.snapshot.column(abi.RACK_REAL);
    expect(["a-0", "rackless", "stray"].map((host) => real[rackOf(columns, host)])).toEqual([1, 0, 0]);
    expect(rackOf(columns, "rackless")).not.toBe(rackOf(columns, "stray"));
  });

  it("of a rack whose hosts name two clusters: the first that is up says where it lies, the others are in no rack", () => {
    const mixed = columnsOf([
      plainHost("gone", { rack: "m", cluster: "c0", up: false }),
      plainHost("first", { rack: "m", cluster: "c1" }),
      plainHost("second", { rack: "m", cluster: "c1" }),
      plainHost("late", { rack: "m", cluster: "c0" }),
    ]);
    const { snapshot } = mixed;
    const seat = (host: string) => {
      const row = rackOf(mixed, host);
      const cluster = snapshot.column(abi.RACK_CLUSTER)[row]!;
      return {
        real: snapshot.column(abi.RACK_REAL)[row] === 1,
        cluster: cluster === mixed.containerRow("cluster", "c1"),
      };
    };
    expect(seat("first")).toEqual({ real: true, cluster: true });
    expect(rackOf(mixed, "second")).toBe(rackOf(mixed, "first"));
    expect(seat("gone")).toEqual({ real: false, cluster: false });
    expect(seat("late")).toEqual({ real: false, cluster: false });
  });

  it("of equal hosts share a class", () => {
    const classes = columns.snapshot.column(abi.HOST_CLASS);
    expect(new Set(hosts.map((host) => classes[columns.rowOf(host.name)!])).size).toBe(1);
  });
});

describe("numbers", () => {
  const most = 2 ** 31 - 1;
  const full = { vcpus: most, ramMiB: most, diskGiB: most };

  it("of sums stop at 2^31-1, and come down again exactly", () => {
    const host = (name: string, up = true) => plainHost(name, { rack: "r", capacity: full, up });
    const columns = columnsOf([host("h0"), host("h1"), host("h2")], 1);
    const cells = () => [abi.RACK_RAM, abi.TOTAL_RAM].map((column) => columns.snapshot.column(column)[0]);
    expect(cells()).toEqual([most, most]);
    columns.snapshot.change(2, () => {
      for (const name of ["h0", "h1"])
        columns.writeHost(cellsOf(host(name), { used: { vcpus: 0, ramMiB: most - 5, diskGiB: 0 }, vmCount: 1 }));
      columns.writeHost(cellsOf(host("h2", false), { used: full, vmCount: 1 }));
    });
    expect(cells()).toEqual([10, 10]);
  });

  it("of a host that holds more than it can are negative, no pad, and no loss to its rack", () => {
    const over = plainHost("over", { rack: "r", capacity: { ...full, vcpus: 0 }, used: full });
    const columns = columnsOf([over, plainHost("other", { rack: "r" })], 1);
    const free = columns.snapshot.column(abi.FREE_VCPUS)[columns.rowOf("over")!]!;
    expect(free).toBe(-most);
    expect(free).not.toBe(abi.PAD_FREE);
    expect(columns.snapshot.column(abi.RACK_VCPUS)[0]).toBe(16);
  });
});

describe("links", () => {
  const most = 2 ** 31 - 1;
  const columns = columnsOf([
    plainHost("free", { rack: "r0" }),
    plainHost("limited", { rack: "r0", nicKbps: 1_000 }),
    plainHost("vast", { rack: "r1", nicKbps: 1e12 }),
    plainHost("stray", { nicKbps: null }),
  ]);
  const nic = (host: string) => columns.snapshot.column(abi.FREE_NIC)[columns.rowOf(host)!];
  const uplink = (host: string) => columns.snapshot.column(abi.RACK_UPLINK)[rackOf(columns, host)];

  it("that nothing is known of are unlimited; one of a finite capacity never is", () => {
    expect(["free", "limited", "vast", "stray"].map(nic)).toEqual([abi.UNLIMITED, 1_000, most - 1, abi.UNLIMITED]);
    expect(["free", "vast", "stray"].map(uplink)).toEqual([abi.UNLIMITED, abi.UNLIMITED, abi.UNLIMITED]);
  });

  it("have left what is not taken, less than nothing if more is; an unlimited one stays so", () => {
    columns.snapshot.change(2, () => {
      for (const [name, nicKbps, nicUsedKbps] of [
        ["free", null, 70],
        ["limited", 1_000, 1_250],
      ] as const)
        columns.writeHost(cellsOf(plainHost(name, { rack: "r0", nicKbps }), { nicUsedKbps }));
      columns.writeRackUplink("r0", 5_000, 1_500);
      columns.writeRackUplink("r1", null, 1_500);
      columns.writeRackUplink("nowhere", 1, 0);
    });
    expect(["free", "limited"].map(nic)).toEqual([abi.UNLIMITED, -250]);
    expect(["free", "vast"].map(uplink)).toEqual([3_500, abi.UNLIMITED]);
  });
});
